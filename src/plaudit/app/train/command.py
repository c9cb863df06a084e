"""`plaudit train`: one run from the options, watched, and its end on the terminal.

The options of the recipes' settings are made from what `settings` declares; whether a recipe has one is asked of the
recipe itself, when it is built. Training is imported when it begins, for `--help` is asked often here.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.app.advise import AUTO, is_tutorial, settle
from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import GroupBy, Language, Test, Validation, Verbose, reads_data, said, takes_settings
from plaudit.app.terminal import make_console, print_metrics, print_next, scoring_shown
from plaudit.app.train.monitors import EpochLines, InterruptWatch, TensorBoardLog
from plaudit.config import DataSpec, RunConfig, TrainingConfig
from plaudit.errors import ConfigError, PluginError
from plaudit.registry import BUILT_IN, recipe_names, unknown_recipe

if TYPE_CHECKING:
    from plaudit.app.train.run import Outcome


_GO_ON = " The same command with --resume continues from the last save."


def further_settings(words: list[str]) -> dict[str, Any] | None:
    """Return settings given as NAME=VALUE, each value as TOML has it or else a word; None for none.

    Raises:
        ConfigError: One has no name, or two have the same.
    """
    found: dict[str, Any] = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not (name.isidentifier() and equals):
            raise ConfigError(f"--set {each}: expected NAME=VALUE.")
        if name in found:
            raise ConfigError(f"--set {each}: {name} is given twice.")
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
            "Without it: imdb if it is available or can be downloaded, else sample."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The model's folder. [models/DATA-RECIPE]")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A run.toml to repeat; other options change it.")] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help=f"auto, {', '.join(BUILT_IN)} or a plugin's; each option names its recipes. [auto; imdb: network]"
        ),
    ] = None,
    further: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A setting that has no option of its own, such as a plugin's; repeat."
        ),
    ] = None,
    refit: Annotated[
        bool | None,
        typer.Option(
            "--refit/--no-refit", help="Then train on the validation texts too. [on, for recipes without epochs]"
        ),
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="After all figures are taken, train on the test texts too.")
    ] = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    group_near_duplicates: Annotated[
        bool, typer.Option("--group-near-duplicates", help="Keep nearly equal texts in one part too. [equal texts]")
    ] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Leave doubtful rows out of training; the test keeps them.")
    ] = False,
    language: Language = None,
    clean_file: Annotated[
        str | None, typer.Option(help="Leave the rows of a reviewed list out of training; matched by text.")
    ] = None,
    unlabelled: Annotated[
        str | None,
        typer.Option(help="distilled: a file or folder of further texts, without labels. [the data's own]"),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="distilled: the column that matches a file of answers to the data. [the text]"),
    ] = None,
    streaming: Annotated[
        bool | None,
        typer.Option(
            "--streaming/--in-memory",
            help="network, ngram: for data larger than memory. [in memory]",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model in that folder that was trained on other data.")
    ] = False,
    tensorboard: Annotated[Path | None, typer.Option(help="Write TensorBoard logs into this folder.")] = None,
    verbose: Verbose = False,
    *,
    settings: dict[str, Any],
    spec: DataSpec,
) -> None:
    """Make a run of the options, carry it out, and say how it ended.

    Raises:
        PlauditError: What was asked for cannot be done.
    """
    given = {
        **said(spec), "source": data, "test": test, "validation": validation, "group_by": group_by,
        "unlabelled": unlabelled, "id_column": id_column, "streaming": streaming,
        "keep_together": "near" if group_near_duplicates else None, "clean": clean or None,
        "clean_file": clean_file, "language": language,
    }  # fmt: skip
    from plaudit.app.run.record import read_versions
    from plaudit.app.train.run import run_training
    from plaudit.models.recipes import can_resume

    began = time.monotonic()
    console = make_console()
    is_open = recipe == AUTO or (recipe is None and config is None and not is_tutorial(data or "imdb"))
    if recipe not in (None, AUTO, *BUILT_IN, *recipe_names()):
        raise unknown_recipe(str(recipe), AUTO)
    until_read = "ngram" if is_open else recipe
    more = further_settings(further or [])
    settings |= {"recipe": until_read, "further": more, "refit": refit, "final": final or None}
    base = RunConfig() if config is None else _with_recipe(_recorded(config, until_read), until_read)
    run = _changed_run(base, given, settings)
    if is_open and (plan := settle(run)) is not None:
        console.print(plan.reason, markup=False)
        run, is_open = plan.runs[0], False
    logs = [] if tensorboard is None else [TensorBoardLog(tensorboard)]
    try:
        with InterruptWatch() as watch, scoring_shown():
            outcome = run_training(
                run,
                output,
                say=lambda line: console.print(line, markup=False),
                monitors=[watch, EpochLines(console, verbose=verbose), *logs],
                resume=resume,
                overwrite=overwrite,
                progress=console.is_terminal,
                recorded_versions=None if config is None else read_versions(config),
                is_open=is_open,
                advise=config is None and recipe is None,
            )
    except KeyboardInterrupt:
        console.print("Stopped." + (_GO_ON if can_resume(run.model.recipe) else ""))
        raise
    _print_outcome(outcome, time.monotonic() - began)


def _recorded(config: Path, recipe: str | None) -> RunConfig:
    """Return a recorded run, its files named where they lie.

    Raises:
        ConfigError: It cannot be read; or it is to be repeated with its own recipe, and a plugin of it is not here.
    """
    from plaudit.app.run.own_run import found_from
    from plaudit.app.run.record import missing_plugins, read_versions
    from plaudit.models.recipes import build

    run = RunConfig.from_toml(config)
    if recipe in (None, run.model.recipe) and (missing := missing_plugins(read_versions(config))):
        raise ConfigError(f"{config}: {missing}")
    if recipe in (None, run.model.recipe):
        try:
            build(run)
        except ConfigError as error:
            raise ConfigError(f"{config}: {error}") from error
    return replace(run, data=found_from(config, run.data))


def _with_recipe(run: RunConfig, recipe: str | None) -> RunConfig:
    """Return a recorded run for another recipe: its data, its seed, and none of the settings of the old recipe."""
    if recipe is None or recipe == run.model.recipe:
        return run
    return RunConfig(
        data=replace(run.data, unlabelled=None),
        training=TrainingConfig(seed=run.training.seed, refit=run.training.refit),
    )


def _changed_run(run: RunConfig, data: Mapping[str, Any], settings: Mapping[str, Any]) -> RunConfig:
    """Return a run with what was given, by name, in place of what it has; None was not given."""
    return RunConfig(
        data=_changed(run.data, data), model=_changed(run.model, settings), training=_changed(run.training, settings)
    )


def _changed(settings: Any, options: Mapping[str, Any]) -> Any:  # Any: one of the config classes
    known = {field.name for field in fields(settings)}
    return replace(settings, **{k: v for k, v in options.items() if v is not None and k in known})


def _print_outcome(outcome: Outcome, seconds: float) -> None:
    console = make_console()
    console.print()
    print_metrics(console, outcome.test, title="Test, opened once, at the end", unseen=outcome.unseen)
    if outcome.crossed is not None:
        console.print(outcome.crossed.sentence(len(outcome.test)), markup=False)
    if outcome.caution is not None:
        console.print(outcome.caution, markup=False)
    figures = outcome.metrics["train"]
    memory = figures["peak_memory_bytes"]
    most = "" if memory is None else f", at most {memory / 2**20:,.0f} MiB of memory"
    if most and outcome.config.data.streaming:
        most += ", with file pages that the system may reclaim"
    curves = ", history.json, loss.svg, accuracy.svg" if "epochs" in figures else ""
    page = "report.html shows all on one page; " if (outcome.folder / "report.html").is_file() else ""
    curves += ", reliability.svg"
    console.print(
        f"\nModel: {outcome.folder}\n"
        f"  {page}metrics.json{curves}; run.toml repeats it, README.md describes it\n"
        f"Took {seconds:.1f} s, {figures['seconds']:.1f} s of it training{most}.",
        markup=False,
    )
    if outcome.unreadable is not None:
        raise PluginError(f"{outcome.folder}: the model is saved, but cannot be opened: {outcome.unreadable}")
    print_next(console, "plaudit", "predict", str(outcome.folder), then=' "your text"')
