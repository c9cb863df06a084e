"""What an n-gram model's settings are chosen from: what is given stays, and few texts do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from plaudit import NgramClassifier
from plaudit.models.ngram_choice import SHAPES, SettingsChoice, Tried, _Search

ENDS = ["lich", "ung", "heit", "isch"]  # what a word ends with decides its class; no word is there twice


def texts_of_endings(n: int, seed: int) -> tuple[list[str], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    letters = np.array(list("abcdefghiklmnoprstu"))
    labels = random.integers(0, len(ENDS), n)
    return ["".join(random.choice(letters, 6)) + ENDS[label] for label in labels], labels


def choice_of(model: NgramClassifier) -> SettingsChoice:
    assert model.choice_ is not None
    return model.choice_


def test_characters_are_taken_where_only_they_tell() -> None:
    texts, labels = texts_of_endings(200, 1)
    model = NgramClassifier(min_texts=1).fit(texts, labels)
    assert model.settings_.chars
    assert model.score(*texts_of_endings(100, 2)) > 0.95
    words = NgramClassifier(min_texts=1, chars=False).fit(texts, labels)
    assert not words.settings_.chars
    assert words.characters_ is None


@pytest.mark.parametrize(
    "given",
    [
        {"n_max": 1},
        {"chars": True, "chars_weight": 0.25},
        {"weighting": "tfidf"},
        {"weighting": "bayes"},
        {"objective": "logistic"},
    ],
)
def test_what_is_given_is_kept_in_all_that_is_tried(given: dict[str, Any]) -> None:
    model = NgramClassifier(min_texts=1, **given).fit(*texts_of_endings(60, 3))
    for tried in choice_of(model).tried:
        assert asdict(tried.settings).items() >= {"min_texts": 1, **given}.items()
    assert model.decided_params().items() >= asdict(model.settings_).items()


def test_what_was_chosen_given_again_has_the_same_weights_and_chooses_nothing() -> None:
    texts, labels = texts_of_endings(80, 4)
    model = NgramClassifier(min_texts=1).fit(texts, labels)
    again = NgramClassifier(**model.decided_params()).fit(texts, labels)
    assert again.choice_ is None
    assert again.weights_.weights.tobytes() == model.weights_.weights.tobytes()
    assert NgramClassifier(min_texts=1).fit(texts, labels).predict_proba(texts).tobytes() == (
        model.predict_proba(texts).tobytes()
    )


def test_of_too_few_texts_nothing_is_learned() -> None:
    model = NgramClassifier().fit(["good film", "bad film"] * 4, ["yes", "no"] * 4)
    assert choice_of(model).n_texts == 0
    assert model.settings_ == SHAPES[1]
    assert "; too few texts to choose others" in str(model.summary())


def test_what_was_chosen_is_said() -> None:
    texts, labels = texts_of_endings(60, 5)
    model = NgramClassifier(min_texts=1).fit(texts, labels)
    said = str(model.summary()).splitlines()[1]
    assert said.startswith("Settings chosen on 60 texts from ")
    assert f"regularisation {model.settings_.regularisation:g}" in said


def test_mixed_weights_hold_what_tells_nothing_alike_however_rare_a_class_is() -> None:
    """Naive Bayes, smoothed alike for both sides, takes what is everywhere for a sign of the frequent class."""
    texts = ["the rare one"] * 4 + ["the many"] * 96
    labels = ["rare"] * 4 + ["often"] * 96
    model = NgramClassifier(n_max=1, weighting="mixed", chars=False, regularisation=1.0).fit(texts, labels)
    scales = dict(zip(model.vocabulary_.tokens.to_pylist(), model.weights_.scales[0].tolist(), strict=True))
    rarity = {word: np.log(101 / (1 + n)) + 1 for word, n in (("the", 100), ("many", 96), ("rare", 4))}
    assert scales["the"] == pytest.approx(rarity["the"], abs=0.25)  # the constant, 1, and little of a ratio
    assert scales["rare"] > 2 * rarity["rare"]


@pytest.mark.parametrize(("n", "taken"), [(400, "surer"), (1_600, "more right")])
def test_of_few_texts_log_loss_decides_among_what_chance_explains(n: int, taken: str) -> None:
    texts, answers = pa.array(["a"] * n, pa.large_string()), (np.arange(n) % 2).astype(np.float64)[:, None]
    search = _Search(texts, np.arange(n), answers, np.ones_like(answers), multi_label=False, seed=0, for_words=False)
    error = (0.7 * 0.3 / n) ** 0.5
    search.tried = [Tried(SHAPES[0], 0.7, 0.8), Tried(SHAPES[1], 0.7 - 1.2 * error, 0.7)]
    assert search.best() is search.tried[taken == "surer"]


def test_equal_texts_stay_in_one_fold_and_few_different_texts_choose_nothing() -> None:
    """Copies on both sides let a shape that learns texts by heart win."""
    texts, labels = texts_of_endings(60, 3)
    copies = [form(text) for text in texts for form in (str, str.upper, "<p>{}</p>".format)]
    alike = np.repeat(np.arange(60), 3)
    answers = (np.repeat(labels, 3) % 2).astype(np.float64)[:, None]
    column = pa.array(copies, pa.large_string())
    search = _Search(column, alike, answers, np.ones_like(answers), multi_label=False, seed=0, for_words=False)
    assert len({*zip(alike, search._folds, strict=True)}) == 60
    assert choice_of(NgramClassifier().fit(copies, np.repeat(labels, 3))).n_texts == 180
    assert choice_of(NgramClassifier().fit(copies[:87], np.repeat(labels, 3)[:87])).n_texts == 0  # 29 different
    assert NgramClassifier(min_texts=1).fit(["same"] * 200, [0, 1] * 100).predict(["same"]).tolist() in ([0], [1])
