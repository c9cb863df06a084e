"""How far probabilities can be taken at their word: of the answers given with 80 %, are 80 in 100 right?

Texts are sorted by the probability of their likeliest class into bins of equally many, and in each bin the mean
probability is set beside the share that was right (Guo et al. 2017, "On Calibration of Modern Neural Networks", section
2). Multi-label, each pair of text and class is a case of its own: the class's probability beside the share of texts
that have it.

The decision to question: bins of equal mass, not of equal width (Nguyen and O'Connor 2015, "Posterior calibration and
exploratory analysis for natural language processing models"). A good model is sure of most texts, and bins of equal
width then hold a handful of texts each where the errors are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_BINS = 15  # Guo et al. 2017, table 1


@dataclass(frozen=True)
class Reliability:
    """What B bins of cases say, from the least probability to the greatest.

    Attributes:
        predicted: Mean probability of each bin's cases, float64 [B].
        observed: Share of them that came true, float64 [B].
        counts: How many they are, int64 [B], none of them 0.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Return the expected calibration error: the mean distance of the two over all cases, 0 to 1."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.counts))

    def merged(self, least: int) -> Reliability:
        """Return fewer bins, neighbours put together, each of `least` cases or more; one bin where there are fewer."""
        starts, size = [0], 0
        left = np.cumsum(self.counts[::-1])[::-1]  # from each bin on
        for i, count in enumerate(self.counts.tolist()):
            if size >= least and left[i] >= least:
                starts.append(i)
                size = 0
            size += count
        counts = np.add.reduceat(self.counts, starts)
        predicted, observed = (
            np.add.reduceat(share * self.counts, starts) / counts for share in (self.predicted, self.observed)
        )
        return Reliability(predicted, observed, counts)


def reliability(
    labels: NDArray[np.integer], probabilities: NDArray[np.float64], *, n_bins: int = N_BINS
) -> Reliability:
    """Set probabilities beside what came true.

    Equal probabilities share a bin, so the order of the texts does not matter; there are then fewer bins, as with fewer
    cases than bins.

    Args:
        labels: int [N], the true class numbers; multi-label, an indicator [N, C].
        probabilities: float64 [N, C].
        n_bins: At most so many bins.

    Raises:
        DataError: There are no texts, or a shape does not fit.
    """
    n = len(probabilities)
    if not n or labels.shape not in ((n,), probabilities.shape):
        raise DataError(f"labels {labels.shape} do not fit probabilities {probabilities.shape} of one text or more.")
    if labels.ndim == 2:
        stated, came_true = probabilities.ravel(), labels.ravel() > 0
    else:
        likeliest = probabilities.argmax(axis=1)
        stated, came_true = probabilities[np.arange(n), likeliest], likeliest == labels
    _, inverse, counts = np.unique(stated, return_inverse=True, return_counts=True)
    first_ranks = np.cumsum(counts) - counts
    bins = (first_ranks * n_bins // len(stated))[inverse]
    sizes = np.bincount(bins)
    sums = np.bincount(bins, stated), np.bincount(bins, came_true)
    is_used = sizes > 0
    predicted, observed = (total[is_used] / sizes[is_used] for total in sums)
    return Reliability(predicted, observed, sizes[is_used].astype(np.int64))


def calibration_error(
    labels: NDArray[np.integer], probabilities: NDArray[np.float64], *, n_bins: int = N_BINS
) -> float:
    """Return the expected calibration error of N texts, 0 (to be taken at their word) to 1; see `reliability`."""
    return reliability(labels, probabilities, n_bins=n_bins).error
