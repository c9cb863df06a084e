"""The pictures that stand as files beside a model: its curves, its reliability, a learning curve.

They are the drawings of the report (`drawing`), each with its title, its key and its colours in one SVG file, which is
light or dark as the page that shows it. Nothing has to be installed for them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.report.drawing import (
    Point,
    as_file,
    draw_curves,
    draw_law,
    draw_reliability,
)
from plaudit.report.frame import template

if TYPE_CHECKING:
    from plaudit.evaluation import Reliability
    from plaudit.evaluation.learning import LearningCurve
    from plaudit.training import History

_BEYOND = 4  # times the largest size, as far as a learning curve is drawn


def plot_curves(history: History, folder: Path, *, kept_epoch: int | None = None) -> list[Path]:
    """Draw loss and accuracy by epoch, training as dots and validation as a line, into an existing folder.

    Args:
        history: At least one epoch.
        folder: Where ``loss.svg`` and ``accuracy.svg`` go.
        kept_epoch: The epoch whose weights the model has, marked with a thin line.

    Returns:
        The two files; the same bytes for the same history.
    """
    paths = []
    for name in ("loss", "accuracy"):
        training, validation = (_finite(history.history[each]) for each in (name, f"val_{name}"))
        kept = kept_epoch if kept_epoch is not None and kept_epoch < len(training) else None
        drawing = draw_curves(training, validation, name=name.capitalize(), kept=kept)
        key = [("dot train", f"Training {name}")]
        key += [("square", f"Validation {name}")] if validation else []
        key += [("reference", f"Kept: epoch {kept}")] if kept is not None else []
        title = f"Training and validation {name}" if validation else f"Training {name}"
        paths.append(_write(folder / f"{name}.svg", drawing, title, name, key))
    return paths


def plot_reliability(
    before: Reliability, after: Reliability, folder: Path, *, is_scaled: bool, multi_label: bool = False
) -> Path:
    """Draw what the model said beside what came true, before and after calibration, into an existing folder.

    A dot on the diagonal is to be taken at its word; below it the model was overconfident. The dots are the bins of the
    calibration error, of equally many texts each, and their whiskers Wilson's 95 % intervals.

    Args:
        before: The bins of validation texts by the model's own logits.
        after: By those that a temperature or a scaling by class made of them.
        folder: Where ``reliability.svg`` goes.
        is_scaled: Whether there is one; else `after` is not drawn.
        multi_label: Whether a case is a pair of text and label.
    """
    shown, n = after if is_scaled else before, sum(each.n for each in before.bins)
    up = "share of texts that have it" if multi_label else "share of answers that are right"
    drawing = draw_reliability(
        [Point(each.probability, each.share, each.interval.low, each.interval.high) for each in shown.bins],
        [Point(each.probability, each.share) for each in before.bins] if is_scaled else [],
        title="Reliability",
        across="probability of the label" if multi_label else "probability of the answer",
        up=up,
    )
    key = [("reference", "Right as often as said")]
    if is_scaled:
        key.append(("hollow", f"Before: calibration error {before.error:.3f}"))
    words = f"{'Calibrated: c' if is_scaled else 'C'}alibration error {shown.error:.3f}"
    title = f"Reliability on {n:,} validation {'labels' if multi_label else 'texts'}"
    return _write(folder / "reliability.svg", drawing, title, up, [*key, ("whisker", words)])


def plot_learning_curve(curve: LearningCurve, folder: Path) -> Path:
    """Draw the errors over the number of labels, the curve through them, and how it may go on.

    Args:
        curve: What was measured, and the fit.
        folder: Where ``learning-curve.svg`` goes; it exists.
    """
    sizes = np.concatenate(
        [np.geomspace(curve.trained[0].n, curve.n, 60), np.geomspace(curve.n, _BEYOND * curve.n, 40)]
    )
    low, high = curve.band(sizes)
    drawing = draw_law(
        [(each.n, error) for each in curve.trained for error in each.errors],
        [Point(n, error, a, b) for n, error, a, b in zip(sizes, curve.law.errors(sizes)[0], low, high, strict=True)],
        ticks=[*(each.n for each in curve.trained), _BEYOND * curve.n],
        seen=curve.n,
        title="Learning curve",
        across="labelled training texts",
    )
    key = [
        ("dot train", "Trained models"), ("second", "Curve through them"),
        ("second ahead", "As it may go on"), ("band", "95 % of the fits"),
    ]  # fmt: skip
    return _write(folder / "learning-curve.svg", drawing, "Learning curve", "share of validation texts wrong", key)


def _finite(values: list[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def _write(path: Path, drawing: str, title: str, up: str, key: list[tuple[str, str]]) -> Path:
    path.write_text(as_file(drawing, title=title, up=up, key=key, style=template("drawing.css")), encoding="utf-8")
    return path
