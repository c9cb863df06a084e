"""Decision rules: what is answered when a class has some probability.

Without a rule the most probable class is answered, and of sets of labels those above 0.5. A rule says otherwise: a
threshold, costs of mistakes, a probability below which there is no answer, or none to texts that are unlike the
training texts. It moves no probability.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST_COST = 1e12
MOST_UNLIKE = 0.5
NO_ANSWER = -1


@dataclass(frozen=True)
class DecisionRule:
    """What is answered; of the first four one at most is given, and none only where `unlike` is.

    Attributes:
        thresholds: For two classes one number: the second class is answered when its probability is above it. For
            sets of labels a number for each class. 0 to 1.
        costs: ``costs[i][j]`` is what it costs to answer class j when i is true, from 0; the class with the least
            expected cost is answered, the first of several.
        abstain_below: When the most probable class has a smaller probability than this, there is no answer. 0 to 1.
        abstain_by_class: The same with a number for each class, that of the likeliest one counting.
        unlike: There is no answer to texts unlike the training texts (`models.scope`), the limit such that this share
            of validation texts lies below it; above 0, at most 0.5. Of sets of labels the empty set is given.
    """

    thresholds: tuple[float, ...] | None = None
    costs: tuple[tuple[float, ...], ...] | None = None
    abstain_below: float | None = None
    abstain_by_class: tuple[float, ...] | None = None
    unlike: float | None = None

    def __post_init__(self) -> None:
        given = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        if self.unlike is not None:
            given.remove("unlike")
            object.__setattr__(self, "unlike", _numbers("unlike", [self.unlike], MOST_UNLIKE)[0])
            if not self.unlike:
                raise ConfigError("a decision rule's unlike: expected a share above 0.")
        if len(given) > 1 or (not given and self.unlike is None):
            raise ConfigError(
                "a decision rule has thresholds, costs, abstain_below or abstain_by_class, one of them at most, with "
                f"or without unlike; got {' and '.join(given) or 'none'}."
            )
        if self.thresholds is not None:
            object.__setattr__(self, "thresholds", _numbers("thresholds", self.thresholds, 1))
        if self.abstain_by_class is not None:
            object.__setattr__(self, "abstain_by_class", _numbers("abstain_by_class", self.abstain_by_class, 1))
        if self.abstain_below is not None:
            object.__setattr__(self, "abstain_below", _numbers("abstain_below", [self.abstain_below], 1)[0])
        if self.costs is not None:
            rows = self.costs if isinstance(self.costs, Sequence | np.ndarray) else ()
            costs = tuple(map(check_costs, rows))
            if not costs or any(len(row) != len(costs) for row in costs):
                raise ConfigError("a decision rule's costs: expected a row for each class, with a number for each.")
            object.__setattr__(self, "costs", costs)

    def check(self, n_classes: int, *, multi_label: bool) -> None:
        """Refuse classes that the rule is not for.

        Raises:
            ConfigError: The number of classes is another, or such a rule cannot answer with sets of labels.
        """
        if self.is_scope_alone:
            return
        if multi_label and self.thresholds is None:
            raise ConfigError(
                "a model that answers with sets of labels takes thresholds, one a label, and no other rule."
            )
        is_by_class = multi_label or self.costs is not None or self.abstain_by_class is not None
        expected = n_classes if is_by_class else 1
        given = next((each for each in (self.thresholds, self.costs, self.abstain_by_class) if each is not None), None)
        found = 1 if given is None else len(given)
        if self.thresholds is not None and not multi_label and n_classes != 2:
            raise ConfigError(
                f"a threshold decides between two classes, and these are {n_classes}: give costs or abstain_by_class."
            )
        if found != expected:
            what = (
                "rows of costs"
                if self.costs is not None
                else "thresholds"
                if self.thresholds is not None
                else "numbers"
            )
            raise ConfigError(f"a decision rule for {n_classes} classes has {expected} {what}, got {found}.")

    def decide(
        self,
        probabilities: NDArray[np.float64],
        *,
        multi_label: bool = False,
        unlike: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int64]:
        """Return the class number of each row of [N, C], int64 [N], and `NO_ANSWER` (-1) for none.

        Multi-label: an indicator, int64 [N, C]. `unlike`, bool [N], says which texts are unlike the training texts;
        None for none of them.
        """
        found = self._decide(probabilities, multi_label=multi_label)
        if self.unlike is not None and unlike is not None:
            found[unlike] = 0 if multi_label else NO_ANSWER
        return found

    def _decide(self, probabilities: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.int64]:
        if self.is_scope_alone:
            usual = probabilities > 0.5 if multi_label else probabilities.argmax(axis=1)
            return usual.astype(np.int64)
        if self.thresholds is not None:
            above = probabilities if multi_label else probabilities[:, 1:]
            given: NDArray[np.int64] = (above > np.array(self.thresholds)).astype(np.int64)
            return given if multi_label else given[:, 0]
        if self.costs is not None:
            cheapest: NDArray[np.int64] = np.argmin(probabilities @ np.array(self.costs), axis=1)
            return cheapest
        limits = np.array([self.abstain_below] if self.abstain_by_class is None else self.abstain_by_class)
        likeliest: NDArray[np.int64] = probabilities.argmax(axis=1)
        return np.where(probabilities.max(axis=1) >= limits[likeliest if len(limits) > 1 else 0], likeliest, NO_ANSWER)

    @property
    def may_abstain(self) -> bool:
        """Whether it gives some texts no answer."""
        return self.abstain_below is not None or self.abstain_by_class is not None or self.unlike is not None

    @property
    def is_scope_alone(self) -> bool:
        """Whether it says nothing but to leave out what is unlike the training texts."""
        return {field.name for field in fields(self) if getattr(self, field.name) is not None} == {"unlike"}

    @property
    def version(self) -> str:
        """The identity of what the rule says, 8 hexadecimal digits: equal rules have equal ones, wherever they are."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:8]

    def describe(self, classes: Sequence[str]) -> str:
        """Say in a sentence without a full stop what is answered; of many classes the first few."""
        if self.unlike is None:
            return self._describe(classes)
        scope = f"no answer to a text unlike the training texts (as {100 * self.unlike:.3g} in 100 like them are)"
        return scope if self.is_scope_alone else f"{self._describe(classes)}; {scope}"

    @property
    def is_needless(self) -> bool:
        """Whether it leaves every answer as it is without a rule: each class is answered from a probability of 0 on."""
        limits = (self.abstain_below,) if self.abstain_by_class is None else self.abstain_by_class
        return self.unlike is None and not any(limit is None or limit > 0 for limit in limits)

    def _describe(self, classes: Sequence[str]) -> str:
        if self.is_needless:
            return "the most probable class is always answered"
        if self.abstain_below is not None:
            return f"no answer when no class has a probability of at least {self.abstain_below:.4g}"
        if self.abstain_by_class is not None:
            named = [f"{name!r} {limit:.4g}" for name, limit in zip(classes, self.abstain_by_class, strict=True)]
            return "no answer when the most probable class is below its own probability: " + _first(named)
        if self.thresholds is not None and len(self.thresholds) == 1 and len(classes) == 2:
            return f"{classes[1]!r} when its probability is above {self.thresholds[0]:.4g}, else {classes[0]!r}"
        if self.thresholds is not None:
            named = [f"{name!r} above {limit:.4g}" for name, limit in zip(classes, self.thresholds, strict=True)]
            return "each label when its probability is above its threshold: " + _first(named)
        assert self.costs is not None
        named = [
            f"{answered!r} for {true!r} costs {cost:.4g}"
            for true, row in zip(classes, self.costs, strict=True)
            for answered, cost in zip(classes, row, strict=True)
            if cost != (answered != true)
        ]
        return "the class with the least expected cost: " + _first([*named, "any other mistake costs 1"])

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON values: its entries by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


def rule_from_manifest(stored: object, n_classes: int, *, multi_label: bool, where: str) -> DecisionRule | None:
    """Return the rule that `DecisionRule.to_dict` gave, None for None, from a manifest that anyone may have written.

    Raises:
        ModelError: It is no rule, or not one for these classes; `where` opens the message.
    """
    if stored is None:
        return None
    names = {field.name for field in fields(DecisionRule)}
    if not isinstance(stored, dict) or not set(stored) <= names:
        raise ModelError(f"{where}: damaged: rule must be null or have one of {', '.join(sorted(names))}.")
    try:
        rule = DecisionRule(**stored)
        rule.check(n_classes, multi_label=multi_label)
    except ConfigError as error:
        raise ModelError(f"{where}: damaged: {error}") from error
    return rule


def check_costs(values: object) -> tuple[float, ...]:
    """Return costs as floats.

    Raises:
        ConfigError: They are no sequence of numbers from 0 to 1e12.
    """
    return _numbers("costs", values, _LARGEST_COST)


def _numbers(name: str, values: object, most: float) -> tuple[float, ...]:
    if not isinstance(values, Sequence | np.ndarray) or not all(_is_within(value, most) for value in values):
        shown = f"numbers from 0 to {most:g}"
        raise ConfigError(f"a decision rule's {name}: expected {shown}, got {str(values)[:60]}.")
    return tuple(map(float, values))


def _is_within(value: object, most: float) -> bool:
    is_number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    return is_number and 0 <= _as_float(value) <= most


def _as_float(value: Any) -> float:  # Any: a number of any size
    """Return a number as a float, NaN if it is too large to be one."""
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _first(named: list[str]) -> str:
    return ", ".join(named[:6]) + (f", … {len(named)} in all" if len(named) > 6 else "")
