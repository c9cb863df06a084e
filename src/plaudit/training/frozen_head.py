"""A linear layer over vectors that do not change: logistic regression, for an encoder that is not trained.

Each logit is a question of its own, yes or no, and all are solved at once, so that the products are large ones. How
strongly the weights are held to 0 is chosen by texts that a fit has not seen: sentiment asks for a small C, topics and
questions for one ten times as large (docs/log.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.data.grouping import keep_together
from plaudit.training.soft_targets import spread_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

# C of scikit-learn, for vectors of mean length 1, the strongest penalty first, and what is taken of too few texts.
CHOICES, _OF_FEW = (0.5, 1.5, 5.0, 15.0), 5.0
_FOLDS, _DRAW = 3, 8  # what a random generator is for, mixed into its seed
_MOST_TEXTS, _FEWEST = 2_000, 12  # that a choice is made on
_STEPS, _REMEMBERED = 300, 20  # of L-BFGS
_TOLERANCE = 1e-3  # of the largest slope, in the costs of a text


def fit_head(
    vectors: NDArray[np.float32],
    answers: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    *,
    cost: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit one logistic regression a logit, each class against the rest; the bias is penalised as one more weight.

    Args:
        vectors: float32 [N, D].
        answers: [N, K], how sure each logit's answer is yes, 0 to 1.
        weights: float64 [N], or [N, K]; None for all 1.
        cost: scikit-learn's C, for vectors brought to a mean length of 1.

    Returns:
        The layer's kernel float32 [K, D] and bias float32 [K].
    """
    length = float(np.linalg.norm(vectors, axis=1).mean()) or 1.0
    found = _solve(_with_bias(vectors, length), answers, cost * spread_weights(weights, answers))
    return (found[:-1].T / length).astype(np.float32), found[-1].astype(np.float32)


def choose_cost(
    vectors: NDArray[np.float32],
    answers: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    *,
    seed: int,
    alike: NDArray[np.integer] | None = None,
) -> float:
    """Return the one of `CHOICES` with the lowest log loss on thirds of at most 2,000 texts that a fit has not seen.

    Args:
        vectors: As in `fit_head`, with `answers` and `weights`.
        answers: How sure each answer is yes.
        weights: Each text's share in the loss.
        seed: Of which texts are taken, and of their folds.
        alike: int64 [N]; texts of one number are equal, and stay in one fold. None where all differ.
    """
    if len(vectors if alike is None else np.unique(alike)) < _FEWEST:
        return _OF_FEW
    taken = np.random.default_rng([seed, _DRAW]).permutation(len(vectors))[:_MOST_TEXTS]
    length = float(np.linalg.norm(vectors, axis=1).mean()) or 1.0
    rows, shares = _with_bias(vectors[taken], length), spread_weights(weights, answers)[taken]
    answered = answers[taken]
    fold = keep_together(np.arange(len(taken)) % _FOLDS, None if alike is None else alike[taken])
    losses = np.zeros(len(CHOICES))
    for number in range(_FOLDS):
        held, rest, found = fold == number, fold != number, None
        for i, cost in enumerate(CHOICES):
            found = _solve(rows[rest], answered[rest], cost * shares[rest], start=found)
            z = rows[held] @ found
            losses[i] += float((shares[held] * (np.logaddexp(0, z) - answered[held] * z)).sum())
    return CHOICES[int(losses.argmin())]


def _with_bias(vectors: NDArray[np.float32], length: float) -> NDArray[np.float32]:
    return np.concatenate([vectors / np.float32(length), np.ones((len(vectors), 1), np.float32)], axis=1)


def _solve(
    rows: NDArray[np.float32],
    answers: NDArray[np.float64],
    costs: NDArray[np.float64],
    *,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Minimise ``|w|^2 / 2 + sum of costs * log loss`` of N rows with their bias, and return w, float64 [D + 1, K]."""
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    shape = rows.shape[1], answers.shape[1]

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = (rows @ at.reshape(shape).astype(np.float32)).astype(np.float64)
        small = np.exp(-np.abs(z))
        total = (costs * (np.maximum(z, 0) + np.log1p(small) - answers * z)).sum()
        slopes = costs * (np.where(z >= 0, 1, small) / (1 + small) - answers)
        return float(at @ at / 2 + total), at + (rows.T @ slopes.astype(np.float32)).ravel()

    with threadpool_limits(1):  # many products of a millisecond, for which threads would mostly wait
        found = minimize(
            loss, np.zeros(shape).ravel() if start is None else start.ravel(), jac=True, method="L-BFGS-B",
            options={"maxiter": _STEPS, "maxcor": _REMEMBERED, "gtol": _TOLERANCE * float(costs.mean())},
        )  # fmt: skip
    weights: NDArray[np.float64] = found.x.reshape(shape)
    return weights
