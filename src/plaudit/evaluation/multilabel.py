"""How good a classifier is whose answer is a set of labels, from sets and probabilities alone.

Definitions are scikit-learn's, held equal by tests. What belongs to one label a text, a confusion matrix above all, has
no counterpart here. The decision to question: a text that has no label and is given none counts as wholly right in
`f1_samples` (scikit-learn's ``zero_division=1``), as it does in the accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError
from plaudit.evaluation.metrics import LEAST_PROBABILITY, Interval, roc_auc, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MultiLabelMetrics:
    """Figures of a multi-label classifier on N texts.

    Attributes:
        n: Texts.
        accuracy: Share of texts whose set of labels is predicted whole, 0 to 1 (subset accuracy).
        accuracy_interval: Wilson's 95 % interval for it, which takes texts as independent.
        loss: Mean binary log loss over all texts and classes, in nats.
        f1_micro: F1 of all (text, class) pairs together, so that common classes weigh more.
        f1_macro: Mean of the classes' F1, so that every class weighs the same.
        f1_samples: Mean of the texts' F1; a text without labels that is given none counts 1.
        f1: Of each class; 0 where it neither occurs nor is predicted.
        precision: Of each class, 0 where it is never predicted.
        recall: Of each class, 0 where it does not occur.
        roc_auc: Mean area under the classes' ROC curves, over the classes that some of the texts have and some have
            not; None when there is no such class.
        counts: How many texts have each class.
        classes: The label names, in that order.
    """

    n: int
    accuracy: float
    accuracy_interval: Interval
    loss: float
    f1_micro: float
    f1_macro: float
    f1_samples: float
    f1: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    roc_auc: float | None
    counts: tuple[int, ...]
    classes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values; the keys of metrics.json and of `evaluate --json`."""
        by_class = {name: getattr(self, name) for name in ("f1", "precision", "recall", "counts")}
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_interval_95": [self.accuracy_interval.low, self.accuracy_interval.high],
            "loss": self.loss,
            "f1_micro": self.f1_micro,
            "f1_macro": self.f1_macro,
            "f1_samples": self.f1_samples,
            "roc_auc": self.roc_auc,
            **{name: dict(zip(self.classes, values, strict=True)) for name, values in by_class.items()},
        }


def measure_sets(
    indicator: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    classes: tuple[str, ...],
    *,
    predictions: NDArray[np.integer] | None = None,
) -> MultiLabelMetrics:
    """Compute the figures for N texts.

    Args:
        indicator: [N, C], 1 where a text has a class, else 0.
        probabilities: float64 [N, C], each class's own.
        classes: C label names.
        predictions: [N, C], 1 where a class is predicted; None takes those of a probability above 0.5.

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
    both = true & found
    right, n_true, n_found = both.sum(axis=0), true.sum(axis=0), found.sum(axis=0)
    f1 = 2 * right / np.maximum(n_true + n_found, 1)
    sizes = true.sum(axis=1) + found.sum(axis=1)
    n_right = int((true == found).all(axis=1).sum())
    given = np.where(true, probabilities, 1 - probabilities)
    areas = [roc_auc(true[:, c], probabilities[:, c]) for c in range(len(classes))]
    known = [area for area in areas if area is not None]
    return MultiLabelMetrics(
        n=n,
        accuracy=n_right / n,
        accuracy_interval=wilson_interval(n_right, n),
        loss=float(-np.log(np.clip(given, LEAST_PROBABILITY, 1)).mean()),
        f1_micro=float(2 * right.sum() / max(n_true.sum() + n_found.sum(), 1)),
        f1_macro=float(f1.mean()),
        f1_samples=float(np.where(sizes, 2 * both.sum(axis=1) / np.maximum(sizes, 1), 1).mean()),
        f1=tuple(f1.tolist()),
        precision=tuple((right / np.maximum(n_found, 1)).tolist()),
        recall=tuple((right / np.maximum(n_true, 1)).tolist()),
        roc_auc=sum(known) / len(known) if known else None,
        counts=tuple(n_true.tolist()),
        classes=classes,
    )
