"""`--recipe auto`: the data, the settings given and the machine decide; the tutorial keeps its network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.app.advise import choose_recipe, language_line, settle
from plaudit.app.run.calibrating import Calibrated
from plaudit.app.train import fitting
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.data import load_sample
from plaudit.models import Classifier
from plaudit.models.advice import DataFacts, Machine, advise, look_at

Command = Callable[..., Any]
OPEN = RunConfig(data=DataConfig("mine.csv"), model=ModelConfig(recipe="ngram"))


@pytest.fixture
def mine(tmp_path: Path) -> str:
    sides = {"yes": "guten tag das ist sehr schön und gut", "no": "schlecht und langweilig war das leider"}
    random = np.random.default_rng(0)
    rows = [
        f"{side},{' '.join(random.permutation(words.split())[:5])} {i}"
        for i in range(30)
        for side, words in sides.items()
    ]
    (tmp_path / "mine.csv").write_text("label,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return "mine.csv"


def test_ones_own_data_get_ngrams_and_its_record_repeats_it(command: Command, mine: str, tmp_path: Path) -> None:
    said = command("train", mine, "-o", "model").out
    assert "Recipe: ngram (auto), chosen for 38 texts of 6 words; about 2 s." in said
    command("train", "--config", "model/run.toml", "-o", "again")
    first, again = (plaudit.load(tmp_path / name).predict_proba(["gut", ""]) for name in ("model", "again"))
    assert first.tobytes() == again.tobytes()


def test_settings_that_were_given_name_the_recipe(command: Command, mine: str, tmp_path: Path) -> None:
    said = command("train", mine, "--embedding", "random", "--epochs", "1").out
    assert "Recipe: network, which the given settings belong to." in said
    assert (tmp_path / "models" / "mine-network").is_dir()


def test_what_no_recipe_has_is_refused(command: Command, mine: str) -> None:
    done = command("train", mine, "--embedding", "random", "--n-max", "2", code=2)
    assert "--embedding belongs to --recipe network" in done.err


def test_the_sample_keeps_the_tutorials_network(command: Command) -> None:
    said = command("train", "sample", "--embedding", "random", "--epochs", "1", "-o", "model").out
    assert "Recipe: network (the default)" in said


def test_settings_decide_before_the_data() -> None:
    assert settle(OPEN) is None
    assert settle(replace(OPEN, model=ModelConfig(recipe="ngram", class_weight="balanced"))) is None
    for model, training, recipe in (
        (ModelConfig(hidden=(3,)), TrainingConfig(), "network"),
        (ModelConfig(max_tokens=64), TrainingConfig(), "encoder"),
        (ModelConfig(), TrainingConfig(epochs=2), "network"),
        (ModelConfig(teacher="t"), TrainingConfig(), "distilled"),
        (ModelConfig(trainable=False, n_max=2), TrainingConfig(), "best"),
    ):
        plan = settle(RunConfig(OPEN.data, model, training))
        assert plan is not None
        assert plan.runs[0].model.recipe == recipe


def test_two_that_are_quick_are_both_trained_where_the_encoder_reads_the_language() -> None:
    sample = load_sample().train
    able = Machine(cores=2, has_torch=True)
    few = sample.take(np.arange(60))
    facts = look_at(few)
    assert [(run.model.recipe, run.model.trainable) for run in choose_recipe(OPEN, facts, able).runs] == [
        ("ngram", None), ("best", False),
    ]  # fmt: skip
    assert len(choose_recipe(OPEN, facts, Machine(cores=2, has_torch=False)).runs) == 1
    many = replace(facts, n_texts=25_000)
    assert [run.model.recipe for run in choose_recipe(OPEN, many, able).runs] == ["ngram"]
    streaming = replace(OPEN, data=replace(OPEN.data, streaming=True))
    assert "trains from disk" in choose_recipe(streaming, facts, able).reason


@pytest.mark.parametrize("n_texts", [40, 3_000, 25_000, 400_000])
@pytest.mark.parametrize("median_words", [4, 20, 300])
@pytest.mark.parametrize("language", ["en", "es", None])
def test_what_is_trained_is_what_is_advised(n_texts: int, median_words: int, language: str | None) -> None:
    words = float(median_words)
    facts = DataFacts(n_texts, median_words, words, words, {"a": 20, "b": 20}, False, {"Latin": 1.0}, language)
    for machine in (Machine(2, has_torch=True), Machine(2, has_torch=False), Machine(16, has_torch=True, gpu="one")):
        advice, plan = advise(facts, machine), choose_recipe(OPEN, facts, machine)
        names = [run.model.recipe + (" --frozen" if run.model.trainable is False else "") for run in plan.runs]
        assert names == [each.recipe for each in (advice.choice, advice.beside) if each is not None]


def test_what_was_made_from_english_is_said_of_other_languages_before_training() -> None:
    sample = look_at(load_sample().train)
    spanish = replace(sample, language="es")
    network, frozen = ModelConfig(recipe="network"), ModelConfig(recipe="best", trainable=False)
    for model, start in ((network, "embedding minilm"), (frozen, "encoder minilm")):
        line = language_line(RunConfig(OPEN.data, model), spanish)
        assert line is not None
        assert f"the texts look Spanish, and the {start} was trained on English" in line
        assert language_line(RunConfig(OPEN.data, model), sample) is None
    for model in (
        ModelConfig(recipe="ngram"),
        ModelConfig(recipe="network", embedding="random"),
        ModelConfig(recipe="encoder", encoder="multilingual-e5-small"),
        ModelConfig(recipe="encoder", encoder="./folder"),
    ):
        assert language_line(RunConfig(OPEN.data, model), spanish) is None


def test_a_language_that_is_given_is_taken(command: Command, mine: str) -> None:
    said = command("train", mine, "--embedding", "random", "--epochs", "1", "--language", "en").out
    assert "trained on English" not in said
    assert "--language English: expected a code" in command("train", mine, "--language", "English", code=2).err


@pytest.mark.parametrize(
    ("logits", "is_taken", "said_last"),
    [
        ([2.0] * 20, True, "best --frozen is kept."),
        ([0.9] * 20, False, "ngram is kept."),  # a little worse on every text
        ([2.0] * 18 + [-2.0] * 2, True, "): best --frozen is kept."),  # worse, by chance perhaps
        ([2.0] * 2 + [-2.0] * 18, False, "ngram is kept."),
    ],
)
def test_n_grams_alone_are_kept_where_their_log_loss_is_clearly_lower(
    monkeypatch: pytest.MonkeyPatch, logits: list[float], is_taken: bool, said_last: str
) -> None:
    def fitted(logits: list[float]) -> fitting.Fitted:
        validation: Any = SimpleNamespace(logits=np.array(logits)[:, None], labels=np.ones(20, np.int64))
        calibrated = object.__new__(Calibrated)
        object.__setattr__(calibrated, "validation", validation)
        object.__setattr__(calibrated, "loss", float(np.logaddexp(0, -np.array(logits)).mean()))
        return fitting.Fitted(None, None, {"regularisation": 0.3, "chars": True, "scratch": None}, "", calibrated)

    def fit(model: Classifier, *_: object, **__: object) -> fitting.Fitted:
        settings = model.get_params()
        assert (settings["regularisation"], settings["chars"]) == (0.3, True)  # not chosen once more
        return fitted(logits)

    monkeypatch.setattr(fitting, "fit", fit)
    said: list[str] = []
    parts: Any = None
    other = RunConfig(model=ModelConfig(recipe="best", trainable=False))
    found = fitting.fit_better(other, fitted([1.0] * 20), parts, said.append, than="ngram")
    assert (found is not None) == is_taken
    assert said[-1].endswith(said_last)
