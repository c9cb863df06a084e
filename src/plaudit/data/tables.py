"""Tables that other programs hold: what their columns are called, and how to ask for one.

They are known by what they can do, since none of these libraries may be imported for it: Arrow's tables, frames of
pandas and polars, Hugging Face's data sets, DuckDB's relations, and whatever else speaks Arrow's stream protocol
(https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from plaudit.data.columns import TEXT_NAMES
from plaudit.errors import DataError

_SHOWN = 8  # names of columns in a message


def column_names(source: object) -> list[object] | None:
    """Return what a table calls its columns, usually str; None for what is no table."""
    if getattr(source, "ndim", 2) == 1:  # a Series, of which pandas makes any word in its index an attribute
        return None
    if isinstance(source, pa.Table | pa.RecordBatch | pa.RecordBatchReader):
        return list(source.schema.names)
    if callable(schema := getattr(source, "collect_schema", None)):  # polars, whose lazy frames have no cheap `columns`
        return list(schema().names())
    for attribute in ("column_names", "columns"):  # Hugging Face; pandas and DuckDB
        names = getattr(source, attribute, None)
        if names is not None and not callable(names) and not isinstance(names, str | dict):
            return list(names)
    return None


def names_of_struct(kind: pa.DataType) -> list[object] | None:
    """Return the names of a table that came as one column of Arrow structs; None for any other column."""
    return [kind.field(i).name for i in range(kind.num_fields)] if pa.types.is_struct(kind) else None


def describe(source: object, names: Sequence[object]) -> str:
    """Return a table in words: ``a DataFrame of 2 columns ('id', 'text')``."""
    listed = ", ".join(repr(name) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    count = f"{len(names):,} column{'' if len(names) == 1 else 's'}"
    return f"a {type(source).__name__} of {count}" + (f" ({listed})" if names else "")


def asking_for(source: object, name: object) -> str:
    """Return how to write one column of a table in Python: ``frame["text"]``."""
    kind = type(source).__name__
    place = {
        "Table": "table",
        "RecordBatch": "batch",
        "RecordBatchReader": "reader.read_all()",
        "Dataset": "dataset",
        "LazyFrame": "frame.collect()",
        "DuckDBPyRelation": "relation.df()",
    }.get(kind, "frame")
    return f"{place}[{json.dumps(name, ensure_ascii=False) if isinstance(name, str) else repr(name)}]"


def likely_texts(names: Sequence[object]) -> object | None:
    """Return the column that is the text by its name, or the only one; None where the names do not tell."""
    if len(names) == 1:
        return names[0]
    lowered = {name.lower(): name for name in reversed(names) if isinstance(name, str)}
    return next((lowered[known] for known in TEXT_NAMES if known in lowered), None)


def column_values(source: Any, names: Sequence[object]) -> list[list[Any]]:  # Any: a table; its cells
    """Return each of a table's columns as Python values.

    Raises:
        DataError: It cannot be read.
    """
    if hasattr(source, "iloc"):  # pandas: its columns may be of mixed values, which Arrow would refuse
        return [source.iloc[:, i].tolist() for i in range(len(names))]
    return [column.to_pylist() for column in to_table(source).columns]


def to_table(source: Any) -> pa.Table:  # Any: a table of any of these libraries
    """Return a table as Arrow's; only Arrow's protocol is used.

    Raises:
        DataError: It does not speak the protocol, or holds what Arrow does not.
    """
    kind = type(source).__name__
    try:
        if isinstance(source, pa.RecordBatchReader):
            return source.read_all()
        if callable(collect := getattr(source, "collect", None)) and hasattr(source, "collect_schema"):
            return pa.table(collect())  # a lazy frame of polars
        if hasattr(source, "with_format") and hasattr(source, "features"):  # Hugging Face
            return source.with_format("arrow")[:]
        return pa.table(source)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{kind}: it cannot be read as an Arrow table ({' '.join(str(error).split())[:200]})."
        ) from error
