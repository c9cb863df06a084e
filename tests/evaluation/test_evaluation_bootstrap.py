"""Resampled figures are the figures of the resampled texts, and their intervals hold the truth as often as they say."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from plaudit.evaluation import Interval, Metrics, measure, measure_sets
from plaudit.evaluation import metrics as single
from plaudit.evaluation import multilabel as sets
from plaudit.evaluation.bootstrap import bootstrap, count_resamples, draw_counts, percentile_interval
from plaudit.evaluation.ordinal import NAMES
from plaudit.evaluation.ranking import ranking


def random_case(seed: int, n: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, n_classes, n)
    scores = np.round(random.gamma(1.0, size=(n, n_classes)), 1) + 0.1  # with ties
    scores[np.arange(n), labels] += 0.5
    return labels, scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("least", [0.0, 0.6])
def test_a_resamples_figures_are_those_of_its_texts(n_classes: int, least: float) -> None:
    """All but the calibration error, whose bins stay those of the texts themselves; with and without unanswered."""
    labels, probabilities = random_case(0, 200, n_classes)
    predictions = np.where(probabilities.max(axis=1) >= least, probabilities.argmax(axis=1), -1)
    assert (predictions < 0).any() == (least > 0)
    statistic = single._statistic(labels, probabilities, predictions, tuple("abcd"[:n_classes]))
    counts = next(draw_counts(200, 5, seed=1))
    found = statistic(counts)
    for i, row in enumerate(counts.astype(int)):
        texts = np.repeat(np.arange(200), row)
        classes = tuple("abcd"[:n_classes])
        drawn = measure(labels[texts], probabilities[texts], classes, predictions=predictions[texts], resamples=0)
        for name in found:
            if name != "calibration_error":
                assert found[name][i] == pytest.approx(getattr(drawn, name), abs=1e-12), name


def test_a_resamples_figures_of_sets_are_those_of_its_texts() -> None:
    random = np.random.default_rng(2)
    true = (random.random((150, 3)) < 0.3).astype(int)
    probabilities = np.round(random.random((150, 3)), 1)
    statistic = sets._statistic(true > 0, probabilities > 0.5, probabilities)
    counts = next(draw_counts(150, 5, seed=1))
    found = statistic(counts)
    for i, row in enumerate(counts.astype(int)):
        texts = np.repeat(np.arange(150), row)
        drawn = measure_sets(true[texts], probabilities[texts], ("a", "b", "c"), resamples=0)
        for name in found:
            if name != "calibration_error":
                assert found[name][i] == pytest.approx(getattr(drawn, name), abs=1e-12), name


@given(st.integers(0, 2**32), st.integers(2, 40), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_weighted_areas_are_scikit_learns(seed: int, n: int, n_scores: int) -> None:
    random = np.random.default_rng(seed)
    is_positive, scores = random.random(n) < 0.5, random.integers(0, n_scores, n) / n_scores
    counts = random.integers(0, 3, (4, n)).astype(np.float64)
    found = ranking(is_positive, scores)(counts)
    for i, weights in enumerate(counts):
        kept = weights > 0
        if is_positive[kept].any() and not is_positive[kept].all():
            auc = peer.roc_auc_score(is_positive, scores, sample_weight=weights)
            average = peer.average_precision_score(is_positive, scores, sample_weight=weights)
            assert found.roc_auc[i] == pytest.approx(auc, abs=1e-12)
            assert found.average_precision[i] == pytest.approx(average, abs=1e-12)
        else:
            assert np.isnan(found.roc_auc[i])


def test_counts_are_resamples_whatever_the_chunks() -> None:
    chunks = list(draw_counts(1_000, 700, seed=3))
    assert len(chunks) > 1
    counts = np.concatenate(chunks)
    assert counts.shape == (700, 1_000)
    assert (counts.sum(axis=1) == 1_000).all()
    assert counts.mean(axis=0).std() < 0.06  # each text about once a resample: 1 / sqrt(700) = 0.038
    assert counts.var() == pytest.approx(1, abs=0.01)  # of a multinomial draw: 1 - 1/N
    assert np.array_equal(counts, np.concatenate(list(draw_counts(1_000, 700, seed=3))))
    assert not np.array_equal(counts, np.concatenate(list(draw_counts(1_000, 700, seed=4))))


def test_the_spread_of_a_mean_is_the_textbooks() -> None:
    values = np.random.default_rng(5).normal(size=400)
    found = bootstrap(lambda counts: {"mean": counts @ values / 400}, 400, resamples=4_000)["mean"]
    interval = percentile_interval(found)
    assert interval is not None
    half = 1.96 * values.std() / 20
    assert (interval.low, interval.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.01)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    names, hits, trials = ("brier", "log_loss", "f1", "roc_auc", "average_precision", "balanced_accuracy"), [], 120
    whole = measure(*_answers(400_000, seed=0), ("a", "b"), resamples=0)
    for seed in range(1, trials + 1):
        found = measure(*_answers(300, seed=seed), ("a", "b"), resamples=300, seed=seed).intervals
        hits.append([_holds(found[name], getattr(whole, name)) for name in names])
    coverage = np.mean(hits, axis=0)
    assert (coverage > 0.88).all(), dict(zip(names, coverage.tolist(), strict=True))
    assert coverage.mean() < 0.99


def _answers(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    z = random.normal(0, 1.5, n)
    yes = 1 / (1 + np.exp(-z))
    return (random.random(n) < yes).astype(int), np.stack([1 - yes, yes], axis=1)


def _holds(interval: object, value: float) -> bool:
    assert isinstance(interval, Interval)
    return interval.low <= value <= interval.high


def test_the_seed_decides_the_intervals() -> None:
    labels, probabilities = random_case(1, 60, 3)
    first, again, other = (measure(labels, probabilities, ("a", "b", "c"), seed=seed).intervals for seed in (0, 0, 1))
    assert first == again != other


def test_every_figure_has_an_interval_that_holds_it() -> None:
    for n_classes in (2, 5):
        metrics = measure(*random_case(2, 400, n_classes), tuple("abcde"[:n_classes]))
        figures = metrics.to_dict()
        intervals = figures["intervals"]
        assert isinstance(intervals, dict)
        assert figures.keys() - intervals.keys() == {
            "n", "coverage", "accuracy_interval_95", "classes", "confusion_matrix", "intervals", *NAMES,
        }  # fmt: skip
        assert intervals["accuracy"] == figures["accuracy_interval_95"]
        for name, span in intervals.items():
            value = figures[name]
            pairs = [(value, span)] if not isinstance(value, dict) else [(value[c], span[c]) for c in value]
            assert all(low <= each <= high for each, (low, high) in pairs), name


def test_where_few_were_answered_a_resample_may_have_none() -> None:
    labels, probabilities = random_case(3, 40, 2)
    predictions = np.full(40, -1)
    predictions[0] = labels[0]
    found = measure(labels, probabilities, ("a", "b"), predictions=predictions)
    assert (found.coverage, found.accuracy, found.balanced_accuracy) == (1 / 40, 1, 1)
    assert found.intervals["balanced_accuracy"] is None
    assert found.intervals["brier"] is None


def test_no_resamples_no_intervals_but_the_accuracys() -> None:
    metrics = measure(*random_case(2, 40, 2), ("a", "b"), resamples=0)
    assert metrics.intervals == {"accuracy": metrics.accuracy_interval}


def test_a_figure_that_resamples_often_lack_has_no_interval() -> None:
    """One text of a class: a third of the resamples have none, and no area."""
    probabilities = np.stack([np.linspace(0.9, 0.1, 10), np.linspace(0.1, 0.9, 10)], axis=1)
    metrics = measure(np.array([0] * 9 + [1]), probabilities, ("a", "b"))
    assert metrics.roc_auc == 1.0
    assert metrics.intervals["roc_auc"] is None
    assert metrics.to_dict()["intervals"]["roc_auc"] is None  # type: ignore[index]
    assert metrics.intervals["calibration_error"] is not None


def test_of_one_text_nothing_is_said() -> None:
    metrics = measure(np.array([1]), np.array([[0.2, 0.8]]), ("a", "b"))
    assert metrics.intervals["log_loss"] is None
    assert metrics.intervals["f1"] is None


def test_very_many_texts_and_classes_get_fewer_resamples() -> None:
    assert count_resamples(25_000, 1) == 1_000
    assert count_resamples(25_000, 77) == 259
    assert count_resamples(10_000_000, 100) == 200
    assert count_resamples(10_000_000, 100, most=50) == 50


def test_a_thousand_resamples_of_many_texts_are_quick_and_small() -> None:
    labels, probabilities = _answers(25_000, seed=0)
    started = time.process_time()
    assert isinstance(measure(labels, probabilities, ("a", "b")), Metrics)
    assert time.process_time() - started < 10  # of the processor; about 2 here
    tracemalloc.start()
    measure(labels, probabilities, ("a", "b"), resamples=60)
    measured = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert measured < 60 * 2**20  # all counts at once would be 191 MiB for 1,000 resamples
