"""What both solvers of linear models on sparse rows share: the answers to solve for, their random order, a step.

The order comes from a linear congruential generator, Knuth's MMIX, of which the upper 31 bits are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

njit = require("numba", extra="train", purpose="Training").njit(cache=True, nogil=True)
MOST_PASSES = 1_000
_MULTIPLIER, _INCREMENT = np.uint64(6364136223846793005), np.uint64(1442695040888963407)


def descended(
    descend: Callable[..., Any],  # Any: a compiled function has no type
    offsets: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float32],
    costs: NDArray[np.float64],
    *,
    n_features: int,
    tolerance: float,
    seed: int,
    blocks: NDArray[np.int64] | None,
) -> tuple[NDArray[np.float64], float]:
    """Return the weights, float64 [F], and the bias that a descent ends with; arguments are those of `fit_logistic`."""
    start = np.uint64(int(seed) % 2**64)
    whole = np.array([0, len(offsets) - 1], np.int64) if blocks is None else blocks
    weights: NDArray[np.float64] = descend(offsets, indices, values, costs, n_features, tolerance, start, whole)
    return weights[:-1], float(weights[-1])


@njit
def list_answers(offsets, values, costs, blocks):  # type: ignore[no-untyped-def]
    """List the answers that cost something.

    Returns:
        Each text's squared length with the bias's 1, float64 [N]; the answers, int64, as 2 * text + (0: no, 1: yes);
        and where each block of texts begins among them, int64 [B + 1], of which the last is their end.
    """
    n, n_blocks = len(offsets) - 1, len(blocks) - 1
    squares = np.ones(n)
    answers = np.empty(2 * n, np.int64)
    begins = np.zeros(n_blocks + 1, np.int64)
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
    return squares, answers, begins


@njit
def shuffle(numbers, begin, end, n_drawn, state):  # type: ignore[no-untyped-def]
    """Draw the first `n_drawn` of ``numbers[begin:end]`` at random, in place, and return the generator's next state."""
    for i in range(begin, begin + n_drawn):
        state = state * _MULTIPLIER + _INCREMENT
        j = i + np.int64((state >> np.uint64(33)) % np.uint64(end - i))
        numbers[i], numbers[j] = numbers[j], numbers[i]
    return state


@njit
def add(weights, offsets, indices, values, text, step):  # type: ignore[no-untyped-def]
    """Add `step` times a row to the weights."""
    for k in range(offsets[text], offsets[text + 1]):
        weights[indices[k]] += step * values[k]
    weights[len(weights) - 1] += step
