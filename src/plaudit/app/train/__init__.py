"""The options of `plaudit train`.

Those of the recipes are made from what `settings` declares (`setting_options`); whether a recipe has one is asked of
the recipe itself, when it is built, so that nothing heavy is imported for `--help`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import GroupBy, Language, Test, Validation, Verbose, reads_data, said
from plaudit.app.train.setting_options import takes_settings
from plaudit.config import DataSpec
from plaudit.errors import ConfigError
from plaudit.registry import BUILT_IN


def further_settings(words: list[str]) -> dict[str, Any] | None:
    """Return settings given as NAME=VALUE, each value as TOML has it or else a word; None for none.

    Raises:
        ConfigError: One has no name.
    """
    found = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not (name.isidentifier() and equals):
            raise ConfigError(f"--set {each}: expected NAME=VALUE.")
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:  # a word without quotation marks
            found[name] = value
    return found or None


@errors_as_lines
@reads_data
@takes_settings
def train(
    data: Annotated[
        str | None,
        typer.Argument(
            help="imdb, sample, a file (CSV, JSON, Excel, Parquet …), a folder, a glob or a database. "
            "Without it: imdb when it is at hand or can be fetched, else sample."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The model's folder. [models/DATA-RECIPE]")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A run.toml to repeat; other options change it.")] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help=f"auto, {', '.join(BUILT_IN)} or a plugin's; an option naming some is theirs. [auto; imdb: network]"
        ),
    ] = None,
    further: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting without an option, as plugins have; repeat."),
    ] = None,
    refit: Annotated[
        bool | None,
        typer.Option("--refit/--no-refit", help="Then train on all but the test texts. [on without epochs]"),
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="In the end, when all is measured, train on the test texts too.")
    ] = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    group_near_duplicates: Annotated[
        bool, typer.Option("--group-near-duplicates", help="Keep nearly equal texts on one side too. [equal ones]")
    ] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Take doubtful rows out of the training texts, and of no others.")
    ] = False,
    language: Language = None,
    clean_file: Annotated[
        str | None, typer.Option(help="Take the rows of a reviewed list out of the training texts, by their text.")
    ] = None,
    unlabelled: Annotated[
        str | None,
        typer.Option(help="distilled: a file or folder of further texts, without labels. [the data's own]"),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="distilled: match a file of answers by this column, in it and in the data. [by text]"),
    ] = None,
    streaming: Annotated[
        bool | None,
        typer.Option(
            "--streaming/--in-memory",
            help="network, ngram: data larger than memory, kept on disk. [in memory]",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model of other data that stands in the folder.")
    ] = False,
    tensorboard: Annotated[Path | None, typer.Option(help="Write TensorBoard logs into this folder.")] = None,
    verbose: Verbose = False,
    *,
    settings: dict[str, Any],
    spec: DataSpec,
) -> None:
    """Train a classifier, test it once, and write it as a folder with its figures and curves."""
    from plaudit.app.train.command import train as run_command

    run_command(
        output=output,
        config=config,
        resume=resume,
        overwrite=overwrite,
        tensorboard=tensorboard,
        verbose=verbose,
        data={
            **said(spec), "source": data, "test": test, "validation": validation, "group_by": group_by,
            "unlabelled": unlabelled, "id_column": id_column, "streaming": streaming,
            "keep_together": "near" if group_near_duplicates else None, "clean": clean or None,
            "clean_file": clean_file, "language": language,
        },
        model={"recipe": recipe, "further": further_settings(further or []), **settings},
        training={"refit": refit, "final": final or None, **settings},
    )  # fmt: skip
