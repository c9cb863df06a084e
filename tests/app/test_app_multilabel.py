"""Texts with sets of labels, from a file to a model folder, its figures and its answers."""

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import plaudit
from plaudit.app.train.run import run_training
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.data import Dataset

Command = Callable[..., Any]


def write_csv(path: Path, dataset: Dataset, separator: str = ";") -> Path:
    rows = zip(dataset.texts.to_pylist(), dataset.label_names(), strict=True)
    lines = [f"{text},{separator.join(names)}" for text, names in rows]
    path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Trained:
    """A run on ``data``, whose labels are separated by semicolons."""

    data: Path
    folder: Path
    said: list[str]

    def test_figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))["test"]
        return figures


@pytest.fixture(scope="module")
def trained(moods: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    place = tmp_path_factory.mktemp("moods")
    run = Trained(write_csv(place / "moods.csv", moods), place / "model", [])
    config = RunConfig(
        DataConfig(str(run.data), label_separator=";"), ModelConfig(embedding="random"), TrainingConfig(epochs=3)
    )
    run_training(config, run.folder, say=run.said.append)
    return run


@pytest.fixture
def good_model(moods: Dataset, tmp_path: Path) -> Path:
    """A folder of a model that knows the moods."""
    model = plaudit.NetworkClassifier("random", epochs=30, learning_rate=0.05, batch_size=8, early_stopping=False)
    model.fit(moods.texts, moods.label_names()).save(tmp_path / "good")
    return tmp_path / "good"


def test_a_run_leaves_both_means(trained: Trained, moods: Dataset) -> None:
    assert "labels a text, at most 3" in "".join(trained.said)
    figures = trained.test_figures()
    assert {"f1_macro", "f1_micro", "f1_samples"} <= figures.keys()
    assert figures["f1"].keys() == set(moods.classes)
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert "answers with a set of labels" in card
    assert f"| {figures['f1_macro']:.4f} | {figures['f1_micro']:.4f} |" in card
    assert 'label_separator = ";"' in (trained.folder / "run.toml").read_text(encoding="utf-8")


def test_a_run_is_repeated_from_its_record_and_refitted(command: Command, trained: Trained, tmp_path: Path) -> None:
    out = command("train", "--config", trained.folder / "run.toml", "--refit", "-o", "again").out
    assert "Refit: " in out
    for words in ("F1, macro", "all labels together)", "F1, samples", "mean over texts)", "precision"):
        assert words in out
    assert "true class down" not in out
    first, again = (
        json.loads((folder / "history.json").read_text(encoding="utf-8")) for folder in (trained.folder, Path("again"))
    )
    assert first == again


def test_evaluate_takes_the_sealed_texts_without_being_told_the_separator(command: Command, trained: Trained) -> None:
    recorded = trained.test_figures()
    found = command("evaluate", trained.folder, trained.data, "--json").json()
    assert {key: found[key] for key in recorded} == recorded


def test_evaluate_reads_another_file_with_a_separator(command: Command, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("text,label\njoy,glad\nwarm grim,calm+sad\nfilm,\n", encoding="utf-8")
    assert command("evaluate", trained.folder, "new.csv", "--label-separator", "+", "--json").json()["n"] == 3
    assert "--label-separator" in command("evaluate", trained.folder, "new.csv", code=2).err


def test_a_validation_file_must_have_sets_of_the_same_labels(
    command: Command, trained: Trained, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text("text,label\njoy,glad\nwarm grim,calm;blue\n", encoding="utf-8")
    words = ("train", trained.data, "--label-separator", ";", "--validation", "new.csv", "-o", "model")
    assert "new.csv:3: unknown class 'blue'" in command(*words, code=2).err


def test_the_data_are_shown(command: Command, trained: Trained) -> None:
    out = command("data", "show", trained.data, "--label-separator", ";", "--examples", "90").out
    assert "labels a text, at most 3" in out
    assert "calm, glad  " in out
    assert "\n-  " in out


def test_a_text_gets_every_label_above_a_half(command: Command, good_model: Path) -> None:
    lines = command("predict", good_model, "joy grim", "film").lines()
    names = [part.split()[0] for part in lines[0].removesuffix("joy grim").split(",")]
    assert names == ["glad", "sad"]
    assert lines[1].split() == ["-", "film"]
    record = json.loads(command("predict", good_model, "joy grim", "--json").out)
    assert record["label"] == ["glad", "sad"]
    expected = plaudit.load(good_model).predict_proba(["joy grim"])[0].tolist()
    assert record["probabilities"] == dict(zip(("calm", "glad", "sad"), expected, strict=True))


def test_costs_of_labels_become_thresholds(command: Command, good_model: Path, tmp_path: Path, moods: Dataset) -> None:
    held = write_csv(tmp_path / "held.csv", moods)
    costs = ("--label-separator", ";", "--costs", '{"missed": 3}')
    shown = command("threshold", good_model, held, *costs)
    assert "mean cost" in shown.out
    assert "Nothing was changed" in shown.out
    assert "optimistic" not in shown.out, "costs choose nothing on these texts"
    found = command("threshold", good_model, held, *costs, "--apply", "--json").json()
    assert found["rule"] == {"thresholds": [0.25] * len(moods.classes)}
    assert "--ordinal: an answer is a set of labels" in command("threshold", good_model, held, "--ordinal", code=2).err


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_file_gets_its_labels(command: Command, good_model: Path, tmp_path: Path, suffix: str) -> None:
    texts = ["joy grim", "film", "warm"]
    (tmp_path / "in.csv").write_text("text,id\n" + "".join(f"{text},{i}\n" for i, text in enumerate(texts)))
    command("predict", good_model, "-i", "in.csv", "-o", f"out{suffix}")
    rows = read(tmp_path / f"out{suffix}")
    names: list[Any] = [["glad", "sad"], [], ["calm"]]
    if suffix in (".csv", ".tsv"):
        names = ["glad,sad", "", "calm"]
    assert [row["prediction"] for row in rows] == names
    assert [int(row["id"]) for row in rows] == [0, 1, 2]
    expected = plaudit.load(good_model).predict_proba(texts)
    for i, name in enumerate(("calm", "glad", "sad")):
        assert [float(row[f"probability_{name}"]) for row in rows] == pytest.approx(expected[:, i].tolist())


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in content.splitlines()]
    return list(csv.DictReader(io.StringIO(content), delimiter="\t" if path.suffix == ".tsv" else ","))


def test_labels_that_are_there_are_kept_as_lists(command: Command, good_model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "joy", "labels": ["x", "y"]}\n{"text": "film", "labels": []}\n')
    command("predict", good_model, "-i", "in.jsonl", "-o", "out.jsonl")
    assert [row["labels"] for row in read(tmp_path / "out.jsonl")] == [["x", "y"], []]


@pytest.mark.realdata
@pytest.mark.skipif(not os.environ.get("PLAUDIT_EVAL_DATA"), reason="PLAUDIT_EVAL_DATA does not name the data")
def test_goemotions_from_end_to_end(command: Command, tmp_path: Path) -> None:
    """Reddit comments with one to five of 28 emotions; the first 12,000 train, for a quick run."""
    source = Path(os.environ["PLAUDIT_EVAL_DATA"]) / "goemotions"
    lines = (source / "train.tsv").read_text(encoding="utf-8").split("\n")
    (tmp_path / "train.tsv").write_text("\n".join(lines[:12_001]) + "\n", encoding="utf-8")
    out = command(
        "train", "train.tsv", "--validation", source / "dev.tsv", "--test", source / "test.tsv",
        "--label-separator", ",", "--embedding", "random", "--learning-rate", "0.01", "--epochs", "8", "-o", "model",
    ).out  # fmt: skip
    assert "1.18 labels a text" in out
    test = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert (test["n"], len(test["f1"])) == (5_427, 28)
    assert test["f1_micro"] > 0.3
    assert test["f1"]["gratitude"] > 0.6
    assert test["roc_auc"] > 0.7
    assert command("predict", "model", "Thank you so much!").out.startswith("gratitude  ")
