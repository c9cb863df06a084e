"""Cells that hold several labels in one string or record: lists as JSON or Python write them, and marks between names.

Nothing here is evaluated as code: Python's lists are read by `ast.literal_eval`, within a bound of length.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_MOST_CHARACTERS = 20_000  # of a cell that is read as a list
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_LIST_KEYS = ("choices", "labels", "values", "taxonomy", "label")  # what annotation tools wrap their answers in


def listed_labels(cells: Sequence[Any]) -> tuple[list[Any], str] | None:  # Any: as the source has them
    """Return cells with lists in the place of what is written like one, and how; None if most are no such thing.

    A cell among them that is none is a list of itself; an empty one is no label.
    """
    there = [cell for cell in cells if cell is not None and cell != ""]
    looks = [cell for cell in there if _looks_listed(cell)]
    if not looks or len(looks) * 2 < len(there):
        return None
    found: list[Any] = []
    kinds: set[str] = set()
    for cell in cells:
        if not _looks_listed(cell):
            found.append(cell)
            continue
        read = _read(cell)
        if read is None:
            found.append(cell)
            continue
        values, kind = read
        kinds.add(kind)
        found.append(values)
    return (found, " and ".join(sorted(kinds))) if kinds else None


def _looks_listed(cell: Any) -> bool:  # Any: as the source has it
    if isinstance(cell, dict):
        return _from_record(cell) is not None
    if not isinstance(cell, str) or len(cell) > _MOST_CHARACTERS:
        return False
    text = cell.strip()
    return len(text) > 1 and _BRACKETS.get(text[0]) == text[-1]


def _read(cell: Any) -> tuple[list[Any], str] | None:  # Any: as the source has it
    """Return the labels of a cell and how it writes them, None where it is no list after all."""
    if isinstance(cell, dict):
        values = _from_record(cell)
        return None if values is None else (values, "records with choices")
    text = cell.strip()
    try:
        value, kind = json.loads(text), "lists as JSON writes them"
    except (ValueError, RecursionError):
        try:
            value, kind = ast.literal_eval(text), "lists as Python writes them"
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    if isinstance(value, dict):
        values = _from_record(value)
        return None if values is None else (values, "records with choices")
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if not isinstance(value, list | tuple):
        return None
    if any(isinstance(each, dict) for each in value):
        parts = [_from_record(each) if isinstance(each, dict) else None for each in value]
        return None if None in parts else ([name for part in parts for name in part or ()], "records with choices")
    return list(value), kind


def _from_record(record: dict[str, Any]) -> list[Any] | None:
    """Return the labels that an annotation tool's answer wraps: {"choices": ["a"]}."""
    if len(record) == 1 and next(iter(record)) in _LIST_KEYS:
        value = next(iter(record.values()))
        return value if isinstance(value, list) else [value] if isinstance(value, str) else None
    return None


def split_label(name: str, mark: str) -> list[str]:
    """Return the parts of a name between marks, without outer white space and empty ones."""
    return [part for part in (each.strip() for each in name.split(mark)) if part]


def trailing_separator(names: Iterable[str]) -> str | None:
    """Return a mark that ends a name of several parts ("a,b,"), as some tools write sets; None if there is none."""
    for name in names:
        if re.search(r"[^,;|][,;|]$", name) and len(split_label(name, name[-1])) > 1:
            return name[-1]
    return None
