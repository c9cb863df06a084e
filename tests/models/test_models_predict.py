"""Answers: one row for each text, whatever it holds, and the network's arithmetic."""

from typing import Any

import numpy as np
import pytest

from plaudit import NetworkClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable

ODD_TEXTS = [
    "",
    " ",
    "\n\t",
    "😀",
    "zzz qqq",
    "good",
    "good " * 5_000,
    "GOOD film!",
    "naïve\u200dfilm",
    "\x00",
    "a\x1b[31m",
]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_every_text_gets_a_row_that_sums_to_one(network: NetworkClassifier, text: str) -> None:
    row = network.predict_proba([text])
    assert row.shape == (1, 2)
    assert row.dtype == np.float64
    assert row.sum() == pytest.approx(1, abs=1e-12)
    assert (row >= 0).all()


def test_rows_come_in_the_order_of_the_texts(network: NetworkClassifier) -> None:
    together = network.predict_proba(ODD_TEXTS)
    apart = np.concatenate([network.predict_proba([text]) for text in ODD_TEXTS])
    assert together == pytest.approx(apart, abs=1e-6)


def test_more_texts_than_are_scored_at_a_time(network: NetworkClassifier) -> None:
    texts = ["good joy", "bad grim film", ""] * 6_000
    rows = network.predict_proba(texts)
    assert rows.shape == (18_000, 2)
    assert rows[-3:] == pytest.approx(rows[:3], abs=1e-6)


def test_no_texts_give_no_rows(network: NetworkClassifier) -> None:
    assert network.predict_proba([]).shape == (0, 2)
    assert network.predict([]).shape == (0,)


def test_equal_texts_get_equal_answers(network: NetworkClassifier) -> None:
    rows = network.predict_proba(["good dull film"] * 100)
    assert (rows == rows[0]).all()


def test_unknown_words_share_the_row_for_unknown_words(network: NetworkClassifier) -> None:
    assert np.array_equal(network.predict_proba(["zzz"]), network.predict_proba(["qqq"]))


def test_two_classes_have_one_logit_and_the_second_wins_above_nought(network: NetworkClassifier) -> None:
    logits = network.decision_function(ODD_TEXTS)
    assert logits.shape == (len(ODD_TEXTS),)
    assert logits.dtype == np.float32
    assert np.array_equal(network.logits(ODD_TEXTS), logits[:, None])
    assert np.array_equal(network.predict(ODD_TEXTS), network.classes_[(logits > 0).astype(int)])
    assert np.array_equal(network.decide(logits), network.decide(network.logits(ODD_TEXTS)))


def test_more_classes_have_a_logit_each_and_the_largest_wins(tiny_table: EmbeddingTable, topics: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=2).fit(topics.texts, topics.label_names())
    logits = model.decision_function(topics.texts)
    assert logits.shape == (80, 4)
    assert np.array_equal(model.predict(topics.texts), model.classes_[logits.argmax(axis=1)])
    assert model.predict_proba(topics.texts).sum(axis=1) == pytest.approx(np.ones(80), abs=1e-12)


def test_many_classes_are_learned(tiny_table: EmbeddingTable) -> None:
    texts = [f"good film {i}" for i in range(300)]
    model = NetworkClassifier(tiny_table, epochs=1, validation_fraction=0.1).fit(texts * 2, list(range(300)) * 2)
    assert model.predict_proba(["good"]).shape == (1, 300)


def test_the_forward_pass_is_the_formula(network: NetworkClassifier) -> None:
    table, (w0, w1), (b0, b1) = network.table_, network.layers_.kernels, network.layers_.biases
    words = table.vocabulary.to_pylist()
    rows = [words.index("good"), words.index("good"), words.index("film"), len(words)]
    bag = table.vectors[rows].sum(axis=0) / np.sqrt(4)
    logit = np.maximum(bag @ w0 + b0, 0) @ w1 + b1
    assert network.decision_function(["Good good film whatsit"])[0] == pytest.approx(logit, abs=1e-5)


@pytest.mark.parametrize(
    "settings", [{"hidden": ()}, {"hidden": (8, 4)}, {"dropout": 0.5}, {"loss": "mean_squared_error"}]
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_every_shape_learns_its_training_texts(
    tiny_table: EmbeddingTable, reviews: Dataset, topics: Dataset, settings: Any, n_classes: int
) -> None:
    data = reviews if n_classes == 2 else topics
    model = NetworkClassifier(
        tiny_table, epochs=40, batch_size=8, learning_rate=0.02, early_stopping=False, **settings
    ).fit(data.texts, data.label_names())
    assert model.score(data.texts, data.label_names()) > 0.9


def test_a_frozen_embedding_keeps_its_vectors(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=2, trainable=False).fit(reviews.texts, reviews.label_names())
    assert np.array_equal(model.table_.vectors, tiny_table.vectors)
    assert model.summary().n_trained == model.summary().n_parameters - tiny_table.vectors.size


def test_training_moves_the_used_rows_and_no_other(tiny_table: EmbeddingTable) -> None:
    model = NetworkClassifier(tiny_table, epochs=2).fit(["good film", "bad film"] * 10, [1, 0] * 10)
    moved = (model.table_.vectors != tiny_table.vectors).any(axis=1)
    words = [*tiny_table.vocabulary.to_pylist(), None]
    assert {word for word, is_moved in zip(words, moved.tolist(), strict=True) if is_moved} == {"good", "bad", "film"}


@pytest.mark.parametrize("combiner", ["sqrtn", "mean", "sum"])
def test_a_combiner_of_ones_own_replaces_the_tables(
    tiny_table: EmbeddingTable, reviews: Dataset, combiner: Any
) -> None:
    model = NetworkClassifier(tiny_table, epochs=1, combiner=combiner).fit(reviews.texts, reviews.label_names())
    assert model.table_.combiner == combiner
