"""Read CSV (RFC 4180), TSV and their kin: a header line, then one row each; a broken row costs no other.

Quoted text is Python's `csv` in its strict form; TSV without quotes (IANA's text/tab-separated-values) is cut at tabs,
and a quotation mark in it is a character like any other. The decision to question: a quoted row that is broken ends
with its first line, and reading goes on with the next one. So a quote that is never closed costs one row, and not all
that follow; a broken row that held line ends on purpose comes back as several.
"""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.readers.dialect import NAMES, find_dialect
from plaudit.data.readers.rows import Parsed, Reader, Rows, named_columns, string_rows, too_long
from plaudit.data.readers.text_input import TextInput
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

_ERRORS = "surrogateescape"  # a byte that is not UTF-8 is a surrogate
_NO_LIMIT = 2**31 - 1  # the largest that csv.field_size_limit takes where C's long has 32 bits
_NOT_CSV = (
    "not CSV: {}, in the row that begins on this line. A field that holds a quote, a delimiter or a line end needs "
    "quotes around it, and two quotes for each in it."
)
_AGAIN = "the columns' names again; two files may have been joined. Remove the line."


class DelimitedReader(Reader):
    """Rows of fields with a delimiter between; each column holds strings."""

    def __init__(self, source: Source, spec: DataSpec, *, own: str, file: TextInput | None = None) -> None:
        """Look at the first rows and read the header.

        Args:
            source: A file, or standard input.
            spec: What the user says of it.
            own: The delimiter that its name promises.
            file: The source, if it is open already.

        Raises:
            DataError: It is empty or no text, begins with a comment, or two columns have one name.
        """
        self._input = file or TextInput(source, spec.encoding)
        self.name = source.name
        with self._input.kept_open():
            if self._input.is_empty:
                raise DataError(f"{self.name}: the file is empty.")
            _refuse_json(self._input.head, self.name)
            self._dialect = find_dialect(
                self._input.head, is_whole=self._input.is_whole, own=own, delimiter=spec.delimiter, header=spec.header,
                where=self.name,
            )  # fmt: skip
            parse = self._quoted if self._dialect.is_quoted else self._plain
            self._rows = parse(self._dialect.lines_before)
            first = next(self._rows, None)
            while first is not None and first.fields in ([], [""]):
                first = next(self._rows, None)  # blank lines before the header
            if first is None:
                raise DataError(f"{self.name}: the file is empty.")
            if first.fields is None:
                raise DataError(f"{self.name}:{first.place}: {first.fault} It is the first row.")
            header = [*[""] * self._dialect.has_row_names, *(str(field) for field in first.fields)]
            _refuse_fasttext(header, f"{self.name}:{first.place}")
            is_told_again = self._dialect.has_header and len(header) > 1  # where files were put together
            self._again = (
                [name.strip().casefold() for name in header[self._dialect.has_row_names :]] if is_told_again else None
            )
            self._first = None if self._dialect.has_header else first
            numbered = ["text"] if len(header) == 1 else [f"column {n}" for n in range(1, len(header) + 1)]
            self.names = named_columns(header if self._dialect.has_header else numbered, f"{self.name}:{first.place}")
            if (fault := self._undecoded(header)) is not None and self._dialect.has_header:
                raise DataError(f"{self.name}:{first.place}: {fault}")
        self.schema = pa.schema([(name, pa.large_string()) for name in self.names])
        self.splits_last_field = not self._dialect.is_quoted
        self.may_lack_header = self._dialect.has_header and spec.header is None
        self.said = (*self._input.said, *self._dialect.said)
        self.decided = _decided(self._input, self._dialect.delimiter, own, has_header=self._dialect.has_header)

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        with self._input:
            encoding = self._input.encoding
            yield from string_rows(self.names, self._checked(), self._input.position, encoding.shown, encoding.advice)

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _checked(self) -> Iterator[Parsed]:
        """Yield the rows with a field for each column; blank lines are none, unless there is one column."""
        n, is_alone = len(self.names), len(self.names) == 1
        n_below, is_padded = self._dialect.n_below, self._dialect.is_padded
        if self._first is not None:
            yield self._first
        for row in self._rows:
            if n_below and row.fields not in ([], [""]):
                n_below -= 1
                continue
            if row.fields is None:
                yield row
            elif not row.fields or (len(row.fields) == 1 and not row.fields[0]):
                if is_alone:
                    yield Parsed([""], row.place, row.size_bytes)
            elif self._again is not None and _are_names(row.fields, self._again):
                yield Parsed(None, row.place, row.size_bytes, _AGAIN)
            elif len(row.fields) == n:
                yield row._replace(fields=[str(each).strip() for each in row.fields]) if is_padded else row
            else:
                yield Parsed(None, row.place, row.size_bytes, self._wrong_length(len(row.fields)))

    def _wrong_length(self, n: int) -> str:
        shown = ", ".join(self.names)[:80]
        delimiter = NAMES.get(self._dialect.delimiter, "delimiters")
        if n < len(self.names):
            advice = "Is a field missing?"
        elif self._dialect.is_quoted:
            advice = f"A field that holds {delimiter} needs quotes around it."
        else:
            advice = f"A field may not hold {delimiter}."
        return f"expected {len(self.names)} fields ({shown}), got {n}. {advice}"

    def _undecoded(self, header: list[str]) -> str | None:
        try:
            "".join(header).encode()
        except UnicodeEncodeError:
            return f"a byte is not {self._input.encoding.shown}, in the columns' names. {self._input.encoding.advice}"
        return None

    def _plain(self, lines_before: int) -> Iterator[Parsed]:
        r"""Yield rows cut at the delimiter; a line ends in "\n", or in "\r\n" if the first one does."""
        line_end: str | None = None
        n_fields = 0
        for number, line in self._input.lines():
            if number <= lines_before:
                continue
            if line is None:
                yield Parsed(None, number, self._input.most_bytes, too_long())
                continue
            text = line.decode("utf-8", _ERRORS)
            if line_end is None and text:
                line_end = "\r" if text.endswith("\r") else ""
            text = text.removesuffix(line_end or "")
            # A line with more delimiters than columns keeps them in its last field.
            fields = text.split(self._dialect.delimiter, n_fields - 1)
            n_fields = n_fields or (len(fields) + self._dialect.has_row_names if text else 0)
            yield Parsed(fields, number, len(line))

    def _quoted(self, lines_before: int) -> Iterator[Parsed]:
        lines = _Lines(self._input)
        for _ in range(lines_before):
            next(lines)
            lines.next_row()
        reader = csv.reader(
            lines, strict=True, delimiter=self._dialect.delimiter, skipinitialspace=self._dialect.skips_spaces
        )
        while True:
            line = lines.number + 1
            before = csv.field_size_limit(_NO_LIMIT)  # a global of the csv module, changed for one row at a time
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Parsed(None, line, lines.keep_first(), _NOT_CSV.format(error))
                continue
            except _TooLongError:
                yield Parsed(None, line, lines.keep_first(), too_long())
                continue
            finally:
                csv.field_size_limit(before)
            yield Parsed(fields, line, lines.next_row())


def _refuse_json(head: str, name: str) -> None:
    """Refuse records of JSON, which commas and quotes would cut into columns."""
    line = head.lstrip().partition("\n")[0]
    if line.startswith(("{", "[{", "[")):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict | list):
            raise DataError(f"{name}: holds JSON, not rows of fields; name it .jsonl, or give --format jsonl.")


def _refuse_fasttext(row: Sequence[str], where: str) -> None:
    """Refuse fastText's labels in the first row, which would be taken for a column's name."""
    if label := next((field.strip() for field in row if field.strip().startswith("__label__")), None):
        raise DataError(
            f"{where}: {label[:40]!r} is a label of fastText's format, in columns. Name the columns in a first line "
            "and take __label__ away, or write label and text with a space between and give --format fasttext."
        )


def _are_names(fields: Sequence[object], names: Sequence[str]) -> bool:
    """Say whether a row is the columns' names once more, which are given without capitals.

    Every row is asked, so a text is not folded that is longer than the name: folding shortens none.
    """
    if len(fields) != len(names):
        return False
    for field, name in zip(fields, names, strict=True):
        bare = str(field).strip("\ufeff ")
        if len(bare) > len(name) or bare.casefold() != name:
            return False
    return True


def _decided(file: TextInput, delimiter: str, own: str, *, has_header: bool) -> dict[str, Any]:
    """Return what was found by looking, and is not what the file's name promises."""
    found: dict[str, Any] = {}
    if delimiter != own:
        found["delimiter"] = delimiter
    if not has_header:
        found["header"] = False
    if not file.encoding.is_utf8:
        found["encoding"] = file.encoding.name
    return found


class _TooLongError(Exception):
    """A row is longer than `rows.MOST_BYTES`."""


class _Lines:
    """The lines of one row after the other, as `csv.reader` asks for them.

    Attributes:
        number: How many lines have been given out.
    """

    def __init__(self, source: TextInput) -> None:
        self._read = io.TextIOWrapper(source.stream, newline="", encoding="utf-8", errors=_ERRORS).readline
        self._most = source.most_bytes
        self._given: list[str] = []  # of this row
        self._again: deque[str] = deque()  # of a row that was broken, to be read as rows of their own
        self._size = 0
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        most = self._most
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
