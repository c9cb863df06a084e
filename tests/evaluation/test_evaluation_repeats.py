"""Copies of a text are worth one text: in every interval, test and rule."""

from dataclasses import replace

import numpy as np
import pytest

from plaudit.data import Dataset
from plaudit.evaluation import Answers, Interval
from plaudit.evaluation.learning import Trained, fit_curve
from plaudit.evaluation.paired import compare_answers
from plaudit.evaluation.repeats import Repeats
from plaudit.evaluation.slices import Division, accuracy_by_slice
from plaudit.evaluation.thresholds import choose_rule
from plaudit.models import NgramClassifier

N, COPIES = 150, 4
ROWS = np.tile(np.arange(N), COPIES)
GRADES = ("1 star", "2 stars", "3 stars")


def drawn(kind: str) -> Answers:
    """Return a simulated model's answers to 150 texts."""
    random = np.random.default_rng(3)
    if kind == "sets":
        truth = random.integers(0, 2, (N, 3))
        sure = np.clip(0.5 + (truth - 0.5) * 0.5 + random.normal(0, 0.25, (N, 3)), 0.01, 0.99)
        return Answers(truth, sure, (sure > 0.5).astype(np.int64), GRADES, True, alike=np.arange(N))
    classes = ("no", "yes") if kind == "two" else GRADES
    truth = random.integers(0, len(classes), N)
    logits = np.eye(len(classes))[truth] * 2 + random.normal(0, 1.2, (N, len(classes)))
    sure = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Answers(truth, sure, sure.argmax(axis=1), classes, False, alike=np.arange(N))


def spans(answers: Answers) -> dict[str, float]:
    """Return the widths of all intervals."""
    found = {}
    for name, value in answers.metrics.intervals.items():
        for number, each in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(each, Interval):
                found[f"{name} {number}"] = each.high - each.low
    return found


@pytest.mark.parametrize("kind", ["two", "grades", "sets"])
def test_intervals_of_copies_are_as_wide_as_those_of_the_texts(kind: str) -> None:
    once = drawn(kind)
    copied, believed = once.take(ROWS), replace(once.take(ROWS), alike=None)
    one, four, narrow = spans(once), spans(copied), spans(believed)
    assert len(one) >= 12
    assert set(one) == set(four)
    for name, width in one.items():
        if name.startswith("calibration_error"):  # of 600 rows there are more bins
            continue
        assert four[name] == pytest.approx(width, rel=0.12), name
        assert narrow[name] < 0.75 * width, name
    assert copied.accuracy_interval.to_list() == pytest.approx(once.accuracy_interval.to_list())


def test_what_texts_are_worth() -> None:
    repeats = Repeats.of(np.array([7, 7, 7, 9, 5, 5]), 6)
    assert repeats.worth() == pytest.approx(36 / 14)
    assert repeats.worth(np.array([True] * 3 + [False] * 3)) == 1
    assert repeats.worth(np.zeros(6, bool)) == 0
    assert repeats.worth_by(np.arange(6), np.array([0, 0, 0, 0, 1, 1]), 3).tolist() == [1.6, 1, 0]
    assert Repeats.of(None, 6).worth() == 6


def test_copies_make_no_difference_of_two_models_sure() -> None:
    a = drawn("two")
    b = replace(a, predictions=np.where(np.arange(N) < 4, 1 - a.labels, a.labels))
    c = replace(a, predictions=a.labels)
    once, copied = compare_answers(c, b), compare_answers(c.take(ROWS), b.take(ROWS))
    assert (copied.n, copied.only_a_right) == (600, 16)
    assert copied.p_value == once.p_value == 0.125
    assert copied.accuracy_interval.to_list() == pytest.approx(once.accuracy_interval.to_list(), abs=1e-9)


def test_rules_count_copies_once(reviews: Dataset, more_reviews: Dataset) -> None:
    model = NgramClassifier(seed=0).fit(reviews.texts, reviews.label_column())
    rows = np.tile(np.arange(len(more_reviews)), 3)
    for goal in ({"f1": True}, {"abstain": 0.5}, {"costs": {"liked": {"panned": 2}}}):
        once, copied = (choose_rule(model, each, **goal).reached for each in (more_reviews, more_reviews.take(rows)))
        for name, figure in once.items():
            found = copied[name].interval
            assert (found is None) == (figure.interval is None), name
            if found is not None and figure.interval is not None:
                assert found.to_list() == pytest.approx(figure.interval.to_list(), abs=1e-3), name


def test_slices_and_learning_curves_count_copies_once() -> None:
    right = drawn("two").right
    whole = Division("all", ("all",), np.zeros(4 * N, np.int64))
    (once,) = accuracy_by_slice(replace(whole, numbers=whole.numbers[:N]), right)
    (copied,) = accuracy_by_slice(whole, right[ROWS], alike=ROWS)
    assert copied.interval is not None
    assert once.interval is not None
    assert copied.interval.to_list() == pytest.approx(once.interval.to_list())
    random = np.random.default_rng(0)
    rights = {n: random.random((1, N))[:, ROWS] < 1 - n**-0.3 for n in (50, 100, 200, 400)}
    spread = [
        np.ptp(
            fit_curve([Trained(n, each, alike) for n, each in rights.items()], resamples=100).band(np.array([400.0]))
        )
        for alike in (ROWS, None)
    ]
    assert spread[0] > 1.4 * spread[1]
