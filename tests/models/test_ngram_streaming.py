"""An n-gram model learned on disk: the same bits while its entries are one block, as good with several."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from plaudit import NgramClassifier
from plaudit.data import Dataset, load_sample
from plaudit.models.ngram_fitting import Features, fit_logits
from plaudit.models.ngram_settings import NgramSettings
from plaudit.scratch import MEMORY, Scratch
from plaudit.text import WordTokenizer
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary


def streamed(folder: Path, **settings: Any) -> NgramClassifier:
    model = NgramClassifier(**settings)
    model.scratch = Scratch(folder)
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_max": 1, "regularisation": 0.05},
        {"class_weight": "balanced", "min_texts": 1, "seed": 4, "regularisation": 0.05},
        {"n_max": 2, "chars": True, "regularisation": 0.2},
        {"n_max": 2, "chars": True, "weighting": "tfidf", "objective": "squared_hinge", "regularisation": 2.0},
        {"n_max": 2, "chars": True, "weighting": "mixed", "objective": "squared_hinge", "regularisation": 3.0},
    ],
)
def test_two_classes_are_learned_to_the_bit(tmp_path: Path, settings: dict[str, Any]) -> None:
    sample = load_sample().train
    here = NgramClassifier(**settings).fit(sample.texts, sample.label_names())
    there = streamed(tmp_path, **settings).fit(sample.texts, sample.label_names())
    assert there.settings_ == here.settings_
    for ours, theirs in zip(there.weights_, here.weights_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(there.character_weights_ or (), here.character_weights_ or (), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert there.notes_ == ()
    assert not list(tmp_path.iterdir())


def test_many_classes_and_sets_of_labels_are_learned_to_the_bit(
    tmp_path: Path, topics: Dataset, moods: Dataset
) -> None:
    for data in (topics, moods):
        here = NgramClassifier().fit(data.texts, data.label_names())
        there = streamed(tmp_path).fit(data.texts, data.label_names())
        np.testing.assert_array_equal(there.decision_function(data.texts), here.decision_function(data.texts))


def test_texts_without_a_shared_word_are_refused_as_in_memory(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no word is in 2 of the 2 training texts"):
        streamed(tmp_path, min_texts=2).fit(["one", "two"], ["a", "b"])


def fit_one(
    features: Features, answers: NDArray[np.float64], weight: NDArray[np.float64], settings: NgramSettings, at: Scratch
) -> tuple[Any, Any, Any]:
    """Fit one logit; return its scales, weights and bias."""
    fitted = fit_logits(features, answers[:, None], weight[:, None], settings, seed=0, scratch=at)
    return fitted.scales[0], fitted.weights[0], fitted.biases[0]


def loss(rows: NgramRows, fitted: tuple[Any, Any, Any], answers: NDArray[np.float64], regularisation: float) -> float:
    """Return the objective that the solver minimises."""
    scales, weights, bias = (np.asarray(each, np.float64) for each in fitted)
    values = scales[rows.indices].astype(np.float32)
    lengths = np.sqrt(rows.sums(values.astype(np.float64) ** 2))
    z = rows.sums(weights[rows.indices]) / np.where(lengths > 0, lengths, 1) + bias
    of_texts = np.logaddexp(0, np.where(answers > 0, -z, z)).sum() / regularisation
    coefficients = weights / np.where(scales == 0, 1, scales)
    return float(of_texts + (np.square(coefficients).sum() + bias**2) / 2)


def test_several_blocks_reach_the_same_optimum(tmp_path: Path) -> None:
    sample = load_sample().train
    column = WordTokenizer().tokenize(sample.texts)
    vocabulary, rows = NgramVocabulary.learn(column, n_max=3, min_texts=1)
    answers = np.asarray(sample.labels, np.float64)
    features, settings = Features(rows, len(vocabulary)), NgramSettings(regularisation=0.5)
    blocks = Scratch(tmp_path, block_bytes=8 * len(rows.indices) // 9)
    losses = [
        loss(rows, fit_one(features, answers, np.ones(len(rows)), settings, place), answers, 0.5)
        for place in (MEMORY, blocks)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert losses[1] != losses[0]


def test_several_blocks_are_noted_and_answer_alike(tmp_path: Path) -> None:
    splits = load_sample()
    train, test = splits.train, splits.test
    assert test is not None
    here = NgramClassifier().fit(train.texts, train.label_names())
    there = NgramClassifier()
    there.scratch = Scratch(tmp_path, block_bytes=20_000)
    there.fit(train.texts, train.label_names())
    assert "blocks" in there.notes_[0]
    same = here.predict(test.texts) == there.predict(test.texts)
    assert same.mean() > 0.95


def test_the_longest_rows_are_blocks_of_their_own() -> None:
    rows = NgramRows(np.array([0, 5, 6, 7, 7, 20], np.int64), np.zeros(20, np.int32))
    assert rows.cuts(3).tolist() == [0, 1, 4, 5]
    assert rows.cuts(None).tolist() == [0, 5]
    assert NgramRows(np.zeros(1, np.int64), np.zeros(0, np.int32)).cuts(3).tolist() == [0, 0]
    assert [part.offsets.tolist() for _, part in rows.parts(3)] == [[0, 5], [0, 1, 2, 2], [0, 13]]


def test_weighted_answers_are_summed_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plaudit.models.ngram_fitting._PART_ENTRIES", 50)
    random = np.random.default_rng(0)
    texts = pa.array([" ".join(random.choice(list("abcdefgh"), 6)) for _ in range(400)], pa.large_string())
    _, rows = NgramVocabulary.learn(WordTokenizer().tokenize(texts), n_max=2, min_texts=1)
    n = int(rows.indices.max()) + 1
    answers, weight = random.random(400), random.random(400)
    found = [
        fit_one(Features(rows, n), answers, weight, NgramSettings(regularisation=1.0), place)
        for place in (MEMORY, Scratch(tmp_path))
    ]
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
