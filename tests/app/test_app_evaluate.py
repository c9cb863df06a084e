"""`plaudit evaluate`: figures of the rows that the model has not seen."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.data import Dataset

Command = Callable[..., Any]
Write = Callable[[str, Dataset], Path]
QUICK = ("--embedding", "random", "--epochs", "2", "-o", "model")


def test_json_has_the_keys_of_metrics_json_and_more(command: Command, sample_model: Path) -> None:
    figures = command("evaluate", sample_model, "sample", "--json").json()
    recorded = json.loads((sample_model / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert {key: figures[key] for key in recorded} == recorded
    assert figures.keys() - recorded.keys() == {"decision_rule", "openings", "data", "guess"}
    assert figures["decision_rule"] is None
    assert figures["openings"] == 2
    assert figures["data"] == "sample: its test part"


def test_a_person_reads_a_table(command: Command, sample_model: Path) -> None:
    recorded = json.loads((sample_model / "metrics.json").read_text(encoding="utf-8"))["test"]
    out = command("evaluate", sample_model, "sample").out
    assert out.startswith(f"sample: its test part  ({recorded['n']} texts)\n")
    assert f"accuracy           {recorded['accuracy']:.4f}  (95 % interval" in out
    for words in (
        "loss  ",
        "F1  ",
        "ROC-AUC  ",
        "Brier score  ",
        "average precision  ",
        "true class down, predicted across",
        "recall",
        "precision",
    ):
        assert words in out
    assert "These texts have now been opened 2 times for this model" in out


def test_the_openings_are_recorded_in_the_folder(command: Command, sample_model: Path) -> None:
    for n in (2, 3):
        assert command("evaluate", sample_model, "sample", "--json").json()["openings"] == n
    entries = json.loads((sample_model / "test_openings.json").read_text(encoding="utf-8"))
    assert [entry["by"] for entry in entries] == ["train", "evaluate", "evaluate"]


def test_of_ones_own_file_only_the_sealed_rows_are_taken(
    command: Command, write_rows: Write, reviews: Dataset, tmp_path: Path
) -> None:
    path = write_rows("mine.csv", reviews)
    command("train", path, *QUICK)
    recorded = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))["test"]
    sealed = command("evaluate", "model", "./mine.csv", "--json").json()
    assert {key: sealed[key] for key in recorded} == recorded
    assert sealed["n"] == 16
    assert "16 of its texts that were kept for testing" in sealed["data"]
    everything = command("evaluate", "model", path, "--json", "--all").json()
    assert (everything["n"], everything["openings"]) == (80, 3)  # the test is among them


def test_of_a_file_trained_on_with_a_test_file_the_test_file_is_taken(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset
) -> None:
    write_rows("mine.csv", reviews)
    write_rows("test.csv", more_reviews)
    command("train", "mine.csv", *QUICK, "--test", "test.csv")
    figures = command("evaluate", "model", "mine.csv", "--json").json()
    assert figures["n"] == 30
    assert figures["data"].startswith("test.csv: the test texts of this model")
    assert command("evaluate", "model", "test.csv", "--json").json()["n"] == 30


def test_a_file_that_has_changed_since_is_not_guessed_at(
    command: Command, write_rows: Write, reviews: Dataset, tmp_path: Path
) -> None:
    path = write_rows("mine.csv", reviews)
    command("train", path, *QUICK)
    path.write_text(path.read_text() + "one more,liked\n")
    assert "has changed since" in command("evaluate", "model", path, code=2).err
    path.write_text("text,label\ngood,liked\nbad,panned\n")
    assert "the test texts of its run cannot be loaded again" in command("evaluate", "model", path, code=2).err
    assert command("evaluate", "model", path, "--all", "--json").json()["n"] == 2


def test_another_file_is_taken_whole_and_may_hold_one_class(
    command: Command, sample_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.csv").write_text("text,label\na joy,pos\na marvel,pos\n")
    figures = command("evaluate", sample_model, "other.csv", "--json").json()
    assert (figures["n"], figures["roc_auc"], figures["data"]) == (2, None, "other.csv: every row")


def test_a_folder_with_parts_gives_its_test_part(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    write_rows("data/train.csv", reviews)
    write_rows("data/test.csv", more_reviews)
    command("train", "data", *QUICK)
    assert command("evaluate", "model", "data", "--json").json()["n"] == 30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("text,label\ngood,\n", "1 label is missing"),
        ("text,label\ngood,mixed\n", "other.csv:2: unknown class 'mixed'; expected one of neg, pos"),
        ("text\ngood\n", "only one column"),
        ("a,b\ngood,pos\n", "column"),
    ],
)
def test_what_cannot_be_measured_is_one_clear_line(
    command: Command, sample_model: Path, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "other.csv").write_text(content)
    assert message in command("evaluate", sample_model, "other.csv", code=2).err


def test_a_damaged_model_is_one_clear_line(command: Command, sample_model: Path) -> None:
    (sample_model / "weights.safetensors").write_bytes(b"")
    assert "damaged: 0 bytes, expected" in command("evaluate", sample_model, "sample", code=2).err
    assert "nowhere does not exist" in command("evaluate", "nowhere", "sample", code=2).err


def test_class_names_that_a_terminal_would_obey_are_shown_as_they_are(
    command: Command, reviews: Dataset, tmp_path: Path
) -> None:
    names = {"liked": "[/red]\x1b[31m", "panned": '"two\nlines"'}
    rows = [f"{t},{names[n]}" for t, n in zip(reviews.texts.to_pylist(), reviews.label_names(), strict=True)]
    (tmp_path / "odd.csv").write_text("\n".join(["text,label", *rows]))
    for words in (("train", "odd.csv", *QUICK), ("evaluate", "model", "odd.csv"), ("predict", "model", "good")):
        out = command(*words).out
        assert "\x1b" not in out
        assert "[/red]\\x1b[31m" in out or "two lines" in out


def test_many_classes_are_not_printed_as_a_matrix(command: Command, tmp_path: Path) -> None:
    rows = [f"word{i % 20} film,class{i % 20}" for i in range(200)]
    (tmp_path / "many.csv").write_text("\n".join(["text,label", *rows]))
    out = command("train", "many.csv", *QUICK).out
    assert "… 20 classes" in out
    assert "(confusion matrix of 20 classes: --json)" in out
    assert len(command("evaluate", "model", "many.csv", "--json").json()["confusion_matrix"]) == 20
