"""All thresholds that tell some scores apart, and what lies above each: what a rule is chosen from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Candidates:
    """Every threshold that tells N scores apart, from the lowest, and what lies above it.

    Attributes:
        thresholds: float64 [M]; above each lies at least one text.
        above: How many texts lie above, int64 [M].
        right: How many of those are positive, int64 [M].
    """

    thresholds: NDArray[np.float64]
    above: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Candidates:
        """Return those of N scores, float64 [N]; `is_positive` is bool [N]."""
        values, inverse = np.unique(scores, return_inverse=True)
        counts = np.bincount(inverse)
        positives = np.bincount(inverse, is_positive).astype(np.int64)
        below = np.concatenate([[0.0], values[:-1]])
        middle = below + (values - below) / 2
        middle = np.where(middle < values, middle, below)  # two neighbours among the floats have no middle
        known = middle < values  # not so for a score of 0, above which nothing lower lies
        above, right = np.cumsum(counts[::-1])[::-1], np.cumsum(positives[::-1])[::-1]
        return cls(middle[known], above[known], right[known])

    def best(self, figure: NDArray[np.float64], allowed: NDArray[np.bool_]) -> float:
        """Return the allowed threshold with the greatest figure, of several the one nearest to 0.5."""
        ranked = np.where(allowed, figure, -1.0)
        ties = np.flatnonzero(ranked == ranked.max())
        return float(self.thresholds[ties[np.abs(self.thresholds[ties] - 0.5).argmin()]])

    def f1(self, n_positive: int) -> NDArray[np.float64]:
        """Return F1 of each threshold, float64 [M]."""
        return np.asarray(2 * self.right / (self.above + n_positive))

    def best_by(
        self, n_positive: int, recall: float | None, precision: float | None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the figure that decides, float64 [M], and which thresholds are allowed: those that reach the share."""
        recalls, precisions = self.right / n_positive, self.right / np.maximum(self.above, 1)
        if recall is not None:
            return precisions, recalls >= recall
        if precision is not None:
            return recalls, precisions >= precision
        return self.f1(n_positive), np.ones(len(recalls), bool)
