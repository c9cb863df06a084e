"""Whether probabilities mean what they say: of texts answered with 80 %, are 80 % right?

The expected calibration error (Naeini et al. 2015; Guo et al. 2017, "On Calibration of Modern Neural Networks"): texts
are put into bins by probability, and the error is the mean over texts of |share that came true - mean probability| of
their bin. Bins hold equally many texts, which biases it less than bins of equal width (Nixon et al. 2019, "Measuring
Calibration in Deep Learning"; Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation"). The probability
of a text is that of its likeliest class, whatever a decision rule answers; of sets of labels every pair of text and
label is a case of its own (`stated`).

The decision to question: its interval. Scatter inside the bins can only add to the error, so the figure is too great,
most of all when the truth is near zero, and a resample adds as much again: percentiles of resamples lie above the
truth, and of calibrated answers they never hold it. So the mean that resamples add is taken off (Davison & Hinkley
1997, "Bootstrap Methods and their Application", section 5.2.1). From there the interval reaches as far as Wilson's
intervals of the bins' shares do together (MOVER: Zou & Donner 2008), for a bin of 66 texts that are all right varies
although no resample shows it, and no less than 1.96 standard deviations of the resamples, which know that the labels of
one text vary together. It begins at zero where calibrated answers, too, would show so much by chance, and ends at the
figure at least. How often it holds the truth: `benchmarks/interval_coverage.py`, docs/trust.md.
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

    from plaudit.evaluation.repeats import Repeats

MOST_BINS = 15  # Guo et al. 2017
LEAST_CASES = 20  # in a bin: with fewer, scatter is most of the error
_BY_CHANCE = 1_000  # simulated samples
_LEAST_KNOWN = 8  # cases; the intervals of six held the truth 85 times of 100


@dataclass(frozen=True)
class Bin:
    """Cases of about one probability: a point of a reliability diagram.

    Attributes:
        n: Cases.
        probability: Their mean probability.
        share: The share of them that came true.
        interval: Wilson's 95 % interval of the share.
    """

    n: int
    probability: float
    share: float
    interval: Interval


@dataclass(frozen=True)
class Reliability:
    """Probabilities beside what came true.

    Attributes:
        bins: Lowest probability first.
        error: The expected calibration error, 0 to 1.
    """

    bins: tuple[Bin, ...]
    error: float


def stated(
    labels: NDArray[np.integer], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the probabilities that are set beside what came true, and whether each did.

    Args:
        labels: int [N], the true class numbers; multi-label an indicator [N, C].
        probabilities: float64 [N, C].

    Returns:
        float64 [N] and bool [N], of the most probable class; multi-label [N, C] both.
    """
    if labels.ndim == 2:
        return probabilities, labels > 0
    likeliest = probabilities.argmax(axis=1)
    return probabilities[np.arange(len(labels)), likeliest], likeliest == labels


def calibration_error(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.bool_], *, n_bins: int | None = None
) -> float:
    """Return the expected calibration error of N texts, 0 to 1.

    Args:
        probabilities: float64 [N], at least one, 0 to 1: of each text's answer, that it is true; or [N, C], of each of
            C labels.
        outcomes: bool, of the same shape, whether it is.
        n_bins: Bins at most; equal probabilities share one. None takes 15, or fewer so that 20 cases go into each.
    """
    return float(calibration(probabilities, outcomes, n_bins=n_bins)(np.ones((1, len(probabilities))))[0])


def calibration(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.bool_], *, n_bins: int | None = None
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a function from counts, float64 [R, N], to the calibration errors [R] of so many resamples.

    The bins are those of the texts themselves.
    """
    n = len(probabilities)
    bins = bin_numbers(probabilities.ravel(), n_bins).reshape(n, -1).T
    gaps, most = (outcomes - probabilities).reshape(n, -1).T, int(bins.max(initial=0)) + 1

    def errors(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        missed = sum(group_sums(counts * gap, of, most) for gap, of in zip(gaps, bins, strict=True))
        found: NDArray[np.float64] = np.abs(missed).sum(axis=1) / (counts.sum(axis=1) * len(gaps))
        return found

    return errors


def reliability(
    probabilities: NDArray[np.float64],
    outcomes: NDArray[np.bool_],
    *,
    n_bins: int | None = None,
    repeats: Repeats | None = None,
) -> Reliability:
    """Return the bins and the calibration error that is their mean gap.

    The arguments are `calibration_error`'s, and which of the N texts are equal, for the bins' intervals.
    """
    bins = bin_numbers(probabilities.ravel(), n_bins)
    sizes = np.bincount(bins).tolist()
    worth = sizes
    if repeats is not None and repeats.is_any:
        texts = np.arange(len(bins)) // (len(bins) // len(probabilities))
        worth = repeats.worth_by(texts, bins, len(sizes)).tolist()
    true, sums = (np.bincount(bins, values.ravel()).tolist() for values in (outcomes, probabilities))
    found = (
        Bin(n, total / n, right / n, wilson_interval(right, n, w))
        for n, right, total, w in zip(sizes, true, sums, worth, strict=True)
    )
    return Reliability(tuple(found), calibration_error(probabilities, outcomes, n_bins=n_bins))


def bin_numbers(probabilities: NDArray[np.float64], n_bins: int | None = None) -> NDArray[np.int64]:
    """Return the bin of each case, int64 [N]: equally many a bin except for ties, numbered from 0 without a gap."""
    n = len(probabilities)
    most = n_bins or min(MOST_BINS, max(1, n // LEAST_CASES))
    ordered = np.sort(probabilities)
    edges = ordered[(np.arange(1, most) * n) // most]
    bins: NDArray[np.int64] = np.unique(np.searchsorted(edges, probabilities, side="right"), return_inverse=True)[1]
    return bins


def errors_by_chance(
    probabilities: NDArray[np.float64], repeats: Repeats | None = None, *, seed: int = 0
) -> NDArray[np.float64]:
    """Return the calibration errors of `_BY_CHANCE` samples in which each case comes true with its own probability.

    Each bin's sum is drawn as normal with the variance of its cases, which 20 of them come near enough to (after
    Bröcker & Smith 2007, "Increasing the Reliability of Reliability Diagrams"). The labels of one text are taken as
    independent here, equal texts as one. The arguments are those of `reliability`.
    """
    cases = probabilities.ravel()
    copies = np.ones(len(probabilities))
    if repeats is not None:
        copies = np.bincount(repeats.numbers)[repeats.numbers].astype(np.float64)
    copies = np.repeat(copies, len(cases) // max(len(copies), 1))
    spread = np.sqrt(np.bincount(bin_numbers(cases), copies * cases * (1 - cases)))
    drawn = np.random.Generator(np.random.PCG64(seed)).standard_normal((_BY_CHANCE, len(spread)))
    found: NDArray[np.float64] = np.abs(drawn * spread).sum(axis=1) / len(cases)
    return found


def calibration_interval(
    found: Reliability, resampled: NDArray[np.float64], by_chance: NDArray[np.float64]
) -> Interval | None:
    """Return the 95 % interval of a calibration error; see the module for how. None of fewer than `_LEAST_KNOWN` cases.

    Args:
        found: The figure and its bins.
        resampled: The figure of resamples, float64 [R].
        by_chance: Of samples of calibrated answers, float64.
    """
    error, n = found.error, sum(each.n for each in found.bins)
    if n < _LEAST_KNOWN:
        return None
    centre, least = 2 * error - float(resampled.mean()), Z95 * float(resampled.std())
    up, down = 0.0, 0.0  # the squared reach of the bins, away from the diagonal and towards it
    for each in found.bins:
        low, high, gap = each.interval.low, each.interval.high, abs(each.share - each.probability)
        # The truth may be on the other side of the diagonal: of 49 right of 49 all of Wilson's interval is below.
        away = max(high - each.probability, each.probability - low) - gap
        towards = each.share - low if each.share >= each.probability else high - each.share
        up += (each.n / n * away) ** 2
        down += (each.n / n * towards) ** 2
    low = 0.0 if error <= np.percentile(by_chance, 95) else min(max(0.0, centre - max(down**0.5, least)), error)
    return Interval(low, min(1.0, max(error, centre + max(up**0.5, least))))
