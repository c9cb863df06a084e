"""Turn a column of labels, words or numbers as a file has them, into class numbers.

This module knows nothing of formats. The decision to question: a label is its text without outer white space,
so that ``" pos"`` and ``"pos"`` are one class; a whole number that a format stores as a float (1.0) reads as
"1". A cell that should hold several labels and holds nothing is the empty set, no mistake.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from plaudit.errors import DataError

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?$", re.ASCII)


def label_name(value: object) -> str | None:
    """Return a label's name, or None if it is missing: None, NaN, or nothing but white space.

    Raises:
        DataError: The value is neither a string, a number nor a boolean.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value).strip() or None
    raise DataError(f"expected a word or a number as the label, got {type(value).__name__}")


def label_names(values: Sequence[object]) -> list[str | None]:
    """Return each value's `label_name`, N long.

    Raises:
        DataError: As `label_name`; the message has no place.
    """
    names: dict[tuple[type, object], str | None] = {}  # by type too, since True == 1 == 1.0
    result = []
    for value in values:
        key = (type(value), value) if isinstance(value, str | int | float) else (type(value), None)
        if key not in names:
            names[key] = label_name(value)
        result.append(names[key])
    return result


def label_set(value: object, separator: str | None) -> tuple[str, ...]:
    """Return the names in a cell that holds several labels: each once, in their order, the empty ones left out.

    Args:
        value: A list or tuple of labels; or one label; or, with `separator`, a string of several.
        separator: What stands between the labels of a string; None takes a string as one label.

    Raises:
        DataError: A label is neither a string, a number nor a boolean.
    """
    if isinstance(value, list | tuple):
        parts: Iterable[object] = value
    else:
        parts = value.split(separator) if separator and isinstance(value, str) else [value]
    return tuple(dict.fromkeys(name for name in map(label_name, parts) if name is not None))


def sort_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Return the different names, sorted by value if all are numbers ("2" before "10"), else as strings."""
    different = set(names)
    if all(_NUMBER.match(name) for name in different):
        return tuple(sorted(different, key=lambda name: (float(name), name)))
    return tuple(sorted(different))
