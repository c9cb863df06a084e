"""Losses of logits, with their gradients, and the probabilities that logits stand for.

Two classes have one logit (the second class's), more have one each. Multi-label: each class has one, and is a question
of its own; labels are then an indicator [N, C], which is how a loss tells. All in float64: a batch of logits is small,
and the sums and exponentials are what loses digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def probabilities(logits: NDArray[np.floating], *, multi_label: bool = False) -> NDArray[np.float64]:
    """Turn logits [N], [N, 1] or [N, C] into float64 [N, 2], [N, 2] or [N, C], rows summing to 1.

    Multi-label: logits [N, C] into float64 [N, C], each the sigmoid of its logit.
    """
    z = logits.astype(np.float64)
    if multi_label:
        return _sigmoid(z)
    z = z[:, None] if z.ndim == 1 else z
    if z.shape[1] == 1:
        z = np.concatenate([np.zeros_like(z), z], axis=1)
    z -= z.max(axis=1, keepdims=True)
    exponentials = np.exp(z)
    result: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    small = np.exp(-np.abs(z))
    result: NDArray[np.float64] = np.where(z >= 0, 1, small) / (1 + small)
    return result


def predicted(logits: NDArray[np.floating], *, multi_label: bool = False) -> NDArray[np.int64]:
    """Return the class of each of N rows, int64 [N]: logit > 0 for one logit ([N] or [N, 1]), else the first largest.

    Multi-label: an indicator, int64 [N, C], 1 where the logit is above 0.
    """
    if multi_label:
        return (logits > 0).astype(np.int64)
    if logits.ndim == 1 or logits.shape[1] == 1:
        return (logits.reshape(-1) > 0).astype(np.int64)
    best: NDArray[np.int64] = np.argmax(logits, axis=1)
    return best


def right(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say of each row whether its prediction is its label, or, multi-label, its whole set of labels: bool [N]."""
    if labels.ndim == 1:
        same: NDArray[np.bool_] = predicted(logits) == labels
    else:
        same = (predicted(logits, multi_label=True) == labels).all(axis=1)
    return same


def cross_entropy(
    logits: NDArray[np.floating], labels: NDArray[np.integer], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each text's negative log-likelihood, float64 [N], and its gradient by the logits, [N, K].

    Args:
        logits: [N, K].
        labels: Class numbers [N]; multi-label, an indicator [N, K], and the loss is the mean over the classes of their
            binary cross-entropies (as Keras's), so that it is the binary log loss that evaluation reports.
        weights: Of each text, [N], or, multi-label, also of each of its classes, [N, K]; None for all 1.
    """
    z = logits.astype(np.float64)
    if labels.ndim == 2 or z.shape[1] == 1:
        y = labels.astype(np.float64).reshape(z.shape)
        # log(1 + exp(z)) - y z without overflow, as TensorFlow's sigmoid_cross_entropy_with_logits computes it
        entries = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
        by_entry = _by_entry(weights)
        return (entries * by_entry).mean(axis=1), (_sigmoid(z) - y) * by_entry / z.shape[1]
    rows = np.arange(len(z))
    top = z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0] - z[rows, labels]
    gradient = probabilities(z)
    gradient[rows, labels] -= 1
    by_entry = _by_entry(weights)
    return losses * by_entry.ravel(), gradient * by_entry


def mean_squared_error(
    logits: NDArray[np.floating], labels: NDArray[np.integer], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each text's squared error of the probability (mean over the outputs), and its gradient by the logits.

    The arguments are those of `cross_entropy`.
    """
    z, by_entry = logits.astype(np.float64), _by_entry(weights)
    if labels.ndim == 2 or z.shape[1] == 1:
        p = _sigmoid(z)
        error = p - labels.astype(np.float64).reshape(z.shape)
        return (error**2 * by_entry).mean(axis=1), 2 * error * p * (1 - p) * by_entry / z.shape[1]
    p = probabilities(z)
    error = p.copy()
    error[np.arange(len(p)), labels] -= 1
    by_probability = 2 * error / p.shape[1]
    gradient = p * (by_probability - (by_probability * p).sum(axis=1, keepdims=True))
    return (error**2).mean(axis=1) * by_entry.ravel(), gradient * by_entry


def _by_entry(weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return weights that go with [N, K]."""
    if weights is None:
        return np.ones((1, 1))
    return weights[:, None] if weights.ndim == 1 else weights


LOSSES = {"cross_entropy": cross_entropy, "mean_squared_error": mean_squared_error}
