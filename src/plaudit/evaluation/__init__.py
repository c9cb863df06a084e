"""How good a classifier is, with intervals, when to rely on it, and how often its test set was looked at."""

from plaudit.evaluation.calibration import Reliability, calibration_error, reliability
from plaudit.evaluation.intervals import Interval, wilson_interval
from plaudit.evaluation.metrics import Metrics, measure
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.evaluation.openings import count_opening, fingerprint, read_openings
from plaudit.evaluation.reached import Reached
from plaudit.evaluation.scoring import Answers, answer, evaluate
from plaudit.evaluation.thresholds import RuleChoice, choose_rule

__all__ = [
    "Answers",
    "Interval",
    "Metrics",
    "MultiLabelMetrics",
    "Reached",
    "Reliability",
    "RuleChoice",
    "answer",
    "calibration_error",
    "choose_rule",
    "count_opening",
    "evaluate",
    "fingerprint",
    "measure",
    "measure_sets",
    "read_openings",
    "reliability",
    "wilson_interval",
]
