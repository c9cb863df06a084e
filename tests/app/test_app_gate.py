"""`plaudit gate`: what must hold of a model before it is released."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import plaudit
from plaudit.app.gate import Requirement
from plaudit.errors import ConfigError
from plaudit.evaluation import read_openings

Command = Callable[..., Any]


def test_what_is_met_and_what_is_not(command: Command, sample_model: Path) -> None:
    figures = command("evaluate", sample_model, "sample", "--json").json()
    accuracy, (low, high) = figures["accuracy"], figures["accuracy_interval_95"]
    met = command("gate", sample_model, "sample", "--require", f"accuracy>={low}", "--require", "log_loss<=5")
    assert "NOT MET" not in met.out
    assert f"met: accuracy>={low}: it is {accuracy:.4f} ({low:.4f} to {high:.4f})" in met.out
    unmet = command("gate", sample_model, "sample", "--require", f"accuracy > {100 * high:.6f} %", code=1)
    assert "NOT MET: accuracy > " in unmet.out
    between = f"accuracy>={(accuracy + low) / 2}"
    assert "too few to be sure of it" in command("gate", sample_model, "sample", "--require", between).out
    assert "NOT MET" in command("gate", sample_model, "sample", "--require", between, "--certain", code=1).out


def test_of_a_class_and_as_json(command: Command, sample_model: Path) -> None:
    figures = command("evaluate", sample_model, "sample", "--json").json()
    require = ("--require", "recall:pos>=0", "--require", "f1:neg>=1.1", "--require", "coverage>=1")
    found = command("gate", sample_model, "sample", *require, "--json", code=1).json()
    recall, f1, coverage = found["requirements"]
    assert (found["met"], recall["met"], f1["met"], coverage["met"]) == (False, True, False, True)
    assert recall["figure"] == figures["recall"]["pos"]
    assert f1["figure"] == figures["f1_by_class"]["neg"]
    assert recall["interval_95"] == figures["intervals"]["recall"]["pos"]
    assert found["openings"] == figures["openings"] + 1


def test_every_row_counts_those_of_the_training(command: Command, sample_model: Path) -> None:
    texts = plaudit.load_dataset("sample").train
    rows = zip(texts.label_names(), texts.texts.to_pylist(), strict=True)
    Path("seen.jsonl").write_text("".join(json.dumps({"label": y, "text": x}) + "\n" for y, x in rows))
    found = command("gate", sample_model, "seen.jsonl", "--all", "--require", "accuracy>=0", "--json").json()
    assert "of which a model was trained or chosen on: the figures are optimistic" in found["data"]


def test_no_worse_than_another_model(command: Command, sample_model: Path, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "network", "--embedding", "random", "--epochs", "1", "-o", "weak")
    shutil.copytree(sample_model, tmp_path / "copy")
    alike = command("gate", sample_model, "sample", "--no-worse-than", "copy")
    assert "met: no worse than copy: " in alike.out
    opened = command("gate", sample_model, "sample", "--no-worse-than", "copy", "--json").json()["openings_of_other"]
    assert len(read_openings(tmp_path / "copy")) == opened  # the other model's test was opened, too
    assert read_openings(tmp_path / "copy")[-1]["by"] == "gate"
    better = command("compare", sample_model, "weak", "sample", "--json").json()
    code = 1 if better["p_value"] < 0.05 else 0
    assert ("NOT MET" in command("gate", "weak", "sample", "--no-worse-than", sample_model, code=code).out) == bool(
        code
    )
    assert "NOT MET" not in command("gate", sample_model, "sample", "--no-worse-than", "weak").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "nothing is required"),
        (("--require", "accuracy=0.9"), "expected a figure, >= or <=, and a number"),
        (("--require", "accuracy>=high"), "expected a figure"),
        (("--require", "acuracy>=0.9"), "there is no figure 'acuracy'; expected one of accuracy, balanced_accuracy"),
        (("--require", "brier:pos<=0.9"), "there is no figure 'brier'"),
        (("--require", "recall:nothing>=0.9"), "has no class 'nothing', only neg, pos"),
        (("--no-worse-than", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_required(command: Command, sample_model: Path, words: tuple[str, ...], message: str) -> None:
    assert message in command("gate", sample_model, "sample", *words, code=2).err


def test_requirements_are_read() -> None:
    assert Requirement.of("recall:very angry >= 80%") == Requirement(
        "recall:very angry >= 80%", "recall", "very angry", ">=", 0.8
    )
    assert Requirement.of("log_loss<.5").figure == Requirement.of("loss<.5").figure == "log_loss"
    with pytest.raises(ConfigError):
        Requirement.of("")


def test_a_rule_that_leaves_most_texts_unanswered_is_said(command: Command, sample_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(sample_model, tmp_path / "sure")
    plaudit.models.artifact.write_rule(model, {"abstain_below": 0.97})
    found = command("gate", model, "sample", "--require", "accuracy>=0", "--require", "log_loss<=9", "--json").json()
    n = found["n_answered"]
    assert 0 < n < found["n"] / 5
    of_answered, of_all = (each["sentence"] for each in found["requirements"])
    assert f"of the {n} text" in of_answered
    assert "answered" not in of_all
    printed = command("gate", model, "sample", "--require", "accuracy>=0").out.replace("\n", " ")
    assert f"{found['n']} texts, {n} of them answered" in printed
    assert "leaves most texts without an answer" in printed
