"""Scikit-learn's contract for constructor arguments, without importing scikit-learn.

The constructor only stores its arguments, so that they can be read, set, and handed to a clone
(https://scikit-learn.org/stable/developers/develop.html). Scikit-learn itself is imported only when it asks for tags.
"""

from __future__ import annotations

import inspect
from typing import Any, Self

import numpy as np

from plaudit.errors import ConfigError
from plaudit.registry import check_setting


class Arguments:
    """A classifier of texts whose attributes are its constructor's arguments."""

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
                raise ConfigError(f"{type(self).__name__} has no parameter {name!r}.")
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
                check_setting(name, value)

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


def _is_same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))
