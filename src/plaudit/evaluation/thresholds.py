"""Choose a decision rule on labelled texts that were not trained on, and say what it reaches there.

A threshold is laid in the middle between two probabilities that occurred, so that it holds for the same texts again,
whatever their last bits.

The decision to question: what is reached is told for the very texts that chose. One number chosen on hundreds of texts
flatters little, many on few flatter much; the interval does not know of it, so whoever prints it should say so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import ConfigError, DataError
from plaudit.evaluation.candidates import Candidates
from plaudit.evaluation.costs import Costs, LabelCosts, cost_matrix, label_costs
from plaudit.evaluation.reached import (
    Reached,
    cost_reached,
    label_cost_reached,
    sets_reached,
    share_reached,
    two_classes_reached,
)
from plaudit.evaluation.repeats import Repeats
from plaudit.evaluation.scoring import as_dataset, labels_for
from plaudit.evaluation.threshold_table import Step, tabulate
from plaudit.models.rules import MOST_UNLIKE, DecisionRule
from plaudit.models.scope import check_scope
from plaudit.training.losses import predicted, probabilities
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data.dataset import Dataset
    from plaudit.models.base import Classifier

LEAST_JUDGED = 30  # texts of a figure: of fewer, all right, up to 11 of 100 others may be wrong (Wilson's interval)
LEAST_COVERAGE = 0.2  # of a rule that leaves texts unanswered: below, whoever asks is warned
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
        is_chosen: Whether the texts chose it, so that its figures flatter; costs do not ask them.
        about: The class that `steps` decide about; None where below a threshold there is no answer, and for sets.
    """

    rule: DecisionRule
    n: int
    of: str | None
    reached: dict[str, Reached]
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    is_chosen: bool = True
    about: str | None = None


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
        recall: The threshold with the best precision among those that find at least this share of the class's texts;
            of sets of labels one for each label.
        precision: The threshold with the best recall among those where at least this share of what is found is right;
            of sets of labels one for each label.
        abstain: The most answers of which at least this share is right; none to the other texts.
        per_class: With `abstain` or `precision`: a probability for each class, so that this share of each class's
            answers is right; with `recall` the highest with which this share of each class's texts is still found.
            No answer below.
        costs: What mistakes cost, by the name of the true class, then of the answered one; a mistake not named costs 1,
            a right answer 0. Nothing is chosen: the class with the least expected cost is answered. Of sets of labels
            what a wrong and a missed label cost, by its name (`label_costs`); a threshold for each label follows.
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
    _check_shares(model, shares, per_class=per_class)
    is_of_a_class = f1 or (not per_class and not {"recall", "precision"}.isdisjoint(shares))
    _check_goal(model, is_of_a_class=is_of_a_class, is_for_sets=abstain is None, of=of)
    by_label = None if costs is None or not model.multi_label_ else label_costs(costs, model.class_names)
    matrix = None if costs is None or model.multi_label_ else cost_matrix(costs, model.class_names)
    held = as_dataset(model, dataset)
    truth = labels_for(model.class_names, held, multi_label=model.multi_label_)
    if not len(truth):
        raise DataError(f"{held.name}: there are no texts to choose a rule on.")
    repeats = Repeats.of(held.text_numbers(), len(held))
    scope = None if unlike is None else _outside(model, held, unlike)
    logits = model.logits(held.texts) if logits is None else logits
    found = probabilities(logits, multi_label=model.multi_label_)
    plain = predicted(logits, multi_label=model.multi_label_)
    if scope is not None and not n_goals:
        return _unlike_alone(scope, truth, plain, repeats)
    is_of_one = abstain is None and not per_class and len(model.class_names) == 2
    about = (1 if of is None else _number_of(model, of)) if is_of_one else None
    if by_label is not None:
        choice = _cheapest_sets(by_label, truth, found, plain, repeats)
    elif model.multi_label_:
        choice = _best_sets(truth, found, plain, repeats, model.class_names, recall, precision)
    elif matrix is not None:
        reached = cost_reached(matrix, truth, found, plain, repeats)
        choice = RuleChoice(matrix, len(truth), None, reached, is_chosen=False)
    elif per_class:
        share = abstain if precision is None else precision
        choice = _abstain_by_class(truth, found, plain, repeats, model.class_names, precision=share, recall=recall)
    elif abstain is not None:
        choice = _abstain(truth, found, plain, repeats, abstain)
    else:
        number = 1 if of is None else _number_of(model, of)
        choice = _between_two(truth == number, found[:, number], repeats, number, model.class_names, recall, precision)
    if scope is not None:
        choice = replace(choice, rule=replace(choice.rule, unlike=scope.rate), notes=(*choice.notes, str(scope)))
    own = None if choice.rule.is_needless else choice.rule.abstain_below
    if about is not None and choice.rule.thresholds is not None:
        own = choice.rule.thresholds[0] if about == 1 else 1 - choice.rule.thresholds[0]
    steps = tuple(tabulate(truth, found, of=about, multi_label=model.multi_label_, proposed=own))
    few = _few_note(_judged_by(choice, truth, found, model.class_names))
    name = None if about is None else model.class_names[about]
    return replace(choice, steps=steps, about=name, notes=(*choice.notes, *few))


def _judged_by(
    choice: RuleChoice, truth: NDArray[np.int64], found: NDArray[np.float64], classes: tuple[str, ...]
) -> dict[str, float]:
    """Return how many texts each part of a rule was chosen on: of a class, or the answers that it gives."""
    if not choice.is_chosen:
        return {}
    if truth.ndim == 2:
        limits = choice.rule.thresholds or ()
        counts = zip(classes, truth.sum(axis=0).tolist(), limits, strict=True)
        return {f"texts with {name!r}": n for name, n, limit in counts if n and limit != 1}
    if choice.of is not None:
        number = classes.index(choice.of)
        given = choice.rule.decide(found) == number
        return {f"texts of {choice.of!r}": int((truth == number).sum()), f"answers {choice.of!r}": int(given.sum())}
    answers = choice.rule.decide(found)
    if choice.rule.abstain_by_class is None:
        return {"answers": int((answers >= 0).sum())}
    limits = choice.rule.abstain_by_class
    return {f"answers {name!r}": int((answers == i).sum()) for i, name in enumerate(classes) if limits[i] < 1}


def _few_note(judged: dict[str, float]) -> tuple[str, ...]:
    """Warn of what was judged by fewer than `LEAST_JUDGED` texts."""
    few = [
        f"{n:,} {what if n != 1 else what.replace('answers', 'answer').replace('texts', 'text')}"
        for what, n in judged.items()
        if n < LEAST_JUDGED
    ]
    if not few:
        return ()
    more = f" and {len(few) - 5} more" if len(few) > 5 else ""
    return (f"Warning: judged by only {', '.join(few[:5])}{more}; under {LEAST_JUDGED}, figures are mostly chance.",)


def _check_shares(model: Classifier, shares: dict[str, float], *, per_class: bool) -> None:
    for name, value in shares.items():
        if not 0 < value <= 1:
            raise ConfigError(f"{name}: expected a share above 0 and at most 1, got {value}.")
    if per_class and (not shares or model.multi_label_):
        raise ConfigError(
            "per class: for abstain, precision or recall of one label a text; in sets of labels each has its own."
        )


@dataclass(frozen=True)
class _Outside:
    """Which of the texts are unlike the training texts, bool [N], at a rate of false alarms."""

    rate: float
    rows: NDArray[np.bool_]

    def __str__(self) -> str:
        n = int(self.rows.sum())
        n_texts = counted(len(self.rows), "text")
        return f"Unlike the training texts, and without an answer for that reason: {n:,} of these {n_texts}."


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
    repeats: Repeats,
) -> RuleChoice:
    """Return what leaving out texts unlike the training texts comes to."""
    rule, like = DecisionRule(unlike=scope.rate), ~scope.rows
    is_right = plain == truth if truth.ndim == 1 else (plain == truth).all(axis=1)
    reached = {
        "coverage": share_reached(like, repeats, before=1.0),
        "accuracy of the answers": share_reached(is_right, repeats, of=like, before=float(is_right.mean())),
    }
    return RuleChoice(rule, len(truth), None, reached, is_chosen=False)


def _number_of(model: Classifier, name: str) -> int:
    return model.class_names.index(name)


def _check_goal(model: Classifier, *, is_of_a_class: bool, is_for_sets: bool, of: str | None) -> None:
    names = model.class_names
    if model.multi_label_ and not is_for_sets:
        raise ConfigError(
            "a model that answers with sets of labels takes f1, recall, precision or costs, of each label."
        )
    if len(names) > 2 and is_of_a_class and not model.multi_label_:
        raise ConfigError(
            f"a threshold decides between two classes, and these are {len(names)}: use abstain or costs, or precision "
            "or recall per class."
        )
    if of is not None and (model.multi_label_ or not is_of_a_class):
        raise ConfigError("a class is named for f1, recall or precision of two classes, and for nothing else.")
    if of is not None and of not in names:
        raise ConfigError(f"{of!r} is not one of the model's classes: {', '.join(names)}.")


def _between_two(
    is_positive: NDArray[np.bool_],
    scores: NDArray[np.float64],
    repeats: Repeats,
    number: int,
    classes: tuple[str, ...],
    recall: float | None,
    precision: float | None,
) -> RuleChoice:
    name, n_positive = classes[number], int(is_positive.sum())
    if not n_positive:
        raise DataError(f"none of these {len(scores):,} texts is {name!r}: a threshold for it needs some.")
    candidates = Candidates.of(is_positive, scores)
    figure, allowed = candidates.best_by(n_positive, recall, precision)
    if not allowed.any():
        shares = candidates.right / (n_positive if recall is not None else np.maximum(candidates.above, 1))
        best = float(shares.max(initial=0.0))
        raise DataError(
            f"no threshold reaches a {_wanted(recall, precision)} of {name!r} on these {len(scores):,} texts; the most "
            f"is {best:.4f}."
        )
    threshold = candidates.best(figure, allowed)
    rule = DecisionRule(thresholds=(threshold if number == 1 else 1 - threshold,))
    reached = two_classes_reached(is_positive, scores > threshold, scores > 0.5, repeats)
    return RuleChoice(rule, len(scores), name, reached)


def _abstain(
    truth: NDArray[np.int64], found: NDArray[np.float64], plain: NDArray[np.int64], repeats: Repeats, share: float
) -> RuleChoice:
    scores, is_right = found.max(axis=1), found.argmax(axis=1) == truth
    candidates = Candidates.of(is_right, scores)
    accuracies = candidates.right / candidates.above
    if not (accuracies >= share).any():
        raise DataError(
            f"no part of the answers to these {len(truth):,} texts reaches an accuracy of {share}; the most is "
            f"{accuracies.max():.4f}."
        )
    lowest = int(np.flatnonzero(accuracies >= share)[0])
    rule = DecisionRule(abstain_below=float(candidates.thresholds[lowest]) if lowest else 0.0)
    choice = _abstaining(rule, truth, found, plain, repeats)
    return replace(choice, notes=(*(() if lowest else (_needless(plain == truth),)), *choice.notes))


def _needless(is_right: NDArray[np.bool_]) -> str:
    return f"No rule is needed: {float(is_right.mean()):.4f} of all answers are right as it is."


def _abstain_by_class(
    truth: NDArray[np.int64],
    found: NDArray[np.float64],
    plain: NDArray[np.int64],
    repeats: Repeats,
    classes: tuple[str, ...],
    *,
    precision: float | None,
    recall: float | None,
) -> RuleChoice:
    """Choose a probability for each class, below which there is no answer.

    It is the lowest from which the share `precision` of the class's answers is right; a class that never reaches it is
    not answered at all. Or the highest from which the share `recall` of the class's texts is still found; a class of
    which even all its answers find fewer is always answered.
    """
    likeliest, scores = found.argmax(axis=1), found.max(axis=1)
    limits, silent, unasked = [], [], []
    for number, name in enumerate(classes):
        own = likeliest == number
        if not own.any():
            unasked.append(name)
            limits.append(1.0 if precision is not None else 0.0)
            continue
        candidates = Candidates.of(truth[own] == number, scores[own])
        reaches = (
            candidates.right >= precision * candidates.above
            if precision is not None
            else candidates.right >= (recall or 0.0) * int((truth == number).sum())
        )
        if not reaches.any():
            best = float((candidates.right / candidates.above).max())
            silent.append(f"{name} (at most {best:.4f}, of {int(own.sum()):,} answers)" if precision else name)
            limits.append(1.0 if precision is not None else 0.0)
            continue
        at = int(np.flatnonzero(reaches)[0 if precision is not None else -1])
        limits.append(float(candidates.thresholds[at]) if at else 0.0)
    if len(silent) + len(unasked) == len(classes):
        what = f"answers to these {len(truth):,} texts reach a share of {precision} that is right"
        if precision is None:
            what = f"answers find a share of {recall} of its texts among these {len(truth):,}"
        raise DataError(f"no class's {what}.")
    choice = _abstaining(DecisionRule(abstain_by_class=tuple(limits)), truth, found, plain, repeats)
    why = (
        f"Never or hardly ever answered, because above no probability {precision} of the answers are right"
        if precision is not None
        else f"Always answered, yet fewer than {recall} of its texts are found"
    )
    never = "Never the most probable class of these texts, so nothing is known of its answers"
    said = tuple(f"{words}: {', '.join(names)[:200]}." for words, names in ((why, silent), (never, unasked)) if names)
    if choice.rule.is_needless and precision is not None:
        said = (_needless(plain == truth), *said)
    return replace(choice, notes=(*said, *choice.notes))


def _abstaining(
    rule: DecisionRule,
    truth: NDArray[np.int64],
    found: NDArray[np.float64],
    plain: NDArray[np.int64],
    repeats: Repeats,
) -> RuleChoice:
    """Return what a rule that leaves texts unanswered comes to, with a warning where it leaves most of them."""
    answers = rule.decide(found)
    is_answered = answers >= 0
    reached = {
        "coverage": share_reached(is_answered, repeats, before=1.0),
        "accuracy of the answers": share_reached(
            answers == truth, repeats, of=is_answered, before=float((plain == truth).mean())
        ),
    }
    coverage = float(is_answered.mean())
    notes = (
        f"Warning: only {100 * coverage:.1f} % of the texts are answered, under {100 * LEAST_COVERAGE:.0f} %. Ask for "
        "a lower share, or for a better model.",
    )
    return RuleChoice(rule, len(truth), None, reached, notes if coverage < LEAST_COVERAGE else ())


def _best_sets(
    truth: NDArray[np.int64],
    found: NDArray[np.float64],
    plain: NDArray[np.int64],
    repeats: Repeats,
    classes: tuple[str, ...],
    recall: float | None,
    precision: float | None,
) -> RuleChoice:
    """Choose a threshold for each label by itself: the best F1, or the best of those that reach a share."""
    thresholds, unknown, silent = [], [], []
    for column, name in enumerate(classes):
        is_positive = truth[:, column] > 0
        candidates = Candidates.of(is_positive, found[:, column])
        if not is_positive.any() or not len(candidates.thresholds):
            unknown.append(name)
            thresholds.append(0.5)
            continue
        n_positive = int(is_positive.sum())
        figure, allowed = candidates.best_by(n_positive, recall, precision)
        if not allowed.any():
            silent.append(name)
            thresholds.append(1.0)
            continue
        thresholds.append(candidates.best(figure, allowed))
    if len(silent) + len(unknown) == len(classes):
        raise DataError(f"no label reaches a {_wanted(recall, precision)} on these {len(truth):,} texts.")
    rule = DecisionRule(thresholds=tuple(thresholds))
    never = f"Never given, because no threshold reaches a {_wanted(recall, precision)}"
    notes = ((unknown, "No text here has {}: 0.5 stays."), (silent, never + ": {}."))
    said = tuple(words.format(", ".join(names)[:200]) for names, words in notes if names)
    reached = sets_reached(truth, rule.decide(found, multi_label=True), plain, repeats)
    return RuleChoice(rule, len(truth), None, reached, said)


def _cheapest_sets(
    costs: LabelCosts,
    truth: NDArray[np.int64],
    found: NDArray[np.float64],
    plain: NDArray[np.int64],
    repeats: Repeats,
) -> RuleChoice:
    """Return the thresholds above which a label is expected to cost less given than not, and what they come to."""
    rule = DecisionRule(thresholds=costs.thresholds)
    given = rule.decide(found, multi_label=True)
    reached = {
        **label_cost_reached(costs, truth, given, plain, repeats),
        **sets_reached(truth, given, plain, repeats),
    }
    return RuleChoice(rule, len(truth), None, reached, is_chosen=False)


def _wanted(recall: float | None, precision: float | None) -> str:
    return f"recall of {recall}" if recall is not None else f"precision of {precision}"
