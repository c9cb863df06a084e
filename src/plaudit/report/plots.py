"""The tutorial's two plots: loss and accuracy over epochs, training as dots, validation as a line.

Drawn with matplotlib's object interface, so importing this touches no global state and no display. Colours are Okabe
and Ito's blue and vermilion (https://jfly.uni-koeln.de/color/), which colour-blind readers distinguish; the marks
differ too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.errors import require

if TYPE_CHECKING:
    from plaudit.training import History


@dataclass(frozen=True)
class Theme:
    """Colours of a plot."""

    background: str
    text: str
    grid: str
    training: str
    validation: str


LIGHT = Theme("#ffffff", "#24292f", "#d8dee4", "#0072b2", "#d55e00")
DARK = Theme("#0d1117", "#e6edf3", "#30363d", "#56b4e9", "#f0883e")
_NAMES = ("loss", "accuracy")
_SIZE_INCHES = (6.4, 4.0)


def plot_curves(history: History, folder: Path, *, kept_epoch: int | None = None) -> list[Path]:
    """Draw loss and accuracy, each as SVG and as PNG for light and dark pages, into an existing folder.

    Args:
        history: At least one epoch.
        folder: Where ``loss.svg``, ``loss.png``, ``loss-dark.png`` and the same for accuracy go.
        kept_epoch: The epoch whose weights the model has, marked with a thin line.

    Returns:
        The files, six.

    Raises:
        MissingExtraError: matplotlib is not installed (extra ``train``).
    """
    paths = []
    for name in _NAMES:
        paths += save_plot(folder, name, partial(_draw, history, name, kept_epoch))
    return paths


def save_plot(
    folder: Path,
    name: str,
    draw: Callable[[Any, Theme], None],
    *,
    size_inches: tuple[float, float] = _SIZE_INCHES,
    legend_below: bool = False,
) -> list[Path]:
    """Draw a plot as ``NAME.svg``, ``NAME.png`` and, for dark pages, ``NAME-dark.png``; the same bytes each time.

    Args:
        folder: An existing folder.
        name: What the files are called.
        draw: Puts marks, titles and labels into matplotlib's Axes, in a theme's colours.
        size_inches: Width and height.
        legend_below: Whether the legend stands below the axes, not in them.

    Raises:
        MissingExtraError: matplotlib is not installed (extra ``train``).
    """
    figures = require("matplotlib.figure", extra="train", purpose="Drawing a plot")
    matplotlib = require("matplotlib", extra="train", purpose="Drawing a plot")
    paths = []
    for suffix, theme in ((".svg", LIGHT), (".png", LIGHT), ("-dark.png", DARK)):
        # A fixed salt and no date: the same figures give the same bytes.
        with matplotlib.rc_context({"svg.hashsalt": "plaudit", "font.size": 11, "svg.fonttype": "none"}):
            figure = figures.Figure(figsize=size_inches, layout="constrained", facecolor=theme.background)
            figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
            axes = figure.add_subplot(facecolor=theme.background)
            draw(axes, theme)
            _colour(axes, theme)
            legend, place = (figure.legend, "outside lower center") if legend_below else (axes.legend, "best")
            legend(loc=place, frameon=False, labelcolor=theme.text)
            metadata = {"Date": None} if suffix == ".svg" else {"Software": None}
            paths.append(folder / f"{name}{suffix}")
            figure.savefig(paths[-1], dpi=150, metadata=metadata, facecolor=theme.background)
    return paths


def _draw(history: History, name: str, kept_epoch: int | None, axes: Any, theme: Theme) -> None:
    training, validation = history.history[name], history.history[f"val_{name}"]
    epochs = range(1, len(training) + 1)
    axes.plot(epochs, training, "o", color=theme.training, markersize=5, label=f"Training {name}")
    if validation:
        style = "-" if len(validation) > 1 else "s"
        axes.plot(epochs, validation, style, color=theme.validation, linewidth=2, label=f"Validation {name}")
    if kept_epoch is not None and kept_epoch < len(training):
        label = f"Kept: epoch {kept_epoch}"
        axes.axvline(kept_epoch, color=theme.text, linewidth=0.8, linestyle=":", label=label, zorder=0)
    axes.set_title(f"Training and validation {name}" if validation else f"Training {name}")
    axes.set_xlabel("Epoch")
    axes.set_ylabel(name.capitalize())
    axes.set_xlim(0.5, len(training) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)


def _colour(axes: Any, theme: Theme) -> None:  # Any: matplotlib's Axes, which is not imported here
    axes.grid(visible=True, color=theme.grid, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.text)
    for label in (axes.title, axes.xaxis.label, axes.yaxis.label):
        label.set_color(theme.text)
    for side, spine in axes.spines.items():
        spine.set_color(theme.grid)
        spine.set_visible(side in ("left", "bottom"))
