"""`plaudit train --recipe ngram` from end to end."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.config import RunConfig
from plaudit.data import Dataset, load_sample

Command = Callable[..., Any]
SCORING = (
    "model.json",
    "tokens.arrow",
    "ngrams.safetensors",
    "weights.safetensors",
    "characters.safetensors",
    "character_weights.safetensors",
)


def test_a_run_leaves_a_model_with_figures_and_card(command: Command, tmp_path: Path) -> None:
    done = command("train", "sample", "--recipe", "ngram", "-o", "model")
    folder = tmp_path / "model"

    names = {path.name for path in folder.iterdir()}
    plots = {"reliability.svg", "report.html", "report.json", "profile.json"}
    assert names == {
        *SCORING,
        *plots,
        "validation.safetensors",
        "scope.safetensors",
        "seen.safetensors",
        "run.toml",
        "metrics.json",
        "README.md",
        "test_openings.json",
    }
    model = plaudit.load(folder)
    assert isinstance(model, plaudit.NgramClassifier)
    built = str(model.summary())
    assert built in done.lines()
    assert "Settings chosen on " in done.out
    figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert figures["test"]["accuracy"] > 0.6
    assert figures["train"]["size_bytes"] == sum(
        (folder / name).stat().st_size for name in (*SCORING, "scope.safetensors")
    )
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert built in card
    settings = RunConfig.from_toml(folder / "run.toml").model
    assert f"n_max = {settings.n_max}" in card
    assert f"regularisation = {settings.regularisation:g}" in card
    assert "epoch" not in card


def test_its_record_repeats_it_to_the_bit(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "--n-max", "2", "--seed", "3", "-o", "model")
    command("train", "--config", "model/run.toml", "-o", "again")

    first, again = tmp_path / "model", tmp_path / "again"
    for name in (*SCORING, "run.toml"):
        assert (first / name).read_bytes() == (again / name).read_bytes(), name
    model = plaudit.load(first)
    assert isinstance(model, plaudit.NgramClassifier)
    recorded = tomllib.loads((first / "run.toml").read_text(encoding="utf-8"))
    assert recorded["model"] == {
        "recipe": "ngram", "class_weight": "none", **asdict(model.settings_),
    }  # fmt: skip
    assert {"numpy", "numba", "pyarrow"} <= recorded["versions"].keys()


def test_it_predicts_and_is_evaluated(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "-o", "model")
    recorded = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))["test"]
    found = command("evaluate", "model", "sample", "--json").json()
    assert {key: found[key] for key in recorded} == recorded
    answer = command("predict", "model", "--json", "a joy from start to end").json()
    assert list(answer["probabilities"].values()) == pytest.approx(
        plaudit.load(tmp_path / "model").predict_proba(["a joy from start to end"])[0].tolist()
    )


def test_a_refit_learns_from_the_validation_texts_too(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "--refit", "-o", "model")
    sample = load_sample().train
    model = plaudit.load(tmp_path / "model")
    assert isinstance(model, plaudit.NgramClassifier)
    whole = plaudit.NgramClassifier(**model.get_params()).fit(sample.texts, sample.label_names())
    whole.temperature_ = model.temperature_
    found = model.predict_proba(["a joy", "dull", ""])
    np.testing.assert_allclose(found, whole.predict_proba(["a joy", "dull", ""]), atol=0.02)


def test_sets_of_labels_are_learned(command: Command, moods: Dataset, tmp_path: Path) -> None:
    rows = zip(moods.texts.to_pylist(), moods.label_names(), strict=True)
    lines = ["text,label", *(f"{text},{';'.join(names)}" for text, names in rows)]
    (tmp_path / "moods.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command("train", "moods.csv", "--label-separator", ";", "--recipe", "ngram", "-o", "model")
    assert command("predict", "model", "joy grim", "--json").json()["label"] == ["glad", "sad"]


def test_texts_that_share_no_word_are_refused_in_a_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,label\n" + "".join(f"w{i},{'ab'[i % 2]}\n" for i in range(20)))
    done = command("train", "mine.csv", "--recipe", "ngram", "--min-texts", "2", "-o", "model", code=2)
    assert "no word is in 2 of the" in done.err
    assert not (tmp_path / "model").exists()
