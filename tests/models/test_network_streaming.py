"""A network trained on disk has the bits of one trained in memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit import NetworkClassifier
from plaudit.data import Dataset, load_sample
from plaudit.embeddings import EmbeddingTable
from plaudit.embeddings.random import random_table
from plaudit.scratch import MEMORY, Scratch
from plaudit.text import WordTokenizer
from plaudit.text.chunks import chunks
from plaudit.text.counting import count_tokens

SMALL_PARTS = ("plaudit.training.bag_network._PART_TEXTS", "plaudit.embeddings.table._BAG_TEXTS")


def fitted(
    place: Scratch, data: Dataset, watched: Dataset | None, embedding: Any, **settings: Any
) -> NetworkClassifier:
    model = NetworkClassifier(embedding, epochs=3, batch_size=16, early_stopping=watched is not None, **settings)
    model.scratch = place
    validation = None if watched is None else (watched.texts, watched.label_names())
    return model.fit(data.texts, data.label_names(), validation=validation)


@pytest.mark.parametrize("settings", [{}, {"trainable": False}, {"class_weight": "balanced", "dropout": 0.2}])
@pytest.mark.parametrize("is_watched", [True, False])
def test_the_weights_are_the_same_to_the_bit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_table: EmbeddingTable,
    reviews: Dataset,
    more_reviews: Dataset,
    settings: dict[str, Any],
    is_watched: bool,
) -> None:
    for name in SMALL_PARTS:
        monkeypatch.setattr(name, 7)
    watched = more_reviews if is_watched else None
    here = fitted(MEMORY, reviews, watched, tiny_table, **settings)
    there = fitted(Scratch(tmp_path), reviews, watched, tiny_table, **settings)
    np.testing.assert_array_equal(there.table_.vectors, here.table_.vectors)
    for name, array in here.layers_.tensors().items():
        np.testing.assert_array_equal(there.layers_.tensors()[name], array)
    assert here.history_ is not None
    assert there.history_ is not None
    assert there.history_.history == here.history_.history
    assert not list(tmp_path.iterdir())


def test_words_that_only_validation_texts_have_keep_their_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_table: EmbeddingTable
) -> None:
    texts, labels = ["good film", "bad film", "fine", "dull"] * 4, ["a", "b"] * 8
    seen = pa.array(["grim grim", "", "joy film good"], pa.large_string())
    watched = Dataset(seen, np.array([1, 1, 0], np.int32), ("a", "b"), "w")
    data = Dataset(pa.array(texts, pa.large_string()), np.array([0, 1] * 8, np.int32), ("a", "b"), "t")
    assert data.label_names() == labels
    whole = fitted(MEMORY, data, watched, tiny_table)
    monkeypatch.setattr(SMALL_PARTS[0], 2)
    parts = fitted(Scratch(tmp_path), data, watched, tiny_table)
    assert whole.history_ is not None
    assert parts.history_ is not None
    np.testing.assert_allclose(parts.history_.history["val_loss"], whole.history_.history["val_loss"], rtol=1e-6)
    np.testing.assert_array_equal(parts.table_.vectors, whole.table_.vectors)


def test_random_vectors_are_those_of_counting_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = load_sample().train.texts
    whole = random_table(texts, seed=3)
    monkeypatch.setattr("plaudit.text.counting.chunks", lambda texts: chunks(texts, 3))
    monkeypatch.setattr("plaudit.text.counting._LEAST_MERGED", 100)
    parts = random_table(texts, seed=3)
    assert parts.vocabulary.equals(whole.vocabulary)
    np.testing.assert_array_equal(parts.vectors, whole.vectors)


def test_tokens_are_counted_in_the_order_in_which_they_come_up() -> None:
    texts = pa.array(["b a b", "", "c a"], pa.large_string())
    tokens, counts = count_tokens(WordTokenizer().tokenize, texts)
    assert (tokens.to_pylist(), counts.tolist()) == (["b", "a", "c"], [2, 2, 1])
    tokens, counts = count_tokens(WordTokenizer().tokenize, texts.slice(0, 0))
    assert (len(tokens), counts.dtype) == (0, np.dtype(np.int64))
