"""The options that several commands share, and those that are made from what is declared elsewhere.

A command written as ``@reads_data def audit(data: …, *, spec: DataSpec)`` has an option for each field of `DataSpec`
and gets them as one value; ``@takes_settings def train(…, *, settings: dict[str, Any])`` has one for each setting
of the recipes, and gets those by name, None where not given.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, get_origin

import typer

from plaudit.config import DataConfig, DataSpec
from plaudit.errors import ConfigError
from plaudit.registry import BUILT_IN, Declared, declared
from plaudit.setting_values import kind_in_words, meant

_SEVERAL = ("text_column", "label_column")
_OPTIONS: dict[str, Any] = {  # Any: a type with what typer is told of it
    "text_column": Annotated[
        list[str] | None,
        typer.Option(help="The column that holds the text; repeat to join several. [found by name, then by content]"),
    ],
    "label_column": Annotated[
        list[str] | None,
        typer.Option(help="The column that holds the label; repeat for columns of 0 and 1. [found likewise]"),
    ],
    "label_separator": Annotated[
        str | None,
        typer.Option(help='What separates several labels of one text, such as "," or "\\n". [one label a text]'),
    ],
    "label_prefix": Annotated[str | None, typer.Option(help="fastText: the prefix of a label. [__label__]")],
    "format": Annotated[
        str | None,
        typer.Option(help="csv, tsv, jsonl, parquet, arrow, excel, fasttext, folder or text. [by the file's name]"),
    ],
    "delimiter": Annotated[
        str | None, typer.Option(help='CSV: the character between fields, or "\\t". [found by looking]')
    ],
    "encoding": Annotated[str | None, typer.Option(help="Text files: cp1252, shift_jis, … [UTF-8, or by its mark]")],
    "header": Annotated[
        bool | None,
        typer.Option("--header/--no-header", help="CSV: whether the first line names the columns. [found by looking]"),
    ],
    "sheet": Annotated[str | None, typer.Option(help="Excel: the sheet. [the first]")],
    "skip_invalid": Annotated[
        bool, typer.Option("--skip-invalid", help="Leave out rows that cannot be used; they are counted.")
    ],
    "merge_labels": Annotated[
        bool, typer.Option("--merge-labels", help="Treat labels that look alike, such as Spam and spam, as one.")
    ],
    "data_dir": Annotated[
        Path | None,
        typer.Option(help="IMDB's tarball or its extracted folder; otherwise $PLAUDIT_IMDB, then a download."),
    ],
}
_LIKE = Annotated[Path | None, typer.Option(help="A model's folder: read the data the way its training data was read.")]

Validation = Annotated[
    str | None, typer.Option(help="A number (the first N), a share, or a file. [imdb: 10000, else 0.2]")
]
Test = Annotated[str | None, typer.Option(help="A share or a file, sealed until the end. [the data's own, else 0.2]")]
GroupBy = Annotated[str | None, typer.Option(help="A column whose groups stay together, like film.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every line, as in a pipe.")]
Language = Annotated[
    str | None, typer.Option(metavar="CODE", help="The texts' language, such as en, es or zh. [found by looking]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[str, typer.Argument(help="imdb, sample, a file or a folder.")]
TestPart = Annotated[
    str, typer.Argument(help="imdb, sample, a file or a folder; of a data set with parts, its test part.")
]
Model = Annotated[Path, typer.Argument(help="A model's folder.")]


def check_target(target: Path, suffixes: Sequence[str]) -> str:
    """Return the suffix of a file to write, lower case.

    Raises:
        ConfigError: It is none of `suffixes`, or nothing can stand there.
    """
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        names = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise ConfigError(f"{target}: cannot tell the format; name a file that ends in {names}.")
    if target.is_dir() or not target.parent.is_dir():
        raise ConfigError(f"{target}: {'is a folder' if target.is_dir() else 'its folder does not exist'}.")
    return suffix


def reads_data(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `DataSpec`, in place of its parameter `spec`, and ``--like MODEL``."""
    assert set(_OPTIONS) == {each.name for each in fields(DataSpec)}

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:  # Any: what typer hands over
        values = {name: given.pop(name) for name in _OPTIONS}
        like = given.pop("like")
        spec = make_spec(values)
        if like is not None:
            from plaudit.models.remembered import remembered_spec

            remembered = remembered_spec(like)
            if remembered is None:
                raise ConfigError(f"--like {like}: no run.toml is there; expected the folder of a trained model.")
            spec = spec.over(replace(remembered, header=None))  # which belongs to one file
        command(**given, spec=spec)

    signature = inspect.signature(command, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name != "spec"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(name), annotation=annotation)
        for name, annotation in (*_OPTIONS.items(), ("like", _LIKE))
    ]
    parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *added]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def make_spec(values: dict[str, Any]) -> DataSpec:  # Any: what typer hands over
    """Return options as a `DataSpec`.

    Raises:
        ConfigError: One is wrong.
    """
    for name in _SEVERAL:
        columns = values[name]
        values[name] = None if not columns else columns[0] if len(columns) == 1 else tuple(columns)
    for name in ("delimiter", "label_separator"):
        values[name] = meant(values[name])
    values["data_dir"] = None if values["data_dir"] is None else str(values["data_dir"])
    return DataSpec(**values)


def _default(name: str) -> object:
    return False if name in ("skip_invalid", "merge_labels") else None


def data_config(spec: DataSpec, **more: Any) -> DataConfig:  # Any: the fields of `DataConfig` besides
    """Return how data are read together with what they are and how they are divided."""
    return DataConfig(**{each.name: getattr(spec, each.name) for each in fields(DataSpec)}, **more)


def said(spec: DataSpec) -> dict[str, Any]:  # Any: a setting's value
    """Return what the user says, by the name of the setting: what may change a recorded run."""
    return {each.name: value for each in fields(DataSpec) if (value := getattr(spec, each.name)) != each.default}


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
    kind, words = kind_in_words(known.kind).removeprefix("a "), rule.words if rule else ""
    if words and known.kind not in (int, float) and get_origin(known.kind) is not tuple:
        return words
    return f"{kind}, {words}" if words and not words.startswith("a number") else words or kind
