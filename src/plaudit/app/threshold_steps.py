"""A table of thresholds with a picture: how many texts are above each, and how much of that is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from plaudit.evaluation.threshold_table import Step

_WIDTH = 24  # characters that stand for all


def steps_table(steps: Sequence[Step]) -> Table:
    """Return a line for each threshold; a bar is the coverage, the mark in it or beyond it the precision."""
    table = Table(title="what other thresholds come to", title_style="dim", title_justify="left", box=None)
    for heading in ("threshold", "coverage", "accuracy", "precision", "recall"):
        table.add_column(heading, justify="right")
    table.add_column("0 - coverage = - precision | - 1")
    for step in steps:
        figures = (step.coverage, step.accuracy, step.precision, step.recall)
        cells = ("–" if figure is None else f"{figure:.4f}" for figure in figures)
        table.add_row(f"{step.threshold:.2f}", *cells, _picture(step.coverage, step.precision))
    return table


def _picture(coverage: float, precision: float | None) -> str:
    line = list("=" * round(coverage * _WIDTH) + " " * (_WIDTH + 1 - round(coverage * _WIDTH)))
    if precision is not None:
        line[round(precision * _WIDTH)] = "|"
    return "".join(line).rstrip()
