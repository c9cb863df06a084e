"""What each command does, once its options are parsed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from plaudit.app.plain import plain
from plaudit.app.terminal import EpochLines, make_console, print_json, print_metrics, print_table
from plaudit.config import DataSpec, RunConfig, TrainingConfig

if TYPE_CHECKING:
    from plaudit.app.train import Outcome
    from plaudit.training import Monitor


def train(
    *,
    output: Path | None,
    config: Path | None,
    resume: bool,
    tensorboard: Path | None,
    data: Mapping[str, Any],
    model: Mapping[str, Any],
    training: Mapping[str, Any],
) -> None:
    """Run a training; each mapping holds options by name, None where not given."""
    from plaudit.app.auto_recipe import AUTO, is_tutorial, settle
    from plaudit.app.interrupts import InterruptWatch
    from plaudit.app.record import read_versions
    from plaudit.app.scoring_bar import scoring_shown
    from plaudit.app.train import run_training
    from plaudit.models.recipes import can_resume

    console = make_console()
    named = model["recipe"]
    is_open = named == AUTO or (named is None and config is None and not is_tutorial(data["source"] or "imdb"))
    if is_open:
        model = {**model, "recipe": "ngram"}  # until the data are read
    base = RunConfig() if config is None else _with_recipe(RunConfig.from_toml(config), model["recipe"])
    run = RunConfig(
        data=_changed(base.data, data),
        model=_changed(base.model, model),
        training=_changed(base.training, training),
    )
    if is_open and (plan := settle(run)) is not None:
        console.print(plan.reason, markup=False)
        run, is_open = plan.runs[0], False
    monitors: list[Monitor] = [EpochLines(console)]
    if tensorboard is not None:
        from plaudit.app.tensorboard import TensorBoardLog

        monitors.append(TensorBoardLog(tensorboard))
    try:
        with InterruptWatch() as watch, scoring_shown():
            outcome = run_training(
                run,
                output,
                say=lambda line: console.print(line, markup=False),
                monitors=[watch, *monitors],
                resume=resume,
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
    _print_outcome(outcome)


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


def _print_outcome(outcome: Outcome) -> None:
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
        f"Took {figures['seconds']:.1f} s{most}.\n"
        f'Next: plaudit predict {shlex.quote(str(outcome.folder))} "your text"',
        markup=False,
    )


def predict(model: Path, texts: list[str], *, as_json: bool) -> None:
    """Label texts given as arguments."""
    from plaudit.app.without_pandas import leave_pandas_out

    leave_pandas_out()
    from plaudit.app.answers import answer_lines
    from plaudit.models import load
    from plaudit.models.answers import answer_records

    classifier = load(model)
    if as_json:
        for record in answer_records(classifier, texts):
            print_json(record)
        return
    console = make_console()
    for line in answer_lines(classifier, texts):
        console.print(line, markup=False)


def show_data(data: str, *, n_examples: int, spec: DataSpec) -> None:
    """Print what a data set holds."""
    import numpy as np
    import pyarrow.compute as pc
    from rich.table import Table

    from plaudit.app.parts import describe_absent, describe_origin, describe_sets
    from plaudit.data import load_dataset
    from plaudit.text.tokens import BLANK

    console = make_console()
    splits = load_dataset(data, spec=spec, progress=console.is_terminal)
    for line in describe_origin(splits.train):
        console.print(plain(line), markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    headings = ("part", "texts", "classes", "words: shortest", "median", "95 %", "longest", "characters")
    for column in headings:
        table.add_column(column, justify="left" if column in ("part", "classes") else "right")
    sets = []
    for name in ("train", "validation", "test", "unlabelled"):
        part = getattr(splits, name)
        if part is None or not len(part):
            continue
        words = pc.count_substring_regex(part.texts, f"[^{BLANK}]+").to_numpy(zero_copy_only=False)
        low, median, high, most = np.percentile(words, [0, 50, 95, 100], method="nearest").tolist()
        counts = part.class_counts()
        if part.multi_label:
            sets.append(f"{name}: {describe_sets(part)}")
        balance = ", ".join(f"{plain(c)} {n:,} ({100 * n / len(part):.0f} %)" for c, n in list(counts.items())[:6])
        more = f", … {len(counts)} classes" if len(counts) > 6 else ""
        characters = pc.sum(pc.utf8_length(part.texts)).as_py()
        cells = (
            name,
            f"{len(part):,}",
            balance + more,
            *(f"{n:,}" for n in (low, median, high, most)),
            f"{characters:,}",
        )
        table.add_row(*map(escape, cells))
    print_table(console, table)
    for line in sets + describe_absent(train=splits.train, validation=splits.validation, test=splits.test):
        console.print(line, markup=False)
    shown = splits.train.take(np.arange(min(n_examples, len(splits.train))))
    labels = shown.label_names() if shown.labels is not None else ["-"] * len(shown)
    if len(shown):
        console.print(f"\n[bold]The first {len(shown)} of train[/bold]")
    for label, text in zip(labels, shown.texts.to_pylist(), strict=True):
        words = ", ".join(label) or "-" if isinstance(label, tuple) else label
        console.print(f"{plain(words)}\t{plain(text)}", markup=False)


def list_embeddings() -> None:
    """Print the embeddings there are."""
    from rich.table import Table

    from plaudit.embeddings import available_embeddings

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("name", "dimension", "tokens", "status", "what it is", "source"):
        table.add_column(column, justify="right" if column in ("dimension", "tokens") else "left")
    for entry in available_embeddings():
        size = ("" if n is None else f"{n:,}" for n in (entry.dimension, entry.tokens))
        table.add_row(*map(escape, (entry.name, *size, entry.status, entry.description, entry.source)))
    print_table(make_console(), table)


def list_encoders() -> None:
    """Print the encoders that have names."""
    from rich.table import Table

    from plaudit.embeddings.named_encoders import NAMED_ENCODERS

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("name", "at hand", "weights", "languages", "licence", "what it is for", "source"):
        table.add_column(column, justify="right" if column == "weights" else "left")
    for each in NAMED_ENCODERS.values():
        size, is_here = f"{each.n_weights / 1e6:,.0f} M", "yes" if each.is_at_hand() else "no"
        row = (each.name, is_here, size, each.languages, each.licence, each.purpose, each.source)
        table.add_row(*map(escape, row))
    print_table(make_console(), table)


def show_embedding(name: str, texts: list[str]) -> None:
    """Print texts' vectors, as the tutorial does with its first three examples."""
    import numpy as np

    from plaudit.data import as_text_column
    from plaudit.embeddings import load_embedding

    console = make_console()
    column = as_text_column(texts)
    table = load_embedding(name, training_texts=column, progress=console.is_terminal)
    vectors = table.embed(column)
    coverage = table.coverage(column)
    console.print(f"{vectors.shape}  (num_examples, dimension) of {table.name}", markup=False)
    with np.printoptions(precision=4, suppress=True, threshold=10_000, linewidth=100):
        console.print(str(vectors), markup=False)
    unknown = ", ".join(repr(token) for token, _ in coverage.missing)
    console.print(
        f"knows {100 * coverage.tokens:.1f} % of the tokens" + (f"; not: {unknown}" if unknown else ""),
        markup=False,
    )


def doctor() -> None:
    """Print versions, devices, places and extras, and the line that installs what an extra lacks."""
    from plaudit.app.environment import describe_environment, find_extras

    console = make_console()
    for key, value in describe_environment():
        console.print(f"{key:<13} {value}", markup=False)
    for extra in find_extras():
        if extra.missing:
            remedy = f"pip install 'plaudit[{extra.name}]'"
            console.print(f"[{extra.name}]".ljust(14) + f"lacks {', '.join(extra.missing)}: {remedy}", markup=False)
        else:
            has = ", ".join(f"{package} {version}" for package, version in extra.there.items())
            console.print(f"[{extra.name}]".ljust(14) + has, markup=False)
