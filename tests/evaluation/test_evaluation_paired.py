"""Two classifiers on the same texts."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from plaudit.errors import DataError
from plaudit.evaluation import Answers
from plaudit.evaluation.paired import compare_answers, describe_p, holm, mcnemar_p, paired_interval


def answers(right: np.ndarray, *, sure: float = 0.8, classes: tuple[str, ...] = ("a", "b")) -> Answers:
    """Answer texts that are all of class 0, right where `right` says."""
    found = np.where(right, 0, 1)
    probabilities = np.full((len(right), 2), 1 - sure)
    probabilities[np.arange(len(right)), found] = sure
    return Answers(np.zeros(len(right), np.int64), probabilities, found, classes, multi_label=False)


@given(st.integers(0, 600), st.integers(0, 600))
def test_the_p_value_is_the_exact_binomial_tests(only_a: int, only_b: int) -> None:
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar_p(only_a, only_b) == pytest.approx(expected, rel=1e-9)


def test_a_p_value_of_very_uneven_numbers_is_a_number() -> None:
    assert mcnemar_p(0, 5_000) == 0.0
    assert mcnemar_p(12_000, 12_500) == pytest.approx(binomtest(12_000, 24_500).pvalue, rel=1e-6)


def test_the_table_and_the_differences() -> None:
    a = np.array([True] * 70 + [True] * 20 + [False] * 5 + [False] * 5)
    b = np.array([True] * 70 + [False] * 20 + [True] * 5 + [False] * 5)
    found = compare_answers(answers(a), answers(b, sure=0.9))
    assert (found.both_right, found.only_a_right, found.only_b_right, found.neither_right) == (70, 20, 5, 5)
    assert found.accuracy == (0.9, 0.75)
    assert found.accuracy_difference == pytest.approx(0.15)
    assert found.accuracy_interval.low < 0.15 < found.accuracy_interval.high
    assert found.p_value == pytest.approx(binomtest(5, 25).pvalue)
    losses = [-np.log([0.8, 0.2]), -np.log([0.9, 0.1])]
    expected = (0.9 * losses[0][0] + 0.1 * losses[0][1]) - (0.75 * losses[1][0] + 0.25 * losses[1][1])
    assert found.loss_difference == pytest.approx(expected)
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_interval_is_as_wide_as_the_textbooks() -> None:
    random = np.random.default_rng(0)
    a = random.random(2_000) < 0.9
    b = np.where(random.random(2_000) < 0.1, random.random(2_000) < 0.5, a)
    found = compare_answers(answers(a), answers(b))
    differing = (found.only_a_right + found.only_b_right) / found.n
    half = 1.96 * np.sqrt((differing - found.accuracy_difference**2) / found.n)
    assert found.accuracy_interval.low == pytest.approx(found.accuracy_difference - half, abs=0.0015)
    assert found.accuracy_interval.high == pytest.approx(found.accuracy_difference + half, abs=0.0015)


def test_the_sentence_says_which_is_better_or_that_neither_is_shown_to_be() -> None:
    good, poor = np.arange(1_000) % 10 > 0, np.arange(1_000) % 10 > 1
    words = compare_answers(answers(good), answers(poor)).sentence("new", "old")
    assert words.startswith("new is better than old by 10.0 points (")
    assert words.endswith("the difference is larger than chance explains (p < 0.001).")
    turned = compare_answers(answers(poor), answers(good)).sentence("new", "old")
    assert turned.startswith("old is better than new by 10.0 points (8.")
    one = good.copy()
    one[1] = False
    words = compare_answers(answers(good), answers(one)).sentence("new", "old")
    assert words.startswith("Neither is shown to be better: new minus old is +0.1 points (-0.3 to 0.6)")
    assert words.endswith("chance explains (p = 1.000).")
    assert compare_answers(answers(good), answers(good)).sentence("x", "y") == "x and y are right on the same texts."
    assert [describe_p(p) for p in (0.0001, 0.0123, 1.0)] == ["p < 0.001", "p = 0.012", "p = 1.000"]


def test_the_interval_of_a_difference_is_tangos_and_never_without_a_width() -> None:
    found = paired_interval(1, 1, 7, 12)  # Fagerland et al. 2014, Statistics in Medicine 33: Tango's interval
    assert found.to_list() == pytest.approx([-0.517, -0.026], abs=5e-4)
    for same in ((6, 0, 0, 0), (0, 0, 0, 6), (3, 0, 0, 3)):
        found = paired_interval(*same)
        assert found.low < -0.05 < 0.05 < found.high
    assert compare_answers(answers(np.ones(6, bool)), answers(np.ones(6, bool), sure=0.7)).loss_interval is None


@given(st.tuples(*[st.integers(0, 12)] * 4).filter(lambda counts: sum(counts) > 0))
def test_the_interval_has_zero_in_it_wherever_chance_explains_the_difference(counts: tuple[int, ...]) -> None:
    both, only_a, only_b, neither = counts
    a = np.array([True] * (both + only_a) + [False] * (only_b + neither))
    b = np.array([True] * both + [False] * only_a + [True] * only_b + [False] * neither)
    found = compare_answers(answers(a), answers(b))
    interval = found.accuracy_interval
    assert (found.p_value < 0.05) == (not interval.low <= 0 <= interval.high)


def test_holms_correction_is_the_textbooks_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_classes_in_another_order_are_the_same_classes() -> None:
    right = np.array([True, False, True])
    turned = answers(right, classes=("b", "a"))
    assert compare_answers(answers(right), turned).p_value == 1.0


def test_sets_of_labels_are_right_as_a_whole() -> None:
    labels = np.array([[1, 0], [0, 1], [1, 1]])
    a = Answers(labels, labels * 0.8 + 0.1, labels, ("x", "y"), multi_label=True)
    wrong = np.array([[1, 1], [0, 1], [0, 0]])
    b = Answers(labels, wrong * 0.8 + 0.1, wrong, ("x", "y"), multi_label=True)
    found = compare_answers(a, b)
    assert (found.both_right, found.only_a_right) == (1, 2)
    assert found.loss[0] == pytest.approx(-np.log(0.9))


def test_a_text_without_an_answer_is_not_right() -> None:
    labels = np.array([0, 0, 0, 1])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    every = Answers(labels, probabilities, probabilities.argmax(axis=1), ("a", "b"), multi_label=False)
    sure = Answers(labels, probabilities, np.array([0, -1, -1, 1]), ("a", "b"), multi_label=False)
    assert sure.right.tolist() == [True, False, False, True]
    assert (every.n_unanswered, sure.n_unanswered) == (0, 2)
    found = compare_answers(every, sure)
    assert (found.both_right, found.only_a_right, found.only_b_right, found.neither_right) == (2, 1, 0, 1)
    assert found.accuracy == (0.75, 0.5)
    assert found.loss_difference == 0


def test_what_cannot_be_compared_is_refused() -> None:
    right = np.array([True, False])
    with pytest.raises(DataError, match="expected the same texts, at least one, got the answers to 2 and 1"):
        compare_answers(answers(right), answers(right[:1]))
    with pytest.raises(DataError, match="expected the same texts"):
        compare_answers(answers(right[:0]), answers(right[:0]))
    with pytest.raises(DataError, match="answer with different classes: a, b, and a, c"):
        compare_answers(answers(right), answers(right, classes=("a", "c")))
