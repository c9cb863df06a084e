"""Read sources into a `Dataset`, in memory or on disk: the policy of training, which refuses rows that it cannot use.

The decision to question: a blank text or a missing label is refused, not repaired; dropping rows in silence changes
what a figure is measured on. The message tells all that is wrong in one pass, and `DataSpec.skip_invalid` leaves such
rows out, counted. Only where a separator divides sets of labels is a blank one an answer: none of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.columns import PART_COLUMN
from plaudit.data.dataset import Dataset, Origin
from plaudit.data.faults import BLANK, BROKEN, LABEL, MISSING, Faults, is_blank
from plaudit.data.intake import Intake, Taken
from plaudit.data.label_reading import LabelReading, Labels
from plaudit.data.places import Places
from plaudit.data.readers.rows import Column, Reader, Rows
from plaudit.data.readers.sources import Source
from plaudit.data.spill import SpilledDataset
from plaudit.errors import DataError
from plaudit.progress import doing
from plaudit.scratch import MEMORY, Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_dataset(
    sources: Sequence[Source | Reader],
    spec: DataSpec,
    *,
    name: str,
    require_labels: bool = True,
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
    remembered: DataSpec | None = None,
    scratch: Scratch = MEMORY,
    group_by: str | None = None,
) -> Dataset:
    """Read labelled texts, or texts alone, from one or more sources.

    Args:
        sources: They, in the order of the rows.
        spec: What the user says of them.
        name: What messages call them.
        require_labels: If false, they may lack labels and texts may be blank (a missing one reads as ""): what
            prediction takes. Labels are then read only if every row has one.
        classes: The classes to use, for data that a classifier with these classes is tested on. A label outside them
            is a fault, and one class alone is allowed. By default the data's own, sorted (numbers by value).
        multi_label: Whether to read sets of labels even if no text has several.
        remembered: As in `Intake`.
        scratch: Where the texts go; on disk, of the further columns only `group_by` and the parts' marks are kept.
        group_by: A column that must be there.

    Raises:
        DataError: A source is missing, empty, damaged or of unknown format; a column cannot be found; a row cannot be
            used and is not to be left out; there is one class only, or none. The message names file and line.
    """
    if remembered is not None:
        spec = replace(
            spec,
            label_separator=spec.label_separator or remembered.label_separator,
            merge_labels=spec.merge_labels or remembered.merge_labels,
            skip_invalid=spec.skip_invalid or remembered.skip_invalid,
        )
    gathered = _Gathered(
        spec, name=name, require_labels=require_labels, classes=classes, multi_label=multi_label, scratch=scratch,
        group_by=group_by,
    )  # fmt: skip
    with doing(f"Reading {name}"):
        for source in sources:
            intake = Intake(source, spec, is_label_needed=require_labels, remembered=remembered)
            try:
                gathered.add_source(intake)
            finally:
                intake.close()
        return gathered.finish()


class _Gathered:
    """Rows on their way into a data set."""

    def __init__(
        self,
        spec: DataSpec,
        *,
        name: str,
        require_labels: bool,
        classes: tuple[str, ...] | None,
        multi_label: bool,
        scratch: Scratch,
        group_by: str | None,
    ) -> None:
        self._spec, self._name, self._needs_labels = spec, name, require_labels
        self._scratch, self._group_by = scratch, group_by
        self._texts = scratch.texts()
        self._labels = LabelReading(
            separator=spec.label_separator, classes=classes, multi_label=multi_label, merge=spec.merge_labels,
            where=name, least=2 if require_labels else 1,
        )  # fmt: skip
        self._coded = _CodedColumns((group_by, PART_COLUMN)) if scratch.folder is not None else None
        self._extra = Columns()
        self._places: list[tuple[Intake, Sequence[int | str]]] = []
        self._faults: Faults | None = None
        self._first: Intake | None = None
        self._said: dict[str, None] = {}
        self._has_label = True
        self._n = 0

    def add_source(self, intake: Intake) -> None:
        """Take in all rows of a source.

        Raises:
            DataError: It lacks a column, or cannot be read on.
        """
        if self._first is None:
            self._first, self._faults = intake, Faults(intake.reader.unit)
        self._said |= dict.fromkeys(intake.said)
        chosen = intake.chosen
        self._has_label = self._has_label and bool(chosen.label)
        self._labels.others = chosen.others
        if len(chosen.label) > 1:
            self._labels.indicator_columns(chosen.label)
        if self._group_by is not None and self._group_by not in intake.names:
            further = ", ".join(each for each in intake.names if each not in (*chosen.text, *chosen.label)) or "none"
            raise DataError(
                f"{intake.reader.name}: no column {self._group_by!r} to group by; the others are: {further}."
            )
        before = self._n
        for taken in intake:
            self._add(intake, taken)
        self._said |= dict.fromkeys(intake.reader.said)  # of a folder of files, what a later one showed
        if self._n == before:
            raise DataError(f"{intake.reader.name}: no rows, only the columns {', '.join(intake.names)[:80]}.")

    def _add(self, intake: Intake, taken: Taken) -> None:
        assert self._faults is not None
        rows, faults, texts = taken.rows, self._faults, taken.texts.fill_null("")
        keep = np.ones(len(rows), np.bool_)
        faults.add_rows(BROKEN, taken.faults, lambda i: intake.where(rows, i), rows.places)
        keep[list(taken.faults)] = False
        if self._needs_labels:
            blank = is_blank(texts) & keep
            of_blank = dict.fromkeys(np.flatnonzero(blank).tolist(), "")
            faults.add_rows(BLANK, of_blank, lambda i: intake.where(rows, i), rows.places)
            keep &= ~blank
        whole = bool(keep.all())
        kept = texts if whole else texts.filter(pa.array(keep))
        if intake.chosen.label and self._has_label:
            cells = intake.labels(rows)
            cells = cells if whole else [cells[i] for i in np.flatnonzero(keep).tolist()]
            self._labels.add(cells, kept)
        self._places.append((intake, rows.places if whole else [rows.places[i] for i in np.flatnonzero(keep).tolist()]))
        self._texts.append(kept)
        if self._coded is not None:
            self._coded.add(rows, intake.names, keep)
        else:
            used = {*intake.chosen.text, *(intake.chosen.label if self._needs_labels else ())}
            names = [each for each in dict.fromkeys((*intake.names, *rows.columns)) if each not in used]
            self._extra.add(rows, names, keep)
        self._n += len(rows)

    def finish(self) -> Dataset:
        """Return the data set.

        Raises:
            DataError: A row cannot be used and is not to be left out, or the labels are none.
        """
        assert self._first is not None
        assert self._faults is not None
        texts = self._texts.finish()
        keep = np.ones(len(texts), np.bool_)
        labels = self._read_labels(keep) if self._has_label and self._first.chosen.label else None
        if self._faults and not (self._spec.skip_invalid and keep.any()):
            raise self._told()
        dataset = self._dataset(texts, labels)
        return dataset if keep.all() else dataset.take(np.flatnonzero(keep))

    def _told(self) -> DataError:
        assert self._first is not None
        assert self._faults is not None
        return self._faults.error(**self._columns(), n=self._n)

    def _columns(self) -> dict[str, str]:
        assert self._first is not None
        return {"text": " + ".join(self._first.chosen.text), "label": " + ".join(self._first.chosen.label)}

    def _read_labels(self, keep: NDArray[np.bool_]) -> Labels | None:
        """Return the labels, None if some are missing and they are optional; mark missing ones in `keep`."""
        assert self._faults is not None
        missing, wrong = np.flatnonzero(self._labels.missing()).tolist(), self._labels.faults()
        if not self._needs_labels and not self._spec.label_columns and (missing or wrong):
            return None
        for row in missing:
            self._faults.add(MISSING, *self._place(row))
        for row, message in wrong.items():
            self._faults.add(LABEL, *self._place(row), message)
        keep[[*missing, *wrong]] = False
        if self._faults and not (self._spec.skip_invalid and keep.any()):
            raise self._told()
        try:
            return self._labels.finish(lambda row: self._place(row)[0])
        except DataError:
            if self._needs_labels or self._spec.label_columns:
                raise
            return None  # nobody asked for them

    def _place(self, row: int) -> tuple[str, int | str]:
        """Return where a row begins, to open a message, and the place alone."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        intake, places = self._places[number]
        place = places[row - int(self._starts[number])]
        return intake.reader.where(place), place

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.cumsum([0, *(len(places) for _, places in self._places)])[:-1]

    def _dataset(self, texts: pa.LargeStringArray, labels: Labels | None) -> Dataset:
        assert self._first is not None
        assert self._faults is not None
        chosen = self._first.chosen
        said = [*self._said, *(labels.read_as if labels is not None else ())]
        if self._faults:
            said.append(self._faults.left_out(**self._columns(), n=self._n))
        findings = labels.findings if labels is not None else ()
        extra = self._extra.finish() if self._coded is None else self._coded.finish()
        if labels is not None:
            extra = extra.drop_columns([name for name in chosen.label if name in extra.column_names])
        facts: dict[str, Any] = {
            "texts": texts,
            "labels": None if labels is None else labels.values,
            "classes": () if labels is None else labels.classes,
            "name": self._name,
            "extra": extra,
            "text_name": " + ".join(chosen.text),
            "label_name": " + ".join(chosen.label) or "label",
            "origin": Origin(self._first.spec, tuple(said), findings, dict(self._faults.counts)),
        }
        if self._coded is not None:
            return SpilledDataset(**facts, scratch=self._scratch)
        places = Places.of([(intake.reader.name, intake.reader.unit, each) for intake, each in self._places])
        return Dataset(**facts, places=places)


class Columns:
    """Columns of rows that come in batches, in memory."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[tuple[int, Column]]] = {}
        self._n = 0

    def add(self, rows: Rows, names: Sequence[str], keep: NDArray[np.bool_] | None = None) -> None:
        """Put rows at the end, of these columns: all, or those that `keep` (bool [N]) says."""
        keep = np.ones(len(rows), np.bool_) if keep is None else keep
        n, whole = int(keep.sum()), bool(keep.all())
        at = np.flatnonzero(keep)
        for name in names:
            column = rows.column(name)
            if not whole:
                column = [column[i] for i in at.tolist()] if isinstance(column, list) else column.take(pa.array(at))
            self._pieces.setdefault(name, []).append((self._n, column))
        self._n += n

    def finish(self) -> pa.Table:
        """Return the columns, in the order in which they first came; what a batch lacked is null."""
        return pa.table({name: self._column(pieces) for name, pieces in self._pieces.items()})

    def _column(self, pieces: list[tuple[int, Column]]) -> pa.ChunkedArray | pa.Array:
        whole: list[Column] = []
        end = 0
        for start, column in pieces:
            if start > end:
                whole.append([None] * (start - end))
            whole.append(column)
            end = start + len(column)
        if end < self._n:
            whole.append([None] * (self._n - end))
        arrays = [each for each in whole if not isinstance(each, list)]
        if len(arrays) == len(whole):
            return _as_read(pa.chunked_array(arrays) if len({each.type for each in arrays}) == 1 else _mixed(arrays))
        return to_arrow([value for each in whole for value in (each if isinstance(each, list) else each.to_pylist())])


def _as_read(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text columns in Arrow's usual type, in one piece."""
    if column.type == pa.large_string() and column.nbytes < 2**31 - 1:
        return column.combine_chunks().cast(pa.string())
    return column


def _mixed(arrays: Sequence[pa.Array]) -> pa.ChunkedArray:
    return pa.chunked_array([to_arrow([value for each in arrays for value in each.to_pylist()])])


class _CodedColumns:
    """Columns of few different values, 4 bytes a row: on disk nothing else is kept of the further columns."""

    def __init__(self, names: Sequence[str | None]) -> None:
        self._numbers: dict[str, dict[str | None, int]] = {name: {None: -1} for name in names if name is not None}
        self._codes: dict[str, list[NDArray[np.int32]]] = {name: [] for name in self._numbers}
        self._seen: set[str] = set()

    def add(self, rows: Rows, names: Sequence[str], keep: NDArray[np.bool_]) -> None:
        """Put rows of these columns at the end, those that `keep` (bool [N]) says; of a column not there, nulls."""
        for name, numbers in self._numbers.items():
            codes = np.full(len(rows), -1, np.int32)
            if name in names or name in rows.columns:
                self._seen.add(name)
                keys = (key if key is None or isinstance(key, str) else _as_json(key) for key in rows.values(name))
                codes[:] = [numbers.setdefault(key, len(numbers) - 1) for key in keys]
            self._codes[name].append(codes[keep])

    def finish(self) -> pa.Table:
        """Return the columns that some row had, as dictionaries."""
        return pa.table({name: self._column(name) for name in self._codes if name in self._seen})

    def _column(self, name: str) -> pa.DictionaryArray:
        codes = np.concatenate(self._codes[name])
        values = pa.array([key for key in self._numbers[name] if key is not None], pa.large_string())
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), values)


def to_arrow(values: list[Any]) -> pa.Array:  # Any: what a cell holds
    """Return a column of Python values as Arrow; values of mixed types are written as JSON."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return pa.array([None if value is None else _as_json(value) for value in values])


def _as_json(value: Any) -> str:  # Any: what a cell holds
    return json.dumps(value, default=str)
