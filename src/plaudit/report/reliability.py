"""The reliability plot: what the model said beside what came true, before and after calibration.

A dot on the diagonal is to be taken at its word; below it the model was too sure. A dot stands for equally many texts,
and its whisker is Wilson's 95 % interval; where texts are few, dots are put together. Colours are those of the other
plots, which colour-blind readers tell apart, and the marks differ too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.errors import require
from plaudit.evaluation import wilson_interval
from plaudit.report.plots import DARK, LIGHT, Theme, colour, drawing

if TYPE_CHECKING:
    from plaudit.evaluation import Reliability

_SIZE_INCHES = (5.2, 6.0)
_MARGIN = 0.04  # of the axes' length, around the least and the greatest
_HIGHEST_ORIGIN = 0.95  # of the axes, where every answer is sure and right
_LEAST_CASES = 30  # in a dot; fewer say little


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
        error = f"calibration error {before.error:.3f}"
        drawn = before.merged(_LEAST_CASES)
        least = float(min(drawn.predicted.min(), drawn.observed.min()))
        if after is None:
            _dots(axes, drawn, theme.validation, error.capitalize())
        else:
            style = {"color": theme.training, "markerfacecolor": "none", "label": f"Before: {error}"}
            axes.plot(drawn.predicted, drawn.observed, "s", markersize=7, zorder=2, **style)
            drawn = after.merged(_LEAST_CASES)
            least = min(least, float(drawn.predicted.min()), float(drawn.observed.min()))
            _dots(axes, drawn, theme.validation, f"Calibrated: calibration error {after.error:.3f}")
        least = min(least, _HIGHEST_ORIGIN)
        margin = _MARGIN * (1 - least)
        axes.set_xlim(least - margin, 1 + margin)
        axes.set_ylim(least - margin, 1 + margin)
        n = int(before.counts.sum())
        axes.set_title(f"Reliability on {n:,} validation " + ("labels" if multi_label else "texts"))
        axes.set_xlabel("Probability of the label" if multi_label else "Probability of the answer")
        axes.set_ylabel("Share of texts that have it" if multi_label else "Share of answers that are right")
        colour(axes, theme)
        axes.get_legend().remove()
        figure.legend(loc="outside lower center", frameon=False, labelcolor=theme.text)
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, dpi=150, metadata=metadata, facecolor=theme.background)


def _dots(axes: Any, bins: Reliability, ink: str, label: str) -> None:  # Any: matplotlib's Axes
    """Draw bins as dots with their intervals."""
    shares = zip(bins.observed.tolist(), bins.counts.tolist(), strict=True)
    bounds = [wilson_interval(round(share * n), n) for share, n in shares]
    below = [max(share - b.low, 0) for share, b in zip(bins.observed.tolist(), bounds, strict=True)]
    above = [max(b.high - share, 0) for share, b in zip(bins.observed.tolist(), bounds, strict=True)]
    axes.errorbar(
        bins.predicted, bins.observed, [below, above], fmt="o", color=ink, markersize=6, elinewidth=1, label=label
    )
