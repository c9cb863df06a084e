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

from plaudit.training.dual_descent import MOST_PASSES, add, descended, list_answers, njit, shuffle

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    return descended(
        _descend, offsets, indices, values, costs,
        n_features=n_features, tolerance=tolerance, seed=seed, blocks=blocks,
    )  # fmt: skip


@njit
def _descend(offsets, indices, values, costs, n_features, tolerance, seed, blocks):  # type: ignore[no-untyped-def]
    n_blocks = len(blocks) - 1
    squares, answers, begins = list_answers(offsets, values, costs, blocks)
    weights = np.zeros(n_features + 1)
    ends = begins[1:].copy()  # of those of a block that are not set aside
    duals, order, state = np.zeros(len(answers)), np.arange(n_blocks), seed
    bound = np.inf  # a dual of 0 with a gradient above it is set aside until the others are solved
    for _ in range(MOST_PASSES):
        largest, least = -np.inf, np.inf
        state = shuffle(order, 0, n_blocks, n_blocks - 1, state)
        for visited in order:
            begin = begins[visited]
            state = shuffle(answers, begin, ends[visited], ends[visited] - begin, state)
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
