"""Read JSON Lines in a stream, by the rules of `data.formats.jsonl`.

This module knows nothing of scoring. The decision to question: where JSON Lines go out again, a record is handed on as
its line, not as typed columns, so that no number is rounded, no missing key becomes a null and no order is lost. Only
where columns are wanted is the file read twice, the first time for their names and types.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from plaudit.batch import rows
from plaudit.batch.readers.text_input import TextInput, too_long
from plaudit.batch.rows import Batch, Reader, Row, groups, make_batch
from plaudit.batch.sources import Source
from plaudit.data.columns import choose_columns
from plaudit.data.formats.jsonl import parse_record
from plaudit.errors import DataError

LINE = "record"  # the column of a reader that keeps lines
_Record = dict[str, object]


class JsonLineReader(Reader):
    """A JSON Lines file whose records are kept as they stand; the text is found in the first batch's keys."""

    keeps_lines = True

    def __init__(self, source: Source, text_column: str | None) -> None:
        """Read the first batch.

        Raises:
            DataError: The file is empty or no text, or the text's key is not found.
        """
        self._input = TextInput(source)
        self._name = source.name
        self.schema = pa.schema([(LINE, pa.large_string())])
        self._keys: set[str] = set()
        with self._input.kept_open():
            records = _records(self._input)
            first, size = [], 0
            for each in records:
                first.append(each)
                size += each.size_bytes
                if size >= rows.BATCH_BYTES or len(first) >= rows.BATCH_ROWS:
                    break
            self._records = itertools.chain(first, records)
            names = dict.fromkeys(name for each in first if each.record is not None for name in each.record)
            self._text = _find_text(list(names), text_column, source, is_empty=self._input.is_empty)

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        with self._input:
            for group in groups(self._rows()):
                yield replace(make_batch(group, self.schema, self._input.position()), keys=frozenset(self._keys))

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _rows(self) -> Iterator[Row]:
        for each in self._records:
            if each.record is None:
                yield Row((None,), None, each.size_bytes, each.reason)
            else:
                self._keys.update(each.record)
                yield _row((each.line,), each, self._text, self._name)


class JsonColumnReader(Reader):
    """A JSON Lines file as columns, in the order in which keys first appear; values of mixed types become JSON."""

    def __init__(self, source: Source, text_column: str | None) -> None:
        """Read the whole file once, for its columns.

        Raises:
            DataError: The file is empty, no text or cannot be read to its end, or the text's key is not found.
        """
        self._source = source
        with TextInput(source) as file:
            kinds = _column_types(each.record for each in _records(file) if each.record is not None)
            self._text = _find_text(list(kinds), text_column, source, is_empty=file.is_empty)
        self._mixed = {name for name, kind in kinds.items() if kind is None}
        self.schema = pa.schema([(name, pa.large_string() if kind is None else kind) for name, kind in kinds.items()])

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        with TextInput(self._source) as file:
            for group in groups(self._rows(file)):
                yield make_batch(group, self.schema, file.position())

    def _rows(self, file: TextInput) -> Iterator[Row]:
        names = self.schema.names
        for each in _records(file):
            if each.record is None:
                yield Row((None,) * len(names), None, each.size_bytes, each.reason)
            else:
                yield _row([self._value(name, each.record) for name in names], each, self._text, self._source.name)

    def _value(self, name: str, record: _Record) -> object:
        value = record.get(name)
        return json.dumps(value) if name in self._mixed and value is not None else value


class _Line:
    """A line that holds something, and the record in it, or why there is none."""

    __slots__ = ("line", "number", "reason", "record", "size_bytes")

    def __init__(self, number: int, line: bytes | None, name: str) -> None:
        self.number = number
        self.line: bytes | None = line
        self.record: _Record | None = None
        self.reason: str | None = None
        self.size_bytes = rows.MOST_BYTES if line is None else len(line)
        if line is None:
            self.reason = f"{name}:{number}: {too_long()}"
            return
        try:
            self.record = parse_record(line, f"{name}:{number}")
        except DataError as error:
            self.reason = str(error)
        except UnicodeDecodeError as error:
            self.reason = f"{name}:{number}: byte 0x{line[error.start]:02x} is not UTF-8"


def _records(file: TextInput) -> Iterator[_Line]:
    for number, line in file.lines():
        if line is None or line.strip():
            yield _Line(number, line, file.source.name)


def _row(values: Sequence[object], line: _Line, name: str, where: str) -> Row:
    assert line.record is not None
    text = line.record.get(name)
    if isinstance(text, str):
        return Row(values, text, line.size_bytes)
    reason = "no text" if text is None else f"expected a string as {name!r}, got {type(text).__name__}"
    return Row(values, None, line.size_bytes, f"{where}:{line.number}: {reason}")


def _find_text(names: list[str], text_column: str | None, source: Source, *, is_empty: bool) -> str:
    if not names:
        raise DataError(
            f"{source.name}: {'the file is empty' if is_empty else 'no line holds a JSON object with keys'}."
        )
    return choose_columns(names, text=text_column, label=None, is_label_needed=False, where=source.name).text


def _column_types(records: Iterable[_Record]) -> dict[str, pa.DataType | None]:
    """Return the type of each key's values by its name; None if they have no common one."""
    kinds: dict[str, pa.DataType | None] = {}
    records = iter(records)
    while part := list(itertools.islice(records, 1024)):
        for name in dict.fromkeys(name for record in part for name in record):
            if kinds.setdefault(name, pa.null()) is not None:
                kinds[name] = _common_type(kinds[name], [record.get(name) for record in part])
    return {name: pa.large_string() if kind == pa.null() else kind for name, kind in kinds.items()}


def _common_type(kind: pa.DataType, values: list[object]) -> pa.DataType | None:
    try:
        found = pa.array(values).type
        schemas = [pa.schema([("", each)]) for each in (kind, found)]
        common = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
        pa.array(values, common)
    except (pa.ArrowException, OverflowError):
        return None
    return pa.large_string() if common == pa.string() else common
