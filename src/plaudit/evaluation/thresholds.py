"""Choose a decision rule on labelled texts that were not trained on, and say what it reaches there.

A threshold is laid in the middle between two probabilities that occurred, so that it holds for the same texts again,
whatever their last bits.

The decision to question: what is reached is told for the very texts that chose. One number chosen on hundreds of texts
flatters little, many on few flatter much; the interval does not know of it, so whoever prints it should say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import ConfigError, DataError
from plaudit.evaluation.reached import Reached, cost_reached, sets_reached, share_reached, two_classes_reached
from plaudit.evaluation.scoring import as_dataset, labels_for
from plaudit.evaluation.threshold_table import Step, tabulate
from plaudit.models.rules import MOST_UNLIKE, DecisionRule
from plaudit.models.scope import check_scope
from plaudit.training.losses import predicted, probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data.dataset import Dataset
    from plaudit.models.base import Classifier

LEAST_COVERAGE = 0.2  # of a rule that leaves texts unanswered: below, whoever asks is warned
Costs = Mapping[str, Mapping[str, float]]
_GOALS = "f1, recall, precision, abstain or costs, with or without unlike"


@dataclass(frozen=True)
class RuleChoice:
    """A rule, and what it comes to on the N texts that it was chosen on.

    Attributes:
        rule: Not yet the model's: `Classifier.set_rule` makes it so.
        n: N.
        of: The class that precision, recall and F1 are of; None where they are of none alone.
        reached: Figures by name.
        notes: Sentences that its owner should read.
        steps: What other thresholds come to on these texts.
    """

    rule: DecisionRule
    n: int
    of: str | None
    reached: dict[str, Reached]
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


def choose_rule(
    model: Classifier,
    dataset: object,
    *,
    f1: bool = False,
    recall: float | None = None,
    precision: float | None = None,
    abstain: float | None = None,
    per_class: bool = False,
    costs: Costs | None = None,
    unlike: float | None = None,
    of: str | None = None,
    logits: NDArray[np.floating] | None = None,
) -> RuleChoice:
    """Choose the rule that serves one goal best; the model is left as it is, and a rule that it has is not looked at.

    Args:
        model: A fitted classifier.
        dataset: Labelled texts that it was not trained on, as `evaluate` takes them.
        f1: The threshold with the best F1 of a class; of sets of labels one for each label.
        recall: The threshold with the best precision among those that find at least this share of the class's texts.
        precision: The threshold with the best recall among those where at least this share of what is found is right.
        abstain: The most answers of which at least this share is right; none to the other texts.
        per_class: With `abstain`: a probability for each class, so that this share of each class's answers is right.
        costs: What mistakes cost, by the name of the true class, then of the answered one; a mistake not named costs 1,
            a right answer 0. Nothing is chosen: the class with the least expected cost is answered.
        unlike: No answer to texts unlike the training texts, of texts like them to this share by mistake; alone, or
            beside one of the other goals.
        of: Of two classes the one that `f1`, `recall` and `precision` are about; None for the second.
        logits: [N, K], what the model answers, where it is known; None asks the model.

    Raises:
        ConfigError: No goal or several, one that this model cannot have, or a share not above 0 and at most 1 (of
            `unlike` 0.5).
        DataError: The texts cannot be compared with the model's answers, or no threshold reaches the share.
    """
    goals = {"recall": recall, "precision": precision, "abstain": abstain}
    shares = {name: value for name, value in goals.items() if value is not None}
    n_goals = len(shares) + f1 + (costs is not None)
    if n_goals > 1 or (not n_goals and unlike is None):
        raise ConfigError(f"choose one goal: {_GOALS}.")
    for name, value in shares.items():
        if not 0 < value <= 1:
            raise ConfigError(f"{name}: expected a share above 0 and at most 1, got {value}.")
    if per_class and (abstain is None or model.multi_label_):
        raise ConfigError("per class: for abstain alone; f1 of sets of labels has a threshold for each label anyway.")
    _check_goal(model, is_f1=f1, is_of_a_class=f1 or not {"recall", "precision"}.isdisjoint(shares), of=of)
    matrix = None if costs is None else cost_matrix(costs, model.class_names)
    held = as_dataset(model, dataset)
    truth = labels_for(model.class_names, held, multi_label=model.multi_label_)
    if not len(truth):
        raise DataError(f"{held.name}: there are no texts to choose a rule on.")
    scope = None if unlike is None else _outside(model, held, unlike)
    logits = model.logits(held.texts) if logits is None else logits
    found, plain = (
        probabilities(logits, multi_label=model.multi_label_),
        predicted(logits, multi_label=model.multi_label_),
    )
    if scope is not None and not n_goals:
        return _unlike_alone(scope, truth, plain)
    about = None if abstain is not None or len(model.class_names) > 2 else 1 if of is None else _number_of(model, of)
    steps = tuple(tabulate(truth, found, of=about, multi_label=model.multi_label_))
    if model.multi_label_:
        choice = _best_sets(truth, found, plain, model.class_names)
    elif matrix is not None:
        choice = RuleChoice(matrix, len(truth), None, cost_reached(matrix, truth, found, plain))
    elif abstain is not None and per_class:
        choice = _abstain_by_class(truth, found, plain, abstain, model.class_names)
    elif abstain is not None:
        choice = _abstain(truth, found, plain, abstain)
    else:
        number = 1 if of is None else _number_of(model, of)
        choice = _between_two(truth == number, found[:, number], number, model.class_names, recall, precision)
    if scope is not None:
        choice = replace(choice, rule=replace(choice.rule, unlike=scope.rate), notes=(*choice.notes, str(scope)))
    return replace(choice, steps=steps)


@dataclass(frozen=True)
class _Outside:
    """Which of the texts are unlike the training texts, bool [N], at a rate of false alarms."""

    rate: float
    rows: NDArray[np.bool_]

    def __str__(self) -> str:
        n = int(self.rows.sum())
        return f"Of these {len(self.rows):,} texts {n:,} are unlike the training texts and get no answer besides."


def _outside(model: Classifier, held: Dataset, rate: float) -> _Outside:
    if not 0 < rate <= MOST_UNLIKE:
        raise ConfigError(f"unlike: expected a share above 0 and at most {MOST_UNLIKE}, got {rate}.")
    check_scope(rate, model.scope_)
    assert model.scope_ is not None
    return _Outside(rate, model.scope_.is_unlike(held.texts, rate))


def _unlike_alone(
    scope: _Outside,
    truth: NDArray[np.int64],
    plain: NDArray[np.int64],
) -> RuleChoice:
    """Return what leaving out texts unlike the training texts comes to."""
    rule, like = DecisionRule(unlike=scope.rate), ~scope.rows
    is_right = plain == truth if truth.ndim == 1 else (plain == truth).all(axis=1)
    reached = {
        "coverage": share_reached(like, before=1.0),
        "accuracy of the answers": share_reached(is_right[like], before=float(is_right.mean())),
    }
    return RuleChoice(rule, len(truth), None, reached)


def _number_of(model: Classifier, name: str) -> int:
    return model.class_names.index(name)


def _check_goal(model: Classifier, *, is_f1: bool, is_of_a_class: bool, of: str | None) -> None:
    names = model.class_names
    if model.multi_label_ and not is_f1:
        raise ConfigError("a model that answers with sets of labels takes one goal: f1, a threshold for each label.")
    if len(names) > 2 and is_of_a_class and not model.multi_label_:
        raise ConfigError(
            f"a threshold decides between two classes, and these are {len(names)}: take abstain or costs."
        )
    if of is not None and (model.multi_label_ or not is_of_a_class):
        raise ConfigError("a class is named for f1, recall or precision of two classes, and for nothing else.")
    if of is not None and of not in names:
        raise ConfigError(f"{of!r} is none of the model's classes: {', '.join(names)}.")


def cost_matrix(costs: Costs, classes: tuple[str, ...]) -> DecisionRule:
    """Return the rule of these costs.

    Raises:
        ConfigError: A name is no class, or a cost is no number from 0.
    """
    if not isinstance(costs, Mapping) or not all(isinstance(row, Mapping) for row in costs.values()):
        raise ConfigError('costs: expected {"true class": {"answered class": cost, …}, …}.')
    for name in [*costs, *(answered for row in costs.values() for answered in row)]:
        if name not in classes:
            raise ConfigError(f"costs: {name!r} is none of the model's classes: {', '.join(classes)[:200]}.")
    rows = [[costs.get(true, {}).get(name, float(name != true)) for name in classes] for true in classes]
    return DecisionRule(costs=tuple(map(tuple, rows)))


@dataclass(frozen=True)
class _Candidates:
    """Every threshold that tells N scores apart, from the lowest, and what lies above it.

    Attributes:
        thresholds: float64 [M]; above each lies at least one text.
        above: How many texts lie above, int64 [M].
        right: How many of those are positive, int64 [M].
    """

    thresholds: NDArray[np.float64]
    above: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> _Candidates:
        values, inverse = np.unique(scores, return_inverse=True)
        counts = np.bincount(inverse)
        positives = np.bincount(inverse, is_positive).astype(np.int64)
        below = np.concatenate([[0.0], values[:-1]])
        middle = below + (values - below) / 2
        middle = np.where(middle < values, middle, below)  # two neighbours among the floats have no middle
        known = middle < values  # not so for a score of 0, above which nothing lower lies
        above, right = np.cumsum(counts[::-1])[::-1], np.cumsum(positives[::-1])[::-1]
        return cls(middle[known], above[known], right[known])

    def best(self, figure: NDArray[np.float64], allowed: NDArray[np.bool_]) -> float:
        """Return the allowed threshold with the greatest figure, of several the one nearest to 0.5."""
        ranked = np.where(allowed, figure, -1.0)
        ties = np.flatnonzero(ranked == ranked.max())
        return float(self.thresholds[ties[np.abs(self.thresholds[ties] - 0.5).argmin()]])

    def f1(self, n_positive: int) -> NDArray[np.float64]:
        return np.asarray(2 * self.right / (self.above + n_positive))


def _between_two(
    is_positive: NDArray[np.bool_],
    scores: NDArray[np.float64],
    number: int,
    classes: tuple[str, ...],
    recall: float | None,
    precision: float | None,
) -> RuleChoice:
    name, n_positive = classes[number], int(is_positive.sum())
    if not n_positive:
        raise DataError(f"none of these {len(scores):,} texts is {name!r}: a threshold for it needs some.")
    candidates = _Candidates.of(is_positive, scores)
    recalls, precisions = candidates.right / n_positive, candidates.right / np.maximum(candidates.above, 1)
    figure, allowed = candidates.f1(n_positive), np.ones(len(recalls), bool)
    if recall is not None:
        figure, allowed = precisions, recalls >= recall
    elif precision is not None:
        figure, allowed = recalls, precisions >= precision
    if not allowed.any():
        best = max((recalls if recall is not None else precisions).max(initial=0.0), 0.0)
        wanted = f"recall of {recall}" if recall is not None else f"precision of {precision}"
        raise DataError(
            f"no threshold reaches a {wanted} of {name!r} on these {len(scores):,} texts; the most is {best:.4f}."
        )
    threshold = candidates.best(figure, allowed)
    rule = DecisionRule(thresholds=(threshold if number == 1 else 1 - threshold,))
    reached = two_classes_reached(is_positive, scores > threshold, scores > 0.5)
    return RuleChoice(rule, len(scores), name, reached)


def _abstain(
    truth: NDArray[np.int64], found: NDArray[np.float64], plain: NDArray[np.int64], share: float
) -> RuleChoice:
    scores, is_right = found.max(axis=1), found.argmax(axis=1) == truth
    candidates = _Candidates.of(is_right, scores)
    accuracies = candidates.right / candidates.above
    if not (accuracies >= share).any():
        raise DataError(
            f"no part of the answers to these {len(truth):,} texts reaches an accuracy of {share}; the most is "
            f"{accuracies.max():.4f}."
        )
    lowest = int(np.flatnonzero(accuracies >= share)[0])
    rule = DecisionRule(abstain_below=float(candidates.thresholds[lowest]) if lowest else 0.0)
    choice = _abstaining(rule, truth, found, plain)
    before = float((plain == truth).mean())
    all_answered = () if lowest else (f"Every text is answered: {before:.4f} of all answers are right as it is.",)
    return replace(choice, notes=(*all_answered, *choice.notes))


def _abstain_by_class(
    truth: NDArray[np.int64],
    found: NDArray[np.float64],
    plain: NDArray[np.int64],
    share: float,
    classes: tuple[str, ...],
) -> RuleChoice:
    """Choose a probability for each class; one that never reaches the share is not answered at all."""
    likeliest, scores = found.argmax(axis=1), found.max(axis=1)
    limits, silent = [], []
    for number, name in enumerate(classes):
        own = likeliest == number
        candidates = _Candidates.of(truth[own] == number, scores[own])
        reaches = candidates.right >= share * candidates.above
        if not len(reaches) or not reaches.any():
            silent.append(name)
            limits.append(1.0)
            continue
        lowest = int(np.flatnonzero(reaches)[0])
        limits.append(float(candidates.thresholds[lowest]) if lowest else 0.0)
    if len(silent) == len(classes):
        raise DataError(f"no class's answers to these {len(truth):,} texts reach a share of {share} that is right.")
    choice = _abstaining(DecisionRule(abstain_by_class=tuple(limits)), truth, found, plain)
    notes = (f"Never or hardly answered, for none of its answers reach {share}: {', '.join(silent)[:200]}.",)
    return replace(choice, notes=(*(notes if silent else ()), *choice.notes))


def _abstaining(
    rule: DecisionRule, truth: NDArray[np.int64], found: NDArray[np.float64], plain: NDArray[np.int64]
) -> RuleChoice:
    """Return what a rule that leaves texts unanswered comes to, with a warning where it leaves most of them."""
    answers = rule.decide(found)
    is_answered = answers >= 0
    reached = {
        "coverage": share_reached(is_answered, before=1.0),
        "accuracy of the answers": share_reached(
            (answers == truth)[is_answered], before=float((plain == truth).mean())
        ),
    }
    coverage = float(is_answered.mean())
    notes = (
        f"Warning: only {100 * coverage:.1f} % of the texts are answered, under {100 * LEAST_COVERAGE:.0f} %. Ask for "
        "a lower share, or for a better model.",
    )
    return RuleChoice(rule, len(truth), None, reached, notes if coverage < LEAST_COVERAGE else ())


def _best_sets(
    truth: NDArray[np.int64], found: NDArray[np.float64], plain: NDArray[np.int64], classes: tuple[str, ...]
) -> RuleChoice:
    thresholds, unknown = [], []
    for column, name in enumerate(classes):
        is_positive = truth[:, column] > 0
        candidates = _Candidates.of(is_positive, found[:, column])
        if not is_positive.any() or not len(candidates.thresholds):
            unknown.append(name)
            thresholds.append(0.5)
            continue
        figure = candidates.f1(int(is_positive.sum()))
        thresholds.append(candidates.best(figure, np.ones(len(figure), bool)))
    rule = DecisionRule(thresholds=tuple(thresholds))
    notes = (f"No text here has {', '.join(unknown)[:200]}: 0.5 stays.",) if unknown else ()
    return RuleChoice(rule, len(truth), None, sets_reached(truth, rule.decide(found, multi_label=True), plain), notes)
