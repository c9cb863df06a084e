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
from typing import Any

from plaudit.app.interrupts import InterruptWatch
from plaudit.app.run.parts import Parts, describe_part, load_parts
from plaudit.app.run.record import run_versions
from plaudit.app.terminal import make_console
from plaudit.app.train.first_layer import hash_vectors
from plaudit.app.tune.lines import SearchBar, describe_trial, print_ending, size_words, trial_record
from plaudit.config import DataConfig, TrainingConfig
from plaudit.embeddings import EmbeddingTable, available_embeddings, load_embedding
from plaudit.errors import ConfigError, require
from plaudit.evaluation import fingerprint
from plaudit.evaluation.named_metrics import find_metric
from plaudit.models.recipes import build
from plaudit.registry import find_recipe, recipe_names
from plaudit.tuning import (
    SearchResult,
    Task,
    Trial,
    TrialJournal,
    best_trial,
    make_spaces,
    pareto_front,
    run_config,
    search,
)

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


def run_tuning(
    data: DataConfig,
    *,
    time: str,
    metric: str,
    max_size: str | None,
    recipes: str,
    embeddings: Sequence[str],
    output: Path | None,
    seed: int,
    resume: bool,
    as_json: bool,
    verbose: bool = False,
) -> None:
    """Search, print each trial and the ending, and write run.toml and trials.jsonl; search.jsonl grows by each trial.

    Args:
        data: Which texts; those of the test part are not opened.
        time: As the user gave it: "60", "60s", "5m", "1h".
        metric: A name that `find_metric` knows.
        max_size: As the user gave it: "5MB"; None for any.
        recipes: Names with commas between.
        embeddings: For networks; none takes minilm and whatever is at hand.
        output: The folder; None names one after the data under ``tuned``.
        seed: Of everything.
        resume: Go on after the trials of a search that was cut off; the time that they took is spent.
        as_json: Print one JSON object at the end, and nothing else.
        verbose: Print each trial on a terminal too, where a bar shows the best otherwise.

    Raises:
        ConfigError: An option is wrong, no trial came to a model, or none to one that is small enough.
        KeyboardInterrupt: Ctrl-C ended the search; what was found until then has been written and printed.
        MissingExtraError: Optuna is not installed.
    """
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

    output = output or Path("tuned") / Path(data.source).resolve().stem
    parts = load_parts(data, seed=seed, progress=progress)
    say(f"Data: {data.source}")
    for line in describe_part("train", parts.train) + describe_part("validation", parts.validation, parts.train):
        say(f"  {line}")
    output.mkdir(parents=True, exist_ok=True)
    has_embedding = any("embedding" in find_recipe(name).space for name in names)
    tables = _load_tables(embeddings, parts, seed, say, progress=progress) if has_embedding else {}
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
    n_before = journal.count()
    if n_before and not resume:
        say(f"note: the {n_before:,} trials noted in {output} are replaced; --resume goes on after them.")
    say(f"Searching for {time_s:,.0f} s; Ctrl-C ends it sooner and keeps what was found. The test texts stay sealed.")
    shown: list[Trial] = []

    def show(trial: Trial) -> None:
        shown.append(trial)
        best = best_trial(shown, metric, max_size_bytes=most)
        if bar is None:
            say(describe_trial(trial, metric) + (" *" if best is trial else ""))
        else:
            bar.show(len(shown), best, metric)

    bar = SearchBar(console, time_s) if progress and not verbose else None
    with InterruptWatch() as watch, bar or contextlib.nullcontext():
        finding = search(task, on_trial=show, monitors=[watch], journal=journal)
    chosen = _choose(finding, parts, task, output)
    if as_json:
        sys.stdout.write(json.dumps(_to_dict(chosen, finding, task)) + "\n")
    else:
        print_ending(console, chosen.front, chosen.best, finding.trials, task=task)
        say(f"Wrote {chosen.run} and trials.jsonl beside it. To train this model again, to the bit, and test it once:")
        say(f"  {chosen.command}")
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
            can = [each for each in known if find_recipe(each).space]
            raise ConfigError(f"--recipes: {name!r} cannot be searched; expected some of {','.join(can)}.")
    return names


def _load_tables(
    names: Sequence[str], parts: Parts, seed: int, say: Say, *, progress: bool
) -> dict[str, EmbeddingTable]:
    """Load the named embeddings, or minilm and those that are at hand; before the clock runs."""
    status = {info.name: info.status for info in available_embeddings() if not info.name.isupper()}
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
    spaces = {recipe: {name: repr(kind) for name, kind in space.items()} for recipe, space in task.spaces.items()}
    vectors = {name: hash_vectors(table) for name, table in task.embeddings.items()}
    texts = [fingerprint(task.train), fingerprint(task.validation)]
    found = [spaces, vectors, texts, task.metric, task.seed, task.max_size_bytes]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _choose(finding: SearchResult, parts: Parts, task: Task, output: Path) -> Ending:
    """Take the winner, and write the trials and the run that trains it again; an earlier search's are replaced.

    Raises:
        ConfigError: No trial came to a model, or none to one that is small enough.
        KeyboardInterrupt: Ctrl-C came before the first.
    """
    trials, most = finding.trials, task.max_size_bytes
    done = [trial for trial in trials if trial.result is not None]
    if not done:
        if finding.is_interrupted:
            raise KeyboardInterrupt
        raise ConfigError(f"none of {len(trials)} trials came to a model; the first: {trials[0].reason}")
    best = best_trial(trials, task.metric, max_size_bytes=most)
    if best is None:
        smallest, size = min(((trial, trial.result.size_bytes) for trial in done if trial.result), key=lambda x: x[1])
        raise ConfigError(
            f"--max-size {size_words(most or 0)}: no model of {len(done)} trials is that small; the smallest was "
            f"{size_words(size)} (trial {smallest.number}, {smallest.recipe})."
        )
    config = run_config(parts.config, seed=task.seed, recipe=best.recipe, settings=best.settings)
    versions = run_versions(build(config).packages, parts.train, parts.validation, None)
    if "embedding" in best.settings:
        versions["embedding_sha256"] = hash_vectors(task.embeddings[best.settings["embedding"]])
    lines = [json.dumps(trial_record(trial, task.metric), ensure_ascii=False) + "\n" for trial in trials]
    _write(output / "trials.jsonl", "".join(lines))
    run = output / "run.toml"
    _write(run, config.to_toml(versions=versions))
    command = shlex.join(["plaudit", "train", "--config", str(run)])
    return Ending(best, pareto_front(trials, task.metric), len(done), run, command)


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


def _write(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
