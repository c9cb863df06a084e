"""Losses of logits, with their gradients, and the probabilities that logits stand for.

Two classes have one logit (the second class's), more have one each. All in float64: a batch of logits is small, and the
sums and exponentials are what loses digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn logits [N, 1] or [N, C] into float64 [N, 2] or [N, C], rows summing to 1."""
    z = logits.astype(np.float64)
    if z.shape[1] == 1:
        z = np.concatenate([np.zeros_like(z), z], axis=1)
    z -= z.max(axis=1, keepdims=True)
    exponentials = np.exp(z)
    result: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def predicted(logits: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the class of each row, int64 [N]: logit > 0 for one logit, else the first of the largest."""
    if logits.shape[1] == 1:
        return (logits[:, 0] > 0).astype(np.int64)
    best: NDArray[np.int64] = np.argmax(logits, axis=1)
    return best


def cross_entropy(
    logits: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each text's negative log-likelihood, float64 [N], and its gradient by the logits, [N, K]."""
    z = logits.astype(np.float64)
    if z.shape[1] == 1:
        y = labels.astype(np.float64)[:, None]
        # log(1 + exp(z)) - y z without overflow, as TensorFlow's sigmoid_cross_entropy_with_logits computes it
        losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
        return losses[:, 0], probabilities(z)[:, 1:] - y
    rows = np.arange(len(z))
    top = z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0] - z[rows, labels]
    gradient = probabilities(z)
    gradient[rows, labels] -= 1
    return losses, gradient


def mean_squared_error(
    logits: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each text's squared error of the probability (mean over the outputs), and its gradient by the logits."""
    p = probabilities(logits)
    if logits.shape[1] == 1:
        p = p[:, 1:]
        error = p - labels.astype(np.float64)[:, None]
        return error[:, 0] ** 2, 2 * error * p * (1 - p)
    error = p.copy()
    error[np.arange(len(p)), labels] -= 1
    by_probability = 2 * error / p.shape[1]
    gradient = p * (by_probability - (by_probability * p).sum(axis=1, keepdims=True))
    return (error**2).mean(axis=1), gradient


LOSSES = {"cross_entropy": cross_entropy, "mean_squared_error": mean_squared_error}
