"""Intervals hold the truth as often as they say, have a width where all is right, and say where texts are too few."""

import numpy as np
import pytest

from plaudit.evaluation import Interval, Metrics, measure
from plaudit.evaluation.bootstrap import draw_counts
from plaudit.evaluation.figure_intervals import (
    TOO_FEW,
    difference_interval,
    f1_interval,
    roc_interval,
    share_interval,
    skewed_interval,
)
from plaudit.evaluation.multilabel import measure_sets
from plaudit.evaluation.ranking import ranking, ranking_intervals


def test_perfect_answers_to_a_few_texts_do_not_make_a_certainty() -> None:
    """Six right answers of six had an interval from 1.000 to 1.000."""
    for n in (6, 30, 120):
        labels = np.arange(n) % 2
        shares = np.where(labels[:, None] == np.arange(2), 0.99, 0.01)
        metrics = measure(labels, shares, ("a", "b"))
        assert isinstance(metrics, Metrics)
        for name in ("f1", "f1_macro", "balanced_accuracy", "roc_auc", "precision_macro", "recall_macro"):
            interval = metrics.intervals[name]
            assert interval is None or (not isinstance(interval, tuple) and interval.low < 0.99 < interval.high)
            assert (interval is None) == (n == 6)
        ranked = metrics.intervals["average_precision"]
        assert (ranked is None) == (n < 120)
        assert ranked is None or (isinstance(ranked, Interval) and ranked.low < 0.99 < ranked.high == 1)


@pytest.mark.parametrize(("share", "n"), [(0.5, 20), (0.5, 1_000), (0.1, 200), (0.1, 1_000)])
def test_95_of_100_intervals_hold_the_truth(share: float, n: int) -> None:
    """Answers that are right with 0.9 and 0.8 of the two classes; scores two standard deviations apart."""
    random = np.random.default_rng(1)
    held: dict[str, list[bool]] = {"recall": [], "f1": [], "area": [], "loss": []}
    both, given = share * 0.8, share * 0.8 + (1 - share) * 0.1
    area = 0.5 * (1 + 0.8427007929)  # of normal scores two apart: the normal distribution at the root of two
    for _ in range(1_500):
        true = random.random(n) < share
        found = np.where(true, random.random(n) < 0.8, random.random(n) < 0.1)
        scores = random.normal(size=n) + 2 * true
        intervals = {
            "recall": (share_interval(int((true & found).sum()), int(true.sum())), 0.8),
            "f1": (
                f1_interval(int((true & found).sum()), int(true.sum()), int(found.sum())),
                2 * both / (share + given),
            ),
            "loss": (skewed_interval(random.exponential(size=n)), 1.0),
        }
        if min(true.sum(), n - true.sum()) >= TOO_FEW:
            right = float((scores[true][:, None] > scores[~true]).mean())
            intervals["area"] = (roc_interval(right, int(true.sum()), int((~true).sum())), area)
        for name, (interval, truth) in intervals.items():
            if interval is not None:
                held[name].append(interval.low <= truth <= interval.high)
    for name, hits in held.items():
        if len(hits) > 500:
            assert 0.93 <= np.mean(hits) <= 0.98, name


def test_intervals_of_an_average_precision_hold_the_truth() -> None:
    """Of 25 positive texts in closed form, of 100 from resamples, which alone held it 85 times of 100 before."""
    random = np.random.default_rng(2)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(n) % 2
        return labels, random.normal(size=n) + 2 * labels

    def average(labels: np.ndarray, scores: np.ndarray) -> float:
        return float(ranking(labels == 1, scores)(np.ones((1, len(labels)))).average_precision[0])

    truth = average(*drawn(200_000))
    for n in (50, 200):
        hits = 0
        for seed in range(150):
            labels, scores = drawn(n)
            area = ranking(labels == 1, scores)
            resampled = np.concatenate([area(c).average_precision for c in draw_counts(n, 100, seed=seed)])
            means = {"roc_auc": resampled, "average_precision": resampled}
            found = ranking_intervals(labels[:, None] == 1, scores[:, None], means)["average_precision"]
            assert found is not None
            assert found.low <= average(labels, scores) <= found.high
            hits += found.low <= truth <= found.high
        assert hits >= 0.89 * 150  # at a coverage of 95 %, fewer come once in a thousand


def test_a_mean_of_average_precisions_takes_rare_classes_in() -> None:
    random = np.random.default_rng(3)
    true = random.random((300, 3)) < [0.5, 0.2, 0.02]
    scores = random.random((300, 3)) + true
    resampled = {name: np.full(10, 0.9) for name in ("roc_auc", "average_precision")}
    found = ranking_intervals(true, scores, resampled)["average_precision"]
    assert found is not None
    assert 0.02 < found.high - found.low < 0.5
    assert ranking_intervals(true[:30], scores[:30], resampled)["average_precision"] is None  # ten a class
    assert set(ranking_intervals(true & False, scores, resampled).values()) == {None}


def test_perfect_sets_and_grades_make_no_certainty_either() -> None:
    random = np.random.default_rng(0)
    for n in (6, 30, 200):
        true = (random.random((n, 3)) < 0.4).astype(np.int64)
        sets = measure_sets(true, np.where(true, 0.9, 0.1), ("a", "b", "c"), resamples=200)
        grades = random.integers(0, 3, n)
        shares = np.where(grades[:, None] == np.arange(3), 0.9, 0.05)
        one = measure(grades, shares, ("1", "2", "3"), resamples=200)
        for name, interval in [*sets.intervals.items(), *one.intervals.items()]:
            each = [bounds for bounds in (interval if isinstance(interval, tuple) else (interval,)) if bounds]
            assert all(bounds.high - bounds.low > 0.005 for bounds in each), name
        assert (sets.intervals["f1_micro"] is None) == (n == 6)
        assert (one.intervals["kappa_quadratic"] is None) == (n < 200)


def test_a_mean_over_some_of_the_classes_has_no_interval() -> None:
    """Of 20 texts a rare class may lack; the interval of the other's F1 never held the mean of both."""
    labels, shares = np.zeros(20, np.int64), np.tile([0.9, 0.1], (20, 1))
    found = measure(labels, shares, ("usual", "rare"))
    assert found.intervals["f1_macro"] is None
    assert found.intervals["recall_macro"] is None


def test_the_interval_of_a_difference_holds_where_a_few_texts_decide_it() -> None:
    """Log losses of two models, too sure by 1.3, a tenth of 200 texts being of the class; Hall's held 91 of 100."""
    random, held = np.random.default_rng(4), []
    for _ in range(2_000):
        true = random.random(200) < 0.1
        logits = 1.3 * (2 * (random.normal(size=(2, 200)) + 2 * true - 1) - np.log(9))
        losses = np.logaddexp(0, np.where(true, -logits, logits))
        found = difference_interval(losses[0] - losses[1])
        assert found is not None
        held.append(found.low <= 0 <= found.high)
    assert 0.94 < np.mean(held) < 0.975
    assert difference_interval(np.ones(99)) is None
    assert difference_interval(np.full(200, 0.1)) is None
