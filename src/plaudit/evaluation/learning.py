"""What more labels would bring: a curve through the errors after fewer, and how far it can be trusted.

The error falls as a power of the number of labels towards a level that more labels do not change, error = a + b n^-c
(Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically"; for text classifiers Figueroa et al. 2012,
"Predicting sample size required for classification performance"). Of the fits to resampled validation texts and to
scattered draws, the middle 95 % are the range.

The decision to question: nothing beyond ten times the labels that there are is told as a number. A curve through a
sixteenth to the whole says too little about what lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError
from plaudit.evaluation.bootstrap import RESAMPLES, draw_counts
from plaudit.evaluation.intervals import Interval
from plaudit.evaluation.repeats import Repeats

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINT = 0.01
LEAST_SIZES = 4  # one more than the curve has numbers
_FARTHEST = 10  # times the labels that there are
_POWERS = np.concatenate([np.arange(0.05, 1.0, 0.025), np.arange(1.0, 2.01, 0.1)])  # Hestness et al. found 0.07 to 0.35


@dataclass(frozen=True)
class Trained:
    """Models trained on draws of one size.

    Attributes:
        n: Training texts of each.
        right: bool [draws, N], which of N validation texts each has right; N is the same for all sizes.
        alike: int [N], a number for each validation text that equal ones share; None where all differ.
    """

    n: int
    right: NDArray[np.bool_]
    alike: NDArray[np.integer] | None = None

    @property
    def errors(self) -> tuple[float, ...]:
        """The share of validation texts that each has wrong."""
        return tuple((1 - self.right.mean(axis=1)).tolist())


@dataclass(frozen=True)
class PowerLaws:
    """Curves error = a + b n^-c, each of the three float64 [B], all from 0."""

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    c: NDArray[np.float64]

    def errors(self, n: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return each curve's error after `n` labels, float64 [B] or, of sizes [S], [B, S]."""
        sizes = np.asarray(n, np.float64)
        a, b, c = (x[:, None] for x in (self.a, self.b, self.c)) if sizes.ndim else (self.a, self.b, self.c)
        found: NDArray[np.float64] = a + b * sizes**-c
        return found

    def labels_for(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many labels bring each curve down to its error, float64 [B]; infinite where none do."""
        left = errors - self.a
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            found: NDArray[np.float64] = np.where((left > 0) & (self.b > 0), (self.b / left) ** (1 / self.c), np.inf)
        return found


@dataclass(frozen=True)
class LearningCurve:
    """The curve through the errors of several sizes, and what it says of more labels.

    Attributes:
        trained: The sizes, ascending.
        law: The curve through the mean errors, one.
        spread: The curves of resamples.
        more_labels: How many more labels than the largest size one more point of accuracy takes: the middle one of the
            resamples; None when that cannot be told.
        interval: Its 95 % interval; a bound that is infinite or beyond ten times the largest size cannot be told.
    """

    trained: tuple[Trained, ...]
    law: PowerLaws
    spread: PowerLaws
    more_labels: float | None
    interval: Interval

    @property
    def n(self) -> int:
        """The largest size."""
        return self.trained[-1].n

    @property
    def farthest(self) -> int:
        """The number of further labels beyond which nothing is told."""
        return (_FARTHEST - 1) * self.n

    def band(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the 2.5 and 97.5 % points of the resampled curves after so many labels, float64 [2, S]."""
        found: NDArray[np.float64] = np.percentile(self.spread.errors(sizes), [2.5, 97.5], axis=0)
        return found

    def sentence(self) -> str:
        """Say in words how many more labels one more point takes, or that it cannot be told."""
        low, high = self.interval.low, self.interval.high
        if (left := sum(self.trained[-1].errors) / len(self.trained[-1].errors)) < POINT:
            return (
                f"With {self.n:,} texts the error is {100 * left:.1f} %: less than one point is left to gain on these "
                "validation texts."
            )
        if low > self.farthest:
            return (
                f"More labels of this kind will hardly bring one more point of accuracy: not with {self.farthest:,} "
                f"more, by a curve through {self.trained[0].n:,} to {self.n:,}. Another recipe or cleaner labels might."
            )
        least = f"{_rounded(low):,}"
        if self.more_labels is None:
            return (
                f"It is unknown how many more labels one more point of accuracy needs: at least {least}, and perhaps "
                "no number is enough."
            )
        about = f"About {_rounded(self.more_labels):,} more labels for one more point of accuracy"
        if high > self.farthest:
            return f"{about}, at least {least}; the upper bound is unknown."
        return f"{about} ({least} to {_rounded(high):,})."

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values; null where something cannot be told."""
        low, high = ((x if x <= self.farthest else None) for x in (self.interval.low, self.interval.high))
        return {
            "sizes": [{"n": each.n, "errors": list(each.errors)} for each in self.trained],
            "curve": {"a": float(self.law.a[0]), "b": float(self.law.b[0]), "c": float(self.law.c[0])},
            "more_labels_for_one_point": self.more_labels,
            "more_labels_interval_95": [low, high],
            "sentence": self.sentence(),
        }


def fit_curve(trained: Sequence[Trained], *, resamples: int = RESAMPLES, seed: int = 0) -> LearningCurve:
    """Fit the curve, and say how sure it is.

    What is uncertain: which validation texts there are (they are resampled, the same for all models), and which texts a
    draw took: the draws' scatter, taken to fall with the root of their size, is added to the means as normal noise.

    Args:
        trained: Sizes, ascending; at least 4.
        resamples: How many curves are fitted.
        seed: Of the resamples.

    Raises:
        DataError: There are fewer sizes.
    """
    if len(trained) < LEAST_SIZES:
        raise DataError(f"a learning curve needs at least {LEAST_SIZES} sizes, got {len(trained)}.")
    sizes = np.array([each.n for each in trained], np.float64)
    draws = np.array([len(each.right) for each in trained])
    wrong = ~np.concatenate([each.right for each in trained])
    firsts = np.append(0, np.cumsum(draws)[:-1])

    def means(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        errors = counts @ wrong.T.astype(np.float64) / counts.sum(axis=1, keepdims=True)
        found: NDArray[np.float64] = np.add.reduceat(errors, firsts, axis=1) / draws
        return found

    repeats = Repeats.of(trained[0].alike, wrong.shape[1])
    drawn = draw_counts(wrong.shape[1], resamples, seed=seed, repeats=repeats)
    resampled = np.concatenate([means(counts) for counts in drawn])
    noise = np.random.Generator(np.random.PCG64([seed, 1])).standard_normal(resampled.shape)
    spread = fit_power_laws(sizes, resampled + noise * _scatter(trained, sizes) / np.sqrt(draws))
    law = fit_power_laws(sizes, means(np.ones((1, wrong.shape[1]))))
    n = float(sizes[-1])
    more = spread.labels_for(spread.errors(n) - POINT) - n
    low, middle, high = np.percentile(more, [2.5, 50, 97.5], method="nearest").tolist()
    told = middle if middle <= (_FARTHEST - 1) * n else None
    return LearningCurve(tuple(trained), law, spread, told, Interval(low, high))


def fit_power_laws(sizes: NDArray[np.float64], errors: NDArray[np.float64]) -> PowerLaws:
    """Return the curves with the least squared distance, a >= 0 and b >= 0.

    For each power of a grid, a and b are a line's; the power with the smallest distance is taken. Sizes weigh the same:
    the smaller scatter more, and have more draws.

    Args:
        sizes: float64 [S], above 0.
        errors: float64 [B, S], each row a curve's.
    """
    best = np.full(len(errors), np.inf)
    laws = np.zeros((3, len(errors)))
    for c in _POWERS:
        x = sizes**-c
        x_mean, y_mean = x.mean(), errors.mean(axis=1)
        b = (errors - y_mean[:, None]) @ (x - x_mean) / ((x - x_mean) ** 2).sum()
        a = y_mean - b * x_mean
        b = np.where(a < 0, errors @ x / (x @ x), b)
        a = np.where(a < 0, 0, a)
        a, b = np.where(b < 0, y_mean, a), np.maximum(b, 0)
        distance = ((errors - a[:, None] - b[:, None] * x) ** 2).sum(axis=1)
        is_better = distance < best
        best = np.where(is_better, distance, best)
        laws = np.where(is_better, np.stack([a, b, np.full(len(a), c)]), laws)
    return PowerLaws(*laws)


def _scatter(trained: Sequence[Trained], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation of one draw's error at each size, [S], from all sizes with several draws."""
    squares = [(n * float(np.var(each.errors, ddof=1)), len(each.errors) - 1) for each, n in
               zip(trained, sizes.tolist(), strict=True) if len(each.errors) > 1]  # fmt: skip
    if not squares:
        return np.zeros(len(sizes))
    variance = sum(square * freedom for square, freedom in squares) / sum(freedom for _, freedom in squares)
    found: NDArray[np.float64] = np.sqrt(variance / sizes)
    return found


def _rounded(n: float) -> int:
    """Return a whole number with two digits that count."""
    return int(float(f"{n:.2g}"))
