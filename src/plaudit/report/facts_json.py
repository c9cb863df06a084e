"""From JSON back to frozen dataclasses, strictly: what is missing, too much or of another type is a damaged file.

A field that has a default may be missing, as it is in what was written before the field was there.
"""

from __future__ import annotations

import math
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from plaudit.errors import ModelError

T = TypeVar("T")
_PLAIN = (str, bool, int, float, types.NoneType)


def read_value(kind: type[T], value: object, where: str) -> T:
    """Return `value` as a `kind`: a dataclass of plain values, tuples, mappings of str and other such dataclasses.

    Args:
        kind: A dataclass.
        value: What the JSON holds.
        where: The file, for the message.

    Raises:
        ModelError: It does not fit.
    """
    found: T = _read(kind, value, where, "")
    return found


def _read(kind: Any, value: Any, where: str, path: str) -> Any:  # Any: a type as annotations have it, and its value
    if is_dataclass(kind):
        return _read_dataclass(kind, value, where, path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    is_fixed = origin is tuple and arguments[-1] is not Ellipsis  # its entries are of one kind: tuple[bool, bool]
    if origin is tuple and isinstance(value, list) and not (is_fixed and len(value) != len(arguments)):
        return tuple(_read(arguments[0], each, where, f"{path}[{i}]") for i, each in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _read(arguments[1], each, where, f"{path}.{key}") for key, each in value.items()}
    if origin is types.UnionType:
        if value is None:
            return None
        return _read(next(each for each in arguments if each is not types.NoneType), value, where, path)
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind in _PLAIN and kind is not float and type(value) is kind:
        return value
    of_tuple = f"list of {len(arguments)}" if is_fixed else "list"
    name = of_tuple if origin is tuple else "object" if origin is dict else getattr(kind, "__name__", str(kind))
    raise ModelError(f"{where}: damaged: {path.lstrip('.')[:100]}: expected {name}, found {str(value)[:60]!r}.")


def _read_dataclass(kind: Any, value: Any, where: str, path: str) -> Any:
    names = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}  # older reports lack later fields
    if not isinstance(value, dict) or not needed <= value.keys() <= names:
        found = sorted(value)[:8] if isinstance(value, dict) else type(value).__name__
        raise ModelError(
            f"{where}: damaged: {path.lstrip('.')[:100] or 'the whole'}: expected {sorted(names)}, found {found}."
        )
    hints = typing.get_type_hints(kind)
    return kind(**{name: _read(hints[name], value[name], where, f"{path}.{name}") for name in value})
