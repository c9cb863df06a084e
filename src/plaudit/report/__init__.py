"""What a run shows: its curves and its model card."""

from plaudit.report.card import model_card
from plaudit.report.highlight import worst_mistakes
from plaudit.report.plots import plot_curves

__all__ = ["model_card", "plot_curves", "worst_mistakes"]
