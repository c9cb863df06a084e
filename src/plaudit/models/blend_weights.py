"""How much each of two members counts in their sum.

The labels that the search sees are softened, as the temperature's are (training/temperature.py): where a few texts are
all right, the lowest log loss would else lie at endless weights, which is certainty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.training.losses import cross_entropy
from plaudit.training.temperature import softened

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How strongly the members are held to equal say. It decides with 50 texts and is nothing with 1,000 (docs/log.md).
_EQUALITY = 4.0
_FARTHEST = 8.0  # from equal say: e to the 16th between the members is one alone


def choose_weights(logits: NDArray[np.float32], labels: NDArray[np.integer]) -> tuple[float, float]:
    """Return what to multiply two members' logits by for the lowest log loss of their sum.

    The weights are e^(a+b) and e^(a-b), each over the spread of its member's logits, so that b = 0 is equal say. The
    loss summed over the texts has 4 b^2 added to it: few texts tell hardly more of the better member than chance does.

    Args:
        logits: float32 [2, N, K], of texts that the members have not learned from.
        labels: Class numbers [N]; multi-label, an indicator [N, K].
    """
    from scipy.optimize import minimize

    spread = logits.std(axis=(1, 2), dtype=np.float64)
    spread[spread == 0] = 1
    signs = np.array([1.0, -1.0])
    # the cross-entropy is linear in what a label says, so softer labels move it by this much a logit
    moved = softened(labels, logits.shape[2]) - softened(labels, logits.shape[2], doubt=0)
    if labels.ndim == 2:
        moved /= logits.shape[2]  # a text's loss is the mean over its labels

    def weights(at: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = np.exp(at[0] + at[1] * signs) / spread
        return scaled

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = np.tensordot(weights(at), logits, axes=1)
        losses, gradient = cross_entropy(total, labels)
        by_member = np.einsum("nk,mnk->m", gradient - moved, logits) * weights(at)
        penalty, slope = _EQUALITY * at[1] ** 2, 2 * _EQUALITY * at[1]
        slopes = np.array([by_member.sum(), by_member @ signs + slope])
        return float(losses.sum() - (moved * total).sum() + penalty) / len(labels), slopes / len(labels)

    found = minimize(loss, np.zeros(2), jac=True, bounds=[(-_FARTHEST, _FARTHEST)] * 2, method="L-BFGS-B")
    first, second = weights(found.x).tolist()
    return first, second
