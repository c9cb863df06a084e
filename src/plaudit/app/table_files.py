"""Write rows into a file of the format that its name tells, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from plaudit.errors import ConfigError, DataError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def check_target(target: Path) -> str:
    """Return the suffix of a file to write, lower case.

    Raises:
        ConfigError: It is none of `SUFFIXES`, or nothing can stand there.
    """
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"{target}: cannot tell the format; name a file that ends in {', '.join(SUFFIXES)}.")
    if target.is_dir() or not target.parent.is_dir():
        raise ConfigError(f"{target}: {'is a folder' if target.is_dir() else 'its folder does not exist'}.")
    return suffix


def write_whole(target: Path, contents: bytes) -> None:
    """Put a file in its place at once; on an error what stood there is untouched.

    Raises:
        DataError: It cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(contents)
        temporary.replace(target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def encode_table(table: pa.Table, suffix: str, *, joined: Collection[str] = (), separator: str = ",") -> bytes:
    """Return a table as the bytes of a file.

    Args:
        table: Its columns; lists and records are written as JSON where a cell is text.
        suffix: One of `SUFFIXES`.
        joined: Columns whose lists are written as their items with `separator` between instead.
        separator: See `joined`.

    Raises:
        DataError: The format cannot hold a value.
    """
    if suffix == ".tsv":
        return _tsv(_flat(table, joined, separator))
    if suffix == ".jsonl":
        rows = (json.dumps(row, ensure_ascii=False, default=str) for row in table.to_pylist())
        return "".join(f"{row}\n" for row in rows).encode()
    sink = io.BytesIO()
    try:
        if suffix == ".parquet":
            pa.parquet.write_table(table, sink)
        else:
            flat = _flat(table, joined, separator)
            pa.csv.write_csv(flat, sink, pa.csv.WriteOptions(quoting_style="needed"))
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


class _Join:
    """Writes a list's items with a separator between."""

    def __init__(self, separator: str) -> None:
        self._separator = separator

    def __call__(self, items: Sequence[object]) -> str:
        return self._separator.join(map(str, items))


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _tsv(table: pa.Table) -> bytes:
    """Return tab-separated lines; TSV has no quoting, so a tab or line break inside a field cannot be written."""
    lines = ["\t".join(table.column_names)]
    for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=1):
        fields = ["" if value is None else str(value) for value in row]
        if any(mark in field for field in fields for mark in "\t\n\r"):
            raise DataError(
                f"row {number} holds a tab or a line break, which TSV cannot hold: write .csv or .jsonl instead."
            )
        lines.append("\t".join(fields))
    return ("\n".join(lines) + "\n").encode()
