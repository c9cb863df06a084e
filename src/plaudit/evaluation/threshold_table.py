"""What thresholds come to on labelled texts, a line each: what a person looks at before a rule is made.

This module chooses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = tuple(round(0.05 * i, 2) for i in range(1, 20))


@dataclass(frozen=True)
class Step:
    """A threshold, and what holds above it.

    Attributes:
        threshold: 0 to 1.
        coverage: Share of the texts above it: those that are answered, or those that are given the class; of sets of
            labels, of all pairs of a text and a label those that are given.
        accuracy: Share of all answers that are right, of sets of labels the whole set; where texts below get no answer,
            of the answers. None of no answer.
        precision: Share of what is given the class that is right; None where nothing is, and where there is no one
            class, for then it is the accuracy.
        recall: Share of the class's texts that are above it; None where there is no one class, or no text of it.
        proposed: Whether it is the threshold of the rule that is proposed.
    """

    threshold: float
    coverage: float
    accuracy: float | None
    precision: float | None
    recall: float | None
    proposed: bool = False

    def to_dict(self) -> dict[str, float | None]:
        """Return the figures by name."""
        return dict(vars(self))


def tabulate(
    truth: NDArray[np.integer],
    probabilities: NDArray[np.float64],
    *,
    of: int | None,
    multi_label: bool,
    proposed: float | None = None,
) -> list[Step]:
    """Return what the thresholds of `STEPS` come to on N texts, and a rule's own among them.

    Args:
        truth: Class numbers [N]; multi-label an indicator [N, C], whose cells are the cases.
        probabilities: float64 [N, C].
        of: The class that a threshold decides about; None for a threshold below which there is no answer.
        multi_label: Whether each class is a question of its own.
        proposed: The threshold of a rule; None where it has no one threshold.

    Raises:
        DataError: There are no texts.
    """
    if not len(probabilities):
        raise DataError("there are no texts to look at thresholds on.")
    if multi_label:
        scores, is_true = probabilities.ravel(), truth.ravel() > 0
    elif of is None:
        scores, is_true = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    else:
        scores, is_true = probabilities[:, of], truth == of
    is_one_class = multi_label or of is not None
    steps = []
    for threshold in sorted({*STEPS} if proposed is None else {*STEPS, proposed}):
        above = scores > threshold if is_one_class else scores >= threshold
        n_above, n_true, right = int(above.sum()), int(is_true.sum()), int((above & is_true).sum())
        precision = right / n_above if n_above else None
        right_texts = (above == is_true).reshape(len(probabilities), -1).all(axis=1)
        accuracy = float(right_texts.mean()) if is_one_class else precision
        recall = right / n_true if is_one_class and n_true else None
        precision = precision if is_one_class else None
        steps.append(Step(threshold, n_above / len(scores), accuracy, precision, recall, threshold == proposed))
    return steps
