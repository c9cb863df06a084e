"""The search itself: defaults first, the same trials for a seed, and an end by time, Ctrl-C or failure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plaudit.config import DataConfig
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, MissingExtraError
from plaudit.models import NetworkClassifier
from plaudit.models.recipes import build, searched_defaults
from plaudit.registry import BUILT_IN, Choice, Range
from plaudit.tuning import Task, Trial, TrialJournal, make_spaces, run_config, search

pytest.importorskip("optuna", reason="the search needs the extra tune")

SEARCHED = sorted(name for name, recipe in BUILT_IN.items() if recipe.space)


class Ticks:
    """A clock that is a second later each time it is asked."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def make_task(train: Dataset, validation: Dataset, table: EmbeddingTable, **changes: Any) -> Task:
    task = Task(train, validation, make_spaces(["ngram", "network"], ["tiny"]), "accuracy", 60)
    return replace(task, embeddings={"tiny": table}, **changes)


@pytest.fixture
def task(reviews: Dataset, more_reviews: Dataset, tiny_table: EmbeddingTable) -> Task:
    return make_task(reviews, more_reviews, tiny_table)


def run(task: Task, **options: Any) -> list[Trial]:
    return search(task, on_trial=options.pop("on_trial", lambda _: None), clock=Ticks(), **options).trials


@pytest.mark.parametrize("recipe", SEARCHED)
def test_defaults_lie_within_what_is_searched(recipe: str) -> None:
    for name, default in searched_defaults(recipe).items():
        space = BUILT_IN[recipe].space[name]
        if isinstance(space, Choice):
            assert default in space.options
        else:
            assert space.low <= default <= space.high


@pytest.mark.parametrize("recipe", SEARCHED)
@pytest.mark.parametrize("end", ["low", "high"])
def test_all_that_is_searched_is_what_the_recipe_takes(recipe: str, end: str) -> None:
    pick = {"low": 0, "high": -1}
    settings = {
        name: getattr(space, end) if isinstance(space, Range) else space.options[pick[end]]
        for name, space in BUILT_IN[recipe].space.items()
    }
    build(run_config(DataConfig(), seed=0, recipe=recipe, settings=settings))._check_params()


def test_the_first_trials_are_the_defaults_of_each_recipe(task: Task) -> None:
    trials = run(task)
    assert [trial.recipe for trial in trials[:2]] == ["ngram", "network"]
    assert [trial.changed for trial in trials[:2]] == [{}, {"embedding": "tiny"}]
    assert [trial.number for trial in trials] == list(range(1, len(trials) + 1))


def test_the_same_seed_tries_the_same_and_another_seed_others(task: Task) -> None:
    # Without networks, whose epochs the clock cuts off, all depends on the seed alone.
    task = replace(task, spaces=make_spaces(["ngram"], []))
    first, again, other = (run(replace(task, seed=seed)) for seed in (3, 3, 4))
    settings = [trial.settings for trial in first]
    assert settings == [trial.settings for trial in again]
    assert settings[1:] != [trial.settings for trial in other][1:]
    figures = [trial.result and (trial.result.figure, trial.result.size_bytes) for trial in first]
    assert figures == [trial.result and (trial.result.figure, trial.result.size_bytes) for trial in again]


def test_when_the_time_is_over_a_network_is_cut_at_its_next_step(task: Task) -> None:
    trials = run(replace(task, spaces=make_spaces(["network"], ["tiny"]), time_s=10))
    assert [trial.reason for trial in trials] == ["stopped: the time was up"]
    assert trials[0].result is None


def test_when_the_time_is_over_an_ngram_model_is_finished_and_none_begun(task: Task) -> None:
    clock = Ticks()
    ended: list[float] = []
    trials = search(
        replace(task, spaces=make_spaces(["ngram"], []), time_s=10),
        on_trial=lambda _: ended.append(clock.now),
        clock=clock,
    ).trials
    assert all(trial.result for trial in trials)
    assert len(trials) > 1
    assert ended[-2] < 11 <= clock.now  # the clock began at 1


def test_there_is_a_trial_however_little_time(task: Task) -> None:
    trials = run(replace(task, time_s=0.001))
    assert len(trials) == 1
    assert trials[0].result is not None


def test_ctrl_c_keeps_the_trials_so_far(task: Task) -> None:
    seen: list[Trial] = []

    def press(trial: Trial) -> None:
        seen.append(trial)
        if trial.number == 3:
            raise KeyboardInterrupt

    finding = search(task, on_trial=press, clock=lambda: 0.0)
    assert finding.is_interrupted
    assert finding.trials == seen
    assert len(seen) == 3


def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(task: Task) -> None:
    spaces = make_spaces(["ngram"], [])
    spaces["ngram"] = {**spaces["ngram"], "min_texts": Range(1, 1_000_000, log=True)}
    trials = run(replace(task, spaces=spaces, time_s=200))
    failed = [trial for trial in trials if trial.result is None]
    assert failed
    assert all("is in" in str(trial.reason) and "training texts" in str(trial.reason) for trial in failed)
    assert any(trial.result for trial in trials[failed[0].number :])


def test_a_network_that_diverges_is_a_failed_trial(task: Task, tiny_table: EmbeddingTable) -> None:
    table = tiny_table.with_vectors(np.full_like(tiny_table.vectors, np.float32(3e38)))
    spaces = make_spaces(["network"], ["tiny"])
    trials = run(replace(task, spaces=spaces, embeddings={"tiny": table}, time_s=1e9))
    assert len(trials) == 10  # and not a billion seconds of them
    assert all("training diverged" in (trial.reason or "") for trial in trials)


def test_too_large_models_are_worse_than_any_that_fits(task: Task) -> None:
    task = replace(task, spaces=make_spaces(["ngram"], []), time_s=200)
    free = run(task)
    sizes = [trial.result.size_bytes for trial in free if trial.result]
    bound = run(replace(task, max_size_bytes=min(sizes)))
    fitting = [trial for trial in bound if trial.result and trial.result.size_bytes <= min(sizes)]
    assert len(fitting) > sum(size <= min(sizes) for size in sizes)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "f1_macro", "log_loss"])
def test_sets_of_labels_and_many_classes_are_searched_too(
    moods: Dataset, topics: Dataset, tiny_table: EmbeddingTable, metric: str
) -> None:
    for texts in (moods, topics):
        trials = run(make_task(texts, texts, tiny_table, metric=metric, time_s=100))
        assert all(trial.result and np.isfinite(trial.result.figure) for trial in trials[:1])


def test_few_texts_of_many_classes_are_enough(tiny_table: EmbeddingTable, topics: Dataset) -> None:
    few = topics.take(np.arange(8))
    trials = run(make_task(few, few, tiny_table, time_s=200))
    assert any(trial.result for trial in trials)


def test_size_is_what_save_writes(task: Task, tmp_path: Any) -> None:
    trial = run(replace(task, spaces=make_spaces(["ngram"], []), time_s=1))[0]
    model = build(run_config(DataConfig(), seed=0, recipe="ngram", settings=trial.settings))
    model.fit(task.train.texts, task.train.label_names()).save(tmp_path / "model")
    assert trial.result is not None
    assert trial.result.size_bytes == sum(p.stat().st_size for p in (tmp_path / "model").rglob("*") if p.is_file())


def test_tables_are_shared_and_left_as_they_were(task: Task, tiny_table: EmbeddingTable, monkeypatch: Any) -> None:
    before, seen = tiny_table.vectors.copy(), []
    fit = NetworkClassifier.fit

    def watched(self: NetworkClassifier, *args: Any, **options: Any) -> NetworkClassifier:
        seen.append(self.embedding)
        return fit(self, *args, **options)

    monkeypatch.setattr(NetworkClassifier, "fit", watched)
    run(replace(task, spaces=make_spaces(["network"], ["tiny"]), time_s=1_500))
    assert len(seen) > 1
    assert all(table is tiny_table for table in seen)
    assert np.array_equal(tiny_table.vectors, before)


def test_a_network_that_is_behind_is_given_up(task: Task) -> None:
    def stop(trial: Trial) -> None:
        if str(trial.reason).startswith("stopped after epoch"):
            raise KeyboardInterrupt

    trials = run(replace(task, spaces=make_spaces(["network"], ["tiny"]), time_s=20_000), on_trial=stop)
    assert str(trials[-1].reason).endswith(" was behind")
    assert sum(trial.result is not None for trial in trials) >= 5


def test_without_optuna_the_extra_is_named(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"needs optuna, which is not installed: pip install 'plaudit\[tune\]'"):
        run(task)


def test_a_search_that_was_cut_off_goes_on_as_if_it_had_not_been(task: Task, tmp_path: Path) -> None:
    task = replace(task, spaces=make_spaces(["ngram"], []), time_s=60)
    whole = run(task)
    assert len(whole) > 4
    journal = TrialJournal(tmp_path / "search.jsonl", "same", resume=True)

    def stop(trial: Trial) -> None:
        if trial.number == 3:
            raise KeyboardInterrupt

    assert len(run(task, journal=journal, on_trial=stop)) == 3
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('{"trial": 4, "resu')  # what a kill leaves
    assert journal.count() == 3
    told: list[Trial] = []
    resumed = run(task, journal=journal, on_trial=told.append)
    assert told == resumed
    n = min(len(whole), len(resumed))
    assert n > 3
    assert [(trial.settings, trial.result and trial.result.figure) for trial in resumed[:n]] == [
        (trial.settings, trial.result and trial.result.figure) for trial in whole[:n]
    ]
    assert [json.loads(line).get("trial") for line in journal.path.read_text(encoding="utf-8").splitlines()] == [
        None, *(trial.number for trial in resumed)
    ]  # fmt: skip
    assert len(run(task, journal=journal)) == len(resumed)  # its time is over
    assert len(run(replace(task, time_s=90), journal=journal)) > len(resumed)
    assert len(run(replace(task, time_s=1), journal=replace(journal, resume=False))) == 1


def test_another_search_is_not_gone_on_with(task: Task, tmp_path: Path) -> None:
    journal = TrialJournal(tmp_path / "search.jsonl", "same", resume=True)
    run(replace(task, time_s=1), journal=journal)
    before = journal.path.read_bytes()
    with pytest.raises(ConfigError, match="belongs to a search with other settings or data; run again without"):
        run(task, journal=replace(journal, fingerprint="other"))
    assert journal.path.read_bytes() == before
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"trials cannot be noted: Not a directory\."):
        run(task, journal=replace(journal, path=tmp_path / "file" / "search.jsonl", resume=False))
