"""Intervals hold the truth as often as they say, have a width where all is right, and say where texts are too few."""

import numpy as np
import pytest

from plaudit.evaluation import Metrics, measure
from plaudit.evaluation.figure_intervals import f1_interval, roc_interval, share_interval, skewed_interval


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
        if 0 < true.sum() < n:
            right = float((scores[true][:, None] > scores[~true]).mean())
            intervals["area"] = (roc_interval(right, int(true.sum()), int((~true).sum())), area)
        for name, (interval, truth) in intervals.items():
            if interval is not None:
                held[name].append(interval.low <= truth <= interval.high)
    for name, hits in held.items():
        if len(hits) > 500:
            assert 0.93 <= np.mean(hits) <= 0.98, name
