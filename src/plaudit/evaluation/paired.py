"""Two classifiers on the same texts: which is better, by how much, and whether chance explains it.

Both see the same texts, so what decides is where they differ: the difference is taken text by text, which is more
exact than two intervals side by side. McNemar's test in its exact form (McNemar 1947; Dietterich 1998, "Approximate
Statistical Tests for Comparing Supervised Classification Learning Algorithms") asks of the texts that one alone has
right whether they fall to both sides like a coin. Where several models are compared, each pair's p value is corrected
for the number of pairs (`holm`).

The decision to question: "larger than chance explains" is p < 0.05, and chance here is that of the texts. Another seed
of the training may turn a small difference around.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError
from plaudit.evaluation.figure_intervals import skewed_interval
from plaudit.evaluation.intervals import Interval, wilson_interval

if TYPE_CHECKING:
    from plaudit.evaluation.scoring import Answers

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """How two classifiers, A and B, do on the same N texts; a text without an answer is not right.

    Attributes:
        n: Texts.
        accuracy: A's and B's.
        loss: A's and B's log loss, in nats.
        accuracy_difference: A's minus B's.
        accuracy_interval: Its 95 % interval (`difference_interval`).
        loss_difference: A's minus B's; below 0 speaks for A.
        loss_interval: Its 95 % interval; None of fewer than 100 texts (`skewed_interval`).
        both_right: Texts that both have right.
        only_a_right: Texts that A alone has right.
        only_b_right: Texts that B alone has right.
        neither_right: Texts that neither has right.
        p_value: McNemar's, exact and two-sided: how probable so uneven a division of the texts that one alone has
            right is, if both are equally good. 1 when there are no such texts.
    """

    n: int
    accuracy: tuple[float, float]
    loss: tuple[float, float]
    accuracy_difference: float
    accuracy_interval: Interval
    loss_difference: float
    loss_interval: Interval | None
    both_right: int
    only_a_right: int
    only_b_right: int
    neither_right: int
    p_value: float

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values."""
        return {
            "n": self.n,
            "accuracy": list(self.accuracy),
            "loss": list(self.loss),
            "accuracy_difference": self.accuracy_difference,
            "accuracy_difference_interval_95": self.accuracy_interval.to_list(),
            "loss_difference": self.loss_difference,
            "loss_difference_interval_95": None if self.loss_interval is None else self.loss_interval.to_list(),
            "both_right": self.both_right,
            "only_a_right": self.only_a_right,
            "only_b_right": self.only_b_right,
            "neither_right": self.neither_right,
            "p_value": self.p_value,
        }

    def sentence(self, a: str, b: str, *, corrected: float | None = None) -> str:
        """Say in words which of A and B, by these names, has the higher accuracy and what chance has to do with it.

        `corrected` is the p value after Holm's correction, where several pairs are compared.
        """
        if not self.only_a_right and not self.only_b_right:
            return f"{a} and {b} have the same texts right."
        points, low, high = (
            100 * value for value in (self.accuracy_difference, self.accuracy_interval.low, self.accuracy_interval.high)
        )
        p_value = self.p_value if corrected is None else corrected
        p = describe_p(p_value)
        if p_value < SIGNIFICANT:
            better, other = (a, b) if points > 0 else (b, a)
            span = (low, high) if points > 0 else (-high, -low)
            return (
                f"{better} is better than {other} by {abs(points):.1f} points ({span[0]:.1f} to {span[1]:.1f}); the "
                f"difference is larger than chance explains ({p})."
            )
        return (
            f"Neither is shown to be better: {a} minus {b} is {points:+.1f} points ({low:.1f} to {high:.1f}), which "
            f"chance explains ({p})."
        )


def describe_p(p_value: float) -> str:
    """Return a p value as one reads it: ``p = 0.032``, ``p < 0.001``."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def compare_answers(a: Answers, b: Answers) -> Comparison:
    """Compare two classifiers' answers to the same texts, in the same order.

    Args:
        a: The one's.
        b: The other's; its classes may stand in another order.

    Raises:
        DataError: There are no texts, or their numbers or the classes differ.
    """
    n = len(a)
    if n != len(b) or not n:
        raise DataError(f"expected the same texts, at least one, got the answers to {n:,} and {len(b):,}.")
    if set(a.classes) != set(b.classes) or a.multi_label != b.multi_label:
        raise DataError(f"the two answer with different classes: {_described(a)}, and {_described(b)}.")
    right_a, right_b, losses = a.right, b.right, a.losses - b.losses
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    both, neither = int((right_a & right_b).sum()), int((~right_a & ~right_b).sum())
    return Comparison(
        n=n,
        accuracy=(float(right_a.mean()), float(right_b.mean())),
        loss=(float(a.losses.mean()), float(b.losses.mean())),
        accuracy_difference=(only_a - only_b) / n,
        accuracy_interval=difference_interval(both, only_a, only_b, neither),
        loss_difference=float(losses.mean()),
        loss_interval=skewed_interval(losses, low=-np.inf),
        both_right=both,
        only_a_right=only_a,
        only_b_right=only_b,
        neither_right=neither,
        p_value=mcnemar_p(only_a, only_b),
    )


def difference_interval(both: int, only_a: int, only_b: int, neither: int) -> Interval:
    """Return the 95 % interval of A's accuracy minus B's from how many texts both, one or none have right.

    Newcombe (1998), "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17, method 10: Wilson's intervals of both, combined by how much the two agree. Unlike
    resamples it has a width where both have the same texts right.
    """
    n = both + only_a + only_b + neither
    right_a, right_b = both + only_a, both + only_b
    a, b, of_a, of_b = right_a / n, right_b / n, wilson_interval(right_a, n), wilson_interval(right_b, n)
    product, surplus = right_a * (n - right_a) * right_b * (n - right_b), both * neither - only_a * only_b
    agreement = (max(surplus - n / 2, 0) if surplus > 0 else surplus) / math.sqrt(product) if product else 0.0

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * agreement * one * other + other**2, 0.0))

    low, high = reach(a - of_a.low, of_b.high - b), reach(of_a.high - a, b - of_b.low)
    return Interval(max(-1.0, a - b - low), min(1.0, a - b + high))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, in the same order, each 0 to 1.

    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6: the
    smallest of m is multiplied by m, the next by m - 1, and none becomes smaller than one before it.
    """
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = least
    return corrected


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Return the two-sided exact binomial p value of `only_a` against `only_b`; 1 when both are 0.

    Twice the smaller tail of the binomial distribution with one half, at most 1: which, one half being symmetric, is
    SciPy's ``binomtest``.
    """
    n, k = only_a + only_b, min(only_a, only_b)
    steps = np.arange(k)
    terms = np.concatenate([[0.0], np.cumsum(np.log((n - steps) / (steps + 1)))])  # of the binomial coefficients
    tail = float(np.logaddexp.reduce(terms)) - n * float(np.log(2))
    return min(1.0, 2 * float(np.exp(tail)))


def _described(answers: Answers) -> str:
    sets = "sets of " if answers.multi_label else ""
    return sets + ", ".join(answers.classes[:8]) + (", …" if len(answers.classes) > 8 else "")
