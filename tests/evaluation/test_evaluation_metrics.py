"""Figures equal scikit-learn's, and the interval the literature's."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from plaudit.errors import DataError
from plaudit.evaluation import Metrics, measure, wilson_interval
from plaudit.evaluation.ranking import ranking


def random_case(seed: int, n: int, n_classes: int, *, has_ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, n_classes, n)
    scores = random.gamma(1.0, size=(n, n_classes)) + 1e-3
    scores[np.arange(n), labels] += 0.5
    if has_ties:
        scores = np.round(scores, 0) + 1
    return labels, scores / scores.sum(axis=1, keepdims=True)


def check(found: Metrics, labels: np.ndarray, probabilities: np.ndarray) -> None:
    n_classes = probabilities.shape[1]
    every = list(range(n_classes))
    predicted = probabilities.argmax(axis=1)
    average = {"average": "binary"} if n_classes == 2 else {"average": "macro"}
    assert found.n == len(labels)
    assert found.accuracy == pytest.approx(peer.accuracy_score(labels, predicted), abs=1e-12)
    assert found.log_loss == pytest.approx(peer.log_loss(labels, probabilities, labels=every), abs=1e-9)
    if n_classes == 2 and not (labels == 1).any() and not (predicted == 1).any():
        assert found.f1 is None
    else:
        assert found.f1 == pytest.approx(peer.f1_score(labels, predicted, zero_division=0, **average), abs=1e-12)
    for own, name in ((found.precision, "precision_score"), (found.recall, "recall_score")):
        score = getattr(peer, name)
        expected = score(labels, predicted, labels=every, average=None, zero_division=0)
        assert own == pytest.approx(expected.tolist(), abs=1e-12)
    f1 = peer.f1_score(labels, predicted, labels=every, average=None, zero_division=0)
    assert found.f1_by_class == pytest.approx(f1.tolist(), abs=1e-12)
    for name in ("precision", "recall", "f1"):
        macro = getattr(peer, f"{name}_score")(labels, predicted, average="macro", zero_division=0)
        assert getattr(found, f"{name}_macro") == pytest.approx(macro, abs=1e-12)
    assert found.balanced_accuracy == pytest.approx(peer.balanced_accuracy_score(labels, predicted), abs=1e-12)
    brier = peer.brier_score_loss(labels, probabilities if n_classes > 2 else probabilities[:, 1], labels=every)
    assert found.brier == pytest.approx(brier, abs=1e-12)
    check_average_precision(found, labels, probabilities)
    assert np.array_equal(found.confusion, peer.confusion_matrix(labels, predicted, labels=every))
    if len(set(labels.tolist())) < n_classes:
        assert found.roc_auc is None
    elif n_classes == 2:
        assert found.roc_auc == pytest.approx(peer.roc_auc_score(labels, probabilities[:, 1]), abs=1e-12)
    else:
        assert found.roc_auc == pytest.approx(peer.roc_auc_score(labels, probabilities, multi_class="ovr"), abs=1e-12)


def check_average_precision(found: Metrics, labels: np.ndarray, probabilities: np.ndarray) -> None:
    columns = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    if all((labels == c).any() for c in columns):
        expected = np.mean([peer.average_precision_score(labels == c, probabilities[:, c]) for c in columns])
        assert found.average_precision == pytest.approx(expected, abs=1e-12)
    else:
        assert found.average_precision is None


@pytest.mark.parametrize("has_ties", [False, True])
@pytest.mark.parametrize(("n", "n_classes"), [(1, 2), (2, 2), (500, 2), (500, 3), (40, 10)])
def test_figures_equal_scikit_learns(n: int, n_classes: int, has_ties: bool) -> None:
    for seed in range(5):
        labels, probabilities = random_case(seed, n, n_classes, has_ties=has_ties)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(measure(labels, probabilities, tuple("abcdefghij"[:n_classes]), resamples=0), labels, probabilities)


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(2, 6), st.booleans())
@settings(max_examples=80, deadline=None)
def test_figures_equal_scikit_learns_whatever_the_texts(seed: int, n: int, n_classes: int, has_ties: bool) -> None:
    labels, probabilities = random_case(seed, n, n_classes, has_ties=has_ties)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of a class that does not occur
        check(measure(labels, probabilities, tuple("abcdef"[:n_classes]), resamples=0), labels, probabilities)


def test_a_class_that_does_not_occur_has_recall_nought_and_no_area() -> None:
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    found = measure(np.array([0, 1]), probabilities, ("a", "b", "c"))
    assert found.recall == (1.0, 1.0, 0.0)
    assert found.precision == (1.0, 1.0, 0.0)
    assert found.f1 == 1.0
    assert found.roc_auc is None


def test_a_certain_mistake_has_a_finite_loss() -> None:
    found = measure(np.array([0]), np.array([[0.0, 1.0]]), ("a", "b"))
    assert found.log_loss == pytest.approx(-np.log(np.finfo(np.float64).eps))


def test_predictions_given_are_what_counts() -> None:
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert measure(np.array([1, 1]), probabilities, ("a", "b")).accuracy == 0.0
    assert measure(np.array([1, 1]), probabilities, ("a", "b"), predictions=np.array([1, 1])).accuracy == 1.0


def areas(is_positive: list[bool], scores: list[float]) -> tuple[float, float]:
    found = ranking(np.array(is_positive), np.array(scores, np.float64))(np.ones((1, len(scores))))
    return float(found.roc_auc[0]), float(found.average_precision[0])


@pytest.mark.parametrize(
    ("scores", "area"),
    [([1.0, 2.0, 3.0, 4.0], 1.0), ([4.0, 3.0, 2.0, 1.0], 0.0), ([1.0] * 4, 0.5), ([1, 2, 2, 3], 0.875)],
)
def test_ties_count_half_in_the_area(scores: list[float], area: float) -> None:
    assert areas([False, False, True, True], scores)[0] == area


def test_no_area_without_both_sides() -> None:
    assert np.isnan(areas([True, True], [0.1, 0.2])[0])
    assert areas([True, True], [0.1, 0.2])[1] == 1.0
    assert np.isnan(areas([False], [0.1])).all()


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_the_interval_is_wilsons(right: int, n: int, low: float, high: float) -> None:
    interval = wilson_interval(right, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_interval_holds_the_proportion_and_stays_within_bounds(n: int, share: float) -> None:
    right = round(n * share)
    interval = wilson_interval(right, n)
    assert 0 <= interval.low <= right / n + 1e-12
    assert right / n - 1e-12 <= interval.high <= 1


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (np.zeros(0, int), np.zeros((0, 2)), "there are no texts to evaluate on"),
        (np.zeros(3, int), np.full((2, 2), 0.5), "do not fit 2 classes"),
        (np.zeros(2, int), np.full((2, 3), 0.5), "do not fit 2 classes"),
    ],
)
def test_what_does_not_fit_is_refused(labels: np.ndarray, probabilities: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        measure(labels, probabilities, ("a", "b"))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_what_was_not_answered_counts_for_coverage_and_probabilities_alone(n_classes: int) -> None:
    labels, probabilities = random_case(0, 50, n_classes)
    classes, predictions = tuple("abc"[:n_classes]), probabilities.argmax(axis=1)
    predictions[::5] = -1
    found, answered = measure(labels, probabilities, classes, predictions=predictions), predictions >= 0
    assert found.n == 50
    assert found.coverage == pytest.approx(0.8)
    assert found.intervals["coverage"] == wilson_interval(40, 50)
    assert found.accuracy_interval == wilson_interval(int((predictions == labels).sum()), 40)
    of_answered = measure(labels[answered], probabilities[answered], classes, resamples=0)
    for name in ("accuracy", "balanced_accuracy", "f1", "f1_macro", "precision", "recall", "f1_by_class"):
        assert getattr(found, name) == pytest.approx(getattr(of_answered, name)), name
    assert np.array_equal(found.confusion, of_answered.confusion)
    of_all = measure(labels, probabilities, classes)
    assert of_all.coverage == 1
    for name in ("log_loss", "brier", "calibration_error", "roc_auc", "average_precision"):
        assert getattr(found, name) == getattr(of_all, name), name
        assert found.intervals[name] == of_all.intervals[name], name


def test_where_nothing_was_answered_there_is_nothing_to_measure() -> None:
    labels, probabilities = random_case(0, 5, 2)
    with pytest.raises(DataError, match="rule answered none of 5 texts: there is nothing to measure"):
        measure(labels, probabilities, ("a", "b"), predictions=np.full(5, -1))


def test_figures_are_json_values() -> None:
    labels, probabilities = random_case(0, 50, 3)
    figures = measure(labels, probabilities, ("a", "b", "ç")).to_dict()
    assert json.loads(json.dumps(figures)) == figures
    assert set(figures) == {
        "n", "coverage", "accuracy", "accuracy_interval_95", "log_loss", "f1", "roc_auc", "precision", "recall",
        "classes",
        "confusion_matrix", "balanced_accuracy", "brier", "calibration_error", "f1_macro", "precision_macro",
        "recall_macro", "f1_by_class", "average_precision", "intervals", "absolute_error", "within_one",
        "kappa_quadratic",
    }  # fmt: skip
