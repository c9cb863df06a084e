"""A network whose answer is a set of labels: labels in, learning, scikit-learn's contract, the folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.class_weight import compute_class_weight

import plaudit
from plaudit import NetworkClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import DataError, ModelError
from plaudit.models.targets import encode_labels, to_indicator
from plaudit.models.training_data import text_weights

SETS: list[list[str]] = [["b"], [], ["a", "b"]]
INDICATOR = [[0, 1], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    "labels",
    [
        SETS,
        tuple(map(tuple, SETS)),
        list(map(set, SETS)),
        [frozenset(names) for names in SETS],
        [np.array(names, dtype=str) for names in SETS],
        np.array([*SETS, None], dtype=object)[:3],
        pa.array(SETS),
        pd.Series(SETS),
        pl.Series(SETS),
    ],
    ids=lambda labels: f"{type(labels).__name__} of {type(next(iter(labels))).__name__}",
)
def test_sets_come_in_many_forms(labels: Any) -> None:
    targets = encode_labels(labels, 3)
    assert targets.multi_label
    assert targets.classes.tolist() == ["a", "b"]
    assert targets.values.dtype == np.uint8
    assert targets.values.tolist() == INDICATOR
    assert targets.n_logits == 2
    assert to_indicator(labels, 3, targets.classes).tolist() == INDICATOR


@pytest.mark.parametrize(
    "matrix",
    [
        *(np.array(INDICATOR, kind) for kind in ("int64", "uint8", "bool", "float64")),
        pd.DataFrame(INDICATOR),
        csr_matrix(INDICATOR),
    ],
)
def test_an_indicator_comes_in_many_forms(matrix: Any) -> None:
    targets = encode_labels(matrix, 3)
    assert targets.multi_label
    assert targets.classes.tolist() == [0, 1]
    assert targets.values.tolist() == INDICATOR


def test_one_label_each_is_no_set() -> None:
    targets = encode_labels(["b", "a", "b"], 3)
    assert (targets.multi_label, targets.n_logits) == (False, 1)
    assert targets.values.tolist() == [1, 0, 1]


def test_numbers_are_ordered_by_value() -> None:
    assert encode_labels([[10, 2], [3]], 2).classes.tolist() == [2, 3, 10]
    assert encode_labels([["10", "2"], ["3"]], 2).classes.tolist() == ["2", "3", "10"]


def test_one_class_is_enough() -> None:
    assert encode_labels([["a"], []], 2).n_logits == 1


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a"], ["b"]], "expected 3, one for each text, got 2"),
        ([["a"], "b", ["c"]], "text 1 has no list of labels, and others have one"),
        ([["a"], [["b"]], []], "text 1: expected str, int or bool, got list"),
        ([[0, 1], [1, 0], [0, 0]], "every text has a list of 2 times 0 or 1.*give the matrix as a NumPy array"),
        ([["pos", "pos "], ["neg"], []], "text 0 names a label twice"),
        ([["a"], [1], []], r"expected all str, all int or all bool, got 'a' \(text 0\) and 1 \(text 1\)"),
        ([[1, 0, 1], [0, 1], []], "text 0 names a label twice: .*give the matrix as a NumPy array"),
        ([[], [], []], "no text has a label"),
        (np.array([[0, 2], [1, 0], [0, 0]]), "expected an indicator matrix of 0 and 1"),
        (np.array([["a", "b"]] * 3), "expected an indicator matrix of 0 and 1"),
        (np.zeros((2, 2)), r"an indicator matrix of 3 rows and a column a class, got \(2, 2\)"),
        (np.zeros((3, 0)), r"got \(3, 0\)"),
        (np.zeros((3, 2, 1)), r"got shape \(3, 2, 1\)"),
    ],
)
def test_what_are_no_sets_is_refused(labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        encode_labels(labels, 3)


def test_what_are_no_sets_of_a_classifier_is_refused() -> None:
    classes = np.array(["a", "b"])
    for labels, message in (
        ([["c"]], "'c' does not occur in the training texts"),
        (["a"], "expected a set of labels for each text"),
        (np.zeros((1, 3)), "expected an indicator of 2 classes, got 3"),
    ):
        with pytest.raises(DataError, match=message):
            to_indicator(labels, 1, classes)


def test_balanced_weights_are_scikit_learns_for_each_class() -> None:
    indicator = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1], [0, 1, 1]])
    weights = text_weights(encode_labels(indicator, 4), "balanced", [1.0, 1.0, 1.0, 2.0])
    assert weights is not None
    for c in (0, 1):
        no, yes = compute_class_weight("balanced", classes=np.array([0, 1]), y=indicator[:, c])
        expected = np.where(indicator[:, c], yes, no) * [1, 1, 1, 2]
        assert weights[:, c] == pytest.approx(expected)
    assert weights[:, 2].tolist() == [1, 1, 1, 2]  # a class that every text has cannot be balanced
    by_class = text_weights(encode_labels(indicator, 4), {0: 3.0, 1: 1.0, 2: 0.5}, None)
    assert by_class is not None
    assert by_class.tolist() == [[3, 1, 0.5], [1, 1, 0.5], [1, 1, 0.5], [1, 1, 0.5]]


def test_it_learns_sets(moods: Dataset, mood_network: NetworkClassifier) -> None:
    assert mood_network.multi_label_
    assert mood_network.classes_.tolist() == ["calm", "glad", "sad"]
    assert mood_network.score(moods.texts, moods.label_names()) > 0.9
    assert mood_network.label_sets(mood_network.predict(["joy grim", "film"])) == [("glad", "sad"), ()]


def test_each_class_has_a_sigmoid_of_its_own(mood_network: NetworkClassifier) -> None:
    logits = mood_network.decision_function(["joy grim", ""])
    found = mood_network.predict_proba(["joy grim", ""])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits.astype(np.float64))), rtol=1e-12)
    chosen = mood_network.predict(["joy grim", ""])
    assert chosen.dtype == np.int64
    assert (chosen == (logits > 0)).all()
    assert mood_network.predict([]).shape == (0, 3)


def test_an_indicator_gives_the_same_weights_as_the_names(tiny_table: EmbeddingTable, moods: Dataset) -> None:
    by_name, by_matrix = (
        NetworkClassifier(tiny_table, epochs=2).fit(moods.texts, labels)
        for labels in (moods.label_names(), moods.labels)
    )
    assert by_matrix.classes_.tolist() == [0, 1, 2]
    assert (by_name.predict_proba(moods.texts) == by_matrix.predict_proba(moods.texts)).all()


@pytest.mark.parametrize(
    "settings", [{"loss": "mean_squared_error", "learning_rate": 0.05}, {"class_weight": "balanced"}]
)
def test_other_losses_and_weights_learn_too(
    tiny_table: EmbeddingTable, moods: Dataset, settings: dict[str, Any]
) -> None:
    model = NetworkClassifier(tiny_table, **{"epochs": 15, "batch_size": 8, "learning_rate": 0.03, **settings})
    assert model.fit(moods.texts, moods.labels).score(moods.texts, moods.labels) > 0.9


def test_a_weight_for_a_class_moves_its_probability_alone(tiny_table: EmbeddingTable, moods: Dataset) -> None:
    def mean_probabilities(**settings: Any) -> np.ndarray:
        model = NetworkClassifier(tiny_table, hidden=(), trainable=False, epochs=5, early_stopping=False, **settings)
        means: np.ndarray = model.fit(moods.texts, moods.labels).predict_proba(moods.texts).mean(axis=0)
        return means

    plain, weighted = mean_probabilities(), mean_probabilities(class_weight={0: 5.0, 1: 1.0, 2: 1.0})
    assert weighted[0] > plain[0] + 0.01
    assert weighted[1:] == pytest.approx(plain[1:], abs=1e-6)


def test_a_text_of_weight_nought_might_as_well_be_missing(tiny_table: EmbeddingTable, moods: Dataset) -> None:
    texts, labels = moods.texts.to_pylist(), np.asarray(moods.labels)
    model = NetworkClassifier(tiny_table, epochs=15, batch_size=16, learning_rate=0.03, early_stopping=False)
    model.fit(texts + texts, np.concatenate([labels, 1 - labels]), sample_weight=[1.0] * 90 + [0.0] * 90)
    assert model.score(texts, labels) > 0.9


def test_the_history_counts_whole_sets(tiny_table: EmbeddingTable, moods: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=4, learning_rate=0.03, patience=9)
    model.fit(moods.texts, moods.label_names(), validation=(moods.texts, moods.labels))
    assert model.history_ is not None
    curves, kept = model.history_.history, model.history_.best_epoch - 1
    assert curves["val_accuracy"][kept] == model.score(moods.texts, moods.label_names())
    metrics = plaudit.evaluate(model, moods)
    assert curves["val_loss"][kept] == pytest.approx(metrics.log_loss)


def test_validation_must_be_sets_too(tiny_table: EmbeddingTable, moods: Dataset, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=1)
    with pytest.raises(DataError, match="validation: labels: 'gay' does not occur in the training texts"):
        model.fit(moods.texts, moods.label_names(), validation=(["joy"], [["gay"]]))
    with pytest.raises(DataError, match="validation: labels: expected a set of labels"):
        model.fit(moods.texts, moods.label_names(), validation=(["joy"], ["glad"]))
    for sets in ([("liked",)], [("liked",), ("liked", "panned")]):
        with pytest.raises(DataError, match="validation: labels: expected one label each"):
            model.fit(reviews.texts, reviews.label_names(), validation=(["joy"] * len(sets), sets))


def test_a_second_fit_forgets_the_sets(tiny_table: EmbeddingTable, moods: Dataset, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=1).fit(moods.texts, moods.labels)
    model.fit(reviews.texts, reviews.label_names())
    assert not model.multi_label_
    assert model.predict_proba(["joy"]).sum() == pytest.approx(1)


def test_scikit_learn_takes_an_indicator(tiny_table: EmbeddingTable, moods: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=8, batch_size=8, learning_rate=0.03, early_stopping=False)
    assert clone(model).__sklearn_tags__().classifier_tags.multi_label
    scores = cross_val_score(model, moods.texts.to_pylist(), np.asarray(moods.labels), cv=3)
    assert scores.min() > 0.6
    macro = cross_val_score(model, moods.texts.to_pylist(), np.asarray(moods.labels), cv=3, scoring="f1_macro")
    assert macro.min() > 0.6


def test_it_comes_back_equal_to_the_bit(mood_network: NetworkClassifier, moods: Dataset, tmp_path: Path) -> None:
    mood_network.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    assert loaded.multi_label_
    assert (loaded.predict_proba(moods.texts) == mood_network.predict_proba(moods.texts)).all()
    assert loaded.label_sets(loaded.predict(["joy grim"])) == [("glad", "sad")]
    manifest = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    assert manifest["multi_label"] is True


@pytest.mark.parametrize("n_classes", [1, 2])
def test_few_classes_come_back_too(tiny_table: EmbeddingTable, moods: Dataset, tmp_path: Path, n_classes: int) -> None:
    """Two classes of which a text may have both have two logits, and one class alone is a question too."""
    labels = [[name for name in names if name in moods.classes[:n_classes]] for names in moods.label_names()]
    model = NetworkClassifier(tiny_table, epochs=2).fit(moods.texts, labels)
    model.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    assert loaded.decision_function(["joy"]).shape == (1, n_classes)
    assert (loaded.predict_proba(moods.texts) == model.predict_proba(moods.texts)).all()
    assert f"{n_classes:>8}" in str(model.summary()).splitlines()[-2]


def change_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in manifest.items() if v is not None}), encoding="utf-8")


def test_a_manifest_without_a_word_on_sets_means_one_label(network: NetworkClassifier, tmp_path: Path) -> None:
    network.save(tmp_path / "model")
    change_manifest(tmp_path / "model", multi_label=None)
    assert not plaudit.load(tmp_path / "model").multi_label_


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"multi_label": 1}, "multi_label must be true or false"),
        ({"multi_label": True}, "expected arrays"),  # two classes with one logit
        ({"multi_label": True, "classes": []}, "damaged"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    network: NetworkClassifier, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    network.save(tmp_path / "model")
    change_manifest(tmp_path / "model", **changes)
    with pytest.raises(ModelError, match=message):
        plaudit.load(tmp_path / "model")
