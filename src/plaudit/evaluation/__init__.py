"""How good a classifier is, with intervals, and how often its test set was looked at."""

from plaudit.evaluation.calibration import calibration_error, reliability
from plaudit.evaluation.intervals import Interval, wilson_interval
from plaudit.evaluation.metrics import Metrics, measure
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.evaluation.openings import count_opening, fingerprint, read_openings
from plaudit.evaluation.scoring import Answers, answer, evaluate

__all__ = [
    "Answers",
    "Interval",
    "Metrics",
    "MultiLabelMetrics",
    "answer",
    "calibration_error",
    "count_opening",
    "evaluate",
    "fingerprint",
    "measure",
    "measure_sets",
    "read_openings",
    "reliability",
    "wilson_interval",
]
