"""What a label is called: one spelling rule for CSV, Parquet, JSON and Python.

The decisions to question: a label is its text without outer white space, and a whole number that somewhere is written
with a fraction (1.0) is "1", whatever the format; all other spellings stay, and those that look alike are named
(`data.label_findings`). A cell that should hold several labels and holds nothing is the empty set, no mistake.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from plaudit.errors import DataError

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?$", re.ASCII)
_MOST = 10**16  # from here on Python writes a float with an exponent
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+", re.ASCII)


def label_name(value: object) -> str | None:
    """Return a label's name, or None if it is missing: None, NaN, or nothing but white space.

    Raises:
        DataError: The value is neither a string, a number nor a boolean.
    """
    if isinstance(value, np.generic):  # of 4 bytes as it is written: 0.1, and not 0.10000000149011612
        value = float(str(value)) if isinstance(value, np.float32 | np.float16) else value.item()
    if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and -_MOST < value < _MOST and value == int(value):
        return str(int(value))
    if isinstance(value, str):
        name = value.strip()
        number = _WHOLE.fullmatch(name)
        return (number[1] if number[1] != "-0" else "0") if number else name or None
    if isinstance(value, Decimal):
        return label_name(str(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError as error:
            raise DataError("expected a word or a number as the label, got one of thousands of digits") from error
    raise DataError(f"expected a word or a number as the label, got {type(value).__name__}")


def label_set(value: object, separator: str | None) -> tuple[str, ...]:
    """Return the names in a cell that holds several labels, in their order.

    In a string a name counts once, and an empty one is none; a list that names one twice is refused, for it may be no
    list of names.

    Args:
        value: A list or tuple of labels; or one label; or, with `separator`, a string of several.
        separator: What stands between the labels of a string; None takes a string as one label.

    Raises:
        DataError: A label is neither a string, a number nor a boolean; a list names one twice, or holds an empty one.
    """
    is_list = isinstance(value, list | tuple)
    parts: Sequence[object] = [value]
    if isinstance(value, list | tuple):
        parts = value
    elif separator and isinstance(value, str):
        parts = value.split(separator)
    named = [label_name(part) for part in parts]
    names = [name for name in named if name is not None]
    if is_list and len(names) < len(named):
        raise DataError("a list of labels holds an empty one; leave it out, and write [] for a text that has none")
    if is_list and any(isinstance(part, float | Decimal) and not float(part).is_integer() for part in parts):
        raise DataError("a list holds numbers with a fraction, as probabilities are; expected the names of labels")
    if is_list and len(set(names)) < len(names):
        repeated = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"the label {repeated!r} is named twice for one text")
    return tuple(dict.fromkeys(names))


def sort_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Return the different names, sorted by value if all are numbers ("2" before "10"), else as strings."""
    different = set(names)
    if all(_NUMBER.match(name) for name in different):
        return tuple(sorted(different, key=lambda name: (float(name), name)))
    return tuple(sorted(different))
