"""What the network takes: texts and labels in every usual form, and what it refuses."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from plaudit import NetworkClassifier
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, DataError, EmbeddingError
from plaudit.models.targets import encode_labels

TEXTS = ["good joy", "bad grim", "fine warm film", "dull cold film"] * 6
WORDS = ["yes", "no"] * 12


def fitted(table: EmbeddingTable, texts: object = TEXTS, labels: object = WORDS, **settings: Any) -> NetworkClassifier:
    return NetworkClassifier(table, **{"epochs": 2, "batch_size": 4, **settings}).fit(texts, labels)


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        pa.array,
        lambda texts: pa.chunked_array([texts[:5], texts[5:]]),
        pd.Series,
        lambda texts: pd.Series(texts, index=range(100, 100 + len(texts))),
        lambda texts: pd.Series(texts, dtype="category"),
        pl.Series,
    ],
    ids=["tuple", "numpy", "object", "arrow", "chunked", "pandas", "index", "category", "polars"],
)
def test_texts_and_labels_come_in_every_usual_form(tiny_table: EmbeddingTable, form: Any) -> None:
    expected = fitted(tiny_table)
    model = fitted(tiny_table, form(TEXTS), form(WORDS))
    assert model.classes_.tolist() == ["no", "yes"]
    assert np.array_equal(model.predict_proba(form(TEXTS)), expected.predict_proba(TEXTS))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, 0] * 12, [0, 1]),
        ([-5, 40] * 12, [-5, 40]),
        ([True, False] * 12, [False, True]),
        ([1.0, 0.0] * 12, [0, 1]),
        (np.array([2, 3] * 12, np.uint8), [2, 3]),
        (["10", "9"] * 12, ["9", "10"]),
        (["é", "😀"] * 12, ["é", "😀"]),
        (["a", "b", "c"] * 8, ["a", "b", "c"]),
    ],
)
def test_labels_keep_their_type_and_their_order(tiny_table: EmbeddingTable, labels: Any, classes: list[object]) -> None:
    model = fitted(tiny_table, labels=labels)
    assert model.classes_.tolist() == classes
    assert [type(c) for c in model.classes_.tolist()] == [type(c) for c in classes]
    assert set(model.predict(TEXTS).tolist()) <= set(classes)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"] * 24, "at least two classes are needed to learn from, found only a"),
        (["a", "b"], "expected 24, one for each text, got 2"),
        (["a", 1] * 12, r"expected all str, all int or all bool, got 'a' \(text 0\) and 1 \(text 1\)"),
        (["a", None] * 12, "12 of 24 are missing, the first that of text 1"),
        ([0.5, 1.0] * 12, "text 0: expected a word or a whole number, got 0.5"),
        ([np.nan, 1.0] * 12, "12 of 24 are missing, the first that of text 0"),
        ([b"a", b"b"] * 12, "expected str, int or bool"),
        (np.zeros((24, 2, 1)), r"got shape \(24, 2, 1\)"),
    ],
)
def test_unusable_labels_are_refused(tiny_table: EmbeddingTable, labels: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fitted(tiny_table, labels=labels)


def test_no_texts_at_all_are_refused(tiny_table: EmbeddingTable) -> None:
    with pytest.raises(DataError, match="at least two classes are needed to learn from, found none"):
        fitted(tiny_table, [], [])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("good film", "expected a list of texts, got one str"),
        (["good", None], "entry 1 is NoneType, expected str"),
        (["good", 3], "entry 1 is int, expected str"),
        (np.array([["a", "b"]]), "expected one dimension"),
        (["\ud800"], "lone surrogate"),
    ],
)
def test_what_is_no_column_of_texts_is_refused(network: NetworkClassifier, texts: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        network.predict(texts)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs: expected at least 1, got 0"),
        ({"epochs": 10**30}, "epochs: expected at most 1,000,000,000"),
        ({"epochs": 2.5}, "epochs: expected a whole number, at least 1, got 2.5"),
        ({"epochs": "3"}, "epochs: expected a whole number, at least 1, got '3'"),
        ({"batch_size": 0}, "batch_size: expected at least 1"),
        ({"patience": 0}, "patience: expected at least 1"),
        ({"seed": -1}, "seed: expected at least 0"),
        ({"seed": None}, "seed: expected a whole number, at least 0, got None"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a number above 0"),
        ({"learning_rate": "fast"}, "learning_rate: expected a number above 0"),
        ({"dropout": 1.0}, "dropout: expected 0 <= dropout < 1"),
        ({"dropout": "x"}, "dropout: expected 0 <= dropout < 1"),
        ({"hidden": 16}, r"hidden: expected a tuple of layer sizes like \(16,\), got 16"),
        ({"hidden": (10**30,)}, "hidden: every layer needs at least one unit, and at most 1,000,000,000"),
        ({"hidden": (0,)}, "hidden: every layer needs at least one unit"),
        ({"hidden": ("a",)}, "hidden: every layer needs at least one unit"),
        ({"loss": "hinge"}, "loss: expected one of cross_entropy, mean_squared_error, got 'hinge'"),
        ({"combiner": "max"}, "combiner: expected one of sqrtn, mean, sum, got 'max'"),
        ({"class_weight": "even"}, "class_weight: expected one of none, balanced, got 'even'"),
        ({"class_weight": [1, 2]}, r'class_weight: expected "none", "balanced" or a dict, got \[1, 2\]'),
        ({"class_weight": {"yes": 1.0}}, "class_weight: no weight for class 'no'"),
        ({"class_weight": {"yes": 1.0, "no": -1.0}}, "class_weight: expected finite numbers from 0"),
        ({"class_weight": {"yes": 1.0, "no": "much"}}, "class_weight: expected finite numbers from 0"),
        ({"class_weight": {"yes": 1.0, "no": float("nan")}}, "class_weight: expected finite numbers from 0"),
    ],
)
def test_settings_out_of_range_are_refused(tiny_table: EmbeddingTable, settings: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fitted(tiny_table, **settings)


def test_an_unknown_embedding_is_refused() -> None:
    with pytest.raises(EmbeddingError, match="Unknown embedding 'word3vec'"):
        NetworkClassifier("word3vec").fit(TEXTS, WORDS)


def test_numpy_numbers_are_settings_too(tiny_table: EmbeddingTable) -> None:
    model = fitted(tiny_table, epochs=np.int64(2), hidden=(np.int64(3),), learning_rate=np.float64(0.01))
    assert [len(bias) for bias in model.layers_.biases] == [3, 1]


@pytest.mark.parametrize("weights", [[1.0], [-1.0] * 24, [np.nan] * 24, [[1.0]] * 24])
def test_sample_weights_that_do_not_fit_are_refused(tiny_table: EmbeddingTable, weights: object) -> None:
    with pytest.raises(DataError, match="sample_weight: expected 24 finite numbers from 0"):
        NetworkClassifier(tiny_table, epochs=1).fit(TEXTS, WORDS, sample_weight=weights)


def test_a_text_of_weight_nought_might_as_well_be_missing(tiny_table: EmbeddingTable) -> None:
    model = NetworkClassifier(tiny_table, epochs=8, batch_size=48, learning_rate=0.05, early_stopping=False)
    contradicted = TEXTS + TEXTS
    labels = WORDS + ["no", "yes"] * 12
    model.fit(contradicted, labels, sample_weight=[1.0] * 24 + [0.0] * 24)
    assert model.score(TEXTS, WORDS) == 1.0


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_sample_weight

    from plaudit.models.training_data import text_weights

    labels = ["a"] * 5 + ["b"] * 2 + ["c"]
    targets = encode_labels(labels, len(labels))
    weights = text_weights(targets, "balanced", None)
    assert weights == pytest.approx(compute_sample_weight("balanced", labels))
    by_class = {"a": 1.0, "b": 2.0, "c": 0.5}
    weights = text_weights(targets, by_class, [2.0] * 8)
    assert weights == pytest.approx(2 * compute_sample_weight(by_class, labels))
    assert text_weights(targets, "none", None) is None


def test_class_weights_move_the_answers(tiny_table: EmbeddingTable) -> None:
    def share_of_yes(**settings: Any) -> float:
        model = fitted(tiny_table, labels=["yes", "no", "no", "no"] * 6, epochs=5, early_stopping=False, **settings)
        return float(model.predict_proba(TEXTS)[:, 1].mean())

    plain = share_of_yes()
    assert share_of_yes(class_weight="balanced") > plain
    assert share_of_yes(class_weight={"yes": 9.0, "no": 1.0}) > plain


def test_equal_texts_with_both_labels_are_learned_from(tiny_table: EmbeddingTable) -> None:
    model = fitted(tiny_table, ["good film"] * 24, WORDS)
    assert model.predict_proba(["good film"]).shape == (1, 2)
