"""One run of `plaudit tune`: from a name or a file to the run.toml of the best settings found.

The test part is not loaded: what is chosen here is chosen on validation texts, and `plaudit train --config` then opens
the test texts once, as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Data, GroupBy, Test, Validation, Verbose, data_config, reads_data
from plaudit.app.terminal import make_console, print_next, print_table
from plaudit.app.train.monitors import InterruptWatch
from plaudit.config import DataConfig, DataSpec, TrainingConfig
from plaudit.data.publish import publish_file
from plaudit.errors import ConfigError, require
from plaudit.progress import hearing
from plaudit.registry import BUILT_IN, find_recipe, recipe_names
from plaudit.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.app.run.parts import Parts
    from plaudit.embeddings import EmbeddingTable
    from plaudit.tuning import SearchResult, Task, Trial, TrialJournal


Say = Callable[[str], None]
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)")


@dataclass(frozen=True)
class Ending:
    """What a search ends with.

    Attributes:
        best: The winner.
        front: The Pareto front: trials that no other trial beats in every respect.
        compared: Trials that came to a model.
        run: The file that repeats the winner.
        command: What to type for it.
    """

    best: Trial
    front: list[Trial]
    compared: int
    run: Path
    command: str


@errors_as_lines
@reads_data
def tune(
    data: Data,
    time: Annotated[str, typer.Option(help="How long to search: 60s, 5m, 1h.")] = "60s",
    metric: Annotated[
        str, typer.Option(help="A figure of the validation texts, like f1_macro or log_loss, or a plugin's.")
    ] = "accuracy",
    max_size: Annotated[str | None, typer.Option(help="The largest model's size on disk: 500KB, 5MB. [any]")] = None,
    recipes: Annotated[
        str, typer.Option(help="What to search, with commas between; an encoder's trial takes long.")
    ] = "ngram,network",
    embedding: Annotated[
        list[str] | None, typer.Option(help="An embedding for networks; repeat for more. [minilm and all available]")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the findings go. [tuned/DATA]")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the search, the split and each training.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted search, or search longer.")] = False,
    as_json: AsJson = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    verbose: Verbose = False,
    *,
    spec: DataSpec,
) -> None:
    """Search, print each trial and the ending, and write run.toml and trials.jsonl; search.jsonl grows by each trial.

    Raises:
        ConfigError: An option is wrong, no trial came to a model, or none to one that is small enough.
        KeyboardInterrupt: Ctrl-C ended the search; what was found until then has been written and printed.
        MissingExtraError: Optuna is not installed.
    """
    from plaudit.evaluation.named_metrics import find_metric
    from plaudit.tuning import Task, TrialJournal, make_spaces

    time_s = _parse_amount("--time", time, _SECONDS, "a time like 60s, 5m or 1h")
    most = None if max_size is None else int(_parse_amount("--max-size", max_size, _BYTES, "a size like 500KB or 5MB"))
    metric = find_metric(metric).name
    names = _parse_recipes(recipes)
    TrainingConfig(seed=seed)  # which checks it
    require("optuna", extra="tune", purpose="plaudit tune")
    console = make_console()
    progress = console.is_terminal and not as_json

    def say(line: str) -> None:
        if not as_json:
            console.print(line, markup=False)

    output = output or Path("tuned") / Path(data).resolve().stem
    if (output / "model.json").exists():
        raise ConfigError(f"-o {output}: holds a model, whose run.toml would be replaced; name another folder.")
    source = data_config(spec, source=data, test=test, validation=validation, group_by=group_by)
    parts = _load_parts(source, seed, say, progress=progress)
    output.mkdir(parents=True, exist_ok=True)
    has_embedding = any("embedding" in find_recipe(name).space for name in names)
    tables = _load_tables(embedding or [], parts, seed, say, progress=progress) if has_embedding else {}
    task = Task(
        train=parts.train,
        validation=parts.validation,
        spaces=make_spaces(names, tuple(tables)),
        metric=metric,
        time_s=time_s,
        seed=seed,
        max_size_bytes=most,
        embeddings=tables,
    )
    journal = TrialJournal(output / "search.jsonl", _identity(task), resume)
    if (n_before := journal.count()) and not resume:
        say(f"note: {counted(n_before, 'trial')} noted in {output} will be replaced; --resume continues after them.")
    say(f"Searching for {time_s:,.0f} s; Ctrl-C ends it early and keeps the results. The test texts stay sealed.")
    finding = _search(task, journal, say, bar=SearchBar(console, time_s) if progress and not verbose else None)
    _tell_ending(console, _choose(finding, parts, task, output), finding, task, as_json=as_json)
    if finding.is_interrupted:
        raise KeyboardInterrupt


def _parse_amount(option: str, words: str, units: dict[str, int], expected: str) -> float:
    found = _AMOUNT.fullmatch(words.strip().lower())
    if found is None or found[2] not in units or not 0 < (amount := float(found[1]) * units[found[2]]) < 1e12:
        raise ConfigError(f"{option} {words}: expected {expected}.")
    return amount


def _parse_recipes(recipes: str) -> list[str]:
    names, known = list(dict.fromkeys(name.strip() for name in recipes.split(","))), recipe_names()
    for name in names:
        if name not in known or not find_recipe(name).space:
            can = [each for each in known if each not in BUILT_IN or BUILT_IN[each].space]  # imports no other plugin
            raise ConfigError(f"--recipes: {name!r} cannot be searched; expected some of {','.join(can)}.")
    return names


def _load_parts(source: DataConfig, seed: int, say: Say, *, progress: bool) -> Parts:
    """Read and divide the data, without their test part, and say what they are."""
    from plaudit.app.run.parts import describe_origin, describe_part, load_parts

    parts = load_parts(source, seed=seed, progress=progress)
    say(f"Data: {source.source}")
    for line in describe_origin(parts.train):
        say(f"  {line}")
    for line in describe_part("train", parts.train) + describe_part("validation", parts.validation, parts.train):
        say(f"  {line}")
    return parts


def _load_tables(
    names: Sequence[str], parts: Parts, seed: int, say: Say, *, progress: bool
) -> dict[str, EmbeddingTable]:
    """Load the named embeddings, or minilm and those that are available; before the clock runs."""
    from plaudit.embeddings import available_embeddings, load_embedding

    status = {info.name: info.status for info in available_embeddings(plugins=not names) if not info.name.isupper()}
    chosen = names or [name for name in status if status[name] in ("ready", "can be distilled here")]
    tables = {}
    for name in dict.fromkeys(chosen):
        if status.get(name) == "can be distilled here":
            say(f"Embedding: {name} is being distilled here, once; give it a minute.")
        tables[name] = load_embedding(name, training_texts=parts.train.texts, seed=seed, progress=progress)
    say(f"Embeddings: {', '.join(tables)}")
    return tables


def _identity(task: Task) -> str:
    """Return what two searches have in common whose trials may stand beside each other; the time may differ."""
    from plaudit.app.train.fitting import hash_vectors
    from plaudit.evaluation import fingerprint

    spaces = {recipe: {name: repr(kind) for name, kind in space.items()} for recipe, space in task.spaces.items()}
    vectors = {name: hash_vectors(table) for name, table in task.embeddings.items()}
    texts = [fingerprint(task.train), fingerprint(task.validation)]
    found = [spaces, vectors, texts, task.metric, task.seed, task.max_size_bytes]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _search(task: Task, journal: TrialJournal, say: Say, *, bar: SearchBar | None) -> SearchResult:
    """Search, a line for each trial, or all in one live line; Ctrl-C ends it and keeps what was found."""
    from plaudit.tuning import best_trial, search

    shown: list[Trial] = []

    def show(trial: Trial) -> None:
        shown.append(trial)
        best = best_trial(shown, task.metric, max_size_bytes=task.max_size_bytes)
        if bar is None:
            say(describe_trial(trial, task.metric) + (" *" if best is trial else ""))
        else:
            bar.show(len(shown), best, task.metric)

    with InterruptWatch() as watch, hearing(lambda _: None), bar or contextlib.nullcontext():
        return search(task, on_trial=show, monitors=[watch], journal=journal)


def _choose(finding: SearchResult, parts: Parts, task: Task, output: Path) -> Ending:
    """Take the winner, and write the trials and the run that trains it again; an earlier search's are replaced.

    Raises:
        ConfigError: No trial came to a model, or none to one that is small enough.
        KeyboardInterrupt: Ctrl-C came before the first.
    """
    from plaudit.app.run.record import run_versions
    from plaudit.app.train.fitting import hash_vectors
    from plaudit.models.recipes import build
    from plaudit.tuning import best_trial, pareto_front, run_config

    trials, most = finding.trials, task.max_size_bytes
    done = [trial for trial in trials if trial.result is not None]
    if not done:
        if finding.is_interrupted:
            raise KeyboardInterrupt
        raise ConfigError(f"no model from {counted(len(trials), 'trial')}; the first: {trials[0].reason}")
    best = best_trial(trials, task.metric, max_size_bytes=most)
    if best is None:
        smallest, size = min(((trial, trial.result.size_bytes) for trial in done if trial.result), key=lambda x: x[1])
        raise ConfigError(
            f"--max-size {size_words(most or 0)}: no model of {counted(len(done), 'trial')} is that small; the "
            f"smallest was {size_words(size)} (trial {smallest.number}, {smallest.recipe})."
        )
    config = run_config(parts.config, seed=task.seed, recipe=best.recipe, settings=best.settings)
    versions = run_versions(config, build(config).packages, parts.train, parts.validation, None)
    if "embedding" in best.settings:
        versions["embedding_sha256"] = hash_vectors(task.embeddings[best.settings["embedding"]])
    lines = [json.dumps(trial_record(trial, task.metric), ensure_ascii=False) + "\n" for trial in trials]
    publish_file(output / "trials.jsonl", "".join(lines).encode())
    run = output / "run.toml"
    publish_file(run, config.to_toml(versions=versions).encode())
    command = shlex.join(["plaudit", "train", "--config", str(run)])
    return Ending(best, pareto_front(trials, task.metric), len(done), run, command)


def _tell_ending(console: Console, chosen: Ending, finding: SearchResult, task: Task, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(_to_dict(chosen, finding, task)) + "\n")
        return
    print_ending(console, chosen.front, chosen.best, finding.trials, task=task)
    console.print(
        f"Wrote {chosen.run} and trials.jsonl beside it. The next command trains this model again, to the bit, and "
        "tests it once.",
        markup=False,
    )
    print_next(console, *shlex.split(chosen.command))


def _to_dict(chosen: Ending, finding: SearchResult, task: Task) -> dict[str, Any]:
    return {
        "metric": task.metric,
        "trials": len(finding.trials),
        "compared": chosen.compared,
        "interrupted": finding.is_interrupted,
        "winner": trial_record(chosen.best, task.metric),
        "pareto": [trial_record(trial, task.metric) for trial in chosen.front],
        "defaults": [trial_record(trial, task.metric) for trial in finding.trials[: len(task.spaces)]],
        "run": str(chosen.run),
        "command": chosen.command,
    }


_MOST_ROWS = 20


class SearchBar:
    """One live line of a search: the time that is used, the number of trials, and the best of them."""

    def __init__(self, console: Console, seconds: float) -> None:
        """Show nothing until entered; the bar is full after `seconds`, above 0."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=console, transient=True)
        self._seconds = seconds
        self._task = self._progress.add_task("the first trial", total=seconds)

    def __enter__(self) -> SearchBar:
        """Draw the bar."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self._progress.stop()

    def show(self, n: int, best: Trial | None, metric: str) -> None:
        """Say how many trials there were, and which is the best."""
        used = self._progress.tasks[0].elapsed or 0.0
        words = counted(n, "trial")
        if best is not None and best.result is not None:
            words += f"; best: trial {best.number}, {best.recipe}, {metric} {best.result.figure:.4f}"
        self._progress.update(self._task, completed=min(used, self._seconds), description=words)


def describe_trial(trial: Trial, metric: str) -> str:
    """Return a trial's line."""
    start = f"{trial.number:>4}  {trial.recipe:<8}"
    if trial.result is None:
        return f"{start} {plain(trial.reason or '')} ({describe_settings(trial)})"
    result = trial.result
    return (
        f"{start} {metric} {result.figure:.4f}  {size_words(result.size_bytes):>8}  {result.training_s:6.1f} s  "
        f"{describe_settings(trial)}"
    )


def describe_settings(trial: Trial) -> str:
    """Return the settings that are not the recipe's defaults, in words."""
    words = [f"{name} {_value(value)}" for name, value in trial.changed.items()]
    return ", ".join(words) or "defaults"


def trial_record(trial: Trial, metric: str) -> dict[str, Any]:
    """Return a trial as JSON values: a line of trials.jsonl."""
    record: dict[str, Any] = {"trial": trial.number, "recipe": trial.recipe, "settings": trial.settings}
    if trial.result is None:
        return record | {"reason": trial.reason}
    result = trial.result
    return record | {
        metric: result.figure,
        "size_bytes": result.size_bytes,
        "microseconds_a_text": round(result.microseconds_a_text, 3),
        "training_seconds": round(result.training_s, 3),
    }


def print_ending(console: Console, front: Sequence[Trial], best: Trial, trials: Sequence[Trial], *, task: Task) -> None:
    """Print the table, the winner, the defaults beside it, and what its figure is worth.

    Args:
        console: Where to.
        front: The Pareto front: trials that no other trial beats in every respect.
        best: The winner.
        trials: All.
        task: What was searched.
    """
    metric, n, n_defaults = task.metric, len(task.validation), len(task.spaces)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("trial", metric, "size", "µs a text", "training", "recipe", "settings"):
        table.add_column(heading, justify="left" if heading in ("recipe", "settings") else "right")
    shown = front[:_MOST_ROWS] if best in front[:_MOST_ROWS] else [*front[: _MOST_ROWS - 1], best]
    for trial in shown:
        if trial.result is not None:
            table.add_row(
                f"{'* ' if trial is best else ''}{trial.number}",
                f"{trial.result.figure:.4f}",
                size_words(trial.result.size_bytes),
                f"{trial.result.microseconds_a_text:,.0f}",
                f"{trial.result.training_s:,.1f} s",
                trial.recipe,
                escape(describe_settings(trial)),
            )
    compared = sum(trial.result is not None for trial in trials)
    models = f"{compared:,} {'trial' if compared == 1 else 'trials'}"
    failed = len(trials) - compared
    without = f"; {failed:,} more produced no model" if failed else ""
    console.print(f"\n[bold]No other trial is better in every respect[/bold]  ({len(front)} of {models}{without})")
    print_table(console, table)
    if len(front) > _MOST_ROWS:
        console.print(f"… {len(front) - _MOST_ROWS} more: trials.jsonl")
    if best.result is None:
        return
    defaults = [
        f"{trial.recipe} {'no model' if trial.result is None else f'{trial.result.figure:.4f}'}"
        for trial in trials[:n_defaults]
    ]
    console.print(
        f"\nWinner: trial {best.number}, {best.recipe}, {describe_settings(best)}: {metric} {best.result.figure:.4f}, "
        f"{size_words(best.result.size_bytes)}.\n"
        f"Defaults: {', '.join(defaults)}.\n"
        f"Its {metric} is the best of {models} on the same {counted(n, 'validation text')}, so it is optimistic: "
        "expect less on new texts. The test texts were not opened.",
        markup=False,
    )


def size_words(size_bytes: int) -> str:
    """Return a size with a unit, of which 1 MB is 1,000,000 bytes."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size_bytes >= least:
            amount = size_bytes / least
            return f"{amount:.3g} {unit}" if amount < 999.5 else f"{amount:,.0f} {unit}"
    return f"{size_bytes} B"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:.3g}" if isinstance(value, float) else "own" if value is None else str(value)
