"""How good a classifier is, from labels and probabilities alone.

Definitions are scikit-learn's, held equal by tests; scikit-learn itself is not imported, because scoring installations
have none. Sums and probabilities are float64. Each figure is written once, as a function of how often each text counts
(`_statistic`): once each for the figure, as drawn for its bootstrap interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import DataError
from plaudit.evaluation.bootstrap import (
    RESAMPLES,
    Statistic,
    bootstrap,
    count_resamples,
    group_sums,
    percentile_interval,
)
from plaudit.evaluation.calibration import calibration, calibration_interval, errors_by_chance, reliability, stated
from plaudit.evaluation.figure_intervals import (
    TOO_FEW,
    by_class_intervals,
    skewed_interval,
)
from plaudit.evaluation.figures import scalar_keys
from plaudit.evaluation.intervals import Interval, wilson_interval
from plaudit.evaluation.ordinal import NAMES, ordinal_intervals, ordinal_statistic
from plaudit.evaluation.ranking import ranking, ranking_intervals
from plaudit.evaluation.repeats import Repeats

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PROBABILITY = float(np.finfo(np.float64).eps)  # log loss counts a probability of 0 as this, as scikit-learn does

FigureInterval = Interval | tuple[Interval | None, ...] | None  # of figures by class one a class
Intervals = Mapping[str, FigureInterval]


@dataclass(frozen=True)
class Metrics:
    """Figures of a classifier on N labelled texts.

    Where a decision rule gave no answer to some, accuracy, balanced accuracy, F1, precision, recall and the confusion
    matrix are of the texts that were answered; the others are of all.

    Attributes:
        n: Texts.
        coverage: Share of the texts that were answered, above 0; 1 except for a rule that may give no answer.
        accuracy: Share predicted right, 0 to 1.
        accuracy_interval: Wilson's 95 % interval for it, which takes texts as independent.
        balanced_accuracy: Mean recall of the classes that occur.
        log_loss: Mean negative log of the true class's probability, in nats (log loss, cross-entropy).
        brier: Mean squared error of the probabilities: of two classes, of the second's (0 to 1); of more, summed over
            the classes (0 to 2).
        calibration_error: Of the most probable classes' probabilities (`evaluation.calibration`), 0 to 1.
        f1: For two classes, the second class's, None where it neither occurs nor is predicted; for more, the mean over
            classes (macro).
        f1_macro: Mean over the classes that occur or are predicted; so are the next two.
        precision_macro: Mean precision.
        recall_macro: Mean recall.
        precision: Of each class, 0 where nothing was predicted so.
        recall: Of each class, NaN-free: 0 where the class does not occur.
        f1_by_class: Of each class, 0 where it neither occurs nor is predicted.
        roc_auc: Area under the ROC curve; for more than two classes the mean of one against the rest. None when a
            class does not occur.
        average_precision: Of the second class; for more than two the mean over classes. None when such a class does
            not occur.
        confusion: int64 [C, C], rows are true classes, columns predicted ones.
        classes: The label names, in that order.
        absolute_error: By how many grades answers are off on average, where the classes are grades
            (`evaluation.ordinal`), else None; so are the next two.
        within_one: Share of the answers that are right or one step of the scale off.
        kappa_quadratic: Agreement beyond chance, a step off counting less than two; 1 is perfect, 0 chance.
        intervals: 95 % intervals by the figures' names, of `precision`, `recall` and `f1_by_class` one a class; None
            where one is not defined or the texts are too few (`figure_intervals`). Of many texts average precision's
            and ROC-AUC's are bootstrap intervals over texts.
    """

    n: int
    coverage: float
    accuracy: float
    accuracy_interval: Interval
    balanced_accuracy: float
    log_loss: float
    brier: float
    calibration_error: float
    f1: float | None
    f1_macro: float
    precision_macro: float
    recall_macro: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1_by_class: tuple[float, ...]
    roc_auc: float | None
    average_precision: float | None
    confusion: NDArray[np.int64]
    classes: tuple[str, ...]
    absolute_error: float | None = None
    within_one: float | None = None
    kappa_quadratic: float | None = None
    intervals: Intervals = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The log loss, by the name that it had."""
        return self.log_loss

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values; the keys of metrics.json and of `evaluate --json`."""
        return {
            "n": self.n,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
            "accuracy_interval_95": self.accuracy_interval.to_list(),
            **{name: getattr(self, name) for name in scalar_keys("one label")},
            **self._by_class(),
            "classes": list(self.classes),
            "confusion_matrix": self.confusion.tolist(),
            "intervals": intervals_to_dict(self.intervals, self.classes),
        }

    def _by_class(self) -> dict[str, dict[str, float | None]]:
        """Return the figures of each class by name, None where no text bears on one."""
        true, found = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        bears = {"precision": found, "recall": true, "f1_by_class": true + found}
        return {name: measured_by_class(self.classes, getattr(self, name), bears[name].tolist()) for name in _BY_CLASS}


def measured_by_class(
    classes: tuple[str, ...], values: Sequence[float], counts: Sequence[int]
) -> dict[str, float | None]:
    """Return a figure of each class by its name, None where no text bears on it (`counts` is 0)."""
    return {name: value if n else None for name, value, n in zip(classes, values, counts, strict=True)}


_BY_CLASS = ("precision", "recall", "f1_by_class")


def measure(
    labels: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    classes: tuple[str, ...],
    *,
    predictions: NDArray[np.integer] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    alike: NDArray[np.integer] | None = None,
) -> Metrics:
    """Compute the figures for N texts.

    Args:
        labels: int [N], the true class numbers.
        probabilities: float64 [N, C], rows summing to 1.
        classes: C label names.
        predictions: int [N], the predicted class numbers, -1 for no answer; None takes the first most probable class.
        resamples: Of the intervals, at most; 0 for none but Wilson's. Fewer for very many texts and classes.
        seed: Of the resamples.
        alike: int [N], numbers that equal texts share (`evaluation.repeats`); None where all differ.

    Raises:
        DataError: There are no texts, none was answered, or a shape does not fit.
    """
    n, n_classes = probabilities.shape
    if n == 0:
        raise DataError("there are no texts to evaluate on.")
    if labels.shape != (n,) or n_classes != len(classes):
        raise DataError(
            f"labels {labels.shape} and probabilities {probabilities.shape} do not fit {len(classes)} classes."
        )
    predicted = np.argmax(probabilities, axis=1) if predictions is None else predictions
    is_answered = predicted >= 0
    n_answered, right = int(is_answered.sum()), int((labels == predicted).sum())
    if not n_answered:
        raise DataError(f"the model's decision rule answered none of {n:,} texts: there is nothing to measure.")
    statistic = _statistic(labels, probabilities, predicted, classes)
    figures = point_figures(statistic, n)
    repeats = Repeats.of(alike, n)
    accuracy_interval = wilson_interval(right, n_answered, repeats.worth(is_answered))
    intervals: dict[str, FigureInterval] = {"accuracy": accuracy_interval}
    if n_answered < n:
        intervals["coverage"] = wilson_interval(n_answered, n, repeats.worth())
    if resamples:
        many = count_resamples(n, 1 if n_classes == 2 else n_classes, most=resamples)
        resampled = bootstrap(statistic, n, resamples=many, seed=seed, repeats=repeats)
        intervals |= bootstrap_intervals(resampled, stated(labels, probabilities), repeats, seed=seed)
        intervals |= _of_answers(labels, predicted, n_classes, figures, resampled, repeats)
        intervals |= _of_scores(labels, probabilities, figures, resampled, repeats)
        graded = ordinal_intervals(labels, predicted, classes, figures.get("kappa_quadratic"), resampled, repeats)
        intervals = {**{name: value for name, value in intervals.items() if name not in NAMES}, **graded}
    pairs = (labels * n_classes + predicted)[is_answered]
    return Metrics(
        n=n,
        coverage=n_answered / n,
        accuracy=right / n_answered,
        accuracy_interval=accuracy_interval,
        confusion=np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes),
        classes=classes,
        intervals=intervals,
        **figures,
    )


def point_figures(statistic: Statistic, n: int) -> dict[str, Any]:  # Any: float | None | tuple[float, ...]
    """Return the figures of the texts themselves: float, None where not defined, or a tuple, one a class."""
    found = {name: values[0].tolist() for name, values in statistic(np.ones((1, n))).items()}
    return {
        name: tuple(value) if isinstance(value, list) else None if np.isnan(value) else value
        for name, value in found.items()
    }


def _of_answers(
    labels: NDArray[np.integer],
    predicted: NDArray[np.integer],
    n_classes: int,
    figures: Mapping[str, Any],  # Any: as `point_figures` has it
    resampled: Mapping[str, NDArray[np.float64]],
    repeats: Repeats,
) -> dict[str, FigureInterval]:
    """Return intervals of precision, recall and F1, by class and over all, and of the balanced accuracy."""
    is_answered = predicted >= 0
    both, true, found = (
        np.bincount(numbers, minlength=n_classes)
        for numbers in (labels[labels == predicted], labels[is_answered], predicted[is_answered])
    )
    names = {"precision": ("precision", "precision_macro"), "recall": ("recall", "recall_macro")}
    names["f1"] = ("f1_by_class", "f1_macro")
    answered = np.flatnonzero(is_answered)
    missed = np.flatnonzero(is_answered & (labels != predicted))
    worth = (
        repeats.worth_by(answered, predicted[answered], n_classes),
        repeats.worth_by(answered, labels[answered], n_classes),
        repeats.worth_by(np.append(answered, missed), np.append(labels[answered], predicted[missed]), n_classes),
    )
    intervals = by_class_intervals(both, true, found, resampled, names, figures, worth)
    by_class = intervals["f1_by_class"]
    assert isinstance(by_class, tuple)
    return {
        **intervals,
        "balanced_accuracy": intervals["recall_macro"] if (true > 0).all() else None,
        "f1": by_class[1] if n_classes == 2 else intervals["f1_macro"],
    }


def _of_scores(
    labels: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    figures: Mapping[str, Any],  # Any: as `point_figures` has it
    resampled: Mapping[str, NDArray[np.float64]],
    repeats: Repeats,
) -> dict[str, FigureInterval]:
    """Return intervals of loss, Brier score, average precision and ROC-AUC."""
    n, n_classes = probabilities.shape
    given = probabilities[np.arange(n), labels]
    two = n_classes == 2
    squares = np.square(1 - given) if two else np.square(probabilities).sum(axis=1) + 1 - 2 * given
    is_ranked = labels[:, None] == (np.ones(1) if two else np.arange(n_classes))
    ranked = ranking_intervals(is_ranked, probabilities[:, 1:] if two else probabilities, resampled, repeats)
    worth = repeats.worth()
    return {
        "log_loss": skewed_interval(log_losses(given), worth=worth),
        "brier": skewed_interval(squares, high=1.0 if two else 2.0, worth=worth),
        **ranked,
        "roc_auc": None if figures["roc_auc"] is None else ranked["roc_auc"],
    }


def bootstrap_intervals(
    resampled: Mapping[str, NDArray[np.float64]],
    cases: tuple[NDArray[np.float64], NDArray[np.bool_]],
    repeats: Repeats,
    *,
    seed: int,
) -> dict[str, FigureInterval]:
    """Return the percentiles of all resampled figures, and the calibration error's interval.

    Args:
        resampled: Figures of resamples by name.
        cases: What `stated` returns of the texts.
        repeats: Which of them are equal.
        seed: Of the samples of calibrated answers.
    """
    intervals: dict[str, FigureInterval] = {}
    for name, values in resampled.items():
        if name == "calibration_error":
            by_chance = errors_by_chance(cases[0], repeats, seed=seed)
            found = calibration_interval(reliability(*cases, repeats=repeats), values, by_chance)
            intervals[name] = None if repeats.is_any and repeats.worth() < TOO_FEW else found
        elif values.ndim == 1:
            intervals[name] = percentile_interval(values)
        else:
            intervals[name] = tuple(percentile_interval(column) for column in values.T)
    return intervals


def intervals_to_dict(intervals: Intervals, classes: tuple[str, ...]) -> dict[str, object]:
    """Return intervals as JSON values: ``[low, high]`` or null by name, of figures by class such by class."""

    def pair(interval: Interval | None) -> list[float] | None:
        return None if interval is None else interval.to_list()

    return {
        name: dict(zip(classes, map(pair, value), strict=True)) if isinstance(value, tuple) else pair(value)
        for name, value in intervals.items()
    }


def log_losses(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the negative logs of true answers' probabilities, in nats, of the shape given."""
    found: NDArray[np.float64] = -np.log(np.clip(probabilities, LEAST_PROBABILITY, 1))
    return found


def _statistic(
    labels: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    predicted: NDArray[np.integer],
    classes: tuple[str, ...],
) -> Statistic:
    n, n_classes = probabilities.shape
    rows = np.arange(n)
    right, is_answered = labels == predicted, predicted >= 0
    # What was not answered is a class of its own here, which is left out of the sums.
    labels_answered, answers = (np.where(is_answered, numbers, n_classes) for numbers in (labels, predicted))
    losses = log_losses(probabilities[rows, labels])
    if n_classes == 2:
        squares = np.square(probabilities[:, 1] - labels)
        rankings = [ranking(labels == 1, probabilities[:, 1])]
    else:
        squares = np.square(probabilities).sum(axis=1) + 1 - 2 * probabilities[rows, labels]
        rankings = [ranking(labels == c, probabilities[:, c]) for c in range(n_classes)]
    calibrated = calibration(*stated(labels, probabilities))
    graded = ordinal_statistic(labels, predicted, classes)

    def figures(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        true, found = (group_sums(counts, of, n_classes + 1)[:, :-1] for of in (labels_answered, answers))
        both = group_sums(counts * right, labels, n_classes)
        precision, recall, f1 = both / np.maximum(found, 1), both / np.maximum(true, 1), f1_of(both, true, found)
        occurs = true + found > 0
        macro = {
            f"{name}_macro": mean_where(values, occurs)
            for name, values in (("precision", precision), ("recall", recall), ("f1", f1))
        }
        areas = [area(counts) for area in rankings]
        return {
            "balanced_accuracy": mean_where(recall, true > 0),
            "log_loss": (counts * losses).sum(axis=1) / counts.sum(axis=1),
            "brier": (counts * squares).sum(axis=1) / counts.sum(axis=1),
            "calibration_error": calibrated(counts),
            "f1": np.where(occurs[:, 1], f1[:, 1], np.nan) if n_classes == 2 else macro["f1_macro"],
            **macro,
            "precision": precision,
            "recall": recall,
            "f1_by_class": f1,
            "roc_auc": np.mean([each.roc_auc for each in areas], axis=0),
            "average_precision": np.mean([each.average_precision for each in areas], axis=0),
            **graded(counts),
        }

    return figures


def mean_where(values: NDArray[np.float64], of: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each resample's mean over some classes, float64 [R]; NaN where there are none, none being answered."""
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = values.sum(axis=1, where=of) / of.sum(axis=1)
    return mean


def f1_of(both: NDArray[np.float64], true: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return F1 from numbers of texts that have a class, are given it, and both; 0 where there are none."""
    f1: NDArray[np.float64] = 2 * both / np.maximum(true + found, 1)
    return f1
