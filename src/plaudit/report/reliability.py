"""The reliability plot: what the model said beside what came true, before and after calibration.

A dot on the diagonal is to be taken at its word; below it the model was too sure. The dots are the bins of the
calibration error, of equally many texts each, and their whiskers Wilson's 95 % intervals. Colours are those of the
other plots, which colour-blind readers distinguish, and the marks differ too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.report.plots import Theme, save_plot

if TYPE_CHECKING:
    from plaudit.evaluation import Reliability

_SIZE_INCHES = (5.2, 6.0)
_MARGIN = 0.04  # of the axes' length, around the least and the greatest
_HIGHEST_ORIGIN = 0.95  # of the axes, where every answer is sure and right


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
    draw = partial(_draw, before, None if temperature == 1 else after, multi_label)
    return save_plot(folder, "reliability", draw, size_inches=_SIZE_INCHES, legend_below=True)


def _draw(before: Reliability, after: Reliability | None, multi_label: bool, axes: Any, theme: Theme) -> None:
    axes.plot([0, 1], [0, 1], ":", color=theme.text, linewidth=0.8, label="Right as often as said", zorder=1)
    error = f"calibration error {before.error:.3f}"
    drawn = before.bins
    if after is None:
        _dots(axes, before, theme.validation, error.capitalize())
    else:
        style = {"color": theme.validation, "markerfacecolor": "none", "label": f"Before: {error}"}
        x, y = [each.probability for each in before.bins], [each.share for each in before.bins]
        axes.plot(x, y, "s", markersize=7, zorder=2, **style)
        _dots(axes, after, theme.validation, f"Calibrated: calibration error {after.error:.3f}")
        drawn += after.bins
    least = min(_HIGHEST_ORIGIN, *(min(each.probability, each.share) for each in drawn))
    margin = _MARGIN * (1 - least)
    axes.set_xlim(least - margin, 1 + margin)
    axes.set_ylim(least - margin, 1 + margin)
    n = sum(each.n for each in before.bins)
    axes.set_title(f"Reliability on {n:,} validation " + ("labels" if multi_label else "texts"))
    axes.set_xlabel("Probability of the label" if multi_label else "Probability of the answer")
    axes.set_ylabel("Share of texts that have it" if multi_label else "Share of answers that are right")


def _dots(axes: Any, found: Reliability, ink: str, label: str) -> None:  # Any: matplotlib's Axes, not imported here
    """Draw bins as dots with their intervals."""
    x, y = [each.probability for each in found.bins], [each.share for each in found.bins]
    below = [max(each.share - each.interval.low, 0) for each in found.bins]
    above = [max(each.interval.high - each.share, 0) for each in found.bins]
    axes.errorbar(x, y, [below, above], fmt="o", color=ink, markersize=6, elinewidth=1, label=label)
