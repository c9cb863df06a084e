"""What a setting may be at all, by its name: for the command line, for run.toml and for Python alike.

Which recipe takes a setting, and what holds when it is not given, only the recipe's constructor says.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from numbers import Integral, Real
from typing import Literal, get_args

from plaudit.errors import ConfigError

Loss = Literal["cross_entropy", "mean_squared_error"]
ClassWeight = Literal["none", "balanced"]
Weighting = Literal["bayes", "tfidf"]
Objective = Literal["logistic", "squared_hinge"]
Combiner = Literal["sqrtn", "mean", "sum"]
LongTexts = Literal["windows", "head_tail"]
_TYPED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}  # marks that a command line cannot hold well
_MOST = 1_000_000_000  # of anything that is counted: beyond it NumPy's own messages begin


def check_setting(name: str, value: object) -> None:
    """Refuse a value that no recipe can use, by the name of the setting; a name without a rule passes.

    Raises:
        ConfigError: The value is out of range; the message names the command line's option.
    """
    if name in _RULES:
        _RULES[name]("--" + name.replace("_", "-"), value)


def _number(least: int, most: int | None = _MOST) -> Callable[[str, object], None]:
    def check(option: str, value: object) -> None:
        if not isinstance(value, Integral) or int(value) < least:  # Integral: a grid search hands over NumPy's integers
            raise ConfigError(f"{option}: expected at least {least}, got {value!r}.")
        if most is not None and int(value) > most:
            raise ConfigError(f"{option}: expected at most {most:,}, got {value}.")

    return check


def _choice(*known: str) -> Callable[[str, object], None]:
    def check(option: str, value: object) -> None:
        if value not in known:
            raise ConfigError(f"{option}: expected one of {', '.join(known)}, got {value!r}.")

    return check


def _class_weight(option: str, value: object) -> None:
    if isinstance(value, str):  # from Python it may be a dict, which is checked against the classes
        _choice(*get_args(ClassWeight))(option, value)


def _flag(option: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{option}: expected True or False, got {value!r}.")


def _real(expected: str, holds: Callable[[float], bool]) -> Callable[[str, object], None]:
    def check(option: str, value: object) -> None:
        if not isinstance(value, Real) or not holds(typing.cast("float", value)):
            raise ConfigError(f"{option}: expected {expected}, got {value}.")

    return check


def _layers(option: str, value: object) -> None:
    if not isinstance(value, tuple | list):
        raise ConfigError(f"{option}: expected a tuple of layer sizes like (16,), got {value!r}.")
    if not all(isinstance(units, Integral) and 1 <= int(units) <= _MOST for units in value):
        raise ConfigError(f"{option}: every layer needs at least one unit, and at most {_MOST:,}; got {list(value)}.")


def _device(option: str, value: object) -> None:
    if not isinstance(value, str):
        raise ConfigError(f"{option}: expected auto, cpu, cuda or ray:N, got {value!r}.")
    kind, _, number = value.partition(":")
    if kind == "ray" and not (number.isdecimal() and int(number)):
        raise ConfigError(f"{option}: expected ray: and a number of workers, like ray:2, got {value!r}.")


_RULES: dict[str, Callable[[str, object], None]] = {
    "combiner": _choice(*get_args(Combiner)),
    "loss": _choice(*get_args(Loss)),
    "long_texts": _choice(*get_args(LongTexts)),
    "class_weight": _class_weight,
    "weighting": _choice(*get_args(Weighting)),
    "objective": _choice(*get_args(Objective)),
    "chars": _flag,
    "hidden": _layers,
    "device": _device,
    "dropout": _real("0 <= dropout < 1", lambda x: 0 <= x < 1),
    "label_smoothing": _real("0 <= label_smoothing < 1", lambda x: 0 <= x < 1),
    "layer_decay": _real("0 < layer_decay <= 1", lambda x: 0 < x <= 1),
    **dict.fromkeys(
        ("learning_rate", "regularisation", "chars_weight"), _real("a number above 0", lambda x: 0 < x < float("inf"))
    ),
    "seed": _number(0, most=None),
    **dict.fromkeys(("epochs", "patience", "batch_size", "min_texts", "max_tokens", "soup"), _number(1)),
    "n_max": _number(1, 100),  # a model has an array for each n; nobody reads a hundred words as one
}


def typed(mark: str) -> str:
    r"""Return a mark as it is typed: a line end as ``\n``, two characters."""
    return "".join(_TYPED.get(letter, letter) for letter in mark)


def meant(word: str | None) -> str | None:
    r"""Return the mark that a word means: ``\n`` and ``\t``, two characters each, or ``tab``; others stay."""
    if word is None:
        return None
    if word == "tab":
        return "\t"
    for mark, shown in _TYPED.items():
        word = word.replace(shown, mark)
    return word
