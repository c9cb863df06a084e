"""`plaudit train --recipe distilled --teacher FILE`: the texts come from the file, or by their ids from the data."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from plaudit.data import Dataset, load_sample

Command = Callable[..., Any]
SAMPLE = load_sample()
TRAIN = SAMPLE.train
POSITIVE = [0.95 if name == "pos" else 0.05 for name in TRAIN.label_names()]


def write(path: Path, **columns: Any) -> Path:
    pa.parquet.write_table(pa.table(columns), path)
    return path


def versions(folder: Path) -> Any:
    return tomllib.loads((folder / "run.toml").read_text())["versions"]


def test_a_file_with_texts_teaches_and_the_run_can_be_repeated(command: Command, tmp_path: Path) -> None:
    test = SAMPLE.test
    assert test is not None
    texts = pa.concat_arrays([TRAIN.texts, test.texts.slice(0, 3)])
    path = write(tmp_path / "answers.parquet", text=texts, pos=[*POSITIVE, 0.5, 0.5, 0.5])
    done = command("train", "sample", "--recipe", "distilled", "--teacher", path, "-o", "a")

    left_out = round(len(TRAIN) / 5)
    assert f"note: {len(texts) - left_out:,} texts are answered in" in done.out
    assert f"left out: {left_out} equal to validation texts" in done.out.replace("\n", " ")
    assert "note: 3 test texts are also among the texts without labels" in done.out
    figures = json.loads((tmp_path / "a" / "metrics.json").read_text())
    assert figures["test_unseen"]["n"] == figures["test"]["n"] - 3
    assert "3 of " in (tmp_path / "a" / "README.md").read_text().partition("not seen in training")[0]
    assert len(versions(tmp_path / "a")["teacher_sha256"]) == 64

    command("train", "--config", "a/run.toml", "-o", "b")
    same = [json.loads((tmp_path / name / "metrics.json").read_text())["test"] for name in "ab"]
    assert same[0] == same[1]
    write(path, text=texts, pos=[*POSITIVE, 0.5, 0.5, 0.6])
    assert "other teacher_sha256" in command("train", "--config", "a/run.toml", "-o", "c").out.replace("\n", " ")


def test_a_file_with_ids_answers_training_and_further_texts(command: Command, tmp_path: Path) -> None:
    rows = {"id": list(range(len(TRAIN))), "text": TRAIN.texts, "label": TRAIN.label_names()}
    pa.csv.write_csv(pa.table(rows), tmp_path / "data.csv")
    pa.csv.write_csv(pa.table({"id": [5000, 5001], "text": ["joy!", "grim."]}), tmp_path / "more.csv")
    asked = [5001, 9999, *range(len(TRAIN))]
    write(tmp_path / "answers.parquet", id=list(map(str, asked)), prediction=["neg", "pos", *TRAIN.label_names()])
    words = ["train", "data.csv", "--recipe", "distilled", "--teacher", "answers.parquet", "--id-column", "id"]
    done = command(*words, "--unlabelled", "more.csv", "-o", "a")

    found = re.search(r"^  train +(\d+) texts", done.out, re.MULTILINE)
    assert found is not None
    n_learned = int(found[1]) + 1  # the training texts, no text held out, and one of the further ones
    assert f"unlabelled {n_learned:>7,} texts" in done.out
    assert f"note: {n_learned:,} texts are answered in answers.parquet." in done.out


def test_further_texts_choose_among_a_files_answers(command: Command, tmp_path: Path, reviews: Dataset) -> None:
    path = write(tmp_path / "answers.parquet", text=TRAIN.texts, pos=POSITIVE)
    pa.csv.write_csv(pa.table({"text": [TRAIN.texts[0].as_py(), "elsewhere"]}), tmp_path / "more.csv")
    done = command("train", "sample", "--recipe", "distilled", "--teacher", path, "--unlabelled", "more.csv", "-o", "a")
    assert "unlabelled       1 text" in done.out


def test_a_teacher_that_knows_the_tests_labels_is_named(command: Command, tmp_path: Path, sample_model: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "--final", "-o", "final")
    pa.csv.write_csv(pa.table({"text": ["a fine film", "dull and long", "elsewhere it rains"]}), tmp_path / "more.csv")
    words = ["train", "sample", "--recipe", "distilled", "--unlabelled", "more.csv"]
    done = command(*words, "--teacher", "final", "-o", "a")
    n = json.loads((tmp_path / "a" / "metrics.json").read_text())["test"]["n"]
    assert f"note: the teacher was trained or chosen on {n} of the {n} test texts" in done.out.replace("\n", " ")
    assert f"{n} of {n} test texts are also among the training texts" in (tmp_path / "a" / "README.md").read_text()
    told = command("evaluate", "a", "sample").out
    assert "says what it remembers" in told or "say what it remembers" in told
    assert "the teacher was trained" not in command(*words, "--teacher", sample_model, "-o", "b").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--teacher", "missing.parquet"], "missing.parquet: no such file or folder"),
        (["--teacher", "ids.parquet"], "no column of texts"),
        (["--teacher", "ids.parquet", "--id-column", "nr"], "has no such column"),
        (
            ["--teacher", "ids.parquet", "--id-column", "id"],
            "--id-column id: sample (train) has no such column; it has film",
        ),
        (["--id-column", "id"], "--id-column goes with --recipe distilled --teacher FILE"),
        (["--teacher", "other.parquet"], "answers 'good'; the labels are 'neg', 'pos'"),
    ],
)
def test_what_cannot_teach_is_one_line(command: Command, tmp_path: Path, options: list[str], message: str) -> None:
    write(tmp_path / "ids.parquet", id=["1"], pos=[0.5])
    write(tmp_path / "other.parquet", text=["a text"], prediction=["good"])
    assert message in command("train", "sample", "--recipe", "distilled", *options, code=2).err


def test_ids_are_for_files_of_answers_alone(command: Command) -> None:
    assert "--id-column goes with" in command("train", "sample", "--recipe", "ngram", "--id-column", "id", code=2).err
