"""What a run shows: its curves, its reliability and its model card."""

from plaudit.report.card import model_card, with_rule
from plaudit.report.learning_curve import plot_learning_curve
from plaudit.report.plots import plot_curves
from plaudit.report.reliability import plot_reliability

__all__ = ["model_card", "plot_curves", "plot_learning_curve", "plot_reliability", "with_rule"]
