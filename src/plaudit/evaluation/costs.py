"""What mistakes cost, as a person says it, and the rule that follows.

One label a text: the class with the least expected cost is answered. Sets of labels: each label is a question of its
own, so a threshold says the same. Giving it costs on average ``(1 - p) * wrong``, leaving it out ``p * missed``, and
these are equal at ``p = wrong / (wrong + missed)`` (Elkan 2001, "The Foundations of Cost-Sensitive Learning", IJCAI).

The decision to question: no labelled text is looked at, so the rule is as good as the probabilities are calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.errors import ConfigError
from plaudit.models.rules import DecisionRule, check_costs

Costs = Mapping[str, Any]  # Any: a mapping of names to numbers, or of sets of labels a number; checked here
_KINDS = ("wrong", "missed")


def cost_matrix(costs: Costs, classes: tuple[str, ...]) -> DecisionRule:
    """Return the rule of these costs.

    Raises:
        ConfigError: A name is no class, or a cost is no number from 0.
    """
    if not isinstance(costs, Mapping) or not all(isinstance(row, Mapping) for row in costs.values()):
        raise ConfigError('costs: expected {"true class": {"answered class": cost, …}, …}.')
    for name in [*costs, *(answered for row in costs.values() for answered in row)]:
        if name not in classes:
            raise ConfigError(f"costs: {name!r} is not one of the model's classes: {', '.join(classes)[:200]}.")
    rows = [[costs.get(true, {}).get(name, float(name != true)) for name in classes] for true in classes]
    return DecisionRule(costs=tuple(map(tuple, rows)))


@dataclass(frozen=True)
class LabelCosts:
    """What a label costs that is given and does not apply, and one that applies and is missed; each [C], from 0."""

    wrong: tuple[float, ...]
    missed: tuple[float, ...]

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The probability above which each label is cheaper given than not, [C]."""
        return tuple(wrong / (wrong + missed) for wrong, missed in zip(self.wrong, self.missed, strict=True))


def label_costs(costs: Costs, classes: tuple[str, ...]) -> LabelCosts:
    """Return the costs of each label.

    Args:
        costs: ``{"LABEL": {"wrong": 1, "missed": 5}, ...}``; a number in place of a mapping, ``{"missed": 5}``, is for
            every label that does not say otherwise. What is not said costs 1.
        classes: C label names.

    Raises:
        ConfigError: A name is no label, a kind of mistake is another, a cost is no number from 0, or a label's are
            both 0.
    """
    wanted = 'expected {"label": {"wrong": cost, "missed": cost}, …}, or {"missed": cost} for every label'
    if not isinstance(costs, Mapping):
        raise ConfigError(f"costs of sets of labels: {wanted}.")
    for_all = {kind: value for kind, value in costs.items() if not isinstance(value, Mapping)}
    by_name = {name: row for name, row in costs.items() if isinstance(row, Mapping)}
    for kind in [*for_all, *(kind for row in by_name.values() for kind in row)]:
        if kind not in _KINDS:
            raise ConfigError(f"costs of sets of labels: {str(kind)[:60]!r} is not a kind of mistake; {wanted}.")
    for name in by_name:
        if name not in classes:
            raise ConfigError(f"costs: {name!r} is not one of the model's labels: {', '.join(classes)[:200]}.")
    wrong, missed = (
        check_costs([by_name.get(name, {}).get(kind, for_all.get(kind, 1)) for name in classes]) for kind in _KINDS
    )
    for name, *both in zip(classes, wrong, missed, strict=True):
        if not any(both):
            raise ConfigError(f"costs: a wrong and a missed {name!r} both cost 0; give one of them a cost.")
    return LabelCosts(wrong, missed)
