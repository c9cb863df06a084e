"""A linear layer over vectors that do not change: logistic regression, for an encoder that is not trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.training.soft_targets import spread_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

# C of scikit-learn, for vectors of mean length 1. On 50, 200 and 1,000 of IMDB's reviews 0.5, 1.5 and 5 were equal
# within half a point (docs/log.md).
_C = 1.5


def fit_head(
    vectors: NDArray[np.float32],
    answers: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    *,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit one logistic regression a logit, each class against the rest.

    Args:
        vectors: float32 [N, D].
        answers: [N, K], how sure each logit's answer is yes, 0 to 1.
        weights: float64 [N], or [N, K]; None for all 1.
        seed: Of the order in which texts are visited.

    Returns:
        The layer's kernel float32 [K, D] and bias float32 [K].
    """
    from plaudit.training.logistic import fit_logistic  # which needs numba; predicting does not

    n, width = vectors.shape
    length = float(np.linalg.norm(vectors, axis=1).mean()) or 1.0
    values = (vectors / length).astype(np.float32).ravel()
    offsets, indices = np.arange(n + 1) * width, np.tile(np.arange(width, dtype=np.int32), n)
    shares = spread_weights(weights, answers)
    kernel, bias = np.empty((answers.shape[1], width), np.float32), np.empty(answers.shape[1], np.float32)
    for k, (answer, share) in enumerate(zip(answers.T, shares.T, strict=True)):
        costs = _C * np.stack([share * (1 - answer), share * answer], axis=1)
        coefficients, bias[k] = fit_logistic(offsets, indices, values, costs, n_features=width, seed=seed)
        kernel[k] = coefficients / length
    return kernel, bias
