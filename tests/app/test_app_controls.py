"""`plaudit evaluate --slice` and `--controls`: parts of the texts, and simple models beside the model."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import plaudit
from plaudit.data import Dataset

Command = Callable[..., Any]
Write = Callable[[str, Dataset], Path]
NAMES = [
    "majority class",
    "network of random vectors",
    "TF-IDF (1,2) + logistic regression",
    "TF-IDF of words and characters + linear SVM",
]


def test_slices_add_up_to_the_whole(command: Command, sample_model: Path) -> None:
    figures = command("evaluate", sample_model, "sample", "--slice", "length", "--json").json()
    slices = figures["slices"]["length"]
    assert sum(each["n"] for each in slices) == figures["n"]
    right = sum(each["n"] * each["accuracy"] for each in slices)
    assert right / figures["n"] == pytest.approx(figures["accuracy"])
    assert "by length" in command("evaluate", sample_model, "sample", "--slice", "length").out


def test_a_column_of_a_file_makes_slices(command: Command, sample_model: Path, tmp_path: Path) -> None:
    rows = [("a joy", "pos", "web"), ("a marvel", "pos", "[red]shop"), ("dull, dull", "neg", "web"), ("bad", "neg", "")]
    with (tmp_path / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label", "place"), *rows])
    found = command("evaluate", sample_model, "mine.csv", "--slice", "place", "--slice", "length", "--json").json()
    assert {each["slice"]: each["n"] for each in found["slices"]["place"]} == {"": 1, "[red]shop": 1, "web": 2}
    assert list(found["slices"]) == ["place", "length"]
    assert "[red]shop" in command("evaluate", sample_model, "mine.csv", "--slice", "place").out
    err = command("evaluate", sample_model, "mine.csv", "--slice", "country", code=2).err
    assert "--slice country: no such column; expected one of 'length', 'characters', 'place'." in err


def test_a_column_that_is_not_there_costs_no_opening(command: Command, sample_model: Path) -> None:
    command("evaluate", sample_model, "sample", "--slice", "country", code=2)
    assert len(json.loads((sample_model / "test_openings.json").read_text(encoding="utf-8"))) == 1


def test_controls_stand_beside_the_model(command: Command, sample_model: Path) -> None:
    figures = command("evaluate", sample_model, "sample", "--controls", "--json").json()
    majority, random, tfidf, svm = figures["controls"]
    assert [each["control"] for each in figures["controls"]] == NAMES
    assert majority["accuracy"] == pytest.approx(0.5)
    assert majority["loss"] == pytest.approx(0.6931, abs=1e-3)
    for each in figures["controls"]:
        assert each["accuracy_difference"] == pytest.approx(figures["accuracy"] - each["accuracy"])
        assert each["accuracy_interval_95"][0] < each["accuracy"] < each["accuracy_interval_95"][1]
        low, high = each["accuracy_difference_interval_95"]
        assert low <= each["accuracy_difference"] <= high
    assert min(random["accuracy"], tfidf["accuracy"], svm["accuracy"]) > 0.65
    assert figures["openings"] == 2


def test_a_person_reads_a_table_and_a_sentence_each(command: Command, sample_model: Path) -> None:
    out = command("evaluate", sample_model, "sample", "--controls").out
    assert "beside controls" in out
    assert "the model is better by" in out
    assert "The model is better than majority class by " in out
    assert all(out.count(name) == 2 for name in NAMES)


def test_tfidf_is_scikit_learns_on_the_training_texts(
    command: Command, write_rows: Write, topics: Dataset, tmp_path: Path
) -> None:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    from plaudit.app.run.parts import load_parts
    from plaudit.config import RunConfig

    write_rows("topics.csv", topics)
    command("train", "topics.csv", "--recipe", "ngram", "--no-refit", "-o", "model")
    found, svm = command("evaluate", "model", "topics.csv", "--controls", "--json").json()["controls"][2:]
    parts = load_parts(RunConfig.from_toml("model/run.toml").data, seed=0)
    peer = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=999))
    peer.fit(parts.train.texts.to_pylist(), parts.train.label_names())
    test = parts.open_test()
    texts, labels = test.texts.to_pylist(), test.label_names()
    assert found["accuracy"] == peer.score(texts, labels)
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    machine = make_pipeline(features, CalibratedClassifierCV(LinearSVC(C=0.3), cv=3, ensemble=False))
    machine.fit(parts.train.texts.to_pylist(), parts.train.label_names())
    assert svm["accuracy"] == machine.score(texts, labels)
    assert svm["loss"] == pytest.approx(log_loss(labels, machine.predict_proba(texts)), abs=1e-3)
    assert found["loss"] == pytest.approx(log_loss(labels, peer.predict_proba(texts)), abs=1e-6)


@pytest.mark.parametrize("options", [("--no-refit",), ("--refit",)])
def test_controls_of_sets_of_labels(command: Command, moods: Dataset, tmp_path: Path, options: tuple[str, ...]) -> None:
    rows = zip(moods.texts.to_pylist(), moods.label_names(), strict=True)
    (tmp_path / "moods.csv").write_text("\n".join(["text,label", *(f"{t},{';'.join(n)}" for t, n in rows)]) + "\n")
    command("train", "moods.csv", "--label-separator", ";", "--recipe", "ngram", *options, "-o", "model")
    majority, _, tfidf, svm = command("evaluate", "model", "moods.csv", "--controls", "--json").json()["controls"]
    assert min(tfidf["accuracy"], svm["accuracy"]) > majority["accuracy"]


def test_a_control_that_cannot_be_trained_says_why(command: Command, tmp_path: Path) -> None:
    rows = [f"{'好 ' * (i % 3 + 1) if i % 2 else '坏 ' * (i % 3 + 1)},{'ab'[i % 2]}" for i in range(80)]
    (tmp_path / "short.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    command("train", "short.csv", "--recipe", "ngram", "-o", "model")
    tfidf = command("evaluate", "model", "short.csv", "--controls", "--json").json()["controls"][2]
    assert tfidf == {"control": NAMES[2], "reason": "cannot be trained on these texts: empty vocabulary."}
    assert f"{NAMES[2]}: cannot be trained" in command("evaluate", "model", "short.csv", "--controls").out


def test_without_the_training_texts_there_are_no_controls(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset, tmp_path: Path
) -> None:
    plaudit.NgramClassifier().fit(reviews.texts, reviews.label_names()).save(tmp_path / "bare")
    mine, new = write_rows("mine.csv", reviews), write_rows("new.csv", more_reviews)
    assert "bare: no run.toml" in command("evaluate", "bare", new, "--controls", code=2).err
    command("train", mine, "--recipe", "ngram", "-o", "model")
    assert len(command("evaluate", "model", new, "--controls", "--json").json()["controls"]) == 4
    mine.write_text(mine.read_text() + "one more,liked\n")
    assert "has changed since" in command("evaluate", "model", new, "--controls", code=2).err
    mine.unlink()
    assert (
        "needs the texts that the model was trained on" in command("evaluate", "model", new, "--controls", code=2).err
    )


def test_without_scikit_learn_the_extra_is_named_before_the_test_is_opened(
    command: Command, sample_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    err = command("evaluate", sample_model, "sample", "--controls", code=2).err
    assert "pip install 'plaudit[controls]'" in err
    assert len(json.loads((sample_model / "test_openings.json").read_text(encoding="utf-8"))) == 1
