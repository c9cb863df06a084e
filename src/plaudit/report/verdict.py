"""What the figures mean, in words that need no statistics: rules, each a function of the facts.

Every bound stands beside its reason. Differences are called differences only where intervals say so; a rule that has
nothing to say is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from plaudit.evaluation import wilson_interval
from plaudit.report.audit_facts import near_note
from plaudit.report.facts import TEST_TEXTS, ClassFigures, Figure, Measured, ReportFacts, class_notes
from plaudit.wording import counted

Tone = Literal["good", "mind", "plain"]
_FEW = 20  # texts of a class: the 95 % interval of its recall is then up to 40 points wide
_LEAST_JUDGED = 5  # texts of a class: of fewer, all missed, half of the others may still be found
_GAP = 0.10  # between two classes' recall, from which a reader should know of it
_NARROW, _WIDE = 2.0, 6.0  # points from end to end of the accuracy's interval
_SPARED = 0.2  # of a guess's errors: below it the model is hardly worth its keep
_CHANCE_AREA = 0.5  # of a ROC curve
_OFF = 0.03  # mean distance of probabilities from the truth that matters little to a decision
_MAY_BE_OFF = 0.1  # at the end of its interval


@dataclass(frozen=True)
class Said:
    """A sentence or two on one topic; `tone` says whether it is good news, or something to mind."""

    topic: str
    tone: Tone
    text: str


def headline(facts: ReportFacts) -> str:
    """Return the first sentence: how often the answer is right, by the figure to trust most."""
    if _is_all_seen(facts):
        return "These texts do not show how good it is: it was trained on all of them."
    measured = _trusted(facts)
    accuracy = measured.figures["accuracy"]
    right = "gets the whole set of labels right for" if facts.multi_label else "answers"
    tail = "" if facts.multi_label else " right"
    if accuracy.value == 1:
        whole = "got the whole set of labels right for" if facts.multi_label else "answered"
        n = f"{measured.n:,} texts measured" if measured.coverage == 1 else "texts measured that it did answer"
        return f"It {whole} all of the {n}{tail}: look at the interval for what to expect of others."
    of = "of the texts that it answers" if measured.coverage < 1 else "texts like these"
    return f"It {right} {_hundred(accuracy.value)} of 100 {of}{tail}."


def _is_all_seen(facts: ReportFacts) -> bool:
    """Whether each text measured was trained on, so that no figure says how good the model is."""
    test = facts.parts[-1]
    return bool(test.n) and test.shared == test.n and facts.test.crossed is None


def verdict(facts: ReportFacts, *, openings: int) -> list[Said]:
    """Return what else there is to say, in order.

    Args:
        facts: The run's.
        openings: How often the test texts have been looked at, from 1.
    """
    rules: tuple[Callable[[ReportFacts], Iterator[Said]], ...] = (
        _width,
        _crossed,
        _made,
        _coverage,
        _guess,
        _controls,
        _labels,
        _classes,
        _rare,
        _absent,
        _calibration,
        _fit,
        _optimistic,
        _shared,
        _nearly_shared,
    )
    if _is_all_seen(facts):  # what measures the model says nothing then
        rules = (_made, _coverage, _labels, _absent, _fit, _optimistic, _shared)
    said = [each for rule in rules for each in rule(facts)]
    return [*said, opened_line(facts, openings), _other_texts()]


def _trusted(facts: ReportFacts) -> Measured:
    """Return the figures to trust most: cross-validated, else of texts not seen in training, else of all."""
    return facts.test.crossed or facts.test.unseen or facts.test.measured


def _width(facts: ReportFacts) -> Iterator[Said]:
    measured = _trusted(facts)
    accuracy = measured.figures["accuracy"]
    low, high = accuracy.bounds
    points = 100 * (high - low)
    known = f"From {counted(measured.n, 'text')}: between {_percent(low)} and {_percent(high)} (95 times of 100)"
    if points < _NARROW:
        yield Said(
            "How certain that is", "good", f"{known}, a narrow interval: a model that is a point better would show."
        )
    elif points < _WIDE:
        yield Said(
            "How certain that is", "plain", f"{known}: differences of less than {points:.0f} points may be chance."
        )
    else:
        yield Said(
            "How certain that is", "mind",
            f"{known}, a wide interval. Do not choose between models by a few points; four times as many "
            "texts halve it.",
        )  # fmt: skip


def _crossed(facts: ReportFacts) -> Iterator[Said]:
    crossed = facts.test.crossed
    if crossed is not None:
        accuracy = facts.test.measured.figures["accuracy"]
        low, high = accuracy.bounds
        yield Said(
            "Few texts", "mind",
            f"Cross-validated: each of the {crossed.n:,} texts was answered by a model trained on the others. "
            f"Trust it more than the {counted(facts.test.measured.n, 'test text')} alone, of which "
            f"{_percent(accuracy.value)} are right ({_percent(low)} to {_percent(high)}).",
        )  # fmt: skip


def _made(facts: ReportFacts) -> Iterator[Said]:
    if facts.run.notes:
        text = " ".join(facts.run.notes)
        yield Said("How it was trained", "mind" if "optimistic" in text else "plain", text)


def _coverage(facts: ReportFacts) -> Iterator[Said]:
    coverage = facts.test.measured.coverage
    if coverage < 1:
        yield Said("No answer", "mind", f"Its decision rule leaves {_percent(1 - coverage)} of the texts unanswered.")


def _guess(facts: ReportFacts) -> Iterator[Said]:
    measured = _trusted(facts)
    guess = guess_on(measured, facts)
    if guess is None:  # of sets of labels, in an older report
        measured, guess = facts.test.measured, facts.test.guess
    yield against_guess(measured.figures, facts.test.guessed, guess)


def caution_line(facts: ReportFacts) -> str | None:
    """Return what the figures are no proof of: that all texts were trained on, or that it is no better than a guess."""
    if _is_all_seen(facts):
        return headline(facts)
    return next((each.text for each in _guess(facts) if each.tone == "mind"), None)


def guess_on(measured: Measured, facts: ReportFacts) -> float | None:
    """Return what the commonest training label is right for on some texts; None where an older report cannot tell."""
    if measured.guess is not None or facts.multi_label:
        return measured.guess
    return sum(each.n for each in measured.classes if each.name in facts.test.guessed) / max(measured.n, 1)


def against_guess(figures: Mapping[str, Figure], guessed: tuple[str, ...], guess: float) -> Said:
    """Say how the accuracy stands to always giving one answer; with tone "mind" where it is hardly better, or not.

    Args:
        figures: By the names of metrics.json.
        guessed: The answer: a label alone, or the labels of a set.
        guess: The share of the texts that it is right for, 0 to 1.
    """
    accuracy, topic = figures["accuracy"], "Against a guess"
    name = " and ".join(map(_quoted, guessed)) or "no label"
    if guess == 1:
        text = f"All of these texts have {name}: they do not show whether the model tells anything apart."
        return Said(topic, "mind", text)
    always = f"lways answering {name} would be right for {_percent(guess)}"
    low, high = accuracy.bounds
    if low > guess:
        spared = (accuracy.value - guess) / (1 - guess)
        tone: Tone = "good" if spared >= _SPARED else "mind"
        return Said(topic, tone, f"A{always}; the model avoids {_hundred(spared)} of 100 of those errors.")
    if high < guess:
        text = f"Worse than a guess: a{always}. Do not use it as it is."
    elif accuracy.value > guess:
        text = f"These texts are too few to show that it is better than a guess: a{always}."
    else:
        text = f"No better than a guess, as far as these texts show: a{always}."
    area = figures.get("roc_auc")
    if area is not None and area.low is not None and area.low > _CHANCE_AREA:
        text += (
            f" It does tell the classes apart (ROC-AUC {area.value:.2f}, 95 % interval from {area.low:.2f}; 0.5 is "
            "chance): `plaudit threshold` may find a better rule."
        )
    return Said(topic, "mind", text)


def _controls(facts: ReportFacts) -> Iterator[Said]:
    gains = [(each.gain, each.name) for each in facts.test.controls if each.gain is not None]
    if not gains:
        return
    gain, name = min(gains, key=lambda each: each[0].value)
    low, high = gain.low or 0.0, gain.high or 0.0
    points = f"{abs(100 * gain.value):.1f} points"
    span = f"(95 % interval of the difference {100 * low:+.1f} to {100 * high:+.1f})"
    topic = "Against simple models"
    if low > 0:
        yield Said(topic, "good", f"The strongest of them, {name}, is {points} worse {span}.")
    elif high < 0:
        yield Said(topic, "mind", f"{name} is {points} better {span}: a simple model does better on these texts.")
    else:
        side = "worse" if gain.value > 0 else "better" if gain.value < 0 else "away"
        yield Said(topic, "mind", f"{name} is {points} {side} {span}: these texts do not show a difference.")


def _labels(facts: ReportFacts) -> Iterator[Said]:
    figures = facts.test.measured.figures
    if facts.multi_label and "f1_macro" in figures:
        yield Said(
            "Label by label", "plain",
            f"Of all labels together F1, the balance of finding them and of being right, is "
            f"{figures['f1_micro'].value:.2f}; as a mean over the labels, the rare ones counting as much, "
            f"{figures['f1_macro'].value:.2f}.",
        )  # fmt: skip


def _classes(facts: ReportFacts) -> Iterator[Said]:
    measured = [each for each in _trusted(facts).classes if each.n]
    known = [each for each in measured if each.n >= _FEW]
    surest = max((_span(each)[0] for each in measured), default=0.0)
    few = [each for each in measured if _LEAST_JUDGED <= each.n < _FEW]
    lost = [each for each in few if _span(each)[1] < surest or not each.recall.value]
    if lost:
        found = ", ".join(f"{round(each.recall.value * each.n)} of {each.n} {_quoted(each.name)}" for each in lost[:5])
        more = f" and {counted(len(lost) - 5, 'more class', 'more classes')}" if len(lost) > 5 else ""
        kind, topic = ("rare", "Rare classes lost") if _are_rare(lost, measured) else ("these", "Classes lost")
        yield Said(topic, "mind", f"It finds {found}{more}: it misses {kind} classes.")
    if len(known) < 2:
        return
    ranked = sorted(known, key=lambda each: each.recall.value)
    worst, best = ranked[0], ranked[-1]
    found = f"{_percent(worst.recall.value)} of the texts that are {_quoted(worst.name)}"
    other = f"{_percent(best.recall.value)} of those that are {_quoted(best.name)}"
    gap = best.recall.value - worst.recall.value
    if not worst.recall.value:
        yield Said("The classes", "mind", f"It finds none of the {worst.n:,} texts that are {_quoted(worst.name)}.")
    elif gap >= _GAP and _span(worst)[1] < _span(best)[0]:
        yield Said(
            "The classes", "mind", f"It finds {found}, but {other}: it does not recognise all classes equally well."
        )
    elif gap >= _GAP:
        yield Said("The classes", "plain", f"It finds {found}, and {other}; with so few texts that may be chance.")
    elif len(known) == len(measured):
        yield Said("The classes", "good", f"No class is much worse than another: it finds {found}, and {other}.")
    else:
        none = f"Of the {len(known)} classes with {_FEW} texts or more none is much worse than another"
        yield Said("The classes", "plain", f"{none}: it finds {found}, and {other}.")


def _rare(facts: ReportFacts) -> Iterator[Said]:
    classes = _trusted(facts).classes
    few = [each for each in classes if each.n < _FEW]
    if few:
        names = ", ".join(_quoted(each.name) for each in few[:5]) + (
            f" and {len(few) - 5} more" if len(few) > 5 else ""
        )
        topic = "Rare classes" if _are_rare(few, classes) else "Classes with few texts"
        yield Said(topic, "mind", f"Fewer than {_FEW} of the texts measured have {names}: too few to judge.")


def _are_rare(some: Sequence[ClassFigures], classes: Sequence[ClassFigures]) -> bool:
    """Say whether each of some classes has fewer than half of the texts of the commonest."""
    return 2 * max(each.n for each in some) < max(each.n for each in classes)


def _absent(facts: ReportFacts) -> Iterator[Said]:
    if notes := class_notes(facts):
        yield Said("Classes with too few texts", "mind", " ".join(notes))


def _calibration(facts: ReportFacts) -> Iterator[Said]:
    measured = facts.test.measured
    error = measured.figures["calibration_error"]
    off = f"they are off by {100 * error.value:.1f} points on average"
    if error.value <= _OFF and (error.high or error.value) <= _MAY_BE_OFF:
        yield Said("Its probabilities", "good", f"They can be trusted: {off}.")
    elif not error.low or error.value <= _OFF:  # no interval of very few texts
        yield Said(
            "Its probabilities", "plain", f"They may well be right: {off}, which chance can explain with so few texts."
        )
    else:
        side = "overconfident" if _excess(measured) > 0 else "underconfident"
        yield Said("Its probabilities", "mind", f"Take them with care: {off}; the model is mostly {side}.")


def _fit(facts: ReportFacts) -> Iterator[Said]:
    curves = facts.curves
    if curves is None:
        return
    n, best, kept = len(curves.loss), curves.best_epoch, curves.kept_epoch
    refit = " It was then trained again on the validation texts too." if facts.run.is_refit else ""
    if not curves.val_loss:
        yield Said("Overfitting", "mind", "There were no validation texts, so it is unknown whether it overfits.")
    elif best == n:
        yield Said("Overfitting", "plain", f"None was seen: it was still getting better in its last epoch, {n}.{refit}")
    elif kept == best:
        text = f"It began after epoch {best} of {n} and was stopped: the model is that of epoch {best}.{refit}"
        yield Said("Overfitting", "good", text)
    else:
        text = f"It was best after epoch {best}, and trained on to epoch {n}: it memorized its training texts.{refit}"
        yield Said("Overfitting", "mind", text)


def _optimistic(facts: ReportFacts) -> Iterator[Said]:
    validation, test = facts.validation.figures["accuracy"], facts.test.measured.figures["accuracy"]
    if None in (validation.low, test.high) or (validation.low or 0.0) <= (test.high or 0.0):
        return
    gap = 100 * (validation.value - test.value)
    yield Said(
        "Validation and test", "mind",
        f"On the validation texts it was {gap:.1f} points better than on the test: the test texts differ more from "
        "the training texts. Trust the test.",
    )  # fmt: skip


def _shared(facts: ReportFacts) -> Iterator[Said]:
    test, unseen = facts.parts[-1], facts.test.unseen  # the test part, or what was measured in its place
    if not test.shared:
        return
    texts = "test texts" if test.name == "test" else "texts"
    if unseen is not None:
        accuracy = unseen.figures["accuracy"]
        low, high = accuracy.bounds
        yield Said(
            "Texts seen before", "mind",
            f"{test.n - unseen.n:,} of {test.n:,} {texts} are also among the training texts. On the {unseen.n:,} "
            f"texts not seen in training accuracy is {_percent(accuracy.value)} ({_percent(low)} to "
            f"{_percent(high)}): trust that figure.",
        )  # fmt: skip
    else:
        yield Said(
            "Texts seen before", "mind",
            f"{test.shared:,} of {test.n:,} {texts} are also among the training texts: the figures are "
            "optimistic.",
        )  # fmt: skip


def _nearly_shared(facts: ReportFacts) -> Iterator[Said]:
    note = near_note(facts.audit, facts.test.measured.n)
    if note is not None:
        yield Said("Texts nearly seen before", "mind", note)


def opened_line(facts: ReportFacts, openings: int) -> Said:
    """Say how often the texts measured have been opened."""
    is_test = facts.test.what == TEST_TEXTS
    topic, texts = ("The test", "Its texts") if is_test else ("The texts measured", "They")
    if openings == 1:
        return Said(topic, "good", f"{texts} were opened once, after everything was decided.")
    return Said(
        topic, "mind",
        f"{texts} have been opened {openings} times. If you made a choice after seeing a figure, that figure is "
        "optimistic.",
    )  # fmt: skip


def _other_texts() -> Said:
    return Said("What it does not say", "plain", "How good the model is on texts of another kind, place or time.")


def _span(each: ClassFigures) -> tuple[float, float]:
    """Return the interval of a class's recall; Wilson's of its texts where these are too few for one elsewhere."""
    if each.recall.low is not None:
        return each.recall.bounds
    found = wilson_interval(round(each.recall.value * each.n), each.n)
    return found.low, found.high


def _excess(measured: Measured) -> float:
    """Return by how much probabilities are above what came true, on average."""
    return sum(each.n * (each.probability - each.share) for each in measured.bins)


def _hundred(share: float) -> str:
    """Return about how many of a hundred, never all or none of them by rounding."""
    n = round(100 * share)
    if n == 100 and share < 1:
        return "more than 99"
    return "fewer than 1" if n == 0 and share > 0 else f"about {n}" if 0 < share < 1 else str(n)


def _percent(share: float) -> str:
    share = round(share, 9)  # an interval's end may lie next to 1
    digits = 1 if 0.0005 <= share <= 0.9995 else 0 if share in (0, 1) else 2
    return f"{100 * share:.{digits}f}\u00a0%"


def _quoted(name: str) -> str:
    return f"“{name}”"
