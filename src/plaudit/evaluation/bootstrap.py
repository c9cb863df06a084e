"""How much figures would vary from sample to sample: the percentile bootstrap over texts.

Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13. A resample of N texts is written as how
often each text is in it, so that a figure is a function of such counts, and of all ones it is the figure of the texts
themselves: one definition for both. Counts are drawn and used a few resamples at a time, so memory does not grow with
their number.

The decision to question: different texts are drawn one by one, as if independent; equal ones are drawn together
(`evaluation.repeats`). Where they come in other groups (reviews of one film) the intervals are too narrow, as Wilson's
is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from plaudit.evaluation.intervals import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation.repeats import Repeats

RESAMPLES = 1_000  # Efron and Tibshirani, section 13.3: about as many for percentiles
_LEAST_RESAMPLES = 200
_MOST_WORK = 500_000_000  # texts x classes x resamples: some seconds
_CHUNK = 1 << 18  # counts at a time: 2 MiB, which stay in a core's cache
LEAST_DEFINED = 0.95  # of the resamples, for an interval

# How often each text counts, float64 [R, N], to figures by name, float64 [R] or [R, C]; NaN where one is not defined.
Statistic = Callable[["NDArray[np.float64]"], Mapping[str, "NDArray[np.float64]"]]


def count_resamples(n: int, n_classes: int, *, most: int = RESAMPLES) -> int:
    """Return how many resamples are worth their time: `most`, fewer for very many texts and classes, 200 at least."""
    return min(most, max(_LEAST_RESAMPLES, _MOST_WORK // max(n * n_classes, 1)))


def bootstrap(
    statistic: Statistic, n: int, *, resamples: int = RESAMPLES, seed: int = 0, repeats: Repeats | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return the figures of resamples of N texts, by name: float64 [resamples] or [resamples, C].

    Args:
        statistic: From counts to figures.
        n: N, at least 1.
        resamples: How many, at least 1.
        seed: Of NumPy's PCG64; the same seed gives the same bits.
        repeats: Which texts are equal; a resample then draws so many different texts, each with its copies.
    """
    found = [statistic(counts) for counts in draw_counts(n, resamples, seed=seed, repeats=repeats)]
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def draw_counts(n: int, resamples: int, *, seed: int, repeats: Repeats | None = None) -> Iterator[NDArray[np.float64]]:
    """Yield how often each of N texts is in each resample, float64 [r, N], `resamples` in all; see `bootstrap`.

    Rows sum to N where all texts differ, and about to N else.
    """
    if repeats is not None and repeats.is_any:
        for counts in draw_counts(repeats.n_different, resamples, seed=seed):
            yield counts[:, repeats.numbers]
        return
    random = np.random.Generator(np.random.PCG64(seed))
    rows = max(1, _CHUNK // n)
    for start in range(0, resamples, rows):
        r = min(rows, resamples - start)
        drawn = random.integers(0, n, size=(r, n), dtype=np.int64)
        drawn += np.arange(r)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=r * n).reshape(r, n).astype(np.float64)


def group_sums(
    counts: NDArray[np.float64], groups: NDArray[np.integer], n_groups: int, texts: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Return how much each group holds, float64 [R, G].

    Args:
        counts: [R, N], or already [R, M].
        groups: int [M], the group of each entry, from 0.
        n_groups: G.
        texts: int [M], the text of each entry; None when entry i is text i.
    """
    rows = (row if texts is None else row[texts] for row in counts)
    return np.stack([np.bincount(groups, row, n_groups) for row in rows])


def percentile_interval(values: NDArray[np.float64]) -> Interval | None:
    """Return the 2.5 and 97.5 % points of resampled figures, float64 [R].

    None when the figure is not defined (NaN) in more than one resample of twenty.
    """
    known = values[~np.isnan(values)]
    if len(known) < LEAST_DEFINED * len(values):
        return None
    low, high = np.percentile(known, [2.5, 97.5]).tolist()
    return Interval(low, high)
