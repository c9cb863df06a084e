"""Targets as probabilities, and their cross-entropy in torch.

A target is what a logit's probability should be: float32 [N, K], one column of the second class's probability for two
classes, a column a class for more (rows summing to 1), a column a label when a text may have several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def as_targets(values: NDArray[Any], n_classes: int, *, multi_label: bool) -> NDArray[np.float32]:
    """Return targets, float32 [N, K].

    Args:
        values: Class numbers, int [N]; or probabilities, [N, C] numbers from 0 to 1 (0 and 1 alone for known labels).
        n_classes: C.
        multi_label: Whether a text may have several labels.

    Raises:
        DataError: The shape or a value does not fit.
    """
    if values.ndim == 1:
        p: NDArray[np.float32] = np.eye(n_classes, dtype=np.float32)[values]
    else:
        p = values.astype(np.float32)
        if p.shape != (len(values), n_classes) or not ((p >= 0) & (p <= 1)).all():
            raise DataError(f"targets: expected probabilities of {n_classes} classes, got shape {p.shape}.")
        if not multi_label and not np.allclose(p.sum(axis=1), 1, atol=1e-4):
            raise DataError("targets: expected probabilities whose rows sum to 1.")
    return p[:, 1:] if n_classes == 2 and not multi_label else p


def spread_weights(weights: NDArray[np.float64] | None, answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each entry's share in the loss, float64 [N, K], of texts' [N], entries' [N, K] or none at all."""
    if weights is None:
        return np.ones_like(answers)
    return np.broadcast_to(weights.reshape(len(answers), -1), answers.shape)


def smoothed(targets: NDArray[np.float32], share: float, *, multi_label: bool) -> NDArray[np.float32]:
    """Move `share` of each target towards indifference: 1 / C of each class, a half of each of several labels."""
    n_columns = targets.shape[1]
    even = 0.5 if multi_label or n_columns == 1 else 1 / n_columns
    result: NDArray[np.float32] = (targets * (1 - share) + share * even).astype(np.float32)
    return result


def cross_entropy(logits: Any, targets: Any, weights: Any = None, *, multi_label: bool) -> Any:
    """Return each text's cross-entropy, a tensor [N]: of the softmax for many classes, else the sigmoids' mean.

    Args:
        logits: A tensor [N, K].
        targets: A tensor [N, K].
        weights: A tensor [N], or with several labels also [N, K]; None for all 1.
        multi_label: Whether a text may have several labels.
    """
    from torch.nn import functional

    if weights is not None and weights.ndim == 1:
        weights = weights.unsqueeze(1)
    by_entry = 1.0 if weights is None else weights
    if multi_label or logits.shape[1] == 1:
        entries = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return (entries * by_entry).mean(dim=1)
    return -(targets * functional.log_softmax(logits, dim=1) * by_entry).sum(dim=1)


def are_right(logits: NDArray[np.floating], targets: NDArray[np.floating], *, multi_label: bool) -> NDArray[np.bool_]:
    """Say of each text whether its most probable class is the target's; with several labels, whether all agree."""
    if multi_label or logits.shape[1] == 1:
        agree: NDArray[np.bool_] = ((logits > 0) == (targets > 0.5)).all(axis=1)
        return agree
    result: NDArray[np.bool_] = logits.argmax(axis=1) == targets.argmax(axis=1)
    return result
