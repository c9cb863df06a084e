"""`plaudit export` as a user meets it: exit codes, lines, what lies on the disk."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from plaudit.app.cli import app
from plaudit.data import load_sample
from plaudit.embeddings import EmbeddingTable, random_table, write_table
from plaudit.models import NetworkClassifier
from plaudit.text import SpaceTokenizer

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def table_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = load_sample()
    folder = tmp_path_factory.mktemp("tables") / "spaces"
    folder.mkdir()
    write_table(random_table(sample.train.texts, seed=0, tokenizer=SpaceTokenizer(), dimension=8), folder)
    return folder


def train(embedding: str | EmbeddingTable, folder: Path, *, n: int = 100, trainable: bool = True) -> Path:
    sample = load_sample().train.take(np.arange(n))
    model = NetworkClassifier(embedding, epochs=2, early_stopping=False, learning_rate=0.01, trainable=trainable)
    model.fit(sample.texts, sample.label_names()).save(folder)
    return folder


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory, table_folder: Path) -> Path:
    return train(str(table_folder), tmp_path_factory.mktemp("models") / "reviews")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_an_export_says_what_it_takes_and_how_far_it_is_off(model_folder: Path, tmp_path: Path) -> None:
    result = run(model_folder, "--to", "onnx", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "model.onnx" in result.stdout
    assert "It takes text." in result.stdout
    assert "texts (the built-in sample, and a few with rare characters): the largest difference" in result.stdout
    assert "Smaller" not in result.stdout
    assert (tmp_path / "out" / "model.onnx").is_file()


def test_pruning_keeps_the_rows_that_training_moved(model_folder: Path, tmp_path: Path) -> None:
    result = run(model_folder, "--to", "onnx", "-o", tmp_path / "out", "--prune", "--dtype", "float16")
    assert result.exit_code == 0
    assert "rows, float16): on the built-in sample probabilities change by up to" in result.stdout
    assert "accuracy 0." in result.stdout
    kept, whole = (int(n.replace(",", "")) for n in result.stdout.split("Smaller (")[1].split(" rows")[0].split(" of "))
    sample = load_sample().train
    used = SpaceTokenizer().tokenize(sample.take(np.arange(100)).texts)
    assert kept == len(used.dictionary) + 1
    assert kept < whole


def test_pruning_to_the_words_of_a_file(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,label\na film,pos\nthe film,neg\n", encoding="utf-8")
    mine = tmp_path / "mine.csv"
    result = run(model_folder, "--to", "onnx", "-o", tmp_path / "out", "--prune", "--keep", mine, "--check", mine)
    assert result.exit_code == 0
    assert "Smaller (4 of " in result.stdout
    assert "accuracy" in result.stdout
    assert "(2 texts)." in result.stdout


def test_texts_without_labels_of_the_model_give_no_accuracy(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text\na film\n", encoding="utf-8")
    result = run(
        model_folder, "--to", "onnx", "-o", tmp_path / "out", "--dtype", "int8", "--check", tmp_path / "mine.csv"
    )
    assert result.exit_code == 0
    assert "so the cost in accuracy is not known" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "x.csv"], "--keep goes with --prune"),
        (["--check", "missing.csv"], "missing.csv"),
        (["--prune", "--keep", "missing.csv"], "missing.csv"),
    ],
)
def test_a_fault_is_one_line_and_leaves_nothing(
    model_folder: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = run(model_folder, "--to", "onnx", "-o", tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_pruning_says_when_it_cannot_know(tmp_path: Path, table_folder: Path) -> None:
    for embedding, trainable, message in (
        ("random", True, "it is unknown which rows training moved: .*--keep FILE"),
        (str(table_folder), False, "the embedding was frozen"),
    ):
        folder = train(embedding, tmp_path / f"model-{trainable}", n=30, trainable=trainable)
        result = run(folder, "--to", "onnx", "-o", tmp_path / "out", "--prune")
        assert result.exit_code == 2
        assert re.search(message, result.stderr)
    assert not (tmp_path / "out").exists()


@pytest.mark.tensorflow
@pytest.mark.parametrize("to", ["savedmodel", "keras"])
def test_tensorflow_forms(model_folder: Path, tmp_path: Path, to: str) -> None:
    pytest.importorskip("tensorflow")
    result = run(model_folder, "--to", to, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "It takes text." in result.stdout
