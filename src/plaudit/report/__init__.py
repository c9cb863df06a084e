"""What a run shows: its curves, its reliability, its model card; an explanation's words, and the page of an audit."""

from plaudit.report.audit_page import audit_page
from plaudit.report.card import model_card, with_rule
from plaudit.report.highlight import worst_mistakes
from plaudit.report.learning_curve import plot_learning_curve
from plaudit.report.plots import plot_curves
from plaudit.report.reliability import plot_reliability

__all__ = [
    "audit_page",
    "model_card",
    "plot_curves",
    "plot_learning_curve",
    "plot_reliability",
    "with_rule",
    "worst_mistakes",
]
