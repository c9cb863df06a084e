"""Probabilities are set beside what came true."""

import numpy as np
import pytest

from plaudit.errors import DataError
from plaudit.evaluation import Reliability, calibration_error, reliability


def test_an_example_worked_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])
    found = reliability(np.array([0, 0, 1, 1]), probabilities, n_bins=2)
    # in order of the answer's probability: 0.6 right, 0.7 right; 0.8 wrong, 0.9 right
    np.testing.assert_allclose(found.predicted, [0.65, 0.85])
    np.testing.assert_allclose(found.observed, [1.0, 0.5])
    assert found.counts.tolist() == [2, 2]
    assert found.error == pytest.approx((0.35 + 0.35) / 2)


def plain_error(labels: np.ndarray, probabilities: np.ndarray, n_bins: int) -> float:
    """Compute it with loops, where no two probabilities are equal."""
    top = probabilities.argmax(axis=1)
    cases = sorted((probabilities[i, k], float(k == labels[i])) for i, k in enumerate(top.tolist()))
    bins: dict[int, list[tuple[float, float]]] = {}
    for rank, case in enumerate(cases):
        bins.setdefault(rank * n_bins // len(cases), []).append(case)
    gaps = [abs(sum(p for p, _ in b) / len(b) - sum(r for _, r in b) / len(b)) * len(b) for b in bins.values()]
    return sum(gaps) / len(cases)


@pytest.mark.parametrize(("n", "n_classes", "n_bins"), [(1, 2, 15), (7, 3, 15), (200, 2, 15), (501, 4, 10)])
def test_it_equals_a_plain_loop(n: int, n_classes: int, n_bins: int) -> None:
    random = np.random.default_rng(n)
    probabilities = random.dirichlet(np.ones(n_classes), n)
    labels = random.integers(0, n_classes, n)
    assert calibration_error(labels, probabilities, n_bins=n_bins) == pytest.approx(
        plain_error(labels, probabilities, n_bins)
    )


def test_honest_probabilities_have_next_to_no_error_and_loud_ones_have() -> None:
    random = np.random.default_rng(0)
    second = random.random(50_000)
    labels = (random.random(50_000) < second).astype(int)
    assert calibration_error(labels, np.stack([1 - second, second], axis=1)) < 0.01
    loud = np.where(second > 0.5, 0.99, 0.01)
    assert calibration_error(labels, np.stack([1 - loud, loud], axis=1)) == pytest.approx(0.24, abs=0.01)


def test_the_order_of_equal_probabilities_does_not_matter() -> None:
    probabilities = np.repeat([[0.3, 0.7], [0.1, 0.9]], 50, axis=0)
    labels = np.repeat([1, 0, 1, 0], [35, 15, 45, 5])
    order = np.random.default_rng(1).permutation(100)
    found = reliability(labels[order], probabilities[order])
    assert found.counts.tolist() == [50, 50]
    np.testing.assert_allclose(found.observed, [0.7, 0.9])
    assert found.error == pytest.approx(0)


def test_of_sets_every_label_is_a_case() -> None:
    found = reliability(np.array([[1, 0], [1, 1]]), np.array([[0.9, 0.1], [0.8, 0.6]]), n_bins=4)
    np.testing.assert_allclose(found.predicted, [0.1, 0.6, 0.8, 0.9])
    assert found.observed.tolist() == [0, 1, 1, 1]


def test_bins_are_put_together_until_they_say_something() -> None:
    bins = Reliability(np.array([0.5, 0.6, 0.8, 0.9, 1.0]), np.array([0.0, 1, 1, 1, 0]), np.array([10, 20, 30, 25, 10]))
    found = bins.merged(30)
    assert found.counts.tolist() == [30, 30, 35]
    np.testing.assert_allclose(found.observed, [20 / 30, 1, 25 / 35])
    assert bins.merged(1_000).counts.tolist() == [95]
    np.testing.assert_array_equal(bins.merged(1).predicted, bins.predicted)


@pytest.mark.parametrize("labels", [np.zeros(0, int), np.zeros(3, int), np.zeros((2, 3), int)])
def test_shapes_that_do_not_fit_are_refused(labels: np.ndarray) -> None:
    with pytest.raises(DataError, match="do not fit probabilities"):
        reliability(labels, np.full((len(labels) and 2, 2), 0.5))
