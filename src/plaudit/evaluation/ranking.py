"""How well scores put positive texts before the others: ROC-AUC and average precision.

Definitions are scikit-learn's, held equal by tests. Scores are sorted once; a resample only counts again. Their 95 %
intervals come from few texts in closed form, from many by resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.evaluation.bootstrap import percentile_interval
from plaudit.evaluation.figure_intervals import (
    TOO_FEW,
    logit_interval,
    mean_interval,
    precision_interval,
    roc_interval,
)
from plaudit.evaluation.repeats import Repeats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation.intervals import Interval

_ENOUGH = 100  # texts of either class from which resamples show how an area varies
_LEAST_POSITIVE, _ENOUGH_POSITIVE = 20, 50  # a class, on average, for an interval of average precision; for resamples


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


def chance_precision(counts: Sequence[int], n: int, *, multi_label: bool) -> float:
    """Return the average precision of a ranking by chance: the share of the texts that have the class.

    Args:
        counts: How many of the texts have each of C classes; one at least some.
        n: Texts.
        multi_label: Whether a text has a set of labels. Of two classes otherwise the figure is the second's, else a
            mean over the classes that occur.
    """
    of = counts[1:] if len(counts) == 2 and not multi_label else [each for each in counts if each]
    return float(sum(of) / len(of) / n)


def ranking_intervals(
    is_positive: NDArray[np.bool_],
    scores: NDArray[np.float64],
    resampled: Mapping[str, NDArray[np.float64]],
    repeats: Repeats | None = None,
) -> dict[str, Interval | None]:
    """Return the intervals of the mean ROC-AUC and the mean average precision; None where a class has too few texts.

    Args:
        is_positive: bool [N, C], which texts have each class; a class that none has is left out.
        scores: float64 [N, C].
        resampled: By name the means of resamples, float64 [R].
        repeats: Which texts are equal; None where all differ.
    """
    once, repeats = np.ones((1, len(scores))), Repeats.of(None, len(scores)) if repeats is None else repeats
    counts, others = repeats.worth_of_columns(is_positive), repeats.worth_of_columns(~is_positive)
    ranked = [c for c in range(len(counts)) if counts[c] > 0]
    found = [ranking(is_positive[:, c], scores[:, c])(once) for c in ranked]
    own, sides = counts[ranked], np.minimum(counts, others)[ranked]
    intervals: dict[str, Interval | None] = dict.fromkeys(("roc_auc", "average_precision"))
    told = [i for i in range(len(ranked)) if sides[i]]
    if told and sides[told].mean() >= TOO_FEW * min(len(told), 2):  # of 10 a class, 90 of 100 held
        areas = [float(found[i].roc_auc[0]) for i in told]
        bounds = [roc_interval(area, own[i], others[ranked[i]]) for area, i in zip(areas, told, strict=True)]
        is_resampled = sides[told].min() >= _ENOUGH and 0 < sum(areas) < len(areas)
        intervals["roc_auc"] = (
            percentile_interval(resampled["roc_auc"]) if is_resampled else mean_interval(areas, bounds)
        )
    if ranked and own.mean() >= _LEAST_POSITIVE:
        values = [float(each.average_precision[0]) for each in found]
        intervals["average_precision"] = (
            mean_interval(values, list(map(precision_interval, values, own.tolist())))
            if own.min() < _ENOUGH_POSITIVE
            else logit_interval(float(np.mean(values)), resampled["average_precision"], float(own.min()))
        )
    return intervals
