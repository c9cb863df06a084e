"""How well scores put positive texts before the others: ROC-AUC and average precision.

Definitions are scikit-learn's, held equal by tests. Scores are sorted once; a resample only counts anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Areas:
    """Figures of R resamples.

    Attributes:
        roc_auc: float64 [R], the probability that a positive text scores above a negative one, ties counting half
            (the Mann-Whitney statistic; Hanley & McNeil 1982). NaN without texts of both sides.
        average_precision: float64 [R], the sum over thresholds of precision times the recall that is gained, without
            interpolation; texts of one score share a threshold. NaN without positive texts.
    """

    roc_auc: NDArray[np.float64]
    average_precision: NDArray[np.float64]


def ranking(is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], Areas]:
    """Return a function from counts, float64 [R, N], to the areas of so many resamples.

    Args:
        is_positive: bool [N].
        scores: float64 [N], finite.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, positive = scores[order], is_positive[order]
    places = np.flatnonzero(positive)
    # A text counts with all of its score: up to the last of them, and from after the last of the score before.
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else places
    ends = np.append(starts[1:], len(ordered)) - 1
    of_group = np.searchsorted(starts, places, side="right") - 1
    last, before = ends[of_group], starts[of_group] - 1
    last_positive = np.searchsorted(places, last, side="right") - 1
    before_positive = np.searchsorted(places, before, side="right") - 1
    has_ties = bool((last != places).any() or (before != places - 1).any())

    def areas(counts: NDArray[np.float64]) -> Areas:
        if not len(places):
            nothing = np.full(len(counts), np.nan)
            return Areas(nothing, nothing)
        ordered_counts = counts[:, order]
        seen = np.cumsum(ordered_counts, axis=1)
        own = ordered_counts[:, places]
        seen_positive = np.cumsum(own, axis=1)
        n, n_positive = seen[:, -1], seen_positive[:, -1]
        at, positive_at = seen[:, last], seen_positive[:, last_positive] if has_ties else seen_positive
        precision = positive_at / np.maximum(at, 1)  # of none the positive texts are none
        above = at - positive_at  # negative texts that score as high or higher
        if has_ties:
            earlier = np.where(before >= 0, seen[:, before], 0)
            earlier -= np.where(before_positive >= 0, seen_positive[:, before_positive], 0)
            above = (above + earlier) / 2
        n_negative = n - n_positive
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = (own * above).sum(axis=1) / (n_positive * n_negative)
            average = (own * precision).sum(axis=1) / n_positive
        return Areas(1 - lost, average)

    return areas
