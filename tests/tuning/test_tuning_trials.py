"""Which of many trials to take."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.evaluation import Answers
from plaudit.evaluation.named_metrics import METRICS
from plaudit.tuning import Result, Trial, best_trial, pareto_front

COSTS = st.integers(0, 4)  # few values, so that ties and dominance are frequent
TRIALS = st.lists(st.one_of(st.none(), st.tuples(COSTS, COSTS, COSTS, COSTS)), max_size=12)


def make_trials(rows: list[tuple[int, int, int, int] | None]) -> list[Trial]:
    return [
        Trial(number, "ngram", {}, {}, None if row is None else Result(row[0] / 4, row[1], row[2], row[3]), None)
        for number, row in enumerate(rows, start=1)
    ]


def costs(trial: Trial, metric: str) -> tuple[float, ...]:
    assert trial.result is not None
    result = trial.result
    figure = result.figure if metric == "log_loss" else -result.figure
    return figure, result.size_bytes, result.microseconds_a_text, result.training_s


def dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return bool(np.all(np.array(one) <= other) and np.any(np.array(one) < other))


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
@given(rows=TRIALS)
def test_the_front_is_what_nothing_dominates(metric: str, rows: list[tuple[int, int, int, int] | None]) -> None:
    trials = make_trials(rows)
    front = pareto_front(trials, metric)
    done = [trial for trial in trials if trial.result is not None]
    for trial in done:
        is_dominated = any(dominates(costs(other, metric), costs(trial, metric)) for other in done)
        assert (trial in front) == (not is_dominated)
    assert [costs(trial, metric)[0] for trial in front] == sorted(costs(trial, metric)[0] for trial in front)


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
@given(rows=TRIALS, most=st.one_of(st.none(), COSTS))
def test_the_winner_fits_and_none_that_fits_is_better_or_as_good_and_smaller(
    metric: str, rows: list[tuple[int, int, int, int] | None], most: int | None
) -> None:
    trials = make_trials(rows)
    fitting = [t for t in trials if t.result is not None and (most is None or t.result.size_bytes <= most)]
    best = best_trial(trials, metric, max_size_bytes=most)
    if best is None:
        assert not fitting
        return
    assert best in fitting
    assert all((*costs(best, metric), best.number) <= (*costs(t, metric), t.number) for t in fitting)
    assert best in pareto_front(trials, metric)


def test_changed_settings_are_those_that_differ_from_the_defaults() -> None:
    trial = Trial(1, "network", {"hidden": (16,), "dropout": 0.1}, {"hidden": (16,), "dropout": 0.0}, None, "why")
    assert trial.changed == {"dropout": 0.1}
    assert replace(trial, settings=trial.defaults).changed == {}


def answers_of(labels: object, probabilities: object, classes: str) -> Answers:
    given, shares = np.asarray(labels), np.asarray(probabilities)
    found = (shares > 0.5).astype(np.int64) if given.ndim == 2 else shares.argmax(axis=1)
    return Answers(given, shares, found, tuple(classes), multi_label=given.ndim == 2)


def test_metrics_of_two_many_and_sets_of_classes() -> None:
    found = np.array([0, 0, 1, 1, 0, 0])
    two = answers_of([0, 0, 0, 1, 1, 0], np.eye(2)[found] * 0.8 + 0.1, "ab")
    assert METRICS["f1"].read(two) == pytest.approx(0.5)  # of b: 1 right of 2 found and 2 true
    assert METRICS["f1_macro"].read(two) == pytest.approx((0.75 + 0.5) / 2)
    assert METRICS["accuracy"].read(two) == pytest.approx(4 / 6)
    assert METRICS["log_loss"].read(two) == pytest.approx(-(4 * np.log(0.9) + 2 * np.log(0.1)) / 6)
    three = answers_of([0, 1, 2], np.eye(3)[[0, 1, 1]], "abc")
    assert METRICS["f1"].read(three) == METRICS["f1_macro"].read(three) == pytest.approx((1 + 2 / 3 + 0) / 3)
    sets = answers_of([[1, 0], [1, 1]], [[0.9, 0.1], [0.9, 0.1]], "ab")
    assert METRICS["f1"].read(sets) == pytest.approx(0.8)
    assert METRICS["f1_macro"].read(sets) == pytest.approx(0.5)
