"""What a setting may be at all: for the command line, for run.toml and for Python alike.

Which setting has which rule, and which recipe takes it, stands in `settings`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, TypeGuard, get_args

from plaudit.errors import ConfigError

Loss = Literal["cross_entropy", "mean_squared_error"]
ClassWeight = Literal["none", "balanced"]
Weighting = Literal["bayes", "tfidf", "mixed"]
Objective = Literal["logistic", "squared_hinge"]
Combiner = Literal["sqrtn", "mean", "sum"]
LongTexts = Literal["windows", "head_tail"]
_TYPED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}  # marks that a command line cannot hold well
_MOST = 1_000_000_000  # of anything that is counted: beyond it NumPy's own messages begin


@dataclass(frozen=True)
class Rule:
    """What a value must be.

    Attributes:
        words: In a few words, for a table.
        check: Takes the option, for the message, and a value, and raises ConfigError for one that no recipe can use.
    """

    words: str
    check: Callable[[str, object], None]


def is_whole(value: object) -> TypeGuard[Integral]:
    """Say whether a value is a whole number, NumPy's too, as a grid search hands them over; True is none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", dict: "a table"}


def kind_in_words(kind: object) -> str:
    """Return what a value of a type is, for a person; empty for a type that is told from nothing."""
    origin, inner = typing.get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if origin in (types.UnionType, typing.Union):
        return " or ".join(filter(None, map(kind_in_words, inner)))
    if origin in (tuple, list):
        return f"a list, each {kind_in_words(inner[0])}" if inner else "a list"
    return _WORDS.get(typing.cast("type", origin or kind), "")


def a_number(least: int, most: int | None = _MOST) -> Rule:
    """Return the rule of a whole number from `least` to `most`."""

    def check(option: str, value: object) -> None:
        if not is_whole(value):
            raise ConfigError(f"{option}: expected a whole number, at least {least}, got {value!r}.")
        if int(value) < least:
            raise ConfigError(f"{option}: expected at least {least}, got {value}.")
        if most is not None and int(value) > most:
            raise ConfigError(f"{option}: expected at most {most:,}, got {value}.")

    return Rule(f"from {least}" if most in (None, _MOST) else f"{least} to {most}", check)


def a_real(expected: str, holds: Callable[[float], bool]) -> Rule:
    """Return the rule of a number for which `holds` is true."""

    def check(option: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, Real) or not holds(float(value)):
            got = value if isinstance(value, Real) else repr(value)
            raise ConfigError(f"{option}: expected {expected}, got {got}.")

    return Rule(expected, check)


def a_choice(literal: object) -> Rule:
    """Return the rule of one of a Literal's words."""
    known = get_args(literal)

    def check(option: str, value: object) -> None:
        if value not in known:
            raise ConfigError(f"{option}: expected one of {', '.join(known)}, got {value!r}.")

    return Rule(" or ".join(known), check)


def a_class_weight() -> Rule:
    """Return the rule of a word of `ClassWeight`; a dict, which Python may give, is checked against the classes."""
    words = a_choice(ClassWeight)

    def check(option: str, value: object) -> None:
        if isinstance(value, str):
            words.check(option, value)

    return Rule(words.words, check)


def a_flag() -> Rule:
    """Return the rule of True or False."""

    def check(option: str, value: object) -> None:
        if not isinstance(value, bool):
            raise ConfigError(f"{option}: expected True or False, got {value!r}.")

    return Rule("on or off", check)


def layer_sizes() -> Rule:
    """Return the rule of a tuple of sizes from 1."""

    def check(option: str, value: object) -> None:
        if not isinstance(value, tuple | list):
            raise ConfigError(f"{option}: expected a tuple of layer sizes like (16,), got {value!r}.")
        if not all(is_whole(units) and 1 <= int(units) <= _MOST for units in value):
            raise ConfigError(
                f"{option}: every layer needs at least one unit, and at most {_MOST:,}; got {list(value)}."
            )

    return Rule("from 1", check)


def a_device() -> Rule:
    """Return the rule of a device's name."""

    def check(option: str, value: object) -> None:
        if not isinstance(value, str):
            raise ConfigError(f"{option}: expected auto, cpu, cuda or ray:N, got {value!r}.")
        kind, _, number = value.partition(":")
        if kind == "ray" and not (number.isdecimal() and int(number)):
            raise ConfigError(f"{option}: expected ray: and a number of workers, like ray:2, got {value!r}.")

    return Rule("a device's name", check)


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
