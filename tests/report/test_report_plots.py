"""The pictures beside a model: whole, repeatable, in their own colours, and drawn for whatever there can be."""

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from plaudit import plot_curves
from plaudit.evaluation import Reliability, wilson_interval
from plaudit.evaluation.calibration import Bin
from plaudit.evaluation.learning import LearningCurve, Trained, fit_curve
from plaudit.report import plot_learning_curve, plot_reliability
from plaudit.training import EpochResult, History


def history(n: int, *, has_validation: bool = True) -> History:
    curves = History()
    for epoch in range(1, n + 1):
        loss, accuracy = 0.7 * math.exp(-epoch / 8), 1 - 0.5 * math.exp(-epoch / 6)
        val_loss = 0.3 + (epoch - 9) ** 2 / 900 if has_validation else None
        val_accuracy = 0.87 - 0.3 * math.exp(-epoch / 3) if has_validation else None
        curves.append(EpochResult(loss, accuracy, val_loss, val_accuracy, seconds=0.1))
    return curves


def learning(fall: float) -> LearningCurve:
    random = np.random.default_rng(0)
    sizes = ((100, 3), (200, 3), (400, 2), (800, 1))
    return fit_curve([Trained(n, random.random((draws, 500)) > 0.1 + fall / n**0.5) for n, draws in sizes])


def reliability(*bins: tuple[int, float, int], error: float) -> Reliability:
    """Make one of bins: how many texts, their probability, and how many of them are right."""
    return Reliability(tuple(Bin(n, p, right / n, wilson_interval(right, n)) for n, p, right in bins), error)


BEFORE = reliability((40, 0.55, 24), (40, 0.75, 36), (41, 0.95, 41), error=0.083)
AFTER = reliability((40, 0.6, 24), (40, 0.85, 36), (41, 0.98, 41), error=0.023)


def said(path: Path) -> str:
    """Return the words of a picture, which is SVG of whole numbers, with colours for light and for dark."""
    text = path.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert "nan" not in text.replace("nance", "")
    assert "inf" not in text
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return "".join(root.itertext())


@pytest.mark.parametrize("has_validation", [True, False])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_curves_are_drawn_for_every_history(tmp_path: Path, n: int, has_validation: bool) -> None:
    paths = plot_curves(history(n, has_validation=has_validation), tmp_path, kept_epoch=1)
    assert [path.name for path in paths] == ["loss.svg", "accuracy.svg"]
    for path in paths:
        assert ("Validation" in said(path)) is has_validation


def test_curves_say_what_they_show(tmp_path: Path) -> None:
    words = said(plot_curves(history(10), tmp_path, kept_epoch=9)[0])
    for each in ("Training and validation loss", "epoch", "Training loss", "Validation loss", "Kept: epoch 9"):
        assert each in words
    assert "Kept" not in said(plot_curves(history(10), tmp_path, kept_epoch=10)[0])  # the last is not marked


def test_a_loss_that_is_no_number_is_a_gap(tmp_path: Path) -> None:
    curves = history(5)
    curves.history["val_loss"][2] = math.nan
    curves.history["loss"][4] = math.inf
    assert said(plot_curves(curves, tmp_path)[0])


def test_both_reliabilities_are_drawn_where_a_temperature_was_chosen(tmp_path: Path) -> None:
    words = said(plot_reliability(BEFORE, AFTER, tmp_path, is_scaled=True))
    for each in (
        "Reliability on 121 validation texts", "probability of the answer", "Right as often as said",
        f"Before: calibration error {BEFORE.error:.3f}", f"Calibrated: calibration error {AFTER.error:.3f}",
    ):  # fmt: skip
        assert each in words


def test_one_reliability_is_drawn_where_none_was(tmp_path: Path) -> None:
    words = said(plot_reliability(BEFORE, BEFORE, tmp_path, is_scaled=False))
    assert f"Calibration error {BEFORE.error:.3f}" in words
    assert "Before" not in words


def test_the_reliability_of_sets_counts_labels(tmp_path: Path) -> None:
    words = said(plot_reliability(BEFORE, AFTER, tmp_path, is_scaled=True, multi_label=True))
    assert "Reliability on 121 validation labels" in words
    assert "share of texts that have it" in words


@pytest.mark.parametrize("right", [0, 1])
def test_a_single_bin_at_the_edge_is_drawn(tmp_path: Path, right: int) -> None:
    bins = reliability((1, 1.0, right), error=1.0 - right)
    assert said(plot_reliability(bins, bins, tmp_path, is_scaled=False))


@pytest.mark.parametrize("fall", [0.0, 3.0])
def test_a_learning_curve_says_what_it_shows(tmp_path: Path, fall: float) -> None:
    words = said(plot_learning_curve(learning(fall), tmp_path))
    for each in ("Learning curve", "labelled training texts", "Trained models", "As it may go on", "3,200"):
        assert each in words


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        plot_curves(history(10), tmp_path / name, kept_epoch=9)
        plot_reliability(BEFORE, AFTER, tmp_path / name, is_scaled=True)
        plot_learning_curve(learning(3.0), tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
