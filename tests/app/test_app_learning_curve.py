"""`plaudit learning-curve`: trains on parts of the training texts, and opens no test text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit.app.learning_curve import train_sizes
from plaudit.config import ModelConfig, RunConfig
from plaudit.data import Dataset, load_dataset
from plaudit.models import NgramClassifier

Command = Callable[..., Any]
FILES = {"learning_curve.json", "learning-curve.svg"}


def test_sizes_draws_files_and_the_sentence(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = command("learning-curve", "sample", "-o", "curve").out
    assert {path.name for path in (tmp_path / "curve").iterdir()} == FILES
    figures = json.loads((tmp_path / "curve" / "learning_curve.json").read_text(encoding="utf-8"))
    assert [(each["n"], len(each["errors"])) for each in figures["sizes"]] == [
        (32, 5), (65, 5), (130, 3), (259, 2), (518, 1),
    ]  # fmt: skip
    assert figures["sentence"] in out
    assert f"    518 texts: error {figures['sizes'][-1]['errors'][0]:.4f}" in out
    assert "The test texts stay sealed." in out
    asked: list[tuple[str, ...]] = []

    def watched(*args: Any, parts: tuple[str, ...], **options: Any) -> Any:
        asked.append(parts)
        return load_dataset(*args, parts=parts, **options)

    monkeypatch.setattr("plaudit.app.run.parts.load_dataset", watched)
    again = command("learning-curve", "sample", "-o", "curve", "--json").json()
    assert again == {**figures, "output": "curve"}
    assert asked == [("train", "validation")]  # the test part is not loaded


def test_draws_differ_and_no_draw_lacks_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """One class of four has eight texts of 400: a sixteenth of them is half a text."""
    random = np.random.default_rng(0)
    labels = np.append(np.arange(392) % 3, np.full(8, 3)).astype(np.int32)
    texts = [f"word{label} word{label} {random.integers(1_000_000)}" for label in labels.tolist()]
    data = Dataset(pa.array(texts, pa.large_string()), labels, ("a", "b", "c", "rare"), "made up")
    seen: list[list[str]] = []
    fit = NgramClassifier.fit

    def watched(model: NgramClassifier, texts: pa.LargeStringArray, *args: Any, **options: Any) -> NgramClassifier:
        seen.append(texts.to_pylist())
        return fit(model, texts, *args, **options)

    monkeypatch.setattr(NgramClassifier, "fit", watched)
    trained = train_sizes(RunConfig(model=ModelConfig(recipe="ngram")), data, data, lambda _: None)
    assert [(each.n, len(each.right)) for each in trained] == [(25, 5), (50, 5), (100, 3), (200, 2), (400, 1)]
    assert all(any("word3" in text for text in texts) for texts in seen)
    assert len({tuple(texts) for texts in seen}) == len(seen) == 16
    assert all(len(set(texts)) == len(texts) for texts in seen)


def test_a_network_and_sets_of_labels(command: Command, moods: Dataset, tmp_path: Path) -> None:
    rows = list(zip(moods.texts.to_pylist(), moods.label_names(), strict=True)) * 5
    lines = [f"{text} w{i},{';'.join(names)}" for i, (text, names) in enumerate(rows)]
    (tmp_path / "moods.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    options = ("--recipe", "network", "--embedding", "random", "--label-separator", ";", "-o", "curve", "--json")
    found = command("learning-curve", "moods.csv", *options).json()
    assert found["recipe"] == "network"
    assert len(found["sizes"]) == 4  # a sixteenth would be 18 texts


def test_another_folder_is_not_replaced(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for place in ("mine", "mine/thesis.txt"):
        assert "holds something other" in command("learning-curve", "sample", "-o", place, code=2).err
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("few.csv",),
            "few.csv: 32 training texts are too few for a learning curve of 2 classes; expected at least 160",
        ),
        (("empty.csv",), "empty.csv"),
        (("nothing",), "no such data set"),
        (("sample", "--embedding", "random"), "--embedding belongs to --recipe network"),
        (("sample", "--seed", "-1"), "--seed: expected at least 0, got -1."),
        (("sample", "--validation", "1.5"), "--validation 1.5: a share lies between 0 and 1."),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_line(
    command: Command, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty.csv").write_text("text,label\n")
    rows = [f"good film {i},a\nbad film {i},b" for i in range(25)]
    (tmp_path / "few.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    assert message in command("learning-curve", *words, code=2).err
    assert not (tmp_path / "curves").exists()
