"""The calibration error: worked by hand, equal to its definition, and with an interval that knows its bias."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.evaluation import Interval, calibration_error, measure, measure_sets
from plaudit.evaluation.bootstrap import draw_counts
from plaudit.evaluation.calibration import (
    bin_numbers,
    calibration,
    calibration_interval,
    errors_by_chance,
    reliability,
    stated,
)


def test_a_worked_example() -> None:
    """Two bins: (0.6, 0.7: one of two right) misses by 0.15, (0.8, 1.0: both right) by 0.1; the mean is 0.125."""
    probabilities, outcomes = np.array([0.6, 0.7, 0.8, 1.0]), np.array([True, False, True, True])
    assert calibration_error(probabilities, outcomes, n_bins=2) == pytest.approx(0.125)
    assert calibration_error(probabilities, outcomes, n_bins=1) == pytest.approx(abs(0.75 - 0.775))


@given(st.integers(0, 2**32), st.integers(1, 400), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_it_is_the_mean_gap_of_the_bins(seed: int, n: int, n_bins: int) -> None:
    random = np.random.default_rng(seed)
    probabilities, outcomes = np.round(random.random(n), 2), random.random(n) < 0.5
    found = reliability(probabilities, outcomes, n_bins=n_bins)
    bins = found.bins
    assert sum(each.n for each in bins) == n
    assert [each.probability for each in bins] == sorted(each.probability for each in bins)
    assert all(each.interval.low - 1e-12 <= each.share <= each.interval.high + 1e-12 for each in bins)
    expected = sum(each.n * abs(each.share - each.probability) for each in bins) / n
    assert found.error == calibration_error(probabilities, outcomes, n_bins=n_bins)
    assert found.error == pytest.approx(expected, abs=1e-12)


def test_bins_hold_equally_many_and_equal_probabilities_share_one() -> None:
    probabilities = np.random.default_rng(0).random(600)
    assert np.bincount(bin_numbers(probabilities)).tolist() == [40] * 15
    assert np.bincount(bin_numbers(probabilities[:100])).tolist() == [20] * 5
    assert np.bincount(bin_numbers(np.array([0.5] * 100 + [0.9] * 20))).tolist() == [100, 20]
    assert bin_numbers(np.array([0.3])).tolist() == [0]


def test_the_order_of_texts_does_not_matter() -> None:
    random = np.random.default_rng(1)
    probabilities, outcomes = np.round(random.random(300), 1), random.random(300) < 0.5
    order = random.permutation(300)
    turned = calibration_error(probabilities[order], outcomes[order])
    assert turned == pytest.approx(calibration_error(probabilities, outcomes), abs=1e-12)


def test_it_is_of_the_likeliest_classes_probability_whatever_a_rule_answers() -> None:
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    for predictions in (None, np.array([1, 1, 1]), np.array([0, -1, -1])):
        metrics = measure(np.array([0, 1, 0]), probabilities, ("a", "b"), predictions=predictions)
        assert metrics.calibration_error == pytest.approx(abs(2 / 3 - 0.8))


def test_of_sets_every_label_is_a_case() -> None:
    indicator, probabilities = np.array([[1, 0], [1, 1]]), np.array([[0.9, 0.1], [0.8, 0.6]])
    found = reliability(*stated(indicator, probabilities), n_bins=4).bins
    assert [(each.n, each.share) for each in found] == [(1, 0), (1, 1), (1, 1), (1, 1)]
    assert [each.probability for each in found] == pytest.approx([0.1, 0.6, 0.8, 0.9])
    metrics = measure_sets(indicator, probabilities, ("a", "b"))
    assert metrics.calibration_error == pytest.approx(3 / 4 - 2.4 / 4)  # of so few cases one bin


def test_a_resamples_error_of_sets_is_that_of_its_texts_in_the_same_bins() -> None:
    random = np.random.default_rng(3)
    probabilities = random.random((60, 4))
    outcomes = random.random((60, 4)) < probabilities**2
    counts = next(draw_counts(60, 5, seed=1))
    bins = bin_numbers(probabilities.ravel()).reshape(60, 4)
    for found, row in zip(calibration(probabilities, outcomes)(counts), counts.astype(int), strict=True):
        texts = np.repeat(np.arange(60), row)
        gaps = np.bincount(bins[texts].ravel(), (outcomes - probabilities)[texts].ravel())
        assert found == pytest.approx(np.abs(gaps).sum() / 240, abs=1e-12)


def test_honest_probabilities_have_next_to_no_error_and_loud_ones_have() -> None:
    random = np.random.default_rng(0)
    second = random.random(50_000)
    labels = (random.random(50_000) < second).astype(int)
    assert calibration_error(*stated(labels, np.stack([1 - second, second], axis=1))) < 0.01
    loud = np.where(second > 0.5, 0.99, 0.01)
    assert calibration_error(*stated(labels, np.stack([1 - loud, loud], axis=1))) == pytest.approx(0.24, abs=0.01)


def answers(n: int, *, seed: int, sharper: float) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, and probabilities whose logits are `sharper` times what they should be."""
    random = np.random.default_rng(seed)
    z = random.normal(0, 2, n)
    yes = 1 / (1 + np.exp(-sharper * z))
    return (random.random(n) < 1 / (1 + np.exp(-z))).astype(int), np.stack([1 - yes, yes], axis=1)


def test_calibrated_answers_may_have_no_error() -> None:
    """Though the figure itself is never nought: its interval begins there, except for one sample of twenty."""
    found = [measure(*answers(500, seed=seed, sharper=1), ("a", "b"), resamples=200) for seed in range(40)]
    lows = [each.intervals["calibration_error"] for each in found]
    assert all(each.calibration_error > 0.01 for each in found)
    assert sum(isinstance(each, Interval) and each.low == 0 for each in lows) >= 36


def test_the_interval_of_answers_that_are_nearly_all_right_holds_the_true_error() -> None:
    """Of 30 right of 30 no bin is below the diagonal, though the truth may be: once 59 of 100 held it."""
    random, hits = np.random.default_rng(0), 0
    for seed in range(100):
        sure = np.clip(random.normal(0.99, 0.004, 30), 0, 0.999)
        right = random.random(30) < 0.97
        resampled = np.concatenate([calibration(sure, right)(counts) for counts in draw_counts(30, 200, seed=seed)])
        found = calibration_interval(reliability(sure, right), resampled, errors_by_chance(sure))
        assert found is not None
        hits += found.low <= 0.02 <= found.high
    assert hits >= 84


def test_the_interval_holds_the_true_error_of_overconfident_answers() -> None:
    """Where the bias is as great as the scatter, which plain percentiles of the resamples do not survive."""
    truth = measure(*answers(1_000_000, seed=0, sharper=1.5), ("a", "b"), resamples=0).calibration_error
    hits = percentile_hits = 0
    for seed in range(1, 101):
        labels, probabilities = answers(500, seed=seed, sharper=1.5)
        sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
        errors = calibration(sure, right)
        resampled = np.concatenate([errors(counts) for counts in draw_counts(500, 200, seed=1_000 + seed)])
        found = calibration_interval(reliability(sure, right), resampled, errors_by_chance(sure))
        low, high = np.percentile(resampled, [2.5, 97.5])
        assert found is not None
        hits += found.low <= truth <= found.high
        percentile_hits += low <= truth <= high
    assert hits >= 84  # of 100 at a coverage of 95 %, fewer come once in ten thousand
    assert percentile_hits < 60
    assert measure(*answers(6, seed=0, sharper=1.5), ("a", "b")).intervals["calibration_error"] is None  # too few
