"""The reliability plot: what the model said beside what came true, before and after calibration.

A bin's dot on the diagonal is to be taken at its word; below it the model was too sure. Colours are those of the other
plots, which colour-blind readers tell apart, and the marks differ too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import require
from plaudit.evaluation import wilson_interval
from plaudit.report.plots import DARK, LIGHT, Theme, colour, drawing

if TYPE_CHECKING:
    from plaudit.evaluation import Reliability

_SIZE_INCHES = (5.2, 5.0)
_MARGIN = 0.02  # of the axes' length, around the least and the greatest


def plot_reliability(
    before: Reliability, after: Reliability, folder: Path, *, temperature: float, multi_label: bool = False
) -> list[Path]:
    """Draw the bins of validation texts as SVG and as PNG for light and dark pages, into an existing folder.

    Args:
        before: The bins at temperature 1.
        after: At `temperature`; not drawn when that is 1.
        folder: Where ``reliability.svg``, ``reliability.png`` and ``reliability-dark.png`` go.
        temperature: What the model's logits are divided by.
        multi_label: Whether a case is a pair of text and label.

    Returns:
        The files, three.

    Raises:
        MissingExtraError: matplotlib is not installed (extra ``train``).
    """
    paths = []
    for suffix, theme in ((".svg", LIGHT), (".png", LIGHT), ("-dark.png", DARK)):
        paths.append(folder / f"reliability{suffix}")
        _draw(before, None if temperature == 1 else after, theme, paths[-1], multi_label=multi_label)
    return paths


def _draw(before: Reliability, after: Reliability | None, theme: Theme, path: Path, *, multi_label: bool) -> None:
    figures = require("matplotlib.figure", extra="train", purpose="Drawing the reliability plot")
    with drawing():
        figure = figures.Figure(figsize=_SIZE_INCHES, layout="constrained", facecolor=theme.background)
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
        axes = figure.add_subplot(facecolor=theme.background)
        axes.plot([0, 1], [0, 1], ":", color=theme.text, linewidth=0.8, label="Right as often as said", zorder=1)
        label = f"Calibration error {before.error:.3f}"
        series = [(before, "s", theme.training, "none", f"Before: {label.lower()}" if after else label)]
        if after is not None:
            label = f"Calibrated: calibration error {after.error:.3f}"
            series.append((after, "o", theme.validation, theme.validation, label))
        least = 1.0
        for bins, mark, ink, fill, label in series:
            bounds = [
                wilson_interval(round(o * n), n) for o, n in zip(bins.observed, bins.counts.tolist(), strict=True)
            ]
            low, high = np.array([b.low for b in bounds]), np.array([b.high for b in bounds])
            whiskers = [np.maximum(bins.observed - low, 0), np.maximum(high - bins.observed, 0)]
            axes.errorbar(
                bins.predicted, bins.observed, whiskers, fmt=mark, color=ink, markerfacecolor=fill, markersize=6,
                elinewidth=1, label=label, zorder=3,
            )  # fmt: skip
            least = min(least, float(low.min()), float(bins.predicted.min()))
        margin = _MARGIN * (1 - least)
        axes.set_xlim(least - margin, 1 + margin)
        axes.set_ylim(least - margin, 1 + margin)
        axes.set_aspect("equal")
        n = int(before.counts.sum())
        axes.set_title(f"Reliability on {n:,} validation " + ("labels" if multi_label else "texts"))
        axes.set_xlabel("Probability of the label" if multi_label else "Probability of the answer")
        axes.set_ylabel("Share of texts that have it" if multi_label else "Share of answers that are right")
        colour(axes, theme)
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, dpi=150, metadata=metadata, facecolor=theme.background)
