"""Figures of a decision rule on some texts, each with its interval and what it was without the rule.

Shares have Wilson's interval, one class's F1 what follows from it, mean costs Hall's; figures of several labels the
bootstrap's over texts, from a fixed seed, on the logit scale (`evaluation.figure_intervals`). None collapses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.evaluation.bootstrap import bootstrap, count_resamples
from plaudit.evaluation.figure_intervals import TOO_FEW, f1_interval, logit_interval, skewed_interval
from plaudit.evaluation.intervals import Interval, wilson_interval
from plaudit.evaluation.metrics import f1_of, mean_where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation.costs import LabelCosts
    from plaudit.evaluation.repeats import Repeats
    from plaudit.models.rules import DecisionRule


@dataclass(frozen=True)
class Reached:
    """A figure under a rule.

    Attributes:
        value: The figure; None where no text bears on it.
        interval: Its 95 % interval, for the rule as it stands; None where too few texts bear on it.
        before: What it is without a rule; None where no text bears on it then.
    """

    value: float | None
    interval: Interval | None
    before: float | None


def share_reached(
    is_so: NDArray[np.bool_], repeats: Repeats, *, before: float | None, of: NDArray[np.bool_] | None = None
) -> Reached:
    """Return the share of the texts marked in `of`, or of all, that something is true of; None of no texts."""
    told = is_so if of is None else is_so[of]
    n, right = len(told), int(told.sum())
    return (
        Reached(right / n, wilson_interval(right, n, repeats.worth(of)), before) if n else Reached(None, None, before)
    )


def two_classes_reached(
    is_positive: NDArray[np.bool_], is_found: NDArray[np.bool_], was_found: NDArray[np.bool_], repeats: Repeats
) -> dict[str, Reached]:
    """Return precision, recall and F1 of a class, and the accuracy; the other arguments are bool [N]."""
    n_true = int(is_positive.sum())
    n_found, n_was = int(is_found.sum()), int(was_found.sum())
    n_both, both_was = int((is_positive & is_found).sum()), int((is_positive & was_found).sum())
    f1, f1_before = (_share(2 * both, n_true + n) for both, n in ((n_both, n_found), (both_was, n_was)))
    return {
        "precision": share_reached(is_positive, repeats, of=is_found, before=_share(both_was, n_was)),
        "recall": share_reached(is_found, repeats, of=is_positive, before=_share(both_was, n_true)),
        "F1": Reached(f1, f1_interval(n_both, n_true, n_found, repeats.worth(is_positive | is_found)), f1_before),
        "accuracy": share_reached(is_found == is_positive, repeats, before=float((was_found == is_positive).mean())),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def cost_reached(
    rule: DecisionRule,
    truth: NDArray[np.int64],
    found: NDArray[np.float64],
    plain: NDArray[np.int64],
    repeats: Repeats,
) -> dict[str, Reached]:
    """Return the mean cost of an answer, and the accuracy.

    Args:
        rule: One with costs.
        truth: Class numbers [N].
        found: Probabilities [N, C].
        plain: The answers without the rule, [N].
        repeats: Which texts are equal.
    """
    costs, answers = np.array(rule.costs), rule.decide(found)
    paid, before = costs[truth, answers], costs[truth, plain]
    return {
        "mean cost": _mean_reached(paid, repeats, before=float(before.mean())),
        "accuracy": share_reached(answers == truth, repeats, before=float((plain == truth).mean())),
    }


def label_cost_reached(
    costs: LabelCosts,
    truth: NDArray[np.int64],
    given: NDArray[np.int64],
    plain: NDArray[np.int64],
    repeats: Repeats,
) -> dict[str, Reached]:
    """Return the mean over texts of what wrong and missed labels cost; the sets are indicators [N, C]."""
    wrong, missed = np.array(costs.wrong), np.array(costs.missed)
    paid, before = ((sets & ~truth & 1) @ wrong + (truth & ~sets & 1) @ missed for sets in (given, plain))
    return {"mean cost": _mean_reached(paid, repeats, before=float(before.mean()))}


def sets_reached(
    truth: NDArray[np.int64], given: NDArray[np.int64], plain: NDArray[np.int64], repeats: Repeats
) -> dict[str, Reached]:
    """Return macro-F1, of all labels together F1, precision and recall, and the share of sets that are right.

    All arguments but the last are indicators [N, C].
    """

    def parts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return counts.reshape(len(counts), 3, -1).swapaxes(0, 1)

    def macro(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        both, true, found = parts(counts)
        return mean_where(f1_of(both, true, found), true + found > 0)

    def micro(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return f1_of(*parts(counts).sum(axis=2))

    def share(of: int) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        def figure(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            sums = parts(counts).sum(axis=2)
            return np.asarray(sums[0] / np.maximum(sums[of], 1))

        return figure

    def cases(found: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.concatenate([truth & found, truth, found], axis=1).astype(np.float64)

    now, before = cases(given), cases(plain)
    sums = before.sum(axis=0)[None]
    return {
        "macro-F1": _bootstrapped(now, macro, repeats, before=float(macro(sums)[0])),
        "micro-F1": _bootstrapped(now, micro, repeats, before=float(micro(sums)[0])),
        "precision": _bootstrapped(now, share(2), repeats, before=float(share(2)(sums)[0])),
        "recall": _bootstrapped(now, share(1), repeats, before=float(share(1)(sums)[0])),
        "accuracy": share_reached(
            (given == truth).all(axis=1), repeats, before=float((plain == truth).all(axis=1).mean())
        ),
    }


def _mean_reached(paid: NDArray[np.float64], repeats: Repeats, *, before: float) -> Reached:
    return Reached(float(paid.mean()), skewed_interval(paid, worth=repeats.worth()), before)


def _bootstrapped(
    cases: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    repeats: Repeats,
    *,
    before: float,
) -> Reached:
    """Return a statistic of sums over N texts: `cases` [N, K] are summed to [R, K], `statistic` yields [R]."""
    n, worth = len(cases), repeats.worth()

    def figures(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        return {"figure": statistic(counts @ cases)}

    value = float(figures(np.ones((1, n)))["figure"][0])
    resampled = bootstrap(figures, n, resamples=count_resamples(n, cases.shape[1]), repeats=repeats)["figure"]
    return Reached(value, logit_interval(value, resampled, worth) if worth >= TOO_FEW else None, before)
