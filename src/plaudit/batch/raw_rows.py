"""A file as a sequence of short tables, each as `data.formats` would give it whole: for rows that must all be sound.

The readers beside this pass over a broken row and say why; here it ends the reading with the line that `read_file`
would give. This module knows nothing of which column is the text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from plaudit.batch import rows
from plaudit.batch.readers.columnar import open_parquet, record_batches
from plaudit.batch.readers.text_input import TextInput, too_long
from plaudit.batch.sources import Source
from plaudit.data.formats.delimited import check_length, field_size_unlimited
from plaudit.data.formats.fasttext import parse_line
from plaudit.data.formats.folder import list_texts
from plaudit.data.formats.jsonl import parse_record
from plaudit.data.formats.parquet import readable
from plaudit.data.formats.raw import Column, RawTable, to_columns
from plaudit.data.formats.text_file import read_text_bytes, refuse_null_byte
from plaudit.errors import DataError

R = TypeVar("R")


def raw_tables(source: Source) -> Iterator[RawTable]:
    """Yield a file's rows, in order, about `rows.BATCH_BYTES` at a time; a table of JSON Lines has its own keys.

    Raises:
        DataError: The file is empty, or a row is broken; the message names its line.
    """
    assert source.path is not None
    n = 0
    for table in _READERS[source.format](source, source.path):
        n += len(table)
        yield table
    if not n:
        raise DataError(f"{source.name}: no rows.")


def _grouped(sized: Iterable[tuple[R, int, int]]) -> Iterator[tuple[list[R], list[int]]]:
    """Yield rows and their lines, so many at a time as make up a batch, given each row's line and size in bytes."""
    for group in rows.groups(sized, itemgetter(2)):
        found, places, _ = zip(*group, strict=True)
        yield list(found), list(places)


def _lines(source: Source, file: TextInput) -> Iterator[tuple[int, str]]:
    r"""Yield each line's number and the line, without the "\n"."""
    for number, line in file.lines():
        where = f"{source.name}:{number}"
        if line is None:
            raise DataError(f"{where}: {too_long()}; expected a text.")
        if b"\0" in line:
            refuse_null_byte(b"\n" * (number - 1) + line, source.name)
        yield number, _decoded(line, where)


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: byte 0x{line[error.start]:02x} is not UTF-8 ({error.reason}). Save the file again with the "
            "encoding UTF-8."
        ) from error


def _opened(source: Source) -> TextInput:
    file = TextInput(source)
    if file.is_empty:
        file.close()
        raise DataError(f"{source.name}: the file is empty.")
    return file


def _csv(source: Source, path: Path) -> Iterator[RawTable]:
    with _opened(source) as file, field_size_unlimited():
        lines = _CsvLines(source, file)
        reader = csv.reader(lines, strict=True)
        names: list[str] = []

        def parsed() -> Iterator[tuple[list[str], int, int]]:
            line = 1
            try:
                for row in reader:
                    size = lines.begin_row()
                    if not names:
                        names.extend(row)
                    elif row or len(names) == 1:
                        yield check_length(row or [""], names, f"{path}:{line}"), line, size
                    line = reader.line_num + 1
            except csv.Error as error:
                raise DataError(
                    f"{path}:{line}: not CSV: {error}, in the row that begins on this line. A field that holds a "
                    "quote, a comma or a line end needs quotes around it, and two quotes for each in it."
                ) from error

        for found, places in _grouped(parsed()):
            yield RawTable(path, to_columns(names, found, f"{path}:1"), "line", places)


class _CsvLines:
    """A file's lines as `csv.reader` asks for them, with a bound on the length of a row."""

    def __init__(self, source: Source, file: TextInput) -> None:
        self._source = source
        self._stream = io.TextIOWrapper(file.stream, "utf-8", errors="surrogateescape", newline="")
        self._number = self._size = 0

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(rows.MOST_BYTES)
        if not line:
            raise StopIteration
        self._number += 1
        self._size += len(line)
        where = f"{self._source.name}:{self._number}"
        if self._size >= rows.MOST_BYTES:
            raise DataError(f"{where}: the row is {too_long()}. Is a quote never closed?")
        if "\0" in line:
            refuse_null_byte(b"\n" * (self._number - 1) + b"\0", self._source.name)
        if not line.isascii():
            _decoded(line.encode("utf-8", "surrogateescape"), where)
        return line

    def begin_row(self) -> int:
        """Return how long the row was that is over."""
        size, self._size = self._size, 0
        return size


def _tsv(source: Source, path: Path) -> Iterator[RawTable]:
    with _opened(source) as file:
        lines = _lines(source, file)
        header = next(lines)[1]
        line_end = "\r" if header.endswith("\r") else ""
        names = header.removesuffix(line_end).split("\t")

        def parsed() -> Iterator[tuple[list[str], int, int]]:
            for number, line in lines:
                text = line.removesuffix(line_end)
                if text or len(names) == 1:
                    fields = text.split("\t", len(names) - 1)
                    yield check_length(fields, names, f"{path}:{number}"), number, len(text)

        for found, places in _grouped(parsed()):
            columns = to_columns(names, found, f"{path}:1")
            yield RawTable(path, columns, "line", places, splits_last_field=True)


def _jsonl(source: Source, path: Path) -> Iterator[RawTable]:
    with _opened(source) as file:
        records = (
            (parse_record(line.encode(), f"{path}:{number}"), number, len(line))
            for number, line in _lines(source, file)
            if line.strip()
        )
        for found, places in _grouped(records):
            names = dict.fromkeys(name for record in found for name in record)
            columns: dict[str, Column] = {name: [record.get(name) for record in found] for name in names}
            yield RawTable(path, columns, "line", places)


def _fasttext(source: Source, path: Path) -> Iterator[RawTable]:
    with _opened(source) as file:
        parsed = (
            (parse_line(line.removesuffix("\r"), f"{path}:{number}"), number, len(line))
            for number, line in _lines(source, file)
        )
        for found, places in _grouped(parsed):
            labels: Column = [names if len(names) > 1 else next(iter(names), None) for _, names in found]
            yield RawTable(path, {"text": [text for text, _ in found], "label": labels}, "line", places)


def _parquet(source: Source, path: Path) -> Iterator[RawTable]:
    done = 0
    with readable(source.name), open_parquet(source) as file:
        names = file.schema_arrow.names
        for part in record_batches(file):
            columns: dict[str, Column] = dict(zip(names, pa.Table.from_batches([part]).columns, strict=True))
            done += part.num_rows
            yield RawTable(path, columns, "row", range(done - part.num_rows + 1, done + 1))


def _folder(source: Source, path: Path) -> Iterator[RawTable]:
    def read() -> Iterator[tuple[Path, int, int]]:
        for number, each in enumerate(list_texts(path)):
            yield each, number, each.stat().st_size

    for found, _ in _grouped(read()):
        texts: Column = [read_text_bytes(each, may_be_empty=True).decode("utf-8") for each in found]
        labels: Column = [each.parent.name for each in found]
        files = [each.relative_to(path).as_posix() for each in found]
        yield RawTable(path, {"text": texts, "label": labels, "file": list(files)}, "file", files)


_READERS: dict[str, Callable[[Source, Path], Iterator[RawTable]]] = {
    "csv": _csv,
    "tsv": _tsv,
    "jsonl": _jsonl,
    "fasttext": _fasttext,
    "parquet": _parquet,
    "folder": _folder,
}
