"""What `plaudit train` does with its options: one run from them, watched, and its end on the terminal."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.app.terminal import make_console, print_metrics
from plaudit.app.train.monitors import EpochLines
from plaudit.config import RunConfig, TrainingConfig

if TYPE_CHECKING:
    from plaudit.app.train.run import Outcome
    from plaudit.training import Monitor


def train(
    *,
    output: Path | None,
    config: Path | None,
    resume: bool,
    overwrite: bool,
    tensorboard: Path | None,
    verbose: bool,
    data: Mapping[str, Any],
    model: Mapping[str, Any],
    training: Mapping[str, Any],
) -> None:
    """Run a training; each mapping holds options by name, None where not given."""
    from plaudit.app.interrupts import InterruptWatch
    from plaudit.app.run.record import read_versions
    from plaudit.app.scoring_bar import scoring_shown
    from plaudit.app.train.recipe_choice import AUTO, is_tutorial, settle
    from plaudit.app.train.run import run_training
    from plaudit.models.recipes import can_resume

    began = time.monotonic()
    console = make_console()
    named = model["recipe"]
    is_open = named == AUTO or (named is None and config is None and not is_tutorial(data["source"] or "imdb"))
    if is_open:
        model = {**model, "recipe": "ngram"}  # until the data are read
    base = RunConfig() if config is None else _with_recipe(_recorded(config), model["recipe"])
    run = RunConfig(
        data=_changed(base.data, data),
        model=_changed(base.model, model),
        training=_changed(base.training, training),
    )
    if is_open and (plan := settle(run)) is not None:
        console.print(plan.reason, markup=False)
        run, is_open = plan.runs[0], False
    monitors: list[Monitor] = [EpochLines(console, verbose=verbose)]
    if tensorboard is not None:
        from plaudit.app.train.monitors import TensorBoardLog

        monitors.append(TensorBoardLog(tensorboard))
    try:
        with InterruptWatch() as watch, scoring_shown():
            outcome = run_training(
                run,
                output,
                say=lambda line: console.print(line, markup=False),
                monitors=[watch, *monitors],
                resume=resume,
                overwrite=overwrite,
                progress=console.is_terminal,
                recorded_versions=None if config is None else read_versions(config),
                is_open=is_open,
                advise=config is None and named is None,
            )
    except KeyboardInterrupt:
        console.print(
            "Stopped. The same command with --resume goes on from what was saved last."
            if can_resume(run.model.recipe)
            else "Stopped."
        )
        raise
    _print_outcome(outcome, time.monotonic() - began)


def _recorded(config: Path) -> RunConfig:
    """Return a recorded run, its files named where they lie."""
    from plaudit.app.run.places import found_from

    run = RunConfig.from_toml(config)
    return replace(run, data=found_from(config, run.data))


def _with_recipe(run: RunConfig, recipe: str | None) -> RunConfig:
    """Return a recorded run for another recipe: its data, its seed, and none of the settings of the old recipe."""
    if recipe is None or recipe == run.model.recipe:
        return run
    return RunConfig(
        data=replace(run.data, unlabelled=None),
        training=TrainingConfig(seed=run.training.seed, refit=run.training.refit),
    )


def _changed(settings: Any, options: Mapping[str, Any]) -> Any:  # Any: one of the config classes
    known = {field.name for field in fields(settings)}
    return replace(settings, **{k: v for k, v in options.items() if v is not None and k in known})


def _print_outcome(outcome: Outcome, seconds: float) -> None:
    console = make_console()
    console.print()
    further = outcome.metrics["test"].get("further")
    print_metrics(console, outcome.test, title="Test, opened once, at the end", further=further, unseen=outcome.unseen)
    if outcome.crossed is not None:
        console.print(outcome.crossed.sentence(outcome.test.n), markup=False)
    figures = outcome.metrics["train"]
    memory = figures["peak_memory_bytes"]
    most = "" if memory is None else f", at most {memory / 2**20:,.0f} MiB of memory"
    if most and outcome.config.data.streaming:
        most += ", with pages of files that the system may take back"
    curves = ", history.json, loss.png, accuracy.png" if "epochs" in figures else ""
    page = "report.html shows all on one page; " if (outcome.folder / "report.html").is_file() else ""
    curves += ", reliability.png" if (outcome.folder / "reliability.png").is_file() else ""
    console.print(
        f"\nModel: {outcome.folder}\n"
        f"  {page}metrics.json{curves}; run.toml repeats it, README.md describes it\n"
        f"Took {seconds:.1f} s, {figures['seconds']:.1f} s of it training{most}.\n"
        f'Next: plaudit predict {shlex.quote(str(outcome.folder))} "your text"',
        markup=False,
    )
