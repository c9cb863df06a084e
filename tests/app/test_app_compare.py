"""`plaudit compare`: two models on texts that neither has seen."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.data import Dataset
from plaudit.evaluation.paired import holm

Command = Callable[..., Any]
Write = Callable[[str, Dataset], Path]
QUICK = ("--embedding", "random", "--epochs", "2")


@pytest.fixture
def ngrams(command: Command) -> Path:
    command("train", "sample", "--recipe", "ngram", "-o", "ngrams")
    return Path("ngrams")


def test_json_holds_the_figures_of_both_and_the_table(command: Command, sample_model: Path, ngrams: Path) -> None:
    found = command("compare", sample_model, ngrams, "sample", "--json").json()
    single = [command("evaluate", model, "sample", "--json").json() for model in (sample_model, ngrams)]
    assert found["accuracy"] == [each["accuracy"] for each in single]
    assert found["loss"] == pytest.approx([each["log_loss"] for each in single])
    assert found["n"] == sum(found[key] for key in ("both_right", "only_a_right", "only_b_right", "neither_right"))
    low, high = found["accuracy_difference_interval_95"]
    assert low < found["accuracy_difference"] < high
    assert 0 < found["p_value"] <= 1
    assert found["sentence"].startswith(("model is ", "ngrams is ", "Neither is shown to be better: model minus "))
    turned = command("compare", ngrams, sample_model, "sample", "--json").json()
    assert turned["accuracy_difference"] == -found["accuracy_difference"]


def test_a_person_reads_two_tables_and_a_sentence(command: Command, sample_model: Path, ngrams: Path) -> None:
    out = command("compare", sample_model, ngrams, "sample").out
    assert out.startswith("sample: its test part  (")
    for words in ("A: model", "B: ngrams", "A minus B", "A right", "B wrong", " points ("):
        assert words in out


def test_both_folders_count_the_opening(command: Command, sample_model: Path, ngrams: Path) -> None:
    assert command("compare", sample_model, ngrams, "sample", "--json").json()["openings"] == [2, 2]
    for model in (sample_model, ngrams):
        entries = json.loads((model / "test_openings.json").read_text(encoding="utf-8"))
        assert [entry["by"] for entry in entries] == ["train", "compare"]
    assert "opened 3 times for A and 3 times for B" in command("compare", sample_model, ngrams, "sample").out


def test_of_a_file_the_texts_that_one_kept_for_testing_are_taken(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset
) -> None:
    write_rows("mine.csv", reviews)
    write_rows("other.csv", more_reviews)
    command("train", "mine.csv", *QUICK, "-o", "mine")
    command("train", "mine.csv", "--recipe", "ngram", "-o", "same")
    command("train", "other.csv", *QUICK, "-o", "other")
    command("train", "mine.csv", *QUICK, "-o", "seed", "--seed", "1")
    for pair in (("mine", "same"), ("mine", "other"), ("other", "mine")):
        assert command("compare", *pair, "mine.csv", "--json").json()["n"] == 16
    err = command("compare", "mine", "seed", "mine.csv", code=2).err
    assert "mine and seed hold out different test texts of it" in err
    assert command("compare", "mine", "seed", "mine.csv", "--all", "--json").json()["n"] == 80
    assert command("compare", "mine", "seed", "other.csv", "--json").json()["n"] == 30


def test_several_models_are_compared_pair_by_pair_with_holms_correction(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset
) -> None:
    write_rows("other.csv", more_reviews)
    for seed, name in enumerate("abc"):
        half = reviews.take(np.random.default_rng(seed).permutation(len(reviews))[:50])
        plaudit.NgramClassifier(seed=seed).fit(half.texts, half.label_names()).save(name)
    found = command("compare", "a", "b", "c", "other.csv", "--json").json()
    assert [each["name"] for each in found["models"]] == ["a", "b", "c"]
    assert [(each["a"], each["b"]) for each in found["pairs"]] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [each["p_value_corrected"] for each in found["pairs"]] == holm([each["p_value"] for each in found["pairs"]])
    out = command("compare", "a", "b", "c", "other.csv").out
    assert "Each of the 3 pairs, p corrected for their number (Holm's method):" in out
    assert "a and b" in out or "a is better than b" in out or "a minus b" in out
    assert "expected two models or more" in command("compare", "a", "other.csv", code=2).err


def test_sets_of_labels_are_compared_whole(command: Command, moods: Dataset, tmp_path: Path) -> None:
    rows = zip(moods.texts.to_pylist(), moods.label_names(), strict=True)
    (tmp_path / "moods.csv").write_text(
        "\n".join(["text,label", *(f"{t} w{i},{';'.join(n)}" for i, (t, n) in enumerate(rows))]) + "\n"
    )
    for name, recipe in (("a", ("--recipe", "ngram")), ("b", QUICK)):
        command("train", "moods.csv", "--label-separator", ";", *recipe, "-o", name)
    assert command("compare", "a", "b", "moods.csv", "--json").json()["n"] == 18


def test_models_that_cannot_be_compared_are_told_in_a_line(
    command: Command, sample_model: Path, topics: Dataset, reviews: Dataset, moods: Dataset
) -> None:
    for name, data in (("topics", topics), ("reviews", reviews), ("moods", moods)):
        plaudit.NgramClassifier().fit(data.texts, data.label_names()).save(name)
    plaudit.NgramClassifier().fit(reviews.texts, ["neg", "pos"] * 40).save("ok")
    assert "are the same model" in command("compare", sample_model, sample_model, "sample", code=2).err
    for other in ("topics", "reviews"):
        err = command("compare", sample_model, other, "sample", code=2).err
        assert f"{other} has no class 'neg', which the other has; expected the same classes." in err
    err = command("compare", "ok", "moods", "sample", code=2).err
    assert "moods answers with sets of labels and ok with one label a text" in err
    assert "nowhere does not exist" in command("compare", sample_model, "nowhere", "sample", code=2).err
    assert "no such data set" in command("compare", sample_model, "ok", "nothing", code=2).err
    Path("empty.csv").write_text("text,label\n")
    assert "empty.csv" in command("compare", sample_model, "ok", "empty.csv", code=2).err


def test_folders_of_one_name_are_told_apart_by_their_paths(command: Command, sample_model: Path) -> None:
    twin = Path(shutil.copytree(sample_model, Path("twin") / sample_model.name))
    out = command("compare", sample_model, twin, "sample").out
    assert f"{sample_model} and {twin} are right on the same texts." in out
