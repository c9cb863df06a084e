"""Figures of sets of labels equal scikit-learn's."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from plaudit.data import Dataset
from plaudit.errors import DataError
from plaudit.evaluation import MultiLabelMetrics, evaluate, measure_sets, wilson_interval
from plaudit.models import NetworkClassifier


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 6), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_figures_equal_scikit_learns(seed: int, n: int, n_classes: int, density: float) -> None:
    random = np.random.default_rng(seed)
    true = (random.random((n, n_classes)) < density).astype(np.int64)
    probabilities = np.round(random.random((n, n_classes)), 2)  # ties, and now and then a 0 or 1
    found = (probabilities > 0.5).astype(np.int64)
    metrics = measure_sets(true, probabilities, tuple(f"c{i}" for i in range(n_classes)), resamples=20)
    exactly = np.asarray(true == found).all(axis=1)
    assert metrics.accuracy == exactly.mean()
    assert metrics.accuracy_interval == wilson_interval(int(exactly.sum()), n)
    if n_classes > 1:  # of one column scikit-learn makes a binary task, whose accuracy is the same
        assert metrics.accuracy == pytest.approx(peer.accuracy_score(true, found))
        samples = peer.f1_score(true, found, average="samples", zero_division=1)
        assert metrics.f1_samples == pytest.approx(samples, abs=1e-12)
    per_class = [
        peer.precision_recall_fscore_support(true[:, c], found[:, c], average="binary", zero_division=0)
        for c in range(n_classes)
    ]
    assert metrics.precision == pytest.approx([figures[0] for figures in per_class], abs=1e-12)
    assert metrics.recall == pytest.approx([figures[1] for figures in per_class], abs=1e-12)
    assert metrics.f1 == pytest.approx([figures[2] for figures in per_class], abs=1e-12)
    assert metrics.counts == tuple(true.sum(axis=0).tolist())
    for name in ("f1", "precision", "recall"):
        figures = np.array(getattr(metrics, name))[(true + found).any(axis=0)]  # of classes that occur or are given
        macro = getattr(metrics, f"{name}_macro")
        assert macro == pytest.approx(figures.mean(), abs=1e-12) if len(figures) else macro is None
    brier = np.mean([peer.brier_score_loss(true[:, c], probabilities[:, c], labels=[0, 1]) for c in range(n_classes)])
    assert metrics.brier == pytest.approx(brier, abs=1e-12)
    known = [c for c in range(n_classes) if true[:, c].any()]
    if known:
        average = np.mean([peer.average_precision_score(true[:, c], probabilities[:, c]) for c in known])
        assert metrics.average_precision == pytest.approx(average, abs=1e-12)
    else:
        assert metrics.average_precision is None
    micro = peer.f1_score(true.ravel(), found.ravel(), zero_division=0)
    assert metrics.f1_micro == pytest.approx(micro, abs=1e-12) if (true | found).any() else metrics.f1_micro is None
    loss = np.mean([peer.log_loss(true[:, c], probabilities[:, c], labels=[0, 1]) for c in range(n_classes)])
    assert metrics.log_loss == pytest.approx(loss, abs=1e-9)
    both = [c for c in range(n_classes) if 0 < true[:, c].sum() < n]
    if both:
        auc = np.mean([peer.roc_auc_score(true[:, c], probabilities[:, c]) for c in both])
        assert metrics.roc_auc == pytest.approx(auc, abs=1e-12)
    else:
        assert metrics.roc_auc is None
    json.dumps(metrics.to_dict(), allow_nan=False)


def test_macro_and_micro_are_scikit_learns_of_the_labels_that_occur() -> None:
    true = np.array([[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0]])
    found = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 1, 1, 0]])
    metrics = measure_sets(true, found * 0.8 + 0.1, ("a", "b", "c", "d"))
    assert metrics.f1_macro == pytest.approx(peer.f1_score(true, found, labels=[0, 1, 2], average="macro"))
    perfect = measure_sets(true, true * 0.8 + 0.1, ("a", "b", "c", "d"))
    assert perfect.f1_macro == perfect.precision_macro == perfect.recall_macro == 1.0
    assert perfect.intervals["f1_macro"] is None
    assert metrics.f1_micro == pytest.approx(peer.f1_score(true, found, average="micro"))
    assert metrics.accuracy == 0.5
    assert "confusion_matrix" not in metrics.to_dict()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="no texts"):
        measure_sets(np.zeros((0, 2), int), np.zeros((0, 2)), ("a", "b"))
    with pytest.raises(DataError, match="do not fit 3 classes"):
        measure_sets(np.zeros((1, 2), int), np.zeros((1, 2)), ("a", "b", "c"))


def test_a_model_is_measured_by_the_names_of_its_classes(moods: Dataset, mood_network: NetworkClassifier) -> None:
    """The data set has other classes in another order; the figures are those of the model's own order."""
    assert moods.labels is not None
    order = [2, 0, 1]
    turned = Dataset(moods.texts, moods.labels[:, order], tuple(moods.classes[i] for i in order), "turned")
    metrics = evaluate(mood_network, turned)
    assert isinstance(metrics, MultiLabelMetrics)
    assert metrics == evaluate(mood_network, moods)
    assert metrics.accuracy == mood_network.score(moods.texts, moods.label_names())


def test_one_label_a_text_is_a_set_of_one(moods: Dataset, mood_network: NetworkClassifier) -> None:
    single = moods.take(np.flatnonzero(moods.labels.sum(axis=1) == 1))  # type: ignore[union-attr]
    assert single.labels is not None
    numbers = single.labels.argmax(axis=1).astype(np.int32)
    plain = Dataset(single.texts, numbers, single.classes, "one label each")
    assert evaluate(mood_network, plain) == evaluate(mood_network, single)


def test_what_cannot_be_compared_is_refused(
    moods: Dataset, reviews: Dataset, mood_network: NetworkClassifier, network: NetworkClassifier
) -> None:
    with pytest.raises(DataError, match="label 'liked' is not one of the model's classes"):
        evaluate(mood_network, reviews)
    sets = Dataset(moods.texts, moods.labels[:, :2], ("liked", "panned"), "sets")  # type: ignore[index]
    with pytest.raises(DataError, match="have sets of labels, and this model answers with one"):
        evaluate(network, sets)
