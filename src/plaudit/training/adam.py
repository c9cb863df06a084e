"""Adam's constants and step sizes, in Keras's form, shared by the dense layers and the embedding's rows.

Kingma & Ba 2015, the "epsilon hat" variant at the end of section 2, which Keras implements:

    m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
    w = w - rate_t m / (sqrt(v) + epsilon),   rate_t = rate sqrt(1 - beta2^t) / (1 - beta1^t)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BETA1, BETA2, EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-7)  # Keras's defaults


def step_sizes(learning_rate: float, n_steps: int) -> NDArray[np.float32]:
    """Return rate_t for t = 1 to `n_steps` at those positions, float32 [n_steps + 1]; position 0 is unused."""
    t = np.arange(1, n_steps + 1, dtype=np.float64)
    rates = learning_rate * np.sqrt(1 - float(BETA2) ** t) / (1 - float(BETA1) ** t)
    return np.concatenate([[0.0], rates]).astype(np.float32)
