"""The learning curve: recovers a known law, and its range holds the truth or says that it cannot be told."""

import json

import numpy as np
import pytest

from plaudit.errors import DataError
from plaudit.evaluation.learning import POINT, LearningCurve, PowerLaws, Trained, fit_curve, fit_power_laws

SIZES, DRAWS = (1_000, 2_000, 4_000, 8_000, 16_000), (5, 5, 3, 2, 1)


def law(a: float, b: float, c: float) -> PowerLaws:
    return PowerLaws(np.array([a]), np.array([b]), np.array([c]))


def simulate(true: PowerLaws, *, n_texts: int, scatter: float, seed: int) -> list[Trained]:
    """Return models whose errors follow a law: texts have a difficulty that all models share."""
    random = np.random.default_rng(seed)
    difficulty = random.random(n_texts)
    trained = []
    for n, draws in zip(SIZES, DRAWS, strict=True):
        errors = true.errors(float(n))[0] + random.normal(0, scatter / np.sqrt(n), draws)
        trained.append(Trained(n, difficulty[None, :] > errors[:, None]))
    return trained


@pytest.mark.parametrize(("a", "b", "c"), [(0.05, 2.0, 0.5), (0.0, 1.0, 0.25), (0.1, 30.0, 1.0)])
def test_a_law_without_noise_is_found(a: float, b: float, c: float) -> None:
    sizes = np.array(SIZES, np.float64)
    true = law(a, b, c)
    found = fit_power_laws(sizes, true.errors(sizes))
    assert (found.a[0], found.b[0], found.c[0]) == pytest.approx((a, b, c), rel=1e-6, abs=1e-9)
    assert found.labels_for(found.errors(5_000.0))[0] == pytest.approx(5_000)


def test_errors_that_do_not_fall_give_a_level() -> None:
    sizes = np.array(SIZES, np.float64)
    found = fit_power_laws(sizes, np.array([[0.2, 0.21, 0.22, 0.23, 0.24]]))
    assert (found.a[0], found.b[0]) == (pytest.approx(0.22), 0)
    assert found.labels_for(found.errors(16_000.0) - POINT)[0] == np.inf


def test_the_range_holds_the_true_number_of_labels() -> None:
    true = law(0.05, 1.2, 0.35)
    wanted = true.labels_for(true.errors(16_000.0) - POINT)[0] - 16_000
    hits = 0
    for seed in range(40):
        curve = fit_curve(simulate(true, n_texts=10_000, scatter=0.3, seed=seed), resamples=200, seed=seed)
        hits += curve.interval.low <= wanted <= curve.interval.high
    assert hits >= 34


def test_the_sentence_of_a_clear_case_has_a_range() -> None:
    curve = fit_curve(simulate(law(0.0, 2.0, 0.3), n_texts=20_000, scatter=0.05, seed=1))
    assert curve.sentence().startswith("About ")
    assert " more labels for one more point of accuracy (" in curve.sentence()
    figures = curve.to_dict()
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert None not in figures["more_labels_interval_95"]  # type: ignore[operator]


def told(low: float, middle: float | None, high: float) -> LearningCurve:
    from plaudit.evaluation import Interval

    one = (Trained(1_000, np.zeros((1, 10), np.bool_)),)
    return LearningCurve(one, law(0, 1, 1), law(0, 1, 1), middle, Interval(low, high))


def test_what_cannot_be_told_is_not_told_as_a_number() -> None:
    assert "needs: at least 520, and perhaps no number" in told(523, None, np.inf).sentence()
    assert told(523, 1_234, np.inf).sentence().endswith("at least 520; the upper bound is unknown.")
    assert told(523, 1_234, 9_001).sentence().endswith("at least 520; the upper bound is unknown.")
    assert told(523, 1_234, 8_999).sentence() == (
        "About 1,200 more labels for one more point of accuracy (520 to 9,000)."
    )
    assert "hardly bring one more point of accuracy: not with 9,000 more" in told(9_001, None, np.inf).sentence()
    assert told(9_001, None, np.inf).to_dict()["more_labels_interval_95"] == [None, None]


def test_where_less_than_a_point_is_left_no_labels_are_advised() -> None:
    curve = fit_curve(simulate(law(0.0, 0.0, 1.0), n_texts=200, scatter=0.0, seed=0))
    assert "less than one point is left to gain" in curve.sentence()


def test_a_flat_curve_brings_no_point() -> None:
    curve = fit_curve(simulate(law(0.2, 0.0, 1.0), n_texts=20_000, scatter=0.02, seed=2))
    assert "hardly bring" in curve.sentence() or "unknown" in curve.sentence()
    assert curve.more_labels is None


def test_the_same_seed_gives_the_same_curve() -> None:
    trained = simulate(law(0.05, 1.2, 0.35), n_texts=500, scatter=0.3, seed=3)
    assert fit_curve(trained, seed=4).to_dict() == fit_curve(trained, seed=4).to_dict()


def test_fewer_than_four_sizes_are_refused() -> None:
    with pytest.raises(DataError, match="at least 4 sizes, got 3"):
        fit_curve(simulate(law(0.05, 1.2, 0.35), n_texts=50, scatter=0.3, seed=3)[:3])
