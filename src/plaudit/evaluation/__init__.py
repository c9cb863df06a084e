"""How good a classifier is, with intervals, and how often its test set was looked at."""

from plaudit.evaluation.metrics import Interval, Metrics, measure, wilson_interval
from plaudit.evaluation.openings import count_opening, fingerprint, read_openings
from plaudit.evaluation.scoring import evaluate

__all__ = [
    "Interval",
    "Metrics",
    "count_opening",
    "evaluate",
    "fingerprint",
    "measure",
    "read_openings",
    "wilson_interval",
]
