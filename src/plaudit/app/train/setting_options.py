"""The options of the recipes' settings, made from what `settings` declares.

A command written as ``@takes_settings def train(…, *, settings: dict[str, Any])`` has an option for each setting and
gets them by name, None where not given. An option of some recipes only begins its help with their names.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_origin

import typer

from plaudit.registry import BUILT_IN, Declared, declared


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of all settings, in place of its parameter `settings`."""
    options = {name: each for name, each in declared().items() if each.setting.has_option}

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:  # Any: what typer hands over
        values = {name: given.pop(name) for name in options}
        command(**given, settings={name: _value(each, values[name]) for name, each in options.items()})

    signature = inspect.signature(command, eval_str=True)
    parameters = []
    for each in signature.parameters.values():
        if each.name == "settings":
            parameters += [
                inspect.Parameter(name, each.KEYWORD_ONLY, default=None, annotation=_annotation(known))
                for name, known in options.items()
            ]
        else:
            parameters.append(each.replace(kind=each.KEYWORD_ONLY))
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def _annotation(known: Declared) -> Any:  # Any: a type with what typer is told of it
    if get_origin(known.kind) is tuple:
        return Annotated[list[known.kind.__args__[0]] | None, typer.Option(help=_help(known))]  # type: ignore[name-defined]
    if known.kind is bool:
        flags = known.setting.flags or f"{known.option}/--no-{known.option.removeprefix('--')}"
        return Annotated[bool | None, typer.Option(flags, help=_help(known))]
    return Annotated[known.kind | None, typer.Option(help=_help(known))]


def _value(known: Declared, given: Any) -> Any:  # Any: an option's value
    """Return a setting's value; of a list 0 stands for none."""
    return tuple(each for each in given if each) if isinstance(given, list) else given


def _help(known: Declared) -> str:
    if known.defaults.keys() == BUILT_IN.keys():
        return f"{known.setting.help[0].upper()}{known.setting.help[1:]}. [{defaults_in_words(known)}]"
    return f"{', '.join(known.defaults)}: {known.setting.help}. [{defaults_in_words(known)}]"


def defaults_in_words(known: Declared) -> str:
    """Return what holds where a setting is not given: once, or for each recipe that differs."""
    recipes: dict[str, list[str]] = {}
    for recipe, default in known.defaults.items():
        recipes.setdefault(known.setting.open if default is None else _in_words(known, default), []).append(recipe)
    if len(recipes) == 1:
        return next(iter(recipes))
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in recipes.items())


def _in_words(known: Declared, default: Any) -> str:  # Any: a setting's value
    if isinstance(default, bool):
        on, _, off = (known.setting.flags or "on/off").replace("--", "").partition("/")
        return on if default else off
    return ", ".join(map(str, default)) if isinstance(default, tuple) else f"{default}"


def settings_table() -> str:
    """Return all settings as a table in Markdown: docs/settings.md has it."""
    lines = ["| setting | option | recipes | may be | not given | what it does |", "|---|---|---|---|---|---|"]
    for name, known in declared().items():
        option = f"`{known.option}`" if known.setting.has_option else "run.toml alone"
        is_of_all = known.defaults.keys() == BUILT_IN.keys()
        cells = (
            f"`[{known.setting.table}] {name}`",
            f"`{known.setting.flags}`" if known.setting.flags else option,
            "all" if is_of_all else ", ".join(known.defaults),
            _kind_in_words(known),
            defaults_in_words(known),
            known.setting.help,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _kind_in_words(known: Declared) -> str:
    rule = known.setting.rule
    kinds = {int: "whole number", float: "number", bool: "on or off", str: "word", tuple: "numbers"}
    kind = kinds.get(get_origin(known.kind) or known.kind, "")
    words = rule.words if rule else ""
    if not kind or kind in ("on or off", "word"):
        return words or kind
    return f"{kind}, {words}" if words and not words.startswith("a number") else words or kind
