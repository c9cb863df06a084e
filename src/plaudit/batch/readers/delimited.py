"""Read CSV and TSV in a stream, by the rules of `data.formats.delimited`, one broken row at a time.

This module knows nothing of scoring. The decision to question: a CSV row that is broken ends with its first line, and
reading goes on with the next one. So a quote that is never closed costs one row, and not all that follow; a broken row
that held line ends on purpose comes back as several.
"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence

import pyarrow as pa

from plaudit.batch import rows
from plaudit.batch.readers.text_input import TextInput, too_long
from plaudit.batch.rows import Batch, Reader, Row, groups, make_batch
from plaudit.batch.sources import Source
from plaudit.data.columns import choose_columns
from plaudit.data.formats.delimited import check_length, field_size_unlimited
from plaudit.data.formats.raw import to_columns
from plaudit.errors import DataError

_ERRORS = "surrogateescape"  # a byte that is not UTF-8 becomes a surrogate


class _Delimited(Reader):
    """What CSV and TSV share: a header line, and a string in each column."""

    def __init__(self, source: Source, text_column: str | None) -> None:
        """Read the header.

        Raises:
            DataError: The file is empty or no text, two columns have one name, or the text's is not found.
        """
        self._input = TextInput(source)
        self._name = source.name
        with self._input.kept_open():
            if self._input.is_empty:
                raise DataError(f"{self._name}: the file is empty.")
            self._begin()
            names = list(to_columns(self._header, [], f"{self._name}:1"))
            chosen = choose_columns(names, text=text_column, label=None, is_label_needed=False, where=self._name)
        self._text = names.index(chosen.text)
        self._empty = (None,) * len(names)
        self.schema = pa.schema([(name, pa.large_string()) for name in names])

    _header: list[str]

    @abstractmethod
    def _begin(self) -> None:
        """Read `_header`."""

    @abstractmethod
    def _rows(self) -> Iterator[Row]:
        """Yield the rows after it."""

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        with self._input:
            for group in groups(self._rows()):
                yield make_batch(group, self.schema, self._input.position())

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _broken(self, line: int, size: int, reason: str) -> Row:
        return Row(self._empty, None, size, f"{self._name}:{line}: {reason}")

    def _whole(self, fields: Sequence[str], line: int, size: int) -> Row:
        try:
            check_length(list(fields), self.schema.names, f"{self._name}:{line}")
        except DataError as error:
            return Row(self._empty, None, size, str(error))
        return Row(fields, fields[self._text], size)


class CsvReader(_Delimited):
    """A CSV file."""

    def _begin(self) -> None:
        self._lines = _Lines(self._input)
        self._parsed = csv.reader(self._lines, strict=True)
        with field_size_unlimited():
            try:
                self._header = next((row for row in self._parsed if row), [])
            except (csv.Error, _TooLongError) as error:
                raise DataError(f"{self._name}:1: not CSV: {error}, in the header.") from error
        self._lines.next_row()

    def _rows(self) -> Iterator[Row]:
        lines, n_fields = self._lines, len(self._empty)
        with field_size_unlimited():
            while True:
                line = lines.number + 1
                try:
                    fields = next(self._parsed)
                except StopIteration:
                    return
                except csv.Error as error:
                    size = lines.keep_first()
                    yield self._broken(
                        line,
                        size,
                        f"not CSV: {error}. A field that holds a quote, a comma or a line end needs quotes around it, "
                        "and two quotes for each in it.",
                    )
                    continue
                except _TooLongError:
                    yield self._broken(line, lines.keep_first(), too_long())
                    continue
                size = lines.next_row()
                if fields and len(fields) == n_fields:
                    yield Row(fields, fields[self._text], size)
                elif fields or n_fields == 1:
                    yield self._whole(fields or [""], line, size)


class TsvReader(_Delimited):
    """A TSV file."""

    def _begin(self) -> None:
        self._lines = self._input.lines()
        _, first = next(self._lines)
        header = (first or b"").decode("utf-8", _ERRORS)
        self._line_end = "\r" if header.endswith("\r") else ""
        self._header = header.removesuffix(self._line_end).split("\t")

    def _rows(self) -> Iterator[Row]:
        n_tabs = len(self._empty) - 1
        is_text_last = self._text == n_tabs
        for number, line in self._lines:
            if line is None:
                yield self._broken(number, rows.MOST_BYTES, too_long())
                continue
            text = line.decode("utf-8", _ERRORS).removesuffix(self._line_end)
            if not text and n_tabs:
                continue
            fields = text.split("\t", n_tabs)
            if not is_text_last and "\t" in fields[-1]:
                yield self._broken(number, len(line), f"expected {n_tabs + 1} fields, got more.")
            else:
                yield self._whole(fields, number, len(line))


class _TooLongError(Exception):
    """A row is longer than `rows.MOST_BYTES`."""

    def __str__(self) -> str:
        return too_long()


class _Lines:
    """The lines of one row after the other, as `csv.reader` asks for them.

    Attributes:
        number: How many lines have been given out.
    """

    def __init__(self, source: TextInput) -> None:
        self._read = io.TextIOWrapper(source.stream, newline="", encoding="utf-8", errors=_ERRORS).readline
        self._given: list[str] = []  # of this row
        self._again: deque[str] = deque()  # of a row that was broken, to be read as rows of their own
        self._size = 0
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        most = rows.MOST_BYTES
        line = self._again.popleft() if self._again else self._read(most)
        if not line:
            raise StopIteration
        self.number += 1
        self._given.append(line)
        self._size += len(line)
        if len(line) >= most and not line.endswith(("\n", "\r")):
            rest = line
            while rest and not rest.endswith(("\n", "\r")):
                rest = self._read(most)
            raise _TooLongError
        if self._size > most:
            raise _TooLongError
        return line

    def next_row(self) -> int:
        """Forget the row's lines, and return their length."""
        size, self._size = self._size, 0
        self._given.clear()
        return size

    def keep_first(self) -> int:
        """Give out all lines of the row but its first once more, and return the first one's length."""
        first, *rest = self._given
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.next_row()
        return len(first)
