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
from plaudit.evaluation.figure_intervals import difference_interval
from plaudit.evaluation.intervals import Z95, Interval

if TYPE_CHECKING:
    from plaudit.evaluation.scoring import Answers

SIGNIFICANT = 0.05
_HALVINGS = 50  # of where a bound may lie: to 1e-15


@dataclass(frozen=True)
class Comparison:
    """How two classifiers, A and B, do on the same N texts; a text without an answer is not right.

    Attributes:
        n: Texts.
        accuracy: A's and B's.
        loss: A's and B's log loss, in nats.
        accuracy_difference: A's minus B's.
        accuracy_interval: Its 95 % interval (`paired_interval`); where McNemar's exact test finds no difference, it
            reaches to 0, which of few texts it may not by itself.
        loss_difference: A's minus B's; below 0 speaks for A.
        loss_interval: Its 95 % interval; None of fewer than 100 texts (`figure_intervals.difference_interval`).
        both_right: Texts that both have right.
        only_a_right: Texts that A alone has right.
        only_b_right: Texts that B alone has right.
        neither_right: Texts that neither has right.
        p_value: McNemar's, exact and two-sided: how probable so uneven a division of the texts that one alone has
            right is, if both are equally good. 1 when there are no such texts. Equal texts count once, for the model
            that has more of them right.
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
            return f"{a} and {b} are right on the same texts."
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
    worth, lead = a.repeats.worth(), np.bincount(a.repeats.numbers, right_a * 1.0 - right_b)
    p_value = mcnemar_p(int((lead > 0).sum()), int((lead < 0).sum()))
    interval = paired_interval(both, only_a, only_b, neither, worth)
    if p_value >= SIGNIFICANT:
        interval = Interval(min(interval.low, 0.0), max(interval.high, 0.0))
    return Comparison(
        n=n,
        accuracy=(float(right_a.mean()), float(right_b.mean())),
        loss=(float(a.losses.mean()), float(b.losses.mean())),
        accuracy_difference=(only_a - only_b) / n,
        accuracy_interval=interval,
        loss_difference=float(losses.mean()),
        loss_interval=difference_interval(losses, worth),
        both_right=both,
        only_a_right=only_a,
        only_b_right=only_b,
        neither_right=neither,
        p_value=p_value,
    )


def paired_interval(both: float, only_a: float, only_b: float, neither: float, worth: float | None = None) -> Interval:
    """Return the 95 % interval of A's accuracy minus B's from how many texts both, one or none have right.

    The differences that McNemar's test without its continuity correction would not reject (Tango 1998, "Equivalence
    test and confidence interval for the difference in proportions for the paired-sample design", Statistics in Medicine
    17). Unlike resamples it has a width where both are right on the same texts. `worth` is what the texts are worth
    where some are equal (`evaluation.repeats`).
    """
    n = both + only_a + only_b + neither
    if worth is not None:
        n, only_a, only_b = worth, only_a * worth / n, only_b * worth / n
    found = (only_a - only_b) / n

    def is_far(truth: float) -> bool:
        """Whether the difference found is more than `Z95` standard errors from a true one."""
        b, c = (2 * n - only_a + only_b) * truth - only_a - only_b, -only_b * truth * (1 - truth)
        alone = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)  # B's share, the likeliest for that truth
        variance = (2 * alone + truth * (1 - truth)) / n
        return (found - truth) ** 2 > Z95**2 * variance

    def bound(outside: float) -> float:
        inside = found
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if is_far(middle) else (middle, outside)
        return inside

    return Interval(bound(-1.0), bound(1.0))


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
