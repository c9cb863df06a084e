"""Cells of a source as texts, and as labels before they are understood: joined, decoded, spelled as they were written.

This module knows nothing of which column is which. The decision to question: bytes are text where they are UTF-8, as
Hive and Impala write strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.readers.columnar import is_string
from plaudit.data.readers.rows import Column
from plaudit.errors import DataError

JOINT = "\n\n"  # between a text's parts from several columns
_SHOWN_KEYS = 8


def strings(column: Column, name: str, faults: dict[int, str], *, where: str) -> pa.LargeStringArray:
    """Return a column as texts, null where a cell is missing or no text.

    Args:
        column: N cells.
        name: What it is called.
        faults: By row; those of cells that are no text are added.
        where: The source, for messages.

    Raises:
        DataError: The column holds another type than text.
    """
    if not isinstance(column, list):
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            return _decoded(column, name, faults)
        if not is_string(column.type):
            raise DataError(f"{where}: column {name!r}: expected strings, got {column.type}.")
        return column.cast(pa.large_string())
    kept = list(column)
    for i, value in enumerate(column):
        if value is not None and not isinstance(value, str):
            kept[i] = None
            faults.setdefault(i, f"expected a string as {name!r}, got {_kind_of(value, name)}.")
    try:
        return pa.array(kept, pa.large_string())
    except UnicodeEncodeError:
        for i, value in enumerate(kept):
            if value is not None and not _is_unicode(value):
                kept[i] = None
                faults.setdefault(i, f"column {name!r}: half of a surrogate pair, which is not a character.")
        return pa.array(kept, pa.large_string())


def join(parts: Sequence[pa.LargeStringArray]) -> pa.LargeStringArray:
    """Return the parts that are there of each of N rows as one text, null where a row has none."""
    none, joint = pa.scalar(None, pa.large_string()), pa.scalar(JOINT, pa.large_string())
    texts = pc.if_else(pc.equal(parts[0], ""), none, parts[0])
    for part in parts[1:]:
        part = pc.if_else(pc.equal(part, ""), none, part)
        both = pc.binary_join_element_wise(texts, part, joint)  # null where one of them is
        texts = pc.coalesce(both, texts, part)
    return texts


def plain_cells(column: Column) -> list[Any]:  # Any: cells as the source has them
    """Return a column of labels as Python values: numbers of 4 bytes as they are written, bytes as text."""
    if isinstance(column, list):
        return column
    values: list[Any] = column.to_pylist()
    if pa.types.is_float32(column.type) or pa.types.is_float16(column.type):
        kind = column.type.to_pandas_dtype()
        return [None if value is None else float(str(kind(value))) for value in values]
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [value if value is None else _text_of(value) for value in values]
    return values


def _text_of(value: bytes) -> str | bytes:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _decoded(column: pa.Array, name: str, faults: dict[int, str]) -> pa.LargeStringArray:
    """Return bytes as the text that they are in UTF-8, as Hive and Impala write strings into Parquet."""
    values: list[str | None] = []
    for i, value in enumerate(column.to_pylist()):
        try:
            values.append(None if value is None else value.decode("utf-8"))
        except UnicodeDecodeError as error:
            values.append(None)
            faults.setdefault(i, f"column {name!r}: byte 0x{value[error.start]:02x} is not UTF-8.")
    return pa.array(values, pa.large_string())


def _kind_of(value: Any, name: str) -> str:  # Any: a cell as the source has it
    if not isinstance(value, dict):
        return type(value).__name__
    keys = ", ".join(map(repr, list(value)[:_SHOWN_KEYS])) + (", …" if len(value) > _SHOWN_KEYS else "")
    return f"an object with the keys {keys}; name the one that holds it, such as {name}.{next(iter(value), 'text')}"


def _is_unicode(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
