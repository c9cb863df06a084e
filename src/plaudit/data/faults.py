"""All that is wrong with the rows of a source, gathered in one pass and told in one message.

This module knows nothing of formats. The decision to question: a row counts once, for the first thing that is wrong
with it, and of each kind the first places are named and the others counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import DataError
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

BROKEN, BLANK, MISSING, LABEL = "broken", "blank text", "no label", "label"
_SHOWN = 5
_VISIBLE = r"[^\p{Cc}\p{Cf}\pZ\x{FE00}-\x{FE0F}]"  # no control, no white space, none that only changes its neighbours


@dataclass
class _Kind:
    n: int = 0
    first: str = ""  # where the first of them begins
    message: str = ""  # of the first
    places: list[int | str] = field(default_factory=list)


class Faults:
    """What is wrong, by kind.

    Attributes:
        counts: How many rows of each kind, in the order in which the kinds first occur.
    """

    def __init__(self, unit: str = "line") -> None:
        """Begin with none; `unit` is what places count."""
        self._unit = unit
        self._kinds: dict[str, _Kind] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many rows there are of each kind."""
        return {name: kind.n for name, kind in self._kinds.items()}

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def add(self, kind: str, where: str, place: int | str, message: str = "") -> None:
        """Take note of a row.

        Args:
            kind: One of this module's names.
            where: Where it begins, to open a message.
            place: The line, row or file alone.
            message: What is wrong with it, a sentence, where the kind does not say it.
        """
        found = self._kinds.setdefault(kind, _Kind())
        if not found.n:
            found.first, found.message = where, message
        found.n += 1
        if len(found.places) < _SHOWN:
            found.places.append(place)

    def add_rows(
        self, kind: str, rows: Mapping[int, str], where: Callable[[int], str], places: Sequence[int | str]
    ) -> None:
        """Take note of rows of a batch, with what is wrong with each; its place is asked of the first alone."""
        numbers = sorted(rows)
        if numbers:
            self.add(kind, where(numbers[0]), places[numbers[0]], rows[numbers[0]])
            found = self._kinds[kind]
            found.n += len(numbers) - 1
            found.places += [places[i] for i in numbers[1 : 1 + _SHOWN - len(found.places)]]

    def error(self, *, text: str, label: str, n: int) -> DataError:
        """Return the error that tells all of it.

        Args:
            text: The names of the columns of texts.
            label: Those of the labels.
            n: How many rows there are in all: where none is left without the wrong ones, leaving out is no remedy.
        """
        first = next(iter(self._kinds.values())).first
        told = self._all_told(text, label, is_placed=True)
        return DataError(f"{first}: {told} {_advice(sum(self.counts.values()), n)}")

    def left_out(self, *, text: str, label: str, n: int) -> str:
        """Say how many of `n` rows are left out, and why; the columns as in `error`."""
        told = self._all_told(text, label, is_placed=False)
        return f"left out: {sum(self.counts.values()):,} of {counted(n, 'row')} (--skip-invalid). {told}"

    def _all_told(self, text: str, label: str, *, is_placed: bool) -> str:
        """Tell all kinds; `is_placed` says that the place of the first row stands in front."""
        columns = {BLANK: text, MISSING: label}
        told = []
        for i, (name, kind) in enumerate(self._kinds.items()):
            told.append(self._told(name, kind, columns.get(name, ""), is_placed=is_placed and i == 0))
        return " ".join([told[0], *(f"Also {each}" for each in told[1:])])

    def _told(self, name: str, kind: _Kind, column: str, *, is_placed: bool) -> str:
        places = self._listed(kind)
        if name == BLANK:
            return f"{_count(kind.n, 'text is', 'texts are')} blank in column {column!r} ({places})."
        if name == MISSING:
            return f"{_count(kind.n, 'label is', 'labels are')} missing in column {column!r} ({places})."
        if kind.n == 1:
            return kind.message if is_placed else f"{places}: {kind.message}"
        return f"{kind.message} {kind.n:,} such rows ({places})."

    def _listed(self, kind: _Kind) -> str:
        shown = ", ".join(str(place) for place in kind.places)
        return f"{self._unit}{'s' if kind.n > 1 else ''} {shown}{', …' if kind.n > len(kind.places) else ''}"


_FEW = 0.1  # of the rows: so many can be left out, and the others still stand for all


def _advice(n_wrong: int, n: int) -> str:
    if n_wrong >= n:
        return "No usable row is left; correct them."
    if n_wrong <= max(1, _FEW * n):
        return "Correct or remove them, or leave such rows out with --skip-invalid."
    return f"Correct or remove them; --skip-invalid would leave out {n_wrong:,} of {counted(n, 'row')}."


def _count(n: int, one: str, several: str) -> str:
    return f"1 {one}" if n == 1 else f"{n:,} {several}"


def is_blank(texts: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Return which of N texts, without nulls, have no visible character, bool [N]: none can be learned from."""
    visible = pc.match_substring_regex(texts, _VISIBLE).to_numpy(zero_copy_only=False)
    found: NDArray[np.bool_] = ~visible.astype(np.bool_)
    return found
