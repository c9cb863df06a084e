"""The verdict says in words what the figures say, and no more."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from plaudit.evaluation import wilson_interval
from plaudit.report import ReportFacts
from plaudit.report.facts import BinFacts, ClassFigures, ControlFacts, CurvesFacts, Figure, PartFacts
from plaudit.report.verdict import Said, caution_line, headline, verdict


def wilson(share: float, n: int) -> Figure:
    found = wilson_interval(round(share * n), n)
    return Figure(share, found.low, found.high)


def with_test(facts: ReportFacts, *, guess: float | None = None, **changes: Any) -> ReportFacts:
    guess = facts.test.guess if guess is None else guess
    measured = replace(facts.test.measured, guess=guess, **changes)
    return replace(facts, test=replace(facts.test, measured=measured, guess=guess))


def with_accuracy(facts: ReportFacts, share: float, n: int, **more: Any) -> ReportFacts:
    figures = facts.test.measured.figures | {"accuracy": wilson(share, n)}
    return with_test(facts, n=n, figures=figures, **more)


def with_recalls(facts: ReportFacts, recalls: Sequence[float], n: int) -> ReportFacts:
    some = Figure(0.5)
    return with_test(
        facts, classes=tuple(ClassFigures(f"c{i}", n, some, Figure(each), some) for i, each in enumerate(recalls))
    )


def said(facts: ReportFacts, topic: str, *, openings: int = 1) -> Said | None:
    return next((each for each in verdict(facts, openings=openings) if each.topic == topic), None)


def text(facts: ReportFacts, topic: str, *, openings: int = 1) -> str:
    found = said(facts, topic, openings=openings)
    assert found is not None
    return found.text


def test_the_headline_counts_of_a_hundred(sample_facts: ReportFacts) -> None:
    assert headline(with_accuracy(sample_facts, 0.877, 25_000)) == "It answers about 88 of 100 texts like these right."
    assert "more than 99 of 100" in headline(with_accuracy(sample_facts, 0.9988, 2_500))
    assert "answered all of the 30 texts" in headline(with_accuracy(sample_facts, 1.0, 30))
    sets = replace(sample_facts, multi_label=True)
    assert headline(with_accuracy(sets, 0.31, 5_000)).startswith("It gets the whole set of labels right for about 31")


def test_the_headline_is_the_figure_to_trust(sample_facts: ReportFacts) -> None:
    few = with_accuracy(sample_facts, 0.5, 4).test.measured
    most = with_accuracy(sample_facts, 0.9, 500).test.measured
    crossed = replace(sample_facts, test=replace(sample_facts.test, measured=few, crossed=most))
    assert headline(crossed) == "It answers about 90 of 100 texts like these right."
    assert "the 4 test texts alone" in text(crossed, "Few texts")
    assert text(crossed, "How certain that is").startswith("From 500 texts")
    unseen = replace(sample_facts, test=replace(sample_facts.test, measured=most, unseen=few))
    assert "about 50 of 100" in headline(unseen)
    *others, test = sample_facts.parts
    all_right = headline(with_accuracy(sample_facts, 1.0, 12))
    assert all_right.startswith("It answered all of the 12 texts measured right: look at the interval")
    assert "and 100\u00a0% (95" in text(with_accuracy(sample_facts, 1.0, 12), "How certain that is")
    seen = replace(sample_facts, parts=(*others, replace(test, shared=test.n)))
    assert headline(seen) == "These texts do not show how good it is: it was trained on all of them."
    assert caution_line(seen) == headline(seen)
    topics = {each.topic for each in verdict(seen, openings=1)}
    assert not topics & {"How certain that is", "Against a guess", "Its probabilities"}
    assert "Texts seen before" in topics


@pytest.mark.parametrize(
    ("n", "tone", "words"), [(25_000, "good", "narrow"), (1_500, "plain", "may be chance"), (300, "mind", "wide")]
)
def test_a_wide_interval_is_something_to_mind(sample_facts: ReportFacts, n: int, tone: str, words: str) -> None:
    found = said(with_accuracy(sample_facts, 0.88, n), "How certain that is")
    assert found is not None
    assert (found.tone, words in found.text) == (tone, True)


@pytest.mark.parametrize(
    ("share", "guess", "tone", "words"),
    [
        (0.88, 0.5, "good", "avoids about 76 of 100"),
        (0.56, 0.5, "mind", "avoids about 12 of 100"),
        (0.51, 0.5, "mind", "too few to show that it is better than a guess"),
        (0.49, 0.5, "mind", "No better than a guess, as far as these texts show"),
        (0.80, 0.87, "mind", "Worse than a guess"),
        (1.0, 1.0, "mind", "do not show whether the model tells anything apart"),
    ],
)
def test_accuracy_is_held_against_a_guess(
    sample_facts: ReportFacts, share: float, guess: float, tone: str, words: str
) -> None:
    facts = with_accuracy(sample_facts, share, 1_000, guess=guess)
    found = said(facts, "Against a guess")
    assert found is not None
    assert (found.tone, words in found.text) == (tone, True)
    assert caution_line(facts) == (found.text if tone == "mind" else None)


def test_classes_are_unlike_only_where_intervals_say_so(sample_facts: ReportFacts) -> None:
    apart = said(with_recalls(sample_facts, (0.9, 0.6, 0.8), 500), "The classes")
    assert apart is not None
    assert apart.tone == "mind"
    assert "“c1”" in apart.text
    assert "“c0”" in apart.text
    assert "may be chance" in text(with_recalls(sample_facts, (0.8, 0.65), 25), "The classes")
    assert "No class" in text(with_recalls(sample_facts, (0.85, 0.8), 500), "The classes")
    certain = said(with_recalls(sample_facts, (1.0, 1.0), 30), "The classes")
    assert certain is not None
    assert certain.tone == "good"


def test_classes_that_a_part_lacks_are_said_with_what_follows(sample_facts: ReportFacts) -> None:
    assert said(sample_facts, "Classes with too few texts") is None
    train, validation, test = sample_facts.parts
    counts = [replace(train, counts=(9, 1)), replace(validation, counts=(3, 0)), replace(test, counts=(3, 0))]
    odd = text(replace(sample_facts, parts=tuple(counts)), "Classes with too few texts")
    assert "1 class has a single text ('pos')" in odd
    assert "The test part has no text of 1 class ('pos'), which has no test figure." in odd


def test_rare_classes_are_named_and_not_judged(sample_facts: ReportFacts) -> None:
    rare = with_recalls(sample_facts, (0.0,) * 7, 3)
    assert said(rare, "The classes") is None
    assert "“c4” and 2 more" in text(rare, "Classes with few texts")  # all as frequent
    assert said(rare, "Rare classes") is said(rare, "Rare classes lost") is said(rare, "Classes lost") is None
    mixed = with_recalls(sample_facts, (0.9, 0.92, 0.0), 200)
    *common, lost = mixed.test.measured.classes
    mixed = with_test(mixed, classes=(*common, replace(lost, n=6)))
    assert "It finds 0 of 6 “c2”: it misses rare classes." in text(mixed, "Rare classes lost")
    assert "“c2”" in text(mixed, "Rare classes")
    once = with_test(mixed, classes=(*common, replace(lost, n=1)))
    assert said(once, "Rare classes lost") is None  # one text shows nothing
    assert text(mixed, "The classes").startswith("Of the 2 classes with 20 texts or more none is much worse")


def test_probabilities_are_judged_with_their_interval(sample_facts: ReportFacts) -> None:
    def of(figure: Figure, share: float) -> Said:
        figures = sample_facts.test.measured.figures | {"calibration_error": figure}
        bins = (BinFacts(100, 0.8, share, 0.5, 0.9),)
        found = said(with_test(sample_facts, figures=figures, bins=bins), "Its probabilities")
        assert found is not None
        return found

    assert "can be trusted" in of(Figure(0.01, 0.005, 0.02), 0.79).text
    assert of(Figure(0.06, 0.0, 0.07), 0.74).tone == "plain"
    assert "overconfident" in of(Figure(0.1, 0.05, 0.12), 0.7).text
    assert "underconfident" in of(Figure(0.1, 0.05, 0.12), 0.9).text


@pytest.mark.parametrize(
    ("n", "best", "kept", "tone", "words"),
    [
        (7, 4, 4, "good", "after epoch 4 of 7 and was stopped"),
        (7, 7, 7, "plain", "still getting better in its last epoch, 7"),
        (40, 6, 40, "mind", "memorized"),
    ],
)
def test_the_curves_tell_whether_overfitting_was_stopped(
    sample_facts: ReportFacts, n: int, best: int, kept: int, tone: str, words: str
) -> None:
    some = (0.5,) * n
    found = said(replace(sample_facts, curves=CurvesFacts(some, some, some, some, best, kept)), "Overfitting")
    assert found is not None
    assert (found.tone, words in found.text) == (tone, True)
    assert said(replace(sample_facts, curves=None), "Overfitting") is None


def test_a_test_much_below_validation_is_said(sample_facts: ReportFacts) -> None:
    validation = replace(
        sample_facts.validation, figures=sample_facts.validation.figures | {"accuracy": wilson(0.95, 1_000)}
    )
    facts = replace(with_accuracy(sample_facts, 0.85, 1_000), validation=validation)
    assert "10.0 points better" in text(facts, "Validation and test")
    assert said(replace(with_accuracy(sample_facts, 0.94, 1_000), validation=validation), "Validation and test") is None


def test_shared_texts_and_further_openings_are_said(sample_facts: ReportFacts) -> None:
    test = PartFacts("test", 300, (150, 150), 12, "")
    assert "12 of 300" in text(replace(sample_facts, parts=(*sample_facts.parts[:2], test)), "Texts seen before")
    assert said(sample_facts, "Texts seen before") is None
    assert "opened once" in text(sample_facts, "The test")
    again = said(sample_facts, "The test", openings=3)
    assert again is not None
    assert again.tone == "mind"
    assert "opened 3 times" in again.text


@pytest.mark.parametrize(
    ("gain", "tone", "words"),
    [
        (Figure(0.03, 0.01, 0.05), "good", "The strongest of them, SVM, is 3.0 points worse"),
        (Figure(-0.03, -0.05, -0.01), "mind", "SVM is 3.0 points better"),
        (Figure(-0.03, -0.07, 0.01), "mind", "these texts do not show a difference"),
        (Figure(0.0, -0.02, 0.02), "mind", "SVM is 0.0 points away"),
    ],
)
def test_the_strongest_control_decides(sample_facts: ReportFacts, gain: Figure, tone: str, words: str) -> None:
    controls = (
        ControlFacts("majority class", Figure(0.5), Figure(0.3, 0.2, 0.4), ""),
        ControlFacts("SVM", Figure(0.8), gain, ""),
        ControlFacts("none", None, None, "cannot be trained"),
    )
    found = said(replace(sample_facts, test=replace(sample_facts.test, controls=controls)), "Against simple models")
    assert found is not None
    assert (found.tone, words in found.text) == (tone, True)
    assert said(sample_facts, "Against simple models") is None
