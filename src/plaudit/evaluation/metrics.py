"""How good a classifier is, from labels and probabilities alone.

Definitions are scikit-learn's, held equal by tests; scikit-learn itself is not imported, because scoring installations
have none. Sums and probabilities are float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Z95 = 1.959963984540054  # the normal distribution's 97.5 % point
LEAST_PROBABILITY = float(np.finfo(np.float64).eps)  # log loss counts a probability of 0 as this, as scikit-learn does


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval, `low` <= true value <= `high` for 95 of 100 samples like this one."""

    low: float
    high: float


@dataclass(frozen=True)
class Metrics:
    """Figures of a classifier on N labelled texts.

    Where a decision rule gave no answer to some, accuracy, F1, precision, recall and the confusion matrix are of the
    texts that were answered; the others are of all.

    Attributes:
        n: Texts.
        accuracy: Share predicted right, 0 to 1.
        accuracy_interval: Wilson's 95 % interval for it, which takes texts as independent.
        loss: Mean negative log of the true class's probability, in nats (log loss, cross-entropy).
        f1: For two classes, the second class's; for more, the mean over classes (macro).
        precision: Of each class, 0 where nothing was predicted so.
        recall: Of each class, NaN-free: 0 where the class does not occur.
        roc_auc: Area under the ROC curve; for more than two classes the mean of one against the rest. None when a
            class does not occur.
        confusion: int64 [C, C], rows are true classes, columns predicted ones.
        classes: The label names, in that order.
        coverage: Share of the texts that were answered, above 0; 1 but for a rule that may give no answer.
    """

    n: int
    accuracy: float
    accuracy_interval: Interval
    loss: float
    f1: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    roc_auc: float | None
    confusion: NDArray[np.int64]
    classes: tuple[str, ...]
    coverage: float = 1.0

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values; the keys of metrics.json and of `evaluate --json`."""
        return {
            "n": self.n,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
            "accuracy_interval_95": [self.accuracy_interval.low, self.accuracy_interval.high],
            "loss": self.loss,
            "f1": self.f1,
            "roc_auc": self.roc_auc,
            "precision": dict(zip(self.classes, self.precision, strict=True)),
            "recall": dict(zip(self.classes, self.recall, strict=True)),
            "classes": list(self.classes),
            "confusion_matrix": self.confusion.tolist(),
        }


def measure(
    labels: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    classes: tuple[str, ...],
    *,
    predictions: NDArray[np.integer] | None = None,
) -> Metrics:
    """Compute the figures for N texts.

    Args:
        labels: int [N], the true class numbers.
        probabilities: float64 [N, C], rows summing to 1.
        classes: C label names.
        predictions: int [N], the predicted class numbers, -1 for no answer; None takes the first most probable class.

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
    n_answered = int(is_answered.sum())
    if not n_answered:
        raise DataError(f"the model's decision rule answered none of {n:,} texts: there is nothing to measure.")
    pairs = (labels * n_classes + predicted)[is_answered]
    confusion = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    right = confusion.diagonal()
    precision = right / np.maximum(confusion.sum(axis=0), 1)
    recall = right / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * right / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    occurring = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    true_probability = np.clip(probabilities[np.arange(n), labels], LEAST_PROBABILITY, 1)
    return Metrics(
        n=n,
        accuracy=float(right.sum() / n_answered),
        accuracy_interval=wilson_interval(int(right.sum()), n_answered),
        loss=float(-np.log(true_probability).mean()),
        f1=float(f1[1] if n_classes == 2 else f1[occurring].mean()),
        precision=tuple(precision.tolist()),
        recall=tuple(recall.tolist()),
        roc_auc=_mean_roc_auc(labels, probabilities),
        confusion=confusion,
        classes=classes,
        coverage=n_answered / n,
    )


def wilson_interval(right: int, n: int) -> Interval:
    """Return the 95 % score interval of a proportion (Wilson 1927, "Probable inference", JASA 22).

    Unlike the normal interval it stays inside 0 to 1 and is sound for small n and for proportions near 0 and 1.
    """
    p, z2 = right / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def roc_auc(is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    """Return the probability that a positive text scores above a negative one, ties counting half.

    The Mann-Whitney statistic by ranks (Hanley & McNeil 1982). None when one side is empty.
    """
    n_positive = int(is_positive.sum())
    n_negative = len(is_positive) - n_positive
    if not n_positive or not n_negative:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mean_ranks = ends - (counts - 1) / 2  # ranks from 1, ties share their mean
    rank_sum = float(mean_ranks[inverse[is_positive]].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def _mean_roc_auc(labels: NDArray[np.integer], probabilities: NDArray[np.float64]) -> float | None:
    n_classes = probabilities.shape[1]
    if n_classes == 2:
        return roc_auc(labels == 1, probabilities[:, 1])
    areas = [roc_auc(labels == c, probabilities[:, c]) for c in range(n_classes)]
    known = [area for area in areas if area is not None]
    return sum(known) / n_classes if len(known) == n_classes else None
