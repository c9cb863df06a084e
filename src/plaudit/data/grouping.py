"""Groups of rows that stay on one side of a split: partitions of the rows as numbers, and what joins two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def connect(groups: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return coarser groups: those that a chain of pairs joins share the smallest of their numbers.

    Args:
        groups: int64 [N], from 0.
        left: int64 [P], numbers of groups.
        right: int64 [P], each to be one with that of `left`.
    """
    parent = np.arange(int(groups.max(initial=-1)) + 1)
    while len(left):
        a, b = parent[left], parent[right]
        apart = a != b
        left, right, a, b = left[apart], right[apart], a[apart], b[apart]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while True:
            above = parent[parent]
            if (above == parent).all():
                break
            parent = above
    result: NDArray[np.int64] = parent[groups]
    return result


def number_rows(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the same partition of N rows, numbered from 0 in order of first appearance, int64 [N]."""
    _, firsts, which = np.unique(groups, return_index=True, return_inverse=True)
    numbers = np.empty(len(firsts), np.int64)
    numbers[np.argsort(firsts)] = np.arange(len(firsts))
    return numbers[which.reshape(-1)]


def keep_together(folds: NDArray[np.int64], groups: NDArray[np.integer] | None) -> NDArray[np.int64]:
    """Return N rows' folds, int64 [N], with each group in the fold of its first row; None leaves all as they are."""
    if groups is None:
        return folds
    _, firsts, which = np.unique(groups, return_index=True, return_inverse=True)
    joined: NDArray[np.int64] = folds[firsts][which.reshape(-1)]
    return joined


def join_groups(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the finest partition of N rows that keeps the groups of both together, int64 [N], numbered as above."""
    a, b = number_rows(a), number_rows(b)
    _, firsts = np.unique(b, return_index=True)
    return number_rows(connect(a, a, a[firsts[b]]))
