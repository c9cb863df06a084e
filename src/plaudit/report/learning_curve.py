"""The learning curve as a plot: what was measured, the curve through it, and how it may go on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.report.plots import Theme, save_plot

if TYPE_CHECKING:
    from plaudit.evaluation.learning import LearningCurve

NAME = "learning-curve"
_BEYOND = 4  # times the largest size, as far as the curve is drawn


def plot_learning_curve(curve: LearningCurve, folder: Path) -> list[Path]:
    """Draw the errors over the number of labels, as SVG and as PNG for light and dark pages, into an existing folder.

    Returns:
        The files, three: ``learning-curve.svg``, ``learning-curve.png``, ``learning-curve-dark.png``.

    Raises:
        MissingExtraError: matplotlib is not installed (extra ``train``).
    """
    return save_plot(folder, NAME, partial(_draw, curve))


def _draw(curve: LearningCurve, axes: Any, theme: Theme) -> None:  # Any: matplotlib's Axes, which is not imported here
    seen = np.geomspace(curve.trained[0].n, curve.n, 60)
    beyond = np.geomspace(curve.n, _BEYOND * curve.n, 40)
    every = np.concatenate([seen, beyond])
    axes.fill_between(
        every, *curve.band(every), color=theme.validation, alpha=0.2, linewidth=0, label="95 % of the fits"
    )
    axes.plot(seen, curve.law.errors(seen)[0], "-", color=theme.validation, linewidth=2, label="Curve through them")
    axes.plot(beyond, curve.law.errors(beyond)[0], "--", color=theme.validation, linewidth=2, label="As it may go on")
    x = [each.n for each in curve.trained for _ in each.errors]
    y = [error for each in curve.trained for error in each.errors]
    axes.plot(x, y, "o", color=theme.training, markersize=5, label="Trained models")
    axes.set_title("Learning curve")
    axes.set_xlabel("Labelled training texts")
    axes.set_ylabel("Share of validation texts wrong")
    axes.set_xscale("log")
    ticks = [*(each.n for each in curve.trained), _BEYOND * curve.n]
    axes.set_xticks(ticks, [f"{n:,}" for n in ticks])
    axes.minorticks_off()
