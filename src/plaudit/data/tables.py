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

from plaudit.data.column_names import rank_of
from plaudit.data.readers.columnar import name_of
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
    ranks = {name: rank for name in names if isinstance(name, str) and (rank := rank_of(name, of_label=False))}
    return min(ranks, key=lambda name: ranks[name]) if ranks else None


def is_table(source: object) -> bool:
    """Say whether something has columns: a table that `column_names` knows, or what streams Arrow's batches."""
    return column_names(source) is not None or (
        hasattr(source, "__arrow_c_stream__") and getattr(source, "ndim", 2) != 1 and not hasattr(source, "to_frame")
    )


def column_values(source: Any, names: Sequence[object]) -> list[list[Any]]:  # Any: a table; its cells
    """Return each of a table's columns as Python values.

    Raises:
        DataError: It cannot be read.
    """
    if hasattr(source, "iloc"):  # pandas: its columns may be of mixed values, which Arrow would refuse
        return [source.iloc[:, i].tolist() for i in range(len(names))]
    return [column.to_pylist() for column in to_table(source).columns]


def read_columns(source: Any) -> dict[str, pa.Array | list[Any]]:  # Any: a table; its cells
    """Return a table's columns by name, in order: as Arrow, or as Python values where Arrow cannot hold them.

    Rows keep their order; an index is no column. What a dictionary or a `ClassLabel` stands for is filled in, a missing
    value is None.

    Raises:
        DataError: It cannot be read, or two columns have one name.
    """
    if hasattr(source, "iloc"):
        names = [str(name) for name in source.columns]
        columns = [_from_pandas(source.iloc[:, i]) for i in range(len(names))]
    else:
        table = to_table(source)
        names, columns = table.column_names, [_as_values(column) for column in table.columns]
    if repeated := [name for i, name in enumerate(names) if name in names[:i]]:
        raise DataError(f"{type(source).__name__}: two columns are named {repeated[0]!r}; rename one.")
    found = dict(zip(names, columns, strict=True))
    for name, feature in (getattr(source, "features", None) or {}).items():  # Hugging Face's
        if (classes := _class_names(feature)) is not None:
            values = found[name]
            listed = values if isinstance(values, list) else values.to_pylist()
            found[name] = [name_of(value, classes) for value in listed]
    return found


def to_table(source: Any) -> pa.Table:  # Any: a table of any of these libraries
    """Return a table as Arrow's; only Arrow's protocol is used.

    Raises:
        DataError: It does not speak the protocol, or holds what Arrow does not.
    """
    kind = type(source).__name__
    if not is_table(source):
        raise DataError(f"{kind}: not a table: it has neither columns nor Arrow's __arrow_c_stream__.")
    if kind.startswith("Iterable") and hasattr(source, "features"):
        raise DataError(f"{kind}: a stream, which cannot be read at once; give Dataset.from_list(list(dataset)).")
    try:
        if isinstance(source, pa.RecordBatchReader):
            return source.read_all()
        if isinstance(source, pa.RecordBatch):
            return pa.Table.from_batches([source])
        if hasattr(source, "collect_schema") and hasattr(source, "collect"):  # a lazy frame of polars
            return pa.table(source.collect())
        if hasattr(source, "with_format") and hasattr(source, "features"):  # Hugging Face's data sets
            return source.with_format("arrow")[:]
        return pa.table(source)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{kind}: it cannot be read as an Arrow table ({reason}).") from error


def _from_pandas(column: Any) -> pa.Array | list[Any]:
    kind = getattr(getattr(column.dtype, "categories", None), "dtype", column.dtype)
    if type(kind).__name__ in ("PeriodDtype", "IntervalDtype"):  # which Arrow stores as a number, or as two
        return [None if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]
    try:
        return _as_values(pa.chunked_array([pa.array(column, from_pandas=True)]))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        is_missing = column.isna().tolist()
        return [None if missing else value for value, missing in zip(column.tolist(), is_missing, strict=True)]


def _as_values(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece, a dictionary as its values, and strings in a form that Arrow can work with."""
    whole = column.combine_chunks()
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    if pa.types.is_dictionary(whole.type):
        words = whole.dictionary
        words = words.cast(pa.large_string()) if words.type == pa.string_view() else words
        whole = words.take(whole.indices)
    return whole.cast(pa.large_string()) if whole.type == pa.string_view() else whole


def _class_names(feature: Any) -> list[str] | None:
    """Return the names that a column of Hugging Face's `ClassLabel`, or of lists of them, stands for."""
    while (inner := getattr(feature, "feature", None)) is not None:
        feature = inner
    names = getattr(feature, "names", None)
    return list(names) if type(feature).__name__ == "ClassLabel" and names is not None else None
