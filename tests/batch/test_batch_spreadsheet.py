"""`predict --for-spreadsheet`: no cell of ours is run as a formula, and no cell of the user's is changed."""

import codecs
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.models import NgramClassifier

Command = Callable[..., Any]  # the fixture `command`
LABELS = ("=1+1", "-loud", "@home", "plain")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose labels are formulas to a spreadsheet, all but one."""
    texts = [f"word{i}" for i in range(len(LABELS)) for _ in range(4)]
    NgramClassifier(n_max=1).fit(texts, [label for label in LABELS for _ in range(4)]).save(tmp_path / "model")
    (tmp_path / "in.csv").write_text("text\n" + "".join(f"word{i}\n" for i in range(4)) + "=word1\n", encoding="utf-8")
    return tmp_path / "model"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_labels_that_are_formulas_are_guarded(command: Command, model: Path, tmp_path: Path, suffix: str) -> None:
    command("predict", model, "-i", "in.csv", "-o", f"plain{suffix}")
    command("predict", model, "-i", "in.csv", "-o", f"safe{suffix}", "--for-spreadsheet")
    plain, safe = read(tmp_path / f"plain{suffix}"), read(tmp_path / f"safe{suffix}")
    assert [row["prediction"] for row in plain] == ["=1+1", "-loud", "@home", "plain", "-loud"]
    assert [row["prediction"] for row in safe] == ["'=1+1", "'-loud", "'@home", "plain", "'-loud"]
    assert (tmp_path / f"safe{suffix}").read_bytes().startswith(codecs.BOM_UTF8)  # or Excel reads umlauts wrongly
    assert [row["text"] for row in safe] == ["word0", "word1", "word2", "word3", "=word1"]
    assert [row["probability"] for row in safe] == [row["probability"] for row in plain]


def test_sets_of_labels_are_guarded_as_one_cell(command: Command, tmp_path: Path) -> None:
    texts = [*["calm"] * 5, *["glad"] * 5, *["calm glad"] * 5]
    sets = [*[("+calm",)] * 5, *[("glad",)] * 5, *[("+calm", "glad")] * 5]
    NgramClassifier(n_max=1, regularisation=1e-4).fit(texts, sets).save(tmp_path / "sets")
    (tmp_path / "in.csv").write_text("text\ncalm glad\nglad\n", encoding="utf-8")
    command("predict", "sets", "-i", "in.csv", "-o", "out.csv", "--for-spreadsheet")
    assert [row["prediction"] for row in read(tmp_path / "out.csv")] == ["'+calm,glad", "glad"]


@pytest.mark.parametrize("target", [("-o", "out.jsonl"), ("-o", "out.parquet"), ("--json",)])
def test_other_forms_need_no_guard(command: Command, model: Path, target: tuple[str, ...]) -> None:
    error = command("predict", model, "-i", "in.csv", *target, "--for-spreadsheet", code=2).err
    assert "--for-spreadsheet goes with CSV and TSV" in error
