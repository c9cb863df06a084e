"""Labels written as 0 and 1: a list of them in each cell, a record of them, or a column for each class.

The decision to question: rows that have a single 1 each are one label a text, as `pandas.get_dummies` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_ZEROS_AND_ONES = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}
_MARKS = "_.:"  # between what columns' names have in front and the class


def zero_or_one(value: Any) -> int | None:  # Any: as the source has it
    """Return 0 or 1, None for what is neither."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return _ZEROS_AND_ONES.get(value.strip().lower())
    return int(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def indicator_rows(cells: Sequence[Any]) -> tuple[tuple[str, ...], list[list[Any]]] | None:  # Any: as `zero_or_one`
    """Return columns' names and rows of 0 and 1 if all cells hold such, equally many; an empty cell is all 0.

    Lists of 0 and 1 have numbers for names; records have their keys.
    """
    there = [cell for cell in cells if cell is not None and cell != ""]
    if not there or not isinstance(there[0], list | dict):
        return None
    first, kind = there[0], type(there[0])
    if len(first) < 2 or not all(isinstance(cell, kind) and len(cell) == len(first) for cell in there):
        return None
    if isinstance(first, dict):
        if not all(cell.keys() == first.keys() for cell in there):
            return None
        names = tuple(map(str, first))
        rows = [[cell[key] for key in first] if isinstance(cell, dict) else [0] * len(names) for cell in cells]
    else:
        names = tuple(map(str, range(len(first))))
        rows = [cell if isinstance(cell, list) else [0] * len(names) for cell in cells]
    is_whole = all(not isinstance(value, str) and zero_or_one(value) is not None for row in rows for value in row)
    return (names, rows) if is_whole else None


def without_prefix(names: Sequence[str]) -> list[str]:
    """Return columns' names without what all have in front, up to a mark: what pandas' get_dummies adds."""
    first, last = min(names), max(names)
    n = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    prefix = first[:n]
    cut = max(prefix.rfind(mark) for mark in _MARKS) + 1
    short = [name[cut:].strip() for name in names]
    return short if all(short) and len(set(short)) == len(short) else list(names)
