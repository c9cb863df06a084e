"""Whether probabilities mean what they say: of texts answered with 80 %, are 80 % right?

The expected calibration error (Naeini et al. 2015; Guo et al. 2017, "On Calibration of Modern Neural Networks"): texts
are put into bins by probability, and the error is the mean over texts of |share that came true - mean probability| of
their bin. Bins hold equally many texts, which biases it less than bins of equal width (Nixon et al. 2019, "Measuring
Calibration in Deep Learning"; Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation").

The decision to question: its interval. Scatter inside the bins can only add to the error, so the figure is too great,
most of all when the truth is near nought, and a resample adds as much again: percentiles of resamples lie above the
truth, and of calibrated answers they never hold it. So the mean that resamples add is taken off, and 1.96 of their
standard deviations to both sides are the interval (Davison & Hinkley 1997, "Bootstrap Methods and their Application",
section 5.2.1); from nought where calibrated answers, too, would show so much by chance; and up to the figure at least.
Simulated with 500 and 3,000 answers of overconfident models it held the truth about 90 times of 100, not 95; of 500
calibrated answers it began at nought 94 times of 100.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.evaluation.bootstrap import group_sums
from plaudit.evaluation.intervals import Z95, Interval, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BINS = 15  # Guo et al. 2017
_LEAST_TEXTS = 20  # in a bin: with fewer, scatter is most of the error
_BY_CHANCE = 1_000  # simulated samples


@dataclass(frozen=True)
class Bin:
    """Texts of about one probability: a point of a reliability diagram.

    Attributes:
        n: Texts.
        probability: Their mean probability.
        share: The share of them whose answer came true.
        interval: Wilson's 95 % interval of the share.
    """

    n: int
    probability: float
    share: float
    interval: Interval


def calibration_error(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.bool_], *, n_bins: int | None = None
) -> float:
    """Return the expected calibration error of N answers, 0 to 1.

    Args:
        probabilities: float64 [N], at least one, 0 to 1: of each answer, that it is true.
        outcomes: bool [N], whether it is.
        n_bins: Bins at most; equal probabilities share one. None takes 15, or fewer so that 20 texts go into each.
    """
    return float(calibration(probabilities, outcomes, n_bins=n_bins)(np.ones((1, len(probabilities))))[0])


def calibration(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.bool_], *, n_bins: int | None = None
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a function from counts, float64 [R, N], to the calibration errors [R] of so many resamples.

    The bins are those of the texts themselves.
    """
    bins = bin_numbers(probabilities, n_bins)
    gaps, most = outcomes - probabilities, int(bins.max(initial=0)) + 1

    def errors(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        missed = np.abs(group_sums(counts * gaps, bins, most)).sum(axis=1)
        found: NDArray[np.float64] = missed / counts.sum(axis=1)
        return found

    return errors


def reliability(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.bool_], *, n_bins: int | None = None
) -> list[Bin]:
    """Return the bins, lowest probability first; the arguments are those of `calibration_error`."""
    bins = bin_numbers(probabilities, n_bins)
    sizes = np.bincount(bins).tolist()
    true, sums = (np.bincount(bins, values).tolist() for values in (outcomes, probabilities))
    return [
        Bin(n, total / n, right / n, wilson_interval(int(right), n))
        for n, right, total in zip(sizes, true, sums, strict=True)
    ]


def bin_numbers(probabilities: NDArray[np.float64], n_bins: int | None = None) -> NDArray[np.int64]:
    """Return each answer's bin, int64 [N]: equally many a bin but for ties, numbered from 0 without a gap."""
    n = len(probabilities)
    most = n_bins or min(MOST_BINS, max(1, n // _LEAST_TEXTS))
    ordered = np.sort(probabilities)
    edges = ordered[(np.arange(1, most) * n) // most]
    bins: NDArray[np.int64] = np.unique(np.searchsorted(edges, probabilities, side="right"), return_inverse=True)[1]
    return bins


def errors_by_chance(probabilities: NDArray[np.float64], *, seed: int = 0) -> NDArray[np.float64]:
    """Return the calibration errors of `_BY_CHANCE` samples in which each answer is true with its own probability.

    Each bin's sum is drawn as normal with the variance of its answers, which 20 of them come near enough to (after
    Bröcker & Smith 2007, "Increasing the Reliability of Reliability Diagrams").
    """
    bins = bin_numbers(probabilities)
    spread = np.sqrt(np.bincount(bins, probabilities * (1 - probabilities)))
    drawn = np.random.Generator(np.random.PCG64(seed)).standard_normal((_BY_CHANCE, len(spread)))
    found: NDArray[np.float64] = np.abs(drawn * spread).sum(axis=1) / len(probabilities)
    return found


def calibration_interval(error: float, resampled: NDArray[np.float64], by_chance: NDArray[np.float64]) -> Interval:
    """Return the 95 % interval of a calibration error; see the module for how.

    Args:
        error: The figure.
        resampled: Of resamples, float64 [R].
        by_chance: Of samples of calibrated answers, float64.
    """
    centre, half = 2 * error - float(resampled.mean()), Z95 * float(resampled.std())
    is_chance = error <= np.percentile(by_chance, 95)
    return Interval(0.0 if is_chance else min(max(0.0, centre - half), error), max(error, centre + half))
