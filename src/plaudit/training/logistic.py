"""Logistic regression with an L2 penalty on sparse rows, by dual coordinate descent.

The method is that of Yu, Huang and Lin (2011), "Dual coordinate descent methods for logistic regression and maximum
entropy models", as in LIBLINEAR's solver 7 (scikit-learn: ``LogisticRegression(solver="liblinear", dual=True)``), whose
objective and stopping rule it keeps:

    minimise  |w|^2 / 2  +  sum over texts of  c+ log(1 + exp(-z)) + c- log(1 + exp(z)),   z = w . x + b

with the bias b penalised as one more weight. A text has two costs, one for each answer, so that a label may be a
probability: c+ = C p, c- = C (1 - p). One thread; the same seed gives the same bits.

Rows that are more than memory are visited block by block, blocks in random order and each block's texts in random
order, after Yu, Hsieh, Chang and Lin (2012), "Large linear classification when data cannot fit in memory": one random
order of all would read a page of the disk for each text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.training.dual_descent import MOST_PASSES, add, descended, list_answers, njit, shuffle

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_NEWTON_STEPS = 100


def fit_logistic(
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
    """Fit N rows of a sparse matrix (CSR) with M entries.

    Args:
        offsets: int64 [N + 1].
        indices: int32 [M], features from 0.
        values: float32 [M].
        costs: float64 [N, 2], what answering no and yes wrongly costs: column 1 is C times the text's weight times the
            probability that it is positive, column 0 the same for negative; a cost of 0 leaves that answer out.
        n_features: F.
        tolerance: Of the largest projected gradient, as LIBLINEAR's; 0.1 is its default.
        seed: Of the order in which texts are visited; of a greater one the last 64 bits count.
        blocks: int64 [B + 1], the first text of each block of rows, the last one N; None for one of all.

    Returns:
        Weights float64 [F], and the bias.
    """
    return descended(
        _descend, offsets, indices, values, costs,
        n_features=n_features, tolerance=tolerance, seed=seed, blocks=blocks,
    )  # fmt: skip


@njit
def _descend(offsets, indices, values, costs, n_features, tolerance, seed, blocks):  # type: ignore[no-untyped-def]
    n_blocks = len(blocks) - 1
    squares, answers, begins = list_answers(offsets, values, costs, blocks)
    n_answers = begins[n_blocks]
    weights, duals, order = np.zeros(n_features + 1), np.zeros(len(answers)), np.arange(n_blocks)
    for i in range(n_answers):
        text, sign = answers[i] // 2, 2.0 * (answers[i] % 2) - 1.0
        duals[answers[i]] = min(0.001 * costs[text, answers[i] % 2], 1e-8)
        add(weights, offsets, indices, values, text, sign * duals[answers[i]])
    state = seed
    enough = 1e-2  # gradient at which an inner problem is solved; tightened as they become easy
    for _ in range(MOST_PASSES):
        largest, newton_steps = 0.0, 0
        state = shuffle(order, 0, n_blocks, n_blocks - 1, state)
        for visited in order:
            begin, end = begins[visited], begins[visited + 1]
            state = shuffle(answers, begin, end, end - begin, state)
            for i in range(begin, end):
                text, sign = answers[i] // 2, 2.0 * (answers[i] % 2) - 1.0
                cost, a = costs[text, answers[i] % 2], squares[text]
                b = weights[n_features]
                for k in range(offsets[text], offsets[text + 1]):
                    b += weights[indices[k]] * values[k]
                b *= sign
                dual = duals[answers[i]]
                # Of the dual and its complement, solve for the one that is surely away from its upper bound.
                is_other = 0.5 * a * (cost - 2 * dual) + b < 0
                before = cost - dual if is_other else dual
                b = -b if is_other else b
                z = 0.1 * before if cost - before < 0.5 * cost else before
                gradient = a * (z - before) + b + np.log(z / (cost - z))
                largest = max(largest, abs(gradient))
                steps = 0
                while steps <= _MOST_NEWTON_STEPS and abs(gradient) >= enough:
                    following = z - gradient / (a + cost / (cost - z) / z)
                    z = following if following > 0 else 0.1 * z
                    gradient = a * (z - before) + b + np.log(z / (cost - z))
                    steps += 1
                newton_steps += steps
                if steps > 0:
                    duals[answers[i]] = cost - z if is_other else z
                    change = before - z if is_other else z - before
                    add(weights, offsets, indices, values, text, sign * change)
        if largest < tolerance:
            break
        if newton_steps <= n_answers / 10:
            enough = max(1e-8, 0.1 * enough)
    return weights
