"""How good a classifier is, with intervals, and how often its test set was looked at."""

from plaudit.evaluation.metrics import Interval, Metrics, measure, wilson_interval
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.evaluation.openings import count_opening, fingerprint, read_openings
from plaudit.evaluation.scoring import evaluate

__all__ = [
    "Interval",
    "Metrics",
    "MultiLabelMetrics",
    "count_opening",
    "evaluate",
    "fingerprint",
    "measure",
    "measure_sets",
    "read_openings",
    "wilson_interval",
]
