"""What a trial left, and which of many trials to take. Knows figures only, no model.

The decision to question: a trial is as good as one figure on the validation texts, and the best of many is by that
choice optimistic; whoever prints it has to say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.evaluation import Metrics, MultiLabelMetrics

Figures = Metrics | MultiLabelMetrics


@dataclass(frozen=True)
class Metric:
    """What trials are compared by.

    Attributes:
        read: Takes the figure from all figures.
        sign: 1 where more is better, -1 where less is.
    """

    read: Callable[[Figures], float]
    sign: int = 1


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
    """Return the trial with the best figure among those that fit; of equals the smallest, then the first.

    Args:
        trials: Those without a result do not count.
        metric: One of `METRICS`.
        max_size_bytes: Of the model, included; None for any size.

    Returns:
        None if no trial has a result of that size.
    """
    fitting = [
        (-METRICS[metric].sign * trial.result.figure, trial.result.size_bytes, trial.number, trial)
        for trial in trials
        if trial.result is not None and (max_size_bytes is None or trial.result.size_bytes <= max_size_bytes)
    ]
    return min(fitting)[-1] if fitting else None


def pareto_front(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Return the trials than which no other is better in one respect and at least as good in all; best figure first.

    Respects: the metric, size, time to score a text, time to train. Trials that are equal in all stay.
    """
    found = [(trial, _costs(trial.result, metric)) for trial in trials if trial.result is not None]
    front = [pair for pair in found if not any(_dominates(other, pair[1]) for _, other in found)]
    return [trial for trial, costs in sorted(front, key=lambda pair: (pair[1], pair[0].number))]


def _costs(result: Result, metric: str) -> tuple[float, ...]:
    figure = -METRICS[metric].sign * result.figure
    return figure, result.size_bytes, result.microseconds_a_text, result.training_s


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def _f1(figures: Figures) -> float:
    return figures.f1 if isinstance(figures, Metrics) else figures.f1_micro


# f1: of two classes the second's, of more the mean over classes, multi-label all labels together (micro).
METRICS: dict[str, Metric] = {
    "accuracy": Metric(lambda figures: figures.accuracy),
    "f1": Metric(_f1),
    "macro_f1": Metric(lambda figures: figures.f1_macro),
    "log_loss": Metric(lambda figures: figures.loss, sign=-1),
}
