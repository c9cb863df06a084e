"""Cells of labels, as a source has them, on their way to class numbers: each different cell is understood once.

This module knows nothing of formats. The decision to question: what a column holds (one label a text, lists, an
indicator) is decided by the whole column, so that no row is read in one way and a later one in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.budget import current
from plaudit.data.label_cells import is_record, listed_labels
from plaudit.data.label_checks import ONE_LABEL, refuse_several_labels, refuse_swapped, refuse_too_few
from plaudit.data.label_findings import (
    LabelFinding,
    class_findings,
    eye_key,
    look_alike_findings,
    odd_name_findings,
    truth_findings,
)
from plaudit.data.label_indicators import indicator_rows, without_prefix, zero_or_one
from plaudit.data.labels import label_name, label_set, sort_classes
from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FASTTEXT = "__label__"
_MOST_BYTES = 2**33  # of an indicator of sets of labels, a byte for each text and class
_BOOLEANS = {"true", "false"}
_TOO_DEEP = object()  # a cell of lists within lists beyond measure
TAKEN_FOR = "is read as the model's class"  # of a label that only looks like one, in `Labels.read_as`


@dataclass(frozen=True)
class Labels:
    """The labels of N texts.

    Attributes:
        values: int32 [N], class numbers; multi-label: uint8 [N, C], 1 where a text has the class. A row without a
            label that can be read has 0.
        classes: The C names.
        multi_label: Whether each text has a set of labels.
        read_as: How cells were read, where that is not plain, a line each.
        findings: What is odd about the labels.
    """

    values: NDArray[np.int32] | NDArray[np.uint8]
    classes: tuple[str, ...]
    multi_label: bool
    read_as: tuple[str, ...] = ()
    findings: tuple[LabelFinding, ...] = ()


@dataclass(frozen=True)
class _Understood:
    """The different cells of a column, understood.

    Attributes:
        sets: Each cell's names.
        faults: Why a cell cannot be read, by its number.
        multi_label: Whether cells hold sets.
        read_as: As in `Labels`.
        columns: Of an indicator the names of its columns, which are the classes even if no text has one.
        has_lists: Whether cells are lists, so that one without a label can say so.
    """

    sets: list[tuple[str, ...]]
    faults: Mapping[int, str]
    multi_label: bool
    read_as: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    has_lists: bool = False


class LabelReading:
    """Labels on their way from cells to numbers, batch by batch, in memory and in a stream alike.

    Attributes:
        others: Further columns that may be the label, as the command line takes them, for a message.
    """

    def __init__(
        self,
        *,
        separator: str | None = None,
        classes: tuple[str, ...] | None = None,
        multi_label: bool = False,
        merge: bool = False,
        where: str = "",
        least: int = 2,
    ) -> None:
        """Begin with no rows.

        Args:
            separator: What stands between the labels of a cell; None looks for what recurs and asks; `ONE_LABEL` takes
                a cell as one label.
            classes: The classes to use; a label that is none of them is a fault. By default those that there are.
            multi_label: Whether to read sets of labels even if no cell holds several.
            merge: Whether labels that look alike are one.
            where: The source, for messages.
            least: How many classes there must be.
        """
        self._separator = None if separator == ONE_LABEL else separator
        self._is_one = separator == ONE_LABEL
        self._classes, self._multi_label = classes, multi_label
        self._merge, self._where, self._least = merge, where, least
        self.others: Sequence[str] = ()
        self._numbers: dict[Any, int] = {}
        self._cells: list[Any] = []  # Any: as the source has them
        self._codes: list[NDArray[np.int32]] = []
        self._columns: tuple[str, ...] = ()
        self._text_bytes = self._fasttext = 0

    def indicator_columns(self, names: Sequence[str]) -> None:
        """Say that a cell is a tuple of the values of these columns, each 0 or 1."""
        self._columns = tuple(names)

    def add(self, cells: Sequence[Any], texts: pa.LargeStringArray) -> None:  # Any: as the source has them
        """Take a batch of N rows: each one's cell, and its text, ``large_string`` [N]."""
        numbers, codes = self._numbers, np.empty(len(cells), np.int32)
        for i, cell in enumerate(cells):
            key = cell.__class__, cell
            try:
                number = numbers.get(key, -1)
            except TypeError:  # a list or a record
                key = cell.__class__, _written(cell)
                number = numbers.get(key, -1)
            if number < 0:
                if cell != cell:  # NaN, which is never equal to itself
                    cell, key = None, (float, None)
                number = numbers.setdefault(key, len(self._cells))
                if number == len(self._cells):
                    self._cells.append(_TOO_DEEP if key[1] is _TOO_DEEP else cell)
            codes[i] = number
        self._codes.append(codes)
        self._text_bytes += pc.sum(pc.binary_length(texts)).as_py() or 0
        self._fasttext += pc.sum(pc.starts_with(texts, _FASTTEXT).cast(pa.int64())).as_py() or 0

    @cached_property
    def _all_codes(self) -> NDArray[np.int32]:
        return np.concatenate([np.zeros(0, np.int32), *self._codes])

    @cached_property
    def _understood(self) -> _Understood:
        if self._columns:
            return self._as_indicator(self._columns, [list(cell) for cell in self._cells])
        read_as: list[str] = []
        cells: list[Any] = self._cells
        if not self._is_one and (found := listed_labels(cells)) is not None:
            cells, how = found
            read_as.append(f"labels: {how}")
        if (rows := indicator_rows(cells)) is not None:
            return self._as_indicator(*rows, in_cells=True)
        has_lists = any(isinstance(cell, list) for cell in cells)
        multi_label = self._multi_label or self._separator is not None or has_lists
        sets: list[tuple[str, ...]] = []
        faults: dict[int, str] = {}
        for number, cell in enumerate(cells):
            try:
                if is_record(cell):
                    raise DataError("expected a word or a number as the label, got a record; name a column of labels")
                if has_lists and isinstance(cell, str) and cell.strip()[:1] in ("[", "{"):
                    raise DataError("expected a list of labels, got one that is cut off or broken")
                if cell is _TOO_DEEP:
                    raise DataError("expected a word or a number as the label, got lists within lists")
                sets.append(label_set(cell, self._separator))
            except DataError as error:
                sets.append(())
                faults[number] = f"{error}."
        return self._known(
            self._with_booleans(
                _Understood(sets, faults, multi_label, tuple(read_as), (), has_lists and self._separator is None)
            )
        )

    def _with_booleans(self, found: _Understood) -> _Understood:
        """Spell a column of nothing but true and false as JSON and Parquet are read, whatever its capitals."""
        names = {name for names in found.sets for name in names}
        odd = sorted(names - {"true", "false"})
        if self._classes is not None or found.multi_label or not odd or {name.lower() for name in names} - _BOOLEANS:
            return found
        sets = [tuple(name.lower() for name in names) for names in found.sets]
        said = f"labels: {', '.join(odd)} read as true and false"
        return replace(found, sets=sets, read_as=(*found.read_as, said))

    def _as_indicator(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], *, in_cells: bool = False
    ) -> _Understood:
        """Read rows of 0 and 1 as the names of the columns that are 1; a row that stands in a cell may be missing."""
        plain = without_prefix(names)
        sets: list[tuple[str, ...]] = []
        faults: dict[int, str] = {}
        has_empty = False
        for number, row in enumerate(rows):
            values = [0 if value is None or value == "" else zero_or_one(value) for value in row]
            has_empty = has_empty or any(value is None or value == "" for value in row)
            if None in values:
                wrong = values.index(None)
                faults[number] = f"column {names[wrong]!r}: expected 0 or 1, got {_shown(row[wrong])!r}."
            sets.append(tuple(name for name, value in zip(plain, values, strict=True) if value == 1))
        there = [each for each, cell in zip(sets, self._cells, strict=True) if not (in_cells and _is_blank(cell))]
        is_one = not self._multi_label and not faults and all(len(each) == 1 for each in there)
        how = "one label a text, because each row has a single 1" if is_one else "sets of labels"
        said = f"labels: {len(plain):,} columns of 0 and 1 ({', '.join(plain)[:80]}), read as {how}"
        said += "; an empty cell is 0" if has_empty else ""
        return self._known(_Understood(sets, faults, not is_one, (said,), tuple(plain), in_cells))

    def _known(self, found: _Understood) -> _Understood:
        """Put the names of given classes in the place of those that only look like them; the others are faults."""
        if self._classes is None:
            return self._merged(found) if self._merge else found
        known, by_eye = set(self._classes), Counter(map(eye_key, self._classes))
        of_eye = {eye_key(name): name for name in self._classes if by_eye[eye_key(name)] == 1}
        spelled = {label_name(name): name for name in reversed(self._classes)}  # classes of before: " x", "1.0"
        taken: dict[str, str] = {}
        sets, faults = [], dict(found.faults)
        for number, names in enumerate(found.sets):
            kept: list[str] = []
            for name in names:
                meant = name if name in known else spelled.get(name) or of_eye.get(eye_key(name))
                if meant is None:
                    faults[number] = self._unknown(name, found)
                    kept = []
                    break
                if meant != name and name not in spelled:
                    taken[name] = meant
                kept.append(meant)
            sets.append(tuple(dict.fromkeys(kept)))
        said = [f"labels: {name!r} {TAKEN_FOR} {meant!r}" for name, meant in list(taken.items())[:5]]
        return replace(found, sets=sets, faults=faults, read_as=(*found.read_as, *said))

    def _unknown(self, name: str, found: _Understood) -> str:
        assert self._classes is not None
        shown = ", ".join(self._classes[:10]) + (", …" if len(self._classes) > 10 else "")
        message = f"unknown class {name!r}; expected one of {shown}."
        has_mark = self._separator is None or any(not each.isalnum() and each not in " _-" for each in name)
        if found.multi_label and has_mark and not any(isinstance(cell, list) for cell in self._cells):
            message += ' If a text has several labels, say what separates them: --label-separator ",".'
        return message

    def _merged(self, found: _Understood) -> _Understood:
        """Make names one that look alike: the commonest spelling."""
        counts = self._count(found.sets)
        best: dict[str, str] = {}
        for name, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            best.setdefault(eye_key(name), name)
        changed = {name: best[eye_key(name)] for name in counts if best[eye_key(name)] != name}
        sets = [tuple(dict.fromkeys(best[eye_key(name)] for name in names)) for names in found.sets]
        said = [f"labels: {name!r} ({counts[name]:,}) merged into {meant!r}" for name, meant in sorted(changed.items())]
        return replace(found, sets=sets, read_as=(*found.read_as, *said))

    def _count(self, sets: Sequence[tuple[str, ...]]) -> Counter[str]:
        """Return how many texts have each name."""
        texts = np.bincount(self._all_codes, minlength=len(sets)).tolist()
        counts: Counter[str] = Counter()
        for names, n in zip(sets, texts, strict=True):
            for name in names:
                counts[name] += n
        return counts

    def faults(self) -> dict[int, str]:
        """Return why a row's label cannot be read, by row over all batches, in order."""
        found = self._understood.faults
        if not found:
            return {}
        wrong = np.isin(self._all_codes, np.array(list(found), np.int32))
        return {row: found[int(self._all_codes[row])] for row in np.flatnonzero(wrong).tolist()}

    def missing(self) -> NDArray[np.bool_]:
        """Return which rows have no label where one is needed, bool [N].

        Of sets of labels that a separator divides none is missing, since a blank cell is the empty set; where they are
        lists, the empty set is an empty list, and a blank cell is missing.
        """
        found = self._understood
        if found.multi_label and not found.has_lists:
            return np.zeros(len(self._all_codes), np.bool_)
        cells = self._cells if found.multi_label else [None] * len(found.sets)
        empty = np.array(
            [not names and i not in found.faults and _is_blank(cells[i]) for i, names in enumerate(found.sets)],
            np.bool_,
        )
        return empty[self._all_codes] if len(empty) else np.zeros(0, np.bool_)

    def finish(self, place: Callable[[int], str] | None = None) -> Labels:
        """Return the labels of all rows.

        Args:
            place: Says where a row stands, for messages.

        Raises:
            DataError: There are too few classes; or what is there are no labels of one text each: text and label are
                swapped, or cells hold several labels.
        """
        found = self._understood
        counts = self._count(found.sets)
        if self._classes is None:
            self._check(found, counts, place)
            current().check_classes(counts, self._where)
        is_whole = found.columns and found.multi_label  # a column without a 1 is a class too
        classes = self._classes or sort_classes(found.columns if is_whole else counts)
        findings: tuple[LabelFinding, ...] = ()
        if self._classes is None:
            of_class = {name: counts[name] for name in classes} if len(classes) > len(counts) else counts
            findings = (
                *look_alike_findings(counts),
                *truth_findings(counts),
                *odd_name_findings(counts),
                *class_findings(of_class),
            )
        read_as = (*found.read_as, *self._blank_line(found))
        return Labels(self._values(found, classes), tuple(classes), found.multi_label, read_as, tuple(findings))

    def _blank_line(self, found: _Understood) -> tuple[str, ...]:
        """Say how many cells that a separator divides are blank: none of the labels, or a label that was forgotten."""
        if not found.multi_label or found.has_lists or self._separator is None:
            return ()
        n = int(np.array([not names for names in found.sets], np.bool_)[self._all_codes].sum())
        return (f"labels: {n:,} of {len(self._all_codes):,} cells are blank, read as none of the labels",) if n else ()

    def _values(self, found: _Understood, classes: Sequence[str]) -> NDArray[np.int32] | NDArray[np.uint8]:
        numbers = {name: number for number, name in enumerate(classes)}
        if found.multi_label:
            lengths = np.array([len(names) for names in found.sets], np.int64)
            columns = np.array([numbers[name] for names in found.sets for name in names], np.int64)
            starts, codes = np.cumsum(lengths) - lengths, self._all_codes
            n = lengths[codes]  # entries of each row
            within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
            matrix = np.zeros((len(codes), len(classes)), np.uint8)
            matrix[np.repeat(np.arange(len(codes)), n), columns[np.repeat(starts[codes], n) + within]] = 1
            return matrix
        values = np.array([numbers[names[0]] if names else 0 for names in found.sets], np.int32)
        return values[self._all_codes]

    def _check(self, found: _Understood, counts: Counter[str], place: Callable[[int], str] | None) -> None:
        n = len(self._all_codes)
        if self._fasttext > n / 2:
            raise DataError(
                f"{self._at(0, place)}: the texts begin with {_FASTTEXT}, as in fastText's format. Name the file .txt, "
                "or give --format fasttext."
            )
        if found.multi_label:
            if not counts and self._least > 1:
                raise DataError(f"{self._where}: no text has a label.")
            if n * len(counts) > _MOST_BYTES:
                raise DataError(
                    f"{self._where}: {len(counts):,} different labels in sets of {n:,} texts are too many (here "
                    f"{min(counts)[:40]!r}). Name the right column with --label-column, or what stands between labels "
                    "with --label-separator."
                )
            return

        def at(name: str) -> str:
            number = next(i for i, names in enumerate(found.sets) if name in names)
            return self._at(int(np.flatnonzero(self._all_codes == number)[0]), place)

        if not found.columns and not self._is_one:
            refuse_several_labels(counts, at)
        refuse_swapped(counts, n, self._text_bytes, at)
        refuse_too_few(counts, self._least, self.others, self._where)

    def _at(self, row: int, place: Callable[[int], str] | None) -> str:
        return self._where if place is None else place(row)


def _is_blank(cell: Any) -> bool:  # Any: as the source has it
    return cell is None or not str(cell).strip()


def _written(cell: Any) -> object:  # Any: as the source has it
    """Return a list or a record as a string that is the same for equal ones."""
    try:
        return repr(cell)
    except (RecursionError, ValueError):
        return _TOO_DEEP


def _shown(value: Any) -> str:  # Any: as the source has it
    return (value if isinstance(value, str) else str(_written(value)))[:40]
