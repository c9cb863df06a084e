"""Classes that are grades: what is noticed, its figures, the answer that is off by the least."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, mean_absolute_error

from plaudit.evaluation.metrics import Metrics, measure
from plaudit.evaluation.ordinal import grades_of, ordered, ordinal_costs

STARS = ("1", "10", "2", "3", "4", "7", "8", "9")


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (STARS, [1, 10, 2, 3, 4, 7, 8, 9]),
        (("1 star", "2 stars", "3 stars"), [1, 2, 3]),
        (("0.5", "1.5", "3"), [0.5, 1.5, 3]),
        (("Five stars", "one star", "three stars"), [5, 1, 3]),
        (("bone", "one", "two"), None),
        (("0", "1", "2"), None),
        (("very bad", "bad", "ok", "good", "very good"), [1, 2, 3, 4, 5]),
        (("Good", "Excellent", "Poor"), [2, 3, 1]),
        (("strongly_agree", "agree", "neutral", "disagree", "strongly_disagree"), [5, 4, 3, 2, 1]),
        (("low", "medium", "high"), [1, 2, 3]),
        (("very negative", "negative", "neutral", "positive", "very positive"), [1, 2, 3, 4, 5]),
        (("negative", "neutral", "positive"), None),
        (("good", "bad"), None),
        (("good", "bad", "ugly"), None),
        (("bad", "poor", "good"), None),
        (("0 stars", "1 star", "2 stars"), [0, 1, 2]),
        (("score_1", "score_2", "score_3"), [1, 2, 3]),
        (("1★", "2★", "3★"), [1, 2, 3]),
        (("topic 1", "topic 2", "topic 3"), None),
        (("floor 1", "floor 2", "floor 3"), None),
        (("1", "2"), None),
        (("1", "2", "none"), None),
        (("1", "1.0", "2"), None),
        (("v1.2", "v2.4", "3 of 5"), None),
        (tuple(str(i) for i in range(1, 21)), None),
    ],
)
def test_what_is_noticed(classes: tuple[str, ...], expected: list[float] | None) -> None:
    found = grades_of(classes)
    assert (None if found is None else found.tolist()) == expected


def measured(classes: tuple[str, ...], *, n: int = 400) -> tuple[Metrics, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = random.integers(0, len(classes), n)
    shares = random.dirichlet(np.ones(len(classes)), n)
    shares[np.arange(n), labels] += 0.5
    shares /= shares.sum(axis=1, keepdims=True)
    return measure(labels, shares, classes, resamples=200), labels, shares


def test_the_figures_are_scikit_learns() -> None:
    found, labels, shares = measured(STARS)
    grades, answers = np.array(STARS).astype(float), shares.argmax(axis=1)
    steps = np.argsort(np.argsort(grades))
    assert found.absolute_error == pytest.approx(mean_absolute_error(grades[labels], grades[answers]))
    assert found.within_one == pytest.approx((np.abs(steps[labels] - steps[answers]) <= 1).mean())
    kappa = cohen_kappa_score(steps[labels], steps[answers], weights="quadratic")
    assert found.kappa_quadratic == pytest.approx(kappa)
    for name in ("absolute_error", "within_one", "kappa_quadratic"):
        low, high = found.to_dict()["intervals"][name]  # type: ignore[index]
        assert low < getattr(found, name) < high


def test_other_classes_have_none_of_them() -> None:
    found, *_ = measured(("ham", "spam", "unsure"))
    assert (found.absolute_error, found.within_one, found.kappa_quadratic) == (None, None, None)
    assert "absolute_error" not in found.intervals


def test_a_text_without_an_answer_is_not_counted() -> None:
    shares = np.eye(3)
    found = measure(np.array([0, 1, 2]), shares, ("1", "2", "3"), predictions=np.array([0, -1, 1]), resamples=50)
    assert (found.absolute_error, found.within_one) == (0.5, 1.0)


def test_tables_are_in_the_order_of_the_grades() -> None:
    assert [STARS[i] for i in ordered(STARS)] == ["1", "2", "3", "4", "7", "8", "9", "10"]
    assert ordered(("b", "a", "c")) == [0, 1, 2]


def test_the_rule_answers_the_median() -> None:
    costs = ordinal_costs(("0", "1", "2"))
    assert costs is not None
    assert costs["0"] == {"0": 0, "1": 1, "2": 2}
    assert ordinal_costs(("ham", "spam", "eggs")) is None
    matrix = np.array([[costs[a][b] for b in costs] for a in costs])
    assert np.argmin(np.array([0.4, 0.25, 0.35]) @ matrix) == 1
