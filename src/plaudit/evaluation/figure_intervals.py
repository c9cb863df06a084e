"""95 % intervals of figures that no resampling can collapse, from counts and from scores, in closed form.

Shares have Wilson's interval. F1 is a function of a share as well: of the texts that have a class, are given it, or
both, the share J that is both (Jaccard), F1 = 2 J / (1 + J), so its interval is Wilson's of J, mapped. Means over
classes combine the classes' intervals (MOVER: Zou & Donner 2008, "Construction of confidence limits about effect
measures", Statistics in Medicine 27), widened by how much the classes vary together. An area under the ROC curve has
the score interval of Newcombe (2006, "Confidence intervals for an effect size measure based on the Mann-Whitney
statistic, Part 2", Statistics in Medicine 25, method 5), which has a width at 1 too.

An average precision varies as a share of its positive texts does at most; on the logit scale, which keeps it inside 0
to 1, that is the interval which held best in the comparison of Boyd, Eng & Page (2013, "Area under the Precision-Recall
Curve: Point Estimates and Confidence Intervals", ECML PKDD). It is wide; of 50 positive texts on resamples show how
much the figure varies.

The decision to question: each takes different texts as independent, and says nothing where `TOO_FEW` of them bear on
the figure. Equal texts count as what they are worth together (`evaluation.repeats`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.evaluation.bootstrap import LEAST_DEFINED
from plaudit.evaluation.intervals import Z95, Interval, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOO_FEW = 8  # texts that bear on a share; below, an interval of it says nothing that its reader could use
LEAST_VALUES = 100  # of a skewed mean: its tail is not seen in fewer
_NO_SPREAD = 1e-9  # as a share of the mean: values that rounding alone sets apart
_STEPS = 60  # of the bisection: to 1e-18


def share_interval(right: float, n: float, worth: float | None = None) -> Interval | None:
    """Return Wilson's interval of a share, None of fewer than `TOO_FEW` texts; `worth` is `wilson_interval`'s."""
    return wilson_interval(right, n, worth) if (n if worth is None else worth) >= TOO_FEW else None


def f1_interval(both: float, true: float, found: float, worth: float | None = None) -> Interval | None:
    """Return the interval of F1 from how many texts have a class, are given it, and both; None of too few.

    `worth` is what the texts that have it or are given it are worth (`evaluation.repeats`).
    """
    share = share_interval(both, true + found - both, worth)
    if share is None:
        return None
    return Interval(2 * share.low / (1 + share.low), 2 * share.high / (1 + share.high))


def mean_interval(
    values: Sequence[float], intervals: Sequence[Interval | None], *, together: float = 1.0
) -> Interval | None:
    """Return the interval of a mean over classes from the classes' own; None where one of them is too few.

    Args:
        values: The classes' figures.
        intervals: Theirs.
        together: The variance of the mean over what it would be if the classes were independent.
    """
    known = [each for each in intervals if each is not None]
    if len(known) < len(intervals) or not known:
        return None
    below = sum((value - each.low) ** 2 for value, each in zip(values, known, strict=True))
    above = sum((each.high - value) ** 2 for value, each in zip(values, known, strict=True))
    mean, scale = sum(values) / len(values), together**0.5 / len(values)
    return Interval(max(0.0, mean - scale * below**0.5), min(1.0, mean + scale * above**0.5))


def roc_interval(area: float, n_positive: float, n_negative: float) -> Interval:
    """Return Newcombe's interval of an area under the ROC curve; of fewer than `TOO_FEW` texts on a side it is wide."""
    middle = (n_positive + n_negative) / 2

    def distance(truth: float) -> float:
        """Return by how many standard errors of a true area the area found is off, squared."""
        pairs = (1 - truth) / (2 - truth) + truth / (1 + truth)
        variance = truth * (1 - truth) * (1 + (middle - 1) * pairs) / (n_positive * n_negative)
        return (area - truth) ** 2 / max(variance, 1e-300)

    def bound(inside: float, outside: float) -> float:
        for _ in range(_STEPS):
            between = (inside + outside) / 2
            inside, outside = (between, outside) if distance(between) <= Z95**2 else (inside, between)
        return inside

    return Interval(bound(area, 0.0) if area > 0 else 0.0, bound(area, 1.0) if area < 1 else 1.0)


def precision_interval(average: float, n_positive: float) -> Interval:
    """Return the interval of an average precision of few positive texts, one or more; see the module for its source."""
    value = _inside(average, n_positive)
    return _from_logit(average, value, Z95 / (n_positive * value * (1 - value)) ** 0.5)


def kappa_interval(kappa: float, resampled: NDArray[np.float64], n: float) -> Interval | None:
    """Return `logit_interval` of an agreement from -1 to 1; the arguments are its."""
    found = logit_interval((1 + kappa) / 2, (1 + resampled) / 2, n)
    return None if found is None else Interval(2 * found.low - 1, 2 * found.high - 1)


def logit_interval(value: float, resampled: NDArray[np.float64], n: float) -> Interval | None:
    """Return the interval of a share from resamples: Student's on the logit scale, with their bias taken off.

    A share within one text of 0 or 1 has `precision_interval`'s: there resamples do not vary.

    Args:
        value: The figure, 0 to 1.
        resampled: Of resamples, float64 [R]; None comes back where one of twenty is not defined (NaN).
        n: How many texts decide it, or are worth it, 2 or more.
    """
    known = resampled[~np.isnan(resampled)]
    if len(known) < LEAST_DEFINED * len(resampled):
        return None
    if not 1 / n < value < 1 - 1 / n:
        return precision_interval(value, n)
    logits = _logit(np.clip(known, 0.5 / n, 1 - 0.5 / n))
    centre = _inverse(2 * float(_logit(value)) - float(logits.mean()))
    return _from_logit(value, centre, _student(n) * float(logits.std()))


def _inside(share: float, n: float) -> float:
    """Return a share of n texts, half a text away from 0 and 1 at least."""
    return min(max(share, 0.5 / n), 1 - 0.5 / n)


def _logit(share: Any) -> Any:  # Any: a float, or an array of them
    return np.log(share / (1 - share))


def _inverse(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _from_logit(figure: float, centre: float, reach: float) -> Interval:
    """Return the interval that reaches so far from its centre on the logit scale, and holds the figure itself."""
    middle = float(_logit(centre))
    return Interval(min(_inverse(middle - reach), figure), max(_inverse(middle + reach), figure))


def _student(n: float) -> float:
    """Return Student's 97.5 % quantile of n values, by its first two corrections of the normal one (Fisher 1926)."""
    z, freedom = Z95, n - 1
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def by_class_intervals(
    both: NDArray[np.integer],
    true: NDArray[np.integer],
    found: NDArray[np.integer],
    resampled: Mapping[str, NDArray[np.float64]],
    names: Mapping[str, tuple[str, str]],
    figures: Mapping[str, Any],  # Any: a float, None, or a tuple of floats
    worth: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> dict[str, Interval | tuple[Interval | None, ...] | None]:
    """Return the intervals of precision, recall and F1: each class's, and those of their means.

    Args:
        both: How many texts have a class and are given it, [C].
        true: How many have it, [C].
        found: How many are given it, [C].
        resampled: Figures of resamples by name, of classes [R, C], of means [R]: how much classes vary together.
        names: By "precision", "recall" and "f1" what the classes' figures and their mean are called.
        figures: The figures by name.
        worth: What the texts are worth (`evaluation.repeats`) that are given each class, that have it, and either,
            float64 [C] each.
    """
    counts = list(zip(both.tolist(), true.tolist(), found.tolist(), strict=True))
    of_found, of_true, of_either = (zip(counts, each.tolist(), strict=True) for each in worth)
    own = {
        "precision": tuple(share_interval(b, f, w) for (b, _, f), w in of_found),
        "recall": tuple(share_interval(b, t, w) for (b, t, _), w in of_true),
        "f1": tuple(f1_interval(b, t, f, w) for (b, t, f), w in of_either),
    }
    intervals: dict[str, Interval | tuple[Interval | None, ...] | None] = {}
    is_whole = all(t + f > 0 for _, t, f in counts)  # else the mean is another one than that of more texts
    few = (_student(max(float(worth[1].sum()), 2.0)) / Z95) ** 2  # how much resamples vary is known from so many
    for kind, (name, mean) in names.items():
        intervals[name], intervals[mean] = own[kind], None
        if not is_whole:
            continue
        alone = float(np.nanvar(resampled[name], axis=0).sum()) / len(counts) ** 2
        joint = float(np.nanvar(resampled[mean]))
        together = joint / alone if alone > 0 and joint > 0 else 1.0
        together *= few
        intervals[mean] = mean_interval(list(figures[name]), list(own[kind]), together=together)
    return intervals


def skewed_interval(
    values: NDArray[np.float64], *, high: float = np.inf, worth: float | None = None
) -> Interval | None:
    """Return the interval of a mean of skewed values from 0: Student's, with Hall's transformation for skewness.

    Hall (1992), "On the Removal of Skewness by Transformation", J. R. Statist. Soc. B 54. None of fewer than
    `LEAST_VALUES` values, whose tail says too little, or that are worth no more (`evaluation.repeats`).
    """
    n = len(values) if worth is None else worth
    mean, spread = _mean_and_spread(values, n)
    if not spread:
        return None
    skew = float(((values - mean) ** 3).mean()) / spread**3
    t = _student(n)

    def back(quantile: float) -> float:
        inner = 1 + skew / n**0.5 * (quantile - skew / (6 * n**0.5))
        if abs(skew) < 1e-9:
            return quantile
        return float(3 * n**0.5 / skew * (np.cbrt(inner) - 1))

    error = spread / n**0.5
    return Interval(max(0.0, mean - error * back(t)), min(high, mean - error * back(-t)))


def _mean_and_spread(values: NDArray[np.float64], worth: float) -> tuple[float, float]:
    """Return mean and standard deviation; that is 0 of too few values, and of those that rounding alone sets apart."""
    if worth < LEAST_VALUES:
        return 0.0, 0.0
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    return mean, 0.0 if spread <= _NO_SPREAD * abs(mean) else spread


def difference_interval(values: NDArray[np.float64], worth: float | None = None) -> Interval | None:
    """Return the interval of a mean of differences, which a few large ones decide: Student's, of so many as decide it.

    The degrees of freedom of the variance follow from the kurtosis (Box 1953, "Non-normality and tests on variances",
    Biometrika 40): of normal values they are about n, of heavy tails far fewer. None of fewer than `LEAST_VALUES`.
    `worth` is what the values are worth where some texts are equal (`evaluation.repeats`).
    """
    n = len(values) if worth is None else worth
    mean, spread = _mean_and_spread(values, n)
    if not spread:
        return None
    squares = np.square(values - mean)
    share = n / len(values)
    freedom = min(n - 1.0, share * 2 * float(squares.sum()) ** 2 / float(np.square(squares).sum()))
    reach = _student(freedom + 1) * spread / n**0.5
    return Interval(mean - reach, mean + reach)
