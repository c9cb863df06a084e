"""What a run shows: one page, curves, reliability, model card; an explanation's words, and the page of an audit."""

from plaudit.report.audit_page import audit_page
from plaudit.report.card import model_card, with_openings, with_rule
from plaudit.report.facts import ReportFacts, read_facts
from plaudit.report.highlight import worst_mistakes
from plaudit.report.page import report_page
from plaudit.report.plots import plot_curves, plot_learning_curve, plot_reliability

__all__ = [
    "ReportFacts",
    "audit_page",
    "model_card",
    "plot_curves",
    "plot_learning_curve",
    "plot_reliability",
    "read_facts",
    "report_page",
    "with_openings",
    "with_rule",
    "worst_mistakes",
]
