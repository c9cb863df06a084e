"""A linear support vector machine with the squared hinge loss and an L2 penalty on sparse rows, by dual descent.

The method is that of Hsieh, Chang, Lin, Keerthi and Sundararajan (2008), "A dual coordinate descent method for
large-scale linear SVM", algorithm 3 with shrinking, as in LIBLINEAR's solver 1 (scikit-learn: ``LinearSVC()``), whose
objective and stopping rule it keeps:

    minimise  |w|^2 / 2  +  sum over texts of  c+ max(0, 1 - z)^2 + c- max(0, 1 + z)^2,   z = w . x + b

with the bias b penalised as one more weight. Costs, the order of the texts and blocks of rows are those of
`training.logistic`. One thread; the same seed gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import require
from plaudit.training.logistic import INCREMENT, MULTIPLIER, add

if TYPE_CHECKING:
    from numpy.typing import NDArray

_njit = require("numba", extra="train", purpose="Training").njit(cache=True, nogil=True)
_MOST_PASSES = 1_000


def fit_squared_hinge(
    offsets: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float32],
    costs: NDArray[np.float64],
    *,
    n_features: int,
    tolerance: float = 0.1,
    seed: int = 0,
    blocks: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Fit N rows of a sparse matrix (CSR) with M entries; arguments and result are those of `fit_logistic`."""
    start = np.uint64(int(seed) % 2**64)
    whole = np.array([0, len(offsets) - 1], np.int64) if blocks is None else blocks
    weights: NDArray[np.float64] = _descend(offsets, indices, values, costs, n_features, tolerance, start, whole)
    return weights[:-1], float(weights[-1])


@_njit
def _descend(offsets, indices, values, costs, n_features, tolerance, seed, blocks):  # type: ignore[no-untyped-def]
    n, n_blocks = len(offsets) - 1, len(blocks) - 1
    weights = np.zeros(n_features + 1)
    squares = np.ones(n)  # |x|^2 with the bias's 1
    answers = np.empty(2 * n, np.int64)  # 2 * text + (0: no, 1: yes)
    begins = np.zeros(n_blocks + 1, np.int64)  # of each block among the answers
    n_answers = 0
    for block in range(n_blocks):
        begins[block] = n_answers
        for text in range(blocks[block], blocks[block + 1]):
            for k in range(offsets[text], offsets[text + 1]):
                squares[text] += values[k] * values[k]
            for yes in range(2):
                if costs[text, yes] > 0:
                    answers[n_answers] = 2 * text + yes
                    n_answers += 1
    begins[n_blocks] = n_answers
    ends = begins[1:].copy()  # of those of a block that are not set aside
    duals, order, state = np.zeros(2 * n), np.arange(n_blocks), seed
    bound = np.inf  # a dual of 0 with a gradient above it is set aside until the others are solved
    for _ in range(_MOST_PASSES):
        largest, least = -np.inf, np.inf
        for i in range(n_blocks - 1):
            state = state * MULTIPLIER + INCREMENT
            j = i + np.int64((state >> np.uint64(33)) % np.uint64(n_blocks - i))
            order[i], order[j] = order[j], order[i]
        for visited in order:
            begin = begins[visited]
            for i in range(begin, ends[visited]):
                state = state * MULTIPLIER + INCREMENT
                j = i + np.int64((state >> np.uint64(33)) % np.uint64(ends[visited] - i))
                answers[i], answers[j] = answers[j], answers[i]
            i = begin
            while i < ends[visited]:
                text, sign = answers[i] // 2, 2.0 * (answers[i] % 2) - 1.0
                inverse, dual = 0.5 / costs[text, answers[i] % 2], duals[answers[i]]
                z = weights[n_features]
                for k in range(offsets[text], offsets[text + 1]):
                    z += weights[indices[k]] * values[k]
                gradient = sign * z - 1 + dual * inverse
                if dual == 0 and gradient > bound:
                    ends[visited] -= 1
                    last = ends[visited]
                    answers[i], answers[last] = answers[last], answers[i]
                    continue
                projected = min(gradient, 0.0) if dual == 0 else gradient
                largest, least = max(largest, projected), min(least, projected)
                if abs(projected) > 1e-12:
                    duals[answers[i]] = max(dual - gradient / (squares[text] + inverse), 0.0)
                    add(weights, offsets, indices, values, text, sign * (duals[answers[i]] - dual))
                i += 1
        if largest - least <= tolerance:
            if (ends == begins[1:]).all():
                break
            ends[:] = begins[1:]
            bound = np.inf
        else:
            bound = largest if largest > 0 else np.inf
    return weights
