"""All that is wrong with the rows of a source, gathered in one pass and told in one message.

This module knows nothing of formats. The decision to question: a row counts once, for the first thing that is wrong
with it, and of each kind the first places are named and the others counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plaudit.errors import DataError

BROKEN, BLANK, MISSING, LABEL = "broken", "blank text", "no label", "label"
_SHOWN = 5


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

    def error(self, *, text: str, label: str, n: int) -> DataError:
        """Return the error that tells all of it.

        Args:
            text: The names of the columns of texts.
            label: Those of the labels.
            n: How many rows there are in all: where none is left without the wrong ones, leaving out is no remedy.
        """
        columns = {BLANK: text, MISSING: label}
        first, *others = self._kinds.items()
        parts = [self._told(*first, columns.get(first[0], ""))]
        parts += [f"Also {self._told(*each, columns.get(each[0], ''))}" for each in others]
        is_some_left = sum(self.counts.values()) < n
        return DataError(f"{first[1].first}: {' '.join(parts)} {_ADVICE if is_some_left else _NONE_LEFT}")

    def _told(self, name: str, kind: _Kind, column: str) -> str:
        places = self._listed(kind)
        if name == BLANK:
            return f"{_count(kind.n, 'text is', 'texts are')} blank in column {column!r} ({places})."
        if name == MISSING:
            return f"{_count(kind.n, 'label is', 'labels are')} missing in column {column!r} ({places})."
        return kind.message if kind.n == 1 else f"{kind.message} {kind.n:,} such rows ({places})."

    def _listed(self, kind: _Kind) -> str:
        shown = ", ".join(str(place) for place in kind.places)
        return f"{self._unit}{'s' if kind.n > 1 else ''} {shown}{', …' if kind.n > len(kind.places) else ''}"


_WORDS = {
    BROKEN: "broken",
    BLANK: "without a text",
    MISSING: "without a label",
    LABEL: "with a label that cannot be read",
}
_ADVICE = "Correct or remove them, or leave such rows out with --skip-invalid."
_NONE_LEFT = "No row is left that can be used; correct them."


def left_out_line(counts: Mapping[str, int], n: int) -> str:
    """Say how many of `n` rows were left out, and why."""
    why = ", ".join(f"{count:,} {_WORDS.get(kind, kind)}" for kind, count in counts.items())
    return f"left out: {sum(counts.values()):,} of {n:,} rows (--skip-invalid): {why}"


def _count(n: int, one: str, several: str) -> str:
    return f"1 {one}" if n == 1 else f"{n:,} {several}"
