"""Sums of a table's rows over the tokens of each text, and how many of its tokens count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.native.library import address, kernels
from plaudit.text.column import sums_by_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.column import TokenColumn

_WIDEST = 64  # columns that the kernel keeps at a time


def row_sums(
    table: NDArray[np.float32], known: NDArray[np.bool_], column: TokenColumn
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each text's sum of rows, float32 [N, H], in NumPy's order of adding, and its known tokens, int64 [N].

    Args:
        table: float32 [V, H], a row for each entry of the column's dictionary.
        known: bool [V], which entries count.
        column: N texts.
    """
    library, width = kernels(), table.shape[1]
    if library is None or width > _WIDEST:
        sums = [sums_by_text(each[column.values], column.offsets) for each in np.ascontiguousarray(table.T)]
        return np.stack(sums, axis=1), sums_by_text(known.astype(np.int64)[column.values], column.offsets)
    table, values = np.ascontiguousarray(table, np.float32), np.ascontiguousarray(column.values, np.int32)
    offsets, found = np.ascontiguousarray(column.offsets, np.int64), np.empty((len(column), width), np.float32)
    counts = np.empty(len(column), np.int64)
    at_table, at_known, at_values, at_offsets, at_found, at_counts = map(
        address, (table, known, values, offsets, found, counts)
    )
    library.row_sums(at_table, at_known, at_values, at_offsets, len(column), width, at_found, at_counts)
    return found, counts
