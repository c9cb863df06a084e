"""A classifier's constructor arguments as JSON values, and back from a manifest that anyone may have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import ModelError

_MOST_LAYERS = 1_000


def to_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as JSON values: an embedding by its name, weights of classes as pairs."""
    return {name: _to_json(value) for name, value in parameters.items()}


def _to_json(value: Any) -> Any:
    if isinstance(value, EmbeddingTable):
        return value.name
    if isinstance(value, dict):  # weights of classes, whose names may be 1.0 for 1
        return [[_to_json(_whole(key)), float(item)] for key, item in value.items()]
    if isinstance(value, tuple | list):
        return [_to_json(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)  # an Enum's own `str` would be its name
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | None) else str(value)


def _whole(key: Any) -> Any:
    return int(key) if isinstance(key, float | np.floating) else key


def from_json(stored: Mapping[str, Any], known: list[str], where: str) -> dict[str, Any]:
    """Return what `to_json` was given.

    Args:
        stored: A manifest's parameters.
        known: The constructor's arguments.
        where: What opens an error message.

    Raises:
        ModelError: A name is unknown, or a value is not of its kind.
    """
    if unknown := sorted(set(stored) - set(known)):
        raise ModelError(f"{where}: damaged: unknown parameter {unknown[0][:40]!r}.")
    parameters = dict(stored)
    if "hidden" in known:
        parameters["hidden"] = _layer_sizes(parameters.get("hidden", []), where)
    pair = parameters.get("blend_weights")
    if pair is not None:
        if not isinstance(pair, list) or [type(value) for value in pair] != [float, float]:
            raise ModelError(f"{where}: damaged: blend_weights must be two numbers.")
        parameters["blend_weights"] = tuple(pair)
    weights = parameters.get("class_weight")
    if isinstance(weights, list):
        if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str | int) for pair in weights):
            raise ModelError(f"{where}: damaged: class_weight must be pairs of a class and its weight.")
        parameters["class_weight"] = dict(weights)
    return parameters


def _layer_sizes(stored: object, where: str) -> tuple[int, ...]:
    if not isinstance(stored, list) or len(stored) > _MOST_LAYERS or not all(type(n) is int and n > 0 for n in stored):
        raise ModelError(f"{where}: damaged: hidden must be a list of layer sizes.")
    return tuple(stored)
