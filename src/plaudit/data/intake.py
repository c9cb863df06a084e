"""One source's rows with the text and the label found: what every purpose takes in, before its policy decides.

This module knows nothing of policies (`data.reading`, `batch.reading`, `audit.corpus`). The decision to question: the
columns are chosen from the first thousand rows, so that a stream needs no second pass and every purpose chooses alike.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.config import DataSpec
from plaudit.data.column_facts import look
from plaudit.data.column_names import is_header
from plaudit.data.columns import LOOKED_AT, ChosenColumns, choose_columns, column_flag, is_known_name
from plaudit.data.readers import Rows, open_source
from plaudit.data.readers.fasttext import FastTextReader
from plaudit.data.readers.formats import FORMATS
from plaudit.data.readers.rows import MOST_BYTES, Reader, too_long
from plaudit.data.readers.sources import Source
from plaudit.data.text_cells import join, plain_cells, strings
from plaudit.errors import DataError

_SHOWN_KEYS = 8
_MOST_CLASSES = 200  # of a column that was constant in the rows looked at, and may be the label
_MOST_CELLS, _LEAST_LOOKED_AT = 500_000, 20  # of a table: one of very many columns is judged by fewer rows
_MOST_INNER = 50  # columns within records
_UNLABELLED = "Texts without labels are for plaudit predict -i; where another column has them: --label-column."
_REJECTED = "labels: rows that a Prodigy annotator rejected or ignored have none"


@dataclass(frozen=True)
class Taken:
    """Some rows that follow each other, N.

    Attributes:
        rows: As they stand in the source.
        texts: Arrow ``large_string`` [N], null where there is none.
        faults: Why a row cannot be used, by row: it is broken, or its text is no text. A missing text is no fault here.
    """

    rows: Rows
    texts: pa.LargeStringArray
    faults: dict[int, str]

    def __len__(self) -> int:
        return len(self.rows)


class Intake:
    """An open source whose columns are chosen.

    Attributes:
        reader: What reads it.
        chosen: Which columns are the text and the label.
        said: What was understood, a line each.
        spec: How it is read, with what was found by looking.
    """

    def __init__(
        self,
        source: Source | Reader,
        spec: DataSpec,
        *,
        is_label_needed: bool,
        remembered: DataSpec | None = None,
        keep_lines: bool = False,
    ) -> None:
        """Open it and look at its first rows.

        Args:
            source: What to read, or what reads it.
            spec: What the user says of it.
            is_label_needed: Whether to fail without a label column.
            remembered: How the data were read that a model was made of: its columns are taken where the source has
                them and the user says nothing, its encoding where the source's cannot be told.
            keep_lines: As in `open_source`.

        Raises:
            DataError: It cannot be opened, or a column is not found.
        """
        self._spec = spec
        self.reader: Reader = (
            source if isinstance(source, Reader) else _open(source, spec, remembered, keep_lines=keep_lines)
        )
        try:
            batches = self.reader.batches()
            first: list[Rows] = []
            for rows in batches:
                first.append(rows)
                if sum(map(len, first)) >= LOOKED_AT:
                    break
            self._batches = itertools.chain(first, batches)
            names = tuple(dict.fromkeys([*self.reader.names, *(name for rows in first for name in rows.columns)]))
            self.names = names
            memory = remembered or DataSpec()
            self.chosen = self._choose(names, first, memory, is_label_needed=is_label_needed)
        except DataError as error:
            self.reader.close()
            raise (DataError(f"{error} {self.reader.hint}") if self.reader.hint else error) from error.__cause__
        except BaseException:
            self.reader.close()
            raise
        self._has_rejected = "answer" in names and "_task_hash" in names and "answer" not in self.chosen.label
        self.said = (
            *self.reader.said,
            *([self.chosen.said] if self.chosen.said else []),
            *self._said_of_missing(memory),
            *([_REJECTED] if self._has_rejected and is_label_needed else []),
        )
        found = {name: value for name, value in self.reader.decided.items() if getattr(spec, name) is None}
        of_text, of_label = _one_or_several(self.chosen.text), _one_or_several(self.chosen.label)
        self.spec = replace(spec, **found, text_column=of_text, label_column=of_label)

    def __iter__(self) -> Iterator[Taken]:
        """Yield all rows, in order; once.

        Raises:
            DataError: The source cannot be read on, or its end shows that the label's column was chosen too early.
        """
        later: dict[str, set[Any]] = {name: set() for name in self.chosen.constant}
        for rows in self._batches:
            for name, values in later.items():
                if len(values) <= _MOST_CLASSES:
                    values.update(value for value in rows.values(name) if isinstance(value, str | int) and value != "")
            yield self._taken(rows)
        if rivals := [name for name, found in later.items() if 1 < len(found) <= _MOST_CLASSES]:
            held = ", ".join(f"{name!r} ({len(later[name]):,} values)" for name in rivals)
            taken = self.chosen.label[0]
            raise DataError(
                f"{self.reader.name}: by the first {LOOKED_AT:,} rows the label is column {taken!r}, but "
                f"later rows show that it may be {held}. Say which: --label-column {column_flag(taken)} "
                f"or --label-column {column_flag(rivals[0])}."
            )

    def where(self, rows: Rows, row: int) -> str:
        """Return where a row begins, to open a message."""
        return self.reader.where(rows.places[row])

    def labels(self, rows: Rows) -> list[Any]:  # Any: cells as the source has them
        """Return each row's label cell, N long; of several label columns, a tuple of cells."""
        if len(self.chosen.label) == 1:
            cells = plain_cells(rows.column(self.chosen.label[0]))
            if isinstance(self.reader, FastTextReader):  # which writes an empty set as no label at all
                return [() if cell is None else cell for cell in cells]
            if self._has_rejected:
                return [
                    None if answer in ("reject", "ignore") else cell
                    for cell, answer in zip(cells, rows.values("answer"), strict=True)
                ]
            return cells
        return list(zip(*(rows.values(name) for name in self.chosen.label), strict=True))

    def close(self) -> None:
        """Close the source."""
        self.reader.close()

    def _choose(
        self, names: tuple[str, ...], first: Sequence[Rows], memory: DataSpec, *, is_label_needed: bool
    ) -> ChosenColumns:
        """Return which columns are the text and the label, by the first rows and by what is remembered.

        Raises:
            DataError: They are not found.
        """
        if is_label_needed and isinstance(self.reader, FastTextReader) and len(names) == 1:
            if memory.label_columns:
                raise DataError(f"{self.reader.name}: it has no labels. {_UNLABELLED}")
            raise DataError(
                f"{self.reader.name}: no line begins with a label, as in fastText's format (__label__pos). If the "
                "prefix is another one, name it with --label-prefix; where lines are columns, give --format csv; "
                "where the file's name is the label of all its lines, make it a table with a column of labels."
            )
        most = max(_LEAST_LOOKED_AT, min(LOOKED_AT, _MOST_CELLS // max(len(names), 1)))
        sample = {name: _sample(first, name, most) for name in names}
        inner = _inner_columns(sample)
        text, label = self._remembered(memory, (*names, *inner), first)
        choose: Callable[..., ChosenColumns] = partial(
            choose_columns,
            text=self._spec.text_columns or text,
            label=self._spec.label_columns or label,
            is_label_needed=is_label_needed,
            where=self.reader.name,
            may_lack_header=self.reader.may_lack_header,
        )
        lacks_label = is_label_needed and bool(memory.label_columns) and not (self._spec.label_columns or label)
        try:
            chosen: ChosenColumns = choose(names, sample)
        except DataError as error:
            if lacks_label:
                raise self._no_label(memory, names) from error
            chosen = _choose_within(choose, sample, inner, self._spec, error)
        if lacks_label and not all(map(is_known_name, chosen.label)) and not self._is_numbered:
            raise self._no_label(memory, names)
        return chosen

    def _remembered(
        self, memory: DataSpec, names: Sequence[str], first: Sequence[Rows]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the remembered columns of text and label; of a source without names none, unless they hold texts.

        Raises:
            DataError: Of several text columns some are there and others not: no text would be as in training.
        """
        text, label = _known(memory.text_columns, names), _known(memory.label_columns, names)
        if not text and not self._spec.text_columns and len(memory.text_columns) > 1:
            lacking = [each for each in memory.text_columns if not _known((each,), names)]
            raise DataError(
                f"{self.reader.name}: the model's texts are joined from {', '.join(map(repr, memory.text_columns))}; "
                f"{', '.join(map(repr, lacking))} {'is' if len(lacking) == 1 else 'are'} missing. Add what is missing, "
                "or name the columns with --text-column."
            )
        is_other = self._is_numbered and any(look(_sample(first, name, LOOKED_AT)).is_no_text for name in text)
        return ((), ()) if is_other else (text, label)

    @property
    def _is_numbered(self) -> bool:
        return self.reader.decided.get("header") is False

    def _no_label(self, memory: DataSpec, names: Sequence[str]) -> DataError:
        """Return the error of a source without the labels that those beside it, or the model's own, have."""
        shown = ", ".join(map(repr, names[:_SHOWN_KEYS])) + (", …" if len(names) > _SHOWN_KEYS else "")
        return DataError(
            f"{self.reader.name}: no column {memory.label_columns[0]!r}, which holds the labels of the other data; the "
            f"columns are {shown}. {_UNLABELLED}"
        )

    def _said_of_missing(self, memory: DataSpec) -> list[str]:
        """Say which remembered column of texts is not there, so that another one was taken."""
        if self._spec.text_columns or not memory.text_columns or memory.header is False:
            return []
        is_there = _known(memory.text_columns, self.chosen.text) or self._is_numbered
        taken = " + ".join(map(repr, self.chosen.text))
        return [] if is_there else [f"text: the model's column {memory.text_columns[0]!r} is missing; {taken} is taken"]

    def _taken(self, rows: Rows) -> Taken:
        faults = dict(rows.faults)
        parts = [strings(rows.column(name), name, faults, where=self.reader.name) for name in self.chosen.text]
        texts = parts[0]
        if len(parts) > 1:
            texts = join(parts)
        long = pc.greater(pc.binary_length(texts), MOST_BYTES).fill_null(False)
        for i in pc.indices_nonzero(long).to_pylist():
            faults.setdefault(i, too_long())
        if self.reader.splits_last_field and self.names[-1] not in self.chosen.text:
            self._check_last_field(rows, faults)
        if faults:
            is_kept = pa.array([i not in faults for i in range(len(rows))])
            texts = pc.if_else(is_kept, texts, pa.scalar(None, pa.large_string()))
        return Taken(rows, texts, faults)

    def _check_last_field(self, rows: Rows, faults: dict[int, str]) -> None:
        """Note the rows whose last column holds a tab, where that is not the text: they have a field too many."""
        column = rows.column(self.names[-1])
        holds = pc.match_substring(pa.array(column) if isinstance(column, list) else column, "\t").fill_null(False)
        for i in pc.indices_nonzero(holds).to_pylist():
            faults.setdefault(i, f"expected {len(self.names)} fields, got more: {self.names[-1]!r} holds a tab.")


def _open(source: Source, spec: DataSpec, remembered: DataSpec | None, *, keep_lines: bool) -> Reader:
    """Open a source, with what is remembered of others where that fits it."""
    memory = remembered or DataSpec()
    spec = replace(spec, encoding=spec.encoding or memory.encoding)
    if source.format == "fasttext" and spec.label_prefix is None and memory.label_prefix is not None:
        reader = open_source(source, spec, keep_lines=keep_lines)
        if not (isinstance(reader, FastTextReader) and reader.begins_with(memory.label_prefix)):
            return reader
        reader.close()
        return open_source(source, replace(spec, label_prefix=memory.label_prefix), keep_lines=keep_lines)
    if source.format == "excel" and spec.sheet is None and memory.sheet is not None:
        with contextlib.suppress(DataError):  # this workbook has no such sheet
            return open_source(source, replace(spec, sheet=memory.sheet), keep_lines=keep_lines)
    reader = open_source(source, spec, keep_lines=keep_lines)
    if source.path is None or not memory.text_columns:
        return reader
    for again in _other_readings(reader, source, spec, memory):
        with contextlib.suppress(DataError):
            other = open_source(*again, keep_lines=keep_lines)
            if _known(memory.text_columns, other.names):
                reader.close()
                return other
            other.close()
    return reader


def _other_readings(
    reader: Reader, source: Source, spec: DataSpec, memory: DataSpec
) -> Iterator[tuple[Source, DataSpec]]:
    """Yield how else a source may be read: as was said of the model's own data, where its columns are not there.

    A first row that was taken for names although the model's data had none is one, unless it names a text or a label.
    """
    told = replace(spec, delimiter=spec.delimiter or memory.delimiter)
    kind = memory.format if spec.format is None and memory.format in FORMATS else None
    if not _known(memory.text_columns, reader.names) and (told != spec or kind is not None):
        as_told = replace(source, format=kind or source.format)
        yield as_told, told
        if told.header != memory.header:
            yield as_told, replace(told, header=memory.header)
    if spec.header is not None or memory.header is None:
        return
    has_header = reader.decided.get("header", True)
    if has_header and not memory.header and reader.may_lack_header and not is_header(reader.names):
        yield source, replace(spec, header=False)
    if not has_header and memory.header:
        yield source, replace(spec, header=True)


def _known(columns: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return remembered columns as the source spells them (Text for text) if it has them all."""
    by_plain = {name.casefold(): name for name in reversed(names)}
    found = [each if each in names else by_plain.get(each.casefold()) for each in columns]
    return tuple(each for each in found if each is not None) if None not in found else ()


def _inner_columns(sample: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:  # Any: cells as the source has them
    """Return the columns within records, "data.text", and their first values."""
    found: dict[str, list[Any]] = {}
    for name, values in sample.items():
        records = [value if isinstance(value, dict) else {} for value in values]
        keys = dict.fromkeys(key for record in records[:_MOST_INNER] for key in record)
        found |= {f"{name}.{key}": [record.get(key) for record in records] for key in list(keys)[:_MOST_INNER]}
    return {name: found[name] for name in list(found)[:_MOST_INNER] if name not in sample}


def _choose_within(
    choose: Callable[..., ChosenColumns],
    sample: Mapping[str, Sequence[Any]],
    inner: Mapping[str, Sequence[Any]],
    spec: DataSpec,
    error: DataError,
) -> ChosenColumns:
    """Choose among the columns within records too, where those beside them hold no text, or the user names one.

    Raises:
        DataError: The one of before, with these columns; a label is not looked for within records.
    """
    if not inner:
        raise error
    try:
        found = choose((*sample, *inner), {**sample, **inner})
    except DataError:
        found = None
    if found is None or any(name in inner and name not in spec.label_columns for name in found.label):
        listed = ", ".join(map(repr, list(inner)[:_SHOWN_KEYS]))
        raise DataError(f"{error} Within records there are {listed}.") from error
    return found


def _one_or_several(columns: tuple[str, ...]) -> str | tuple[str, ...] | None:
    return (columns[0] if len(columns) == 1 else columns) if columns else None


def _sample(batches: Sequence[Rows], name: str, most: int) -> list[Any]:  # Any: cells as the source has them
    found: list[Any] = []
    for rows in batches:
        column = rows.column(name)
        wanted = column[: most - len(found)]
        found += wanted if isinstance(wanted, list) else plain_cells(wanted)
        if len(found) >= most:
            break
    return found
