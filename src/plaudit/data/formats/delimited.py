"""Read CSV (RFC 4180) and TSV (IANA's text/tab-separated-values): a header line, then one row each.

CSV has quotes, TSV has none: in TSV a quotation mark is a character like any other. This module knows nothing
of which column is the text. The decision to question: a file without a header line is not guessed at, because
a first row such as ``good,pos`` cannot be told from column names; the message says what to add.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plaudit.data.formats.raw import RawTable, to_columns
from plaudit.data.formats.text_file import read_text_bytes
from plaudit.errors import DataError

_NO_LIMIT = 2**31 - 1  # the largest that csv.field_size_limit takes where C's long has 32 bits


def read_csv(path: Path) -> RawTable:
    """Read a CSV file: commas, ``"`` around fields that hold commas, quotes (doubled) or line ends.

    Lines without a character are skipped, unless the file has one column, where they are empty texts.

    Raises:
        DataError: Not UTF-8 text, a quote out of place, a row with too few or too many fields, no rows.
    """
    stream = io.TextIOWrapper(io.BytesIO(read_text_bytes(path)), encoding="utf-8", newline="")
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    with field_size_unlimited():
        reader = csv.reader(stream, strict=True)
        line = 1
        try:
            for row in reader:
                if not names:
                    names = row
                elif row or len(names) == 1:
                    rows.append(check_length(row or [""], names, f"{path}:{line}"))
                    lines.append(line)
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(
                f"{path}:{line}: not CSV: {error}, in the row that begins on this line. "
                "A field that holds a quote, a comma or a line end needs quotes around it, "
                "and two quotes for each in it."
            ) from error
    return _table(path, names, rows, lines)


def read_tsv(path: Path) -> RawTable:
    r"""Read a TSV file: lines end in ``\n`` (or ``\r\n`` if the header does), fields are separated by tabs.

    A line with more tabs than columns keeps them in the last field. Lines without a character are skipped,
    unless the file has one column, where they are empty texts.

    Raises:
        DataError: Not UTF-8 text, a row with too few fields, no rows.
    """
    lines = read_text_bytes(path).decode("utf-8").split("\n")
    if not lines[-1]:
        lines.pop()
    line_end = "\r" if lines[0].endswith("\r") else ""
    names = lines[0].removesuffix(line_end).split("\t")
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines[1:], start=2):
        text = line.removesuffix(line_end)
        if text or len(names) == 1:
            rows.append(check_length(text.split("\t", len(names) - 1), names, f"{path}:{number}"))
            numbers.append(number)
    return _table(path, names, rows, numbers, splits_last_field=True)


def _table(
    path: Path, names: list[str], rows: list[list[str]], lines: list[int], *, splits_last_field: bool = False
) -> RawTable:
    columns = to_columns(names, rows, f"{path}:1")
    if not rows:
        raise DataError(f"{path}: only a header line ({', '.join(columns)[:80]}), no rows.")
    return RawTable(path, columns, "line", lines, splits_last_field)


def check_length(row: list[str], names: list[str], where: str) -> list[str]:
    """Return a row that has a field for each name.

    Raises:
        DataError: It has more or fewer; `where` opens the message.
    """
    if len(row) != len(names):
        is_longer = len(row) > len(names)
        advice = "A field that holds commas needs quotes around it." if is_longer else "Is a field missing?"
        raise DataError(f"{where}: expected {len(names)} fields ({', '.join(names)[:80]}), got {len(row)}. " + advice)
    return row


@contextmanager
def field_size_unlimited() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a field, which is global, for one file."""
    before = csv.field_size_limit(_NO_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)
