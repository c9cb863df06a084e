"""`plaudit tune`: what it prints, what it writes, and that what it writes gives the winner again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.app import tune as app_tune
from plaudit.app.tune import size_words
from plaudit.data import Dataset, load_dataset
from plaudit.models import Classifier, NetworkClassifier, NgramClassifier
from plaudit.tuning import search

pytest.importorskip("optuna", reason="the search needs the extra tune")
Command = Callable[..., Any]
TUNE = ("tune", "sample", "--embedding", "random", "--seed", "3")


@pytest.fixture(autouse=True)
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search's clock is a second later each time that it is asked."""
    monkeypatch.setattr("plaudit.tuning.search", partial(search, clock=itertools.count().__next__))


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[Classifier]:
    """Every classifier that was fitted since, in order."""
    models: list[Classifier] = []

    def watch(kind: type[Classifier]) -> None:
        fit = kind.fit

        def watched(self: Classifier, *args: Any, **options: Any) -> Classifier:
            models.append(self)
            return fit(self, *args, **options)

        monkeypatch.setattr(kind, "fit", watched)

    watch(NetworkClassifier)
    watch(NgramClassifier)
    return models


def weights(model: Classifier) -> list[Any]:
    if isinstance(model, NetworkClassifier):
        return [model.table_.vectors, *model.layers_.tensors().values()]
    assert isinstance(model, NgramClassifier)
    return [*model.weights_, *model.vocabulary_.keys]


def read_trials(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("recipe", "time"), [("network", "1600"), ("ngram", "60")])
def test_the_receipt_gives_the_winner_again_to_the_bit(
    command: Command, fitted: list[Classifier], tmp_path: Path, recipe: str, time: str
) -> None:
    done = command(*TUNE, "--recipes", recipe, "--time", time)
    assert done.lines()[-1] == "Next: plaudit train --config tuned/sample/run.toml"
    found = next(line for line in done.lines() if line.startswith("Winner: trial "))
    number = int(found.split()[2].rstrip(","))
    trials = read_trials(tmp_path / "tuned" / "sample")
    assert len(trials) == len(fitted) > 2
    winner, wanted = fitted[number - 1], trials[number - 1]
    trained = command("train", "--config", "tuned/sample/run.toml", "-o", "model")
    assert "note: the weights may differ" not in trained.out
    again = plaudit.load(tmp_path / "model")
    assert all(np.array_equal(a, b) for a, b in zip(weights(winner), weights(again), strict=True))
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["validation"]["accuracy"] == wanted["accuracy"] == max(t.get("accuracy", 0) for t in trials)


def test_lines_table_and_an_honest_ending(command: Command) -> None:
    lines = command(*TUNE, "--time", "600").lines()
    assert lines[0] == "Data: sample"
    first = next(line for line in lines if line.startswith("   1  ngram    accuracy 0."))
    assert first.endswith("defaults *")
    assert any(line.startswith("No other trial is better in every respect  (") for line in lines)
    heading = next(line for line in lines if line.startswith("trial  accuracy"))
    row = lines[lines.index(heading) + 1 :]
    winner = next(line for line in lines if line.startswith("Winner: trial ")).split()[2].rstrip(",")
    assert [each.split()[1] for each in row if each.lstrip().startswith("* ")] == [winner]
    assert heading.split() == ["trial", "accuracy", "size", "µs", "a", "text", "training", "recipe", "settings"]
    assert any(line.startswith("Defaults: ngram 0.") for line in lines)
    honest = next(line for line in lines if line.startswith("Its accuracy is the best of "))
    n = int(honest.split()[6])
    assert f"best of {n} trials on the same 130 validation texts, so it is optimistic" in honest
    assert "Wrote tuned/sample/run.toml and trials.jsonl beside it" in lines[-2]


def test_the_test_part_is_never_opened(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def watched(*args: Any, **options: Any) -> Any:
        asked.append(options["parts"])
        return load_dataset(*args, **options)

    monkeypatch.setattr("plaudit.app.run.parts.load_dataset", watched)
    command(*TUNE, "--time", "20")
    assert asked == [("train", "validation")]


def test_json_is_one_object_and_nothing_else(command: Command, tmp_path: Path) -> None:
    found = command(*TUNE, "--time", "60", "--json", "--metric", "log_loss", "-o", "here").json()
    assert found["metric"] == "log_loss"
    trials = read_trials(tmp_path / "here")
    assert found["trials"] == len(trials)
    done = [trial for trial in trials if "log_loss" in trial]
    assert found["compared"] == len(done)
    assert found["winner"] == min(done, key=lambda trial: (trial["log_loss"], trial["size_bytes"]))
    assert found["winner"] in found["pareto"]
    assert [trial["recipe"] for trial in found["defaults"]] == ["ngram", "network"]
    assert found["interrupted"] is False
    assert found["command"] == "plaudit train --config here/run.toml"


def test_ctrl_c_ends_as_time_does(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fit, calls = NgramClassifier.fit, []

    def pressed(self: NgramClassifier, *args: Any, **options: Any) -> NgramClassifier:
        calls.append(self)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fit(self, *args, **options)

    monkeypatch.setattr(NgramClassifier, "fit", pressed)
    done = command(*TUNE, "--recipes", "ngram", "--time", "1h", code=130)
    assert done.err == "plaudit: interrupted.\n"
    assert done.lines()[-1] == "Next: plaudit train --config tuned/sample/run.toml"
    assert len(read_trials(tmp_path / "tuned" / "sample")) == 2


def test_ctrl_c_before_the_first_trial_leaves_nothing(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def pressed(*_: Any, **__: Any) -> NgramClassifier:
        raise KeyboardInterrupt

    monkeypatch.setattr(NgramClassifier, "fit", pressed)
    command(*TUNE, "--recipes", "ngram", code=130)
    assert not list((tmp_path / "tuned" / "sample").iterdir())


def test_max_size_takes_the_best_that_fits(command: Command) -> None:
    found = command(*TUNE, "--recipes", "ngram", "--time", "100", "--max-size", "150KB", "--json").json()
    assert found["winner"]["size_bytes"] <= 150_000
    assert found["defaults"][0]["size_bytes"] > 150_000


def test_when_nothing_is_small_enough_the_smallest_is_told(command: Command, tmp_path: Path) -> None:
    done = command(*TUNE, "--recipes", "ngram", "--time", "20", "--max-size", "1KB", code=2)
    assert done.err.startswith("plaudit: --max-size 1 KB: no model of ")
    assert "is that small; the smallest was " in done.err
    assert [path.name for path in (tmp_path / "tuned" / "sample").iterdir()] == ["search.jsonl"]


def test_a_search_goes_on_and_says_what_it_replaces(command: Command, tmp_path: Path) -> None:
    first = command(*TUNE, "--recipes", "ngram", "--time", "20", "--json").json()
    longer = command(*TUNE, "--recipes", "ngram", "--time", "40", "--resume", "--json").json()
    assert longer["trials"] > first["trials"]
    assert longer["defaults"] == first["defaults"]
    assert read_trials(tmp_path / "tuned" / "sample")[: first["trials"]][0]["trial"] == 1
    err = command(*TUNE[:-1], "4", "--recipes", "ngram", "--time", "20", "--resume", code=2).err
    assert "search.jsonl belongs to a search with other settings or data" in err
    again = command(*TUNE, "--recipes", "ngram", "--time", "1")
    assert any(line.startswith(f"note: {longer['trials']} trials noted in ") for line in again.lines())


def test_sets_of_labels_by_f1_macro_under_its_old_name(command: Command, moods: Dataset, tmp_path: Path) -> None:
    rows = zip(moods.texts.to_pylist(), moods.label_names(), strict=True)
    lines = [f"{text},{';'.join(names)}" for text, names in rows]
    (tmp_path / "moods.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    options = ("--label-separator", ";", "--metric", "macro_f1", "--time", "200", "--embedding", "random")
    found = command("tune", "moods.csv", *options, "--json").json()
    assert 0 < found["winner"]["f1_macro"] <= 1
    command("train", "--config", found["run"], "-o", "model")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["validation"]["f1_macro"] == found["winner"]["f1_macro"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--time", "soon"), "--time soon: expected a time like 60s, 5m or 1h."),
        (("--time", "0"), "--time 0: expected a time like 60s, 5m or 1h."),
        (("--time", "5MB"), "--time 5MB: expected a time like 60s, 5m or 1h."),
        (("--max-size", "small"), "--max-size small: expected a size like 500KB or 5MB."),
        (("--max-size", "-1MB"), "--max-size -1MB: expected a size like 500KB or 5MB."),
        (("--metric", "kappa"), "--metric kappa: expected one of accuracy, balanced_accuracy, log_loss"),
        (("--recipes", "ngram,best"), "--recipes: 'best' cannot be searched; expected some of network,ngram"),
        (("--recipes", ""), "--recipes: '' cannot be searched; expected some of network,ngram"),
        (("--seed", "-1"), "--seed: expected at least 0, got -1."),
        (("--embedding", "none"), "Unknown embedding 'none': expected one of "),
        (("--validation", "1.5"), "--validation 1.5: a share lies between 0 and 1."),
    ],
)
def test_wrong_options_are_told_in_a_line(command: Command, options: tuple[str, ...], message: str) -> None:
    assert message in command("tune", "sample", *options, code=2).err


def test_data_that_cannot_be_learned_from_are_told_in_a_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("text,label\n")
    assert "empty.csv" in command("tune", "empty.csv", code=2).err
    assert "no such data set" in command("tune", "nothing", code=2).err
    rows = "\n".join(f"{word},{word[0]}" for word in ("ab", "bc", "cd", "de")) + "\n"
    (tmp_path / "few.csv").write_text("text,label\n" + rows * 10)
    found = command("tune", "few.csv", "--recipes", "ngram", "--time", "20", "--json").json()
    assert found["winner"]["accuracy"] == 1


def test_when_no_trial_comes_to_a_model_the_first_reason_is_told(command: Command, tmp_path: Path) -> None:
    rows = "".join(f"word{i},{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "single.csv").write_text("text,label\n" + rows)
    err = command("tune", "single.csv", "--recipes", "ngram", "--time", "1", code=2).err
    assert err.startswith("plaudit: no model from 1 trial; the first: no word is in 2 of the ")


def test_without_optuna_the_extra_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    assert "pip install 'plaudit[tune]'" in command("tune", "sample", code=2).err


@pytest.mark.parametrize(
    ("words", "seconds"), [("60", 60), ("60s", 60), ("5m", 300), ("1h", 3600), ("1.5 h", 5400), ("2M", 120)]
)
def test_times(words: str, seconds: float) -> None:
    assert app_tune._parse_amount("--time", words, app_tune._SECONDS, "a time") == seconds


def test_sizes_in_words_have_three_digits() -> None:
    assert [size_words(n) for n in (0, 999, 1_000, 193_735, 999_400, 1_171_820, 5_000_000)] == [
        "0 B", "999 B", "1 KB", "194 KB", "999 KB", "1.17 MB", "5 MB",
    ]  # fmt: skip
    assert size_words(2_500_000_000) == "2.5 GB"


def test_a_failed_trial_has_its_reason_in_line_and_file(command: Command, tmp_path: Path) -> None:
    done = command(*TUNE, "--recipes", "ngram,network", "--time", "40")
    cut = read_trials(tmp_path / "tuned" / "sample")[-1]
    assert cut["reason"] == "stopped: the time was up"
    assert "accuracy" not in cut
    assert any("network  stopped: the time was up (" in line for line in done.lines())
