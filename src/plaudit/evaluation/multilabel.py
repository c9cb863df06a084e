"""How good a classifier is whose answer is a set of labels, from sets and probabilities alone.

Definitions are scikit-learn's, held equal by tests. What belongs to one label a text, a confusion matrix above all, has
no counterpart here. The decision to question: a text that has no label and is given none counts as wholly right in
`f1_samples` (scikit-learn's ``zero_division=1``), as it does in the accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError
from plaudit.evaluation.bootstrap import RESAMPLES, Statistic, bootstrap, count_resamples, group_sums
from plaudit.evaluation.calibration import calibration
from plaudit.evaluation.figure_intervals import TOO_FEW, by_class_intervals, logit_interval, skewed_interval
from plaudit.evaluation.figures import scalar_keys
from plaudit.evaluation.intervals import Interval, wilson_interval
from plaudit.evaluation.metrics import (
    FigureInterval,
    Intervals,
    bootstrap_intervals,
    f1_of,
    intervals_to_dict,
    log_losses,
    mean_where,
    measured_by_class,
    point_figures,
)
from plaudit.evaluation.ranking import ranking, ranking_intervals
from plaudit.evaluation.repeats import Repeats

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MultiLabelMetrics:
    """Figures of a multi-label classifier on N texts.

    Attributes:
        n: Texts.
        accuracy: Share of texts whose set of labels is predicted whole, 0 to 1 (subset accuracy).
        accuracy_interval: Wilson's 95 % interval for it, which takes texts as independent.
        log_loss: Mean binary log loss over all texts and classes, in nats.
        brier: Mean squared error of the probabilities over all texts and classes, 0 to 1.
        calibration_error: Of the probabilities of all (text, class) pairs (`evaluation.calibration`), 0 to 1.
        f1_micro: F1 of all (text, class) pairs together, so that common classes weigh more; None where no text has or
            is given a label.
        f1_macro: Mean F1 of the classes that occur or are given, so that each weighs the same; so are the next two;
            None where no text has or is given one.
        precision_macro: Mean precision.
        recall_macro: Mean recall.
        f1_samples: Mean of the texts' F1; a text without labels that is given none counts 1.
        f1: Of each class; 0 where it neither occurs nor is predicted.
        precision: Of each class, 0 where it is never predicted.
        recall: Of each class, 0 where it does not occur.
        roc_auc: Mean area under the classes' ROC curves, over the classes that some of the texts have and some have
            not; None when there is no such class.
        average_precision: Mean over the classes that some of the texts have; None when there is none.
        counts: How many texts have each class.
        given: How many are given it.
        classes: The label names, in that order.
        intervals: 95 % intervals by the figures' names, of `precision`, `recall` and `f1` one a class; None where one
            is not defined. All are bootstrap intervals over texts but the accuracy's. Empty without them.
    """

    n: int
    accuracy: float
    accuracy_interval: Interval
    log_loss: float
    brier: float
    calibration_error: float
    f1_micro: float | None
    f1_macro: float | None
    precision_macro: float | None
    recall_macro: float | None
    f1_samples: float
    f1: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    roc_auc: float | None
    average_precision: float | None
    counts: tuple[int, ...]
    given: tuple[int, ...]
    classes: tuple[str, ...]
    intervals: Intervals = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The log loss, by the name that it had."""
        return self.log_loss

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values; the keys of metrics.json and of `evaluate --json`."""
        either = [true + found for true, found in zip(self.counts, self.given, strict=True)]
        bears = {"f1": either, "precision": self.given, "recall": self.counts}
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_interval_95": self.accuracy_interval.to_list(),
            **{name: getattr(self, name) for name in scalar_keys("sets")},
            **{name: measured_by_class(self.classes, getattr(self, name), bears[name]) for name in bears},
            "counts": dict(zip(self.classes, self.counts, strict=True)),
            "intervals": intervals_to_dict(self.intervals, self.classes),
        }


def measure_sets(
    indicator: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    classes: tuple[str, ...],
    *,
    predictions: NDArray[np.integer] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    alike: NDArray[np.integer] | None = None,
) -> MultiLabelMetrics:
    """Compute the figures for N texts.

    Args:
        indicator: [N, C], 1 where a text has a class, else 0.
        probabilities: float64 [N, C], each class's own.
        classes: C label names.
        predictions: [N, C], 1 where a class is predicted; None takes those of a probability above 0.5.
        resamples: Of the intervals, at most; 0 for none but the accuracy's. Fewer for very many texts and classes.
        seed: Of the resamples.
        alike: int [N], numbers that equal texts share (`evaluation.repeats`); None where all differ.

    Raises:
        DataError: There are no texts, or a shape does not fit.
    """
    n = len(probabilities)
    if n == 0:
        raise DataError("there are no texts to evaluate on.")
    if indicator.shape != probabilities.shape or probabilities.shape[1] != len(classes):
        raise DataError(
            f"labels {indicator.shape} and probabilities {probabilities.shape} do not fit {len(classes)} classes."
        )
    true = indicator.astype(bool)
    found = probabilities > 0.5 if predictions is None else predictions.astype(bool)
    statistic = _statistic(true, found, probabilities)
    n_right = int((true == found).all(axis=1).sum())
    repeats = Repeats.of(alike, n)
    worth = repeats.worth()
    accuracy_interval = wilson_interval(n_right, n, worth)
    intervals: dict[str, FigureInterval] = {"accuracy": accuracy_interval}
    if resamples:
        many = count_resamples(n, len(classes), most=resamples)
        resampled = bootstrap(statistic, n, resamples=many, seed=seed, repeats=repeats)
        figures = point_figures(statistic, n)
        intervals |= bootstrap_intervals(resampled, (probabilities, true), repeats, seed=seed)
        sums = ((true & found).sum(axis=0), true.sum(axis=0), found.sum(axis=0))
        names = {name: (name, f"{name}_macro") for name in ("precision", "recall", "f1")}
        worths = repeats.worth_of_columns
        of_labels = (worths(found), worths(true), worths(found | true))
        intervals |= by_class_intervals(*sums, resampled, names, figures, of_labels)
        intervals |= ranking_intervals(true, probabilities, resampled, repeats)
        for name in ("f1_micro", "f1_samples"):
            is_known = worth >= TOO_FEW and figures[name] is not None
            intervals[name] = logit_interval(figures[name], resampled[name], worth) if is_known else None
        if worth < TOO_FEW:
            intervals["calibration_error"] = None
        given = np.where(true, probabilities, 1 - probabilities)
        intervals["log_loss"] = skewed_interval(log_losses(given).mean(axis=1), worth=worth)
        intervals["brier"] = skewed_interval(np.square(1 - given).mean(axis=1), high=1.0, worth=worth)
    return MultiLabelMetrics(
        n=n,
        accuracy=n_right / n,
        accuracy_interval=accuracy_interval,
        counts=tuple(true.sum(axis=0).tolist()),
        given=tuple(found.sum(axis=0).tolist()),
        classes=classes,
        intervals=intervals,
        **point_figures(statistic, n),
    )


def _statistic(true: NDArray[np.bool_], found: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> Statistic:
    n_classes = true.shape[1]
    both = true & found
    entries = [np.nonzero(matrix) for matrix in (both, true, found)]
    losses = log_losses(np.where(true, probabilities, 1 - probabilities)).mean(axis=1)
    squares = np.square(probabilities - true).mean(axis=1)
    sizes = true.sum(axis=1) + found.sum(axis=1)
    f1_of_texts = np.where(sizes > 0, 2 * both.sum(axis=1) / np.maximum(sizes, 1), 1)
    rankings = [ranking(true[:, c], probabilities[:, c]) for c in range(n_classes)]
    calibrated = calibration(probabilities, true)

    def figures(counts: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
        n_both, n_true, n_found = (group_sums(counts, of, n_classes, texts) for texts, of in entries)
        precision, recall = n_both / np.maximum(n_found, 1), n_both / np.maximum(n_true, 1)
        f1 = f1_of(n_both, n_true, n_found)
        occurs = n_true + n_found > 0
        areas = [area(counts) for area in rankings]
        return {
            "log_loss": (counts * losses).sum(axis=1) / counts.sum(axis=1),
            "brier": (counts * squares).sum(axis=1) / counts.sum(axis=1),
            "calibration_error": calibrated(counts),
            "f1_micro": np.where(
                occurs.any(axis=1), f1_of(*(n.sum(axis=1) for n in (n_both, n_true, n_found))), np.nan
            ),
            "f1_macro": mean_where(f1, occurs),
            "precision_macro": mean_where(precision, occurs),
            "recall_macro": mean_where(recall, occurs),
            "f1_samples": (counts * f1_of_texts).sum(axis=1) / counts.sum(axis=1),
            "f1": f1,
            "precision": precision,
            "recall": recall,
            "roc_auc": _mean_of_known([each.roc_auc for each in areas]),
            "average_precision": _mean_of_known([each.average_precision for each in areas]),
        }

    return figures


def _mean_of_known(areas: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return each resample's mean over the classes that have an area, float64 [R]; NaN where none has."""
    values = np.stack(areas)
    is_known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = values.sum(axis=0, where=is_known) / is_known.sum(axis=0)
    return mean
