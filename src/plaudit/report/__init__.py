"""What a run shows: its curves and its model card; and the page of an audit."""

from plaudit.report.audit_page import audit_page
from plaudit.report.card import model_card
from plaudit.report.highlight import worst_mistakes
from plaudit.report.learning_curve import plot_learning_curve
from plaudit.report.plots import plot_curves

__all__ = ["audit_page", "model_card", "plot_curves", "plot_learning_curve", "worst_mistakes"]
