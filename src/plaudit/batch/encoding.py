"""Turn a table into the bytes of a file: CSV, TSV, JSON Lines, Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from plaudit.errors import DataError

_as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def encode_table(
    table: pa.Table,
    suffix: str,
    *,
    joined: Collection[str] = (),
    separator: str = ",",
    has_header: bool = True,
    first_row: int = 1,
    guarded: Collection[str] = (),
) -> bytes:
    """Return a table as the bytes of a file.

    Args:
        table: Its columns; lists and records are written as JSON where a cell is text.
        suffix: One of `SUFFIXES`.
        joined: Columns whose lists are written as their items with `separator` between instead.
        separator: See `joined`.
        has_header: Whether CSV and TSV begin with the columns' names.
        first_row: The number of the table's first row, for messages.
        guarded: Columns of CSV and TSV in whose cells an apostrophe goes before what a spreadsheet would run.

    Raises:
        DataError: The format cannot hold a value.
    """
    if suffix == ".tsv":
        return _tsv(_guard(_flat(table, joined, separator), guarded), first_row, has_header=has_header)
    if suffix == ".jsonl":
        return "".join(f"{_as_json(row)}\n" for row in table.to_pylist()).encode()
    sink = io.BytesIO()
    try:
        if suffix == ".parquet":
            pa.parquet.write_table(table, sink)
        else:
            flat = _guard(_flat(table, joined, separator), guarded)
            pa.csv.write_csv(flat, sink, pa.csv.WriteOptions(include_header=has_header, quoting_style="needed"))
    except pa.ArrowException as error:
        raise DataError(f"a column cannot be written as {suffix[1:]}: {error}; write .jsonl instead.") from error
    return sink.getvalue()


def _flat(table: pa.Table, joined: Collection[str], separator: str) -> pa.Table:
    """Return the table with lists and records as text: a cell holds one value."""
    for i, name in enumerate(table.column_names):
        column = table.column(i)
        if pa.types.is_nested(column.type):
            write = _Join(separator) if name in joined else _as_json
            cells = [None if value is None else write(value) for value in column.to_pylist()]
            table = table.set_column(i, name, pa.array(cells, pa.large_string()))
    return table


def _guard(table: pa.Table, names: Collection[str]) -> pa.Table:
    """Return the table with an apostrophe before cells that begin as a formula does (OWASP, "CSV Injection")."""
    for i, field in enumerate(table.schema):
        if field.name in names and (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            table = table.set_column(
                i, field.name, pc.replace_substring_regex(table.column(i), r"^[=+\-@\t\r]", r"'\0")
            )
    return table


class _Join:
    """Writes a list's items with a separator between."""

    def __init__(self, separator: str) -> None:
        self._separator = separator

    def __call__(self, items: Sequence[object]) -> str:
        return self._separator.join(map(str, items))


def _tsv(table: pa.Table, first_row: int, *, has_header: bool) -> bytes:
    """Return tab-separated lines; TSV has no quoting, so a tab or line break inside a field cannot be written."""
    lines = [table.column_names] if has_header else []
    for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=first_row):
        fields = ["" if value is None else str(value) for value in row]
        if any(mark in field for field in fields for mark in "\t\n\r"):
            raise DataError(
                f"row {number} holds a tab or a line break, which TSV cannot hold: write .csv or .jsonl instead."
            )
        lines.append(fields)
    return "".join("\t".join(fields) + "\n" for fields in lines).encode()


def encode_lines(lines: Sequence[str | None], added: pa.Table) -> bytes:
    """Return JSON objects, each as it stands on its line, with further keys at its end.

    Args:
        lines: N objects that have none of these keys; None stands for one without keys.
        added: The values, [N].
    """
    rows = added.to_pylist()
    return "".join(map(_extended, lines, rows)).encode()


def _extended(line: str | None, row: dict[str, object]) -> str:
    more = _as_json(row)
    kept = "{" if line is None else line.strip().removesuffix("}").rstrip()
    return f"{kept}{'' if kept == '{' else ', '}{more[1:]}\n"
