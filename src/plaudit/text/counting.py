"""How often each token occurs in texts, a run of texts at a time: what is kept are the different tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.text.chunks import chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.column import TokenColumn

_LEAST_MERGED = 2**20  # tokens and counts that are added up at a time, at least


def count_tokens(
    tokenize: Callable[[pa.LargeStringArray], TokenColumn], texts: pa.LargeStringArray
) -> tuple[pa.LargeStringArray, NDArray[np.int64]]:
    """Return the distinct tokens of N texts, in the order in which they first come up, and how often each does.

    A `tokenize` whose dictionary is a fixed vocabulary gives them in that one's order, run by run.
    """
    merged, waiting, n_waiting = _merge([]), list[pa.Table](), 0
    for part in chunks(texts):
        column = tokenize(part)
        counts = np.bincount(column.values, minlength=len(column.dictionary))
        used = np.flatnonzero(counts)
        tokens = column.dictionary.take(pa.array(used)).cast(pa.large_string())
        waiting.append(pa.table({"token": tokens, "count": counts[used]}))
        n_waiting += len(used)
        if n_waiting > max(len(merged), _LEAST_MERGED):
            merged, waiting, n_waiting = _merge([merged, *waiting]), [], 0
    found = _merge([merged, *waiting])
    return found["token"].combine_chunks(), found["count"].to_numpy().astype(np.int64)


def _merge(tables: list[pa.Table]) -> pa.Table:
    schema = pa.schema([("token", pa.large_string()), ("count", pa.int64())])
    whole = pa.concat_tables(tables) if tables else schema.empty_table()
    counted = whole.group_by("token", use_threads=False).aggregate([("count", "sum")])
    return counted.select(["token", "count_sum"]).rename_columns(["token", "count"]).cast(schema).combine_chunks()
