"""Scikit-learn's contract for constructor arguments, without importing scikit-learn; and as JSON.

The constructor only stores its arguments, so that they can be read, set, and handed to a clone
(https://scikit-learn.org/stable/developers/develop.html). Scikit-learn itself is imported only when it asks for tags.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from plaudit.errors import ConfigError, ModelError
from plaudit.registry import check_setting

_MOST_LAYERS = 1_000


class Arguments:
    """A classifier of texts whose attributes are its constructor's arguments."""

    def __init_subclass__(cls, **further: Any) -> None:
        """Let the constructor say which of its settings are near to a name that is none of them."""
        super().__init_subclass__(**further)
        init = cls.__init__

        @functools.wraps(init)
        def named(self: Arguments, *args: Any, **settings: Any) -> None:
            known = inspect.signature(init).parameters
            unknown = [name for name in settings if name not in known]
            if unknown and not any(each.kind is each.VAR_KEYWORD for each in known.values()):
                raise TypeError(_no_setting(cls, unknown[0]))
            init(self, *args, **settings)

        cls.__init__ = named  # type: ignore[assignment]  # the same, which `wraps` lets signatures see

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments (scikit-learn's contract; `deep` changes nothing)."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments and return self.

        Raises:
            ConfigError: A name is not an argument of the constructor.
        """
        for name, value in params.items():
            if name not in self._parameter_names():
                raise ConfigError(_no_setting(type(self), name))
            setattr(self, name, value)
        return self

    @classmethod
    def default_params(cls) -> dict[str, Any]:
        """Return what holds for the constructor's arguments where they are not given."""
        return {name: each.default for name, each in inspect.signature(cls).parameters.items()}

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def _check_params(self) -> None:
        """Refuse arguments out of range, by the command line's rules; None passes where it is the default.

        Raises:
            ConfigError: One is.
        """
        for name, parameter in inspect.signature(type(self)).parameters.items():
            value = getattr(self, name)
            if value is not None or parameter.default is not None:
                check_setting(name, value, called=name)

    def __sklearn_tags__(self) -> Any:  # sklearn.utils.Tags, which this module must not import
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(two_d_array=False, one_d_array=True, string=True),
        )

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if not _is_same(v, defaults[k].default)]
        return f"{type(self).__name__}({', '.join(changed)})"


def _no_setting(kind: type[Arguments], name: str) -> str:
    known = kind._parameter_names()
    near = difflib.get_close_matches(name, known, cutoff=0.5)
    words = f"near to it are {', '.join(near)}" if near else f"it has {', '.join(known)}"
    return f"{kind.__name__} has no setting {name!r}; {words}."


def _is_same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def to_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as JSON values: an embedding by its name, weights of classes as pairs."""
    return {name: _to_json(value) for name, value in parameters.items()}


def _to_json(value: Any) -> Any:
    from plaudit.embeddings.table import EmbeddingTable

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
