"""What a trial left, and which of many trials to take. Knows figures only, no model.

The decision to question: a trial is as good as one figure on the validation texts, and the best of many is by that
choice optimistic; whoever prints it has to say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.evaluation.named_metrics import find_metric


@dataclass(frozen=True)
class Result:
    """What was measured of a trained model.

    Attributes:
        figure: The metric on the validation texts.
        size_bytes: Of the folder that `save` writes.
        microseconds_a_text: Scoring the validation texts, divided by their number.
        training_s: Seconds that `fit` took.
    """

    figure: float
    size_bytes: int
    microseconds_a_text: float
    training_s: float


@dataclass(frozen=True)
class Trial:
    """A try of one recipe with one set of settings.

    Attributes:
        number: From 1.
        recipe: Its recipe.
        settings: The searched settings, by name.
        defaults: What these settings are by default.
        result: None if it came to no model.
        reason: Why it came to none.
    """

    number: int
    recipe: str
    settings: dict[str, Any]
    defaults: dict[str, Any]
    result: Result | None
    reason: str | None = None

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that are not the defaults."""
        return {name: value for name, value in self.settings.items() if value != self.defaults[name]}


def best_trial(trials: Sequence[Trial], metric: str, *, max_size_bytes: int | None = None) -> Trial | None:
    """Return the trial with the best figure among those that fit; of equals the smallest, quickest, first.

    So no other beats it in every respect: it is on the Pareto front.

    Args:
        trials: Those without a result do not count.
        metric: A name that `find_metric` knows.
        max_size_bytes: Of the model, included; None for any size.

    Returns:
        None if no trial has a result of that size.
    """
    sign = find_metric(metric).sign
    fitting = [
        (_costs(trial.result, sign), trial.number, trial)
        for trial in trials
        if trial.result is not None and (max_size_bytes is None or trial.result.size_bytes <= max_size_bytes)
    ]
    return min(fitting)[-1] if fitting else None


def pareto_front(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Return the trials that no other beats in one respect without losing in another; best figure first.

    Respects: the metric, size, time to score a text, time to train. Trials that are equal in all stay.
    """
    sign = find_metric(metric).sign
    found = [(trial, _costs(trial.result, sign)) for trial in trials if trial.result is not None]
    front = [pair for pair in found if not any(_dominates(other, pair[1]) for _, other in found)]
    return [trial for trial, costs in sorted(front, key=lambda pair: (pair[1], pair[0].number))]


def _costs(result: Result, sign: int) -> tuple[float, ...]:
    return -sign * result.figure, result.size_bytes, result.microseconds_a_text, result.training_s


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
