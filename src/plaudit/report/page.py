"""A model's report as one HTML page: no script, nothing from the network, light and dark, fit for a phone and paper.

It is made of `ReportFacts` alone, so it can be written again without the data. The page shows texts of the data and is
as private as they are. Whatever comes from the data is escaped, and a policy in the page forbids scripts and loading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from plaudit.evaluation.figures import FIGURES
from plaudit.evaluation.ordinal import ordered
from plaudit.evaluation.ranking import chance_precision
from plaudit.report.drawing import (
    MOST_NAMES,
    Point,
    Row,
    draw_counts,
    draw_curves,
    draw_reliability,
    draw_whiskers,
)
from plaudit.report.facts import TEST_TEXTS, Figure
from plaudit.report.frame import Html, render
from plaudit.report.highlight import STYLE, explanations_html, mark_words
from plaudit.report.verdict import guess_on, headline, verdict
from plaudit.report.visible import visible

if TYPE_CHECKING:
    from plaudit.report.facts import BinFacts, ClassFigures, DivisionFacts, Measured, Mistake, ReportFacts

_MOST_ROWS, _SHOWN_ROWS = 40, 20  # of the table of classes; of more, the worst are shown
_SIDE_BY_SIDE = 4  # classes whose words stand beside each other
_FIGURES = sorted(
    (each for each in FIGURES if each.meaning), key=lambda each: -each.sign
)  # where 0 is best, at the end
_SUBSET = "share of the texts whose whole set of labels is right"


def report_page(
    facts: ReportFacts, *, name: str, openings: int, rule: str | None, measured_on: date | None = None
) -> str:
    """Return the page as HTML.

    Args:
        facts: What it says.
        name: What the model is called.
        openings: How often the test texts have been looked at.
        rule: The decision rule that the model has now, in words; None for none.
        measured_on: The day on which other texts than the run's were measured; None for the run's own figures.

    Raises:
        MissingExtraError: Jinja is not installed (extra ``train``).
    """
    measured, parts = facts.test.measured, (facts.parts[0], facts.parts[-1])
    order = ordered(facts.classes)
    return render(
        "report",
        f"Report of {name}",
        extra="train",
        style=STYLE,
        facts=facts,
        name=name,
        openings=openings,
        rule=rule,
        measured_on=None if measured_on is None else measured_on.isoformat(),
        headline=headline(facts),
        verdict=verdict(facts, openings=openings),
        is_test=facts.test.what == TEST_TEXTS,
        figures=_figures(facts),
        whiskers=Html(
            draw_whiskers(
                whisker_rows(facts), title="Figures with their 95 % intervals", meaning="the accuracy of a guess"
            )
        ),
        balance=Html(
            draw_counts(
                facts.classes,
                [part.counts for part in parts],
                [part.n for part in parts],
                title=f"Texts of each class, {parts[0].name} and {parts[1].name}",
                parts=[part.name for part in parts],
            )
        ),
        n_bars_left=max(len(facts.classes) - MOST_NAMES, 0),
        curves=[Html(drawing) for drawing in _curves(facts)],
        class_rows=_class_rows(measured),
        matrix=_matrix(measured, order),
        matrix_names=[facts.classes[i] for i in order],
        reliability=Html(_reliability(measured, multi_label=facts.multi_label)),
        divisions=[(division, Html(_division(division, facts))) for division in facts.test.divisions],
        side_by_side=len(facts.explained.words) <= _SIDE_BY_SIDE,
        mistakes=Html(explanations_html([_mistake(each) for each in facts.explained.mistakes])),
    )


def _figures(facts: ReportFacts) -> list[dict[str, Any]]:
    test, validation = facts.test.measured.figures, facts.validation.figures
    rows = []
    for each in _FIGURES:
        if each.name in test or each.name in validation or each.needs_classes:
            what = _SUBSET if each.name == "accuracy" and facts.multi_label else each.meaning
            if each.name.endswith("_macro") or each.name == "balanced_accuracy":
                what += _left_out(facts, only_true=each.name == "balanced_accuracy")
            if each.name == "average_precision" and each.name in test:
                what = _of_second(facts) + f"{what}; {_chance_precision(facts):.4f} is chance"
            cells = [test.get(each.name), validation.get(each.name)]
            rows.append({"name": each.title, "what": what, "cells": cells})
    watched = {each.name: Figure(each.value) for each in facts.validation.further}
    for more in facts.test.measured.further:
        cells = [Figure(more.value), watched.get(more.name)]
        rows.append({"name": more.name, "what": more.words, "cells": cells})
    return rows


def _of_second(facts: ReportFacts) -> str:
    return "" if facts.multi_label or len(facts.classes) != 2 else f"of “{facts.classes[1]}”: "


def _chance_precision(facts: ReportFacts) -> float:
    measured = facts.test.measured
    return chance_precision([each.n for each in measured.classes], measured.n, multi_label=facts.multi_label)


def _left_out(facts: ReportFacts, *, only_true: bool) -> str:
    """Say over which classes a mean is, where some neither occur nor are answered, or with `only_true` do not occur."""
    classes = facts.test.measured.classes
    counted = sum(each.n > 0 or (each.precision is not None and not only_true) for each in classes)
    if counted == len(classes):
        return ""
    return f"; over the {counted} of {len(classes)} classes that occur{'' if only_true else ' or are answered'}"


def whisker_rows(facts: ReportFacts) -> list[Row]:
    """Return the figures that are drawn, the accuracies first, each beside a guess on the same texts."""
    test, validation = facts.test.measured.figures, facts.validation.figures["accuracy"]
    drawn = [(each.title, test[each.name]) for each in _FIGURES if each.is_drawn and each.name in test]
    rows = [Row(title, figure.value, figure.low, figure.high) for title, figure in drawn]
    # The accuracy of a guess is the chance level of accuracy alone, and on each set of texts another.
    rows[0] = replace(rows[0], reference=facts.test.guess)
    guess = guess_on(facts.validation, facts)
    rows.insert(1, Row("accuracy, validation", validation.value, validation.low, validation.high, "validation", guess))
    further = (("accuracy, unseen texts", facts.test.unseen), ("accuracy, cross-validated", facts.test.crossed))
    for title, measured in further:
        if measured is not None:
            found, guess = measured.figures["accuracy"], guess_on(measured, facts)
            rows.insert(1, Row(title, found.value, found.low, found.high, reference=guess))
    return rows


def _curves(facts: ReportFacts) -> list[str]:
    if facts.curves is None:
        return []
    curves, kept = facts.curves, facts.curves.kept_epoch
    return [
        draw_curves(curves.loss, curves.val_loss, name="Loss", kept=kept),
        draw_curves(curves.accuracy, curves.val_accuracy, name="Accuracy", kept=kept),
    ]


def _class_rows(measured: Measured) -> list[ClassFigures]:
    """Return the classes of the table: all in their order, or of very many those with the lowest F1 that occur."""
    if len(measured.classes) <= _MOST_ROWS:
        return list(measured.classes)
    return sorted((each for each in measured.classes if each.n), key=lambda each: each.f1.value)[:_SHOWN_ROWS]


def _matrix(measured: Measured, order: Sequence[int]) -> list[list[dict[str, Any]]]:
    """Return the cells of the confusion matrix, with how dark each is, 0 to 4, by its share of the true class.

    Its rows and columns are the classes in `order`.
    """
    rows = [(i, measured.matrix[i]) for i in order] if measured.matrix else []
    return [
        [{"n": row[j], "level": min(4, -(-4 * row[j] // max(sum(row), 1))), "is_right": i == j} for j in order]
        for i, row in rows
    ]


def _reliability(measured: Measured, *, multi_label: bool) -> str:
    def points(bins: tuple[BinFacts, ...]) -> list[Point]:
        return [Point(each.probability, each.share, each.low, each.high) for each in bins]

    return draw_reliability(
        points(measured.bins),
        points(measured.bins_raw),
        title="Reliability",
        across="probability of the label" if multi_label else "probability of the answer",
        up="share that has it" if multi_label else "share that is right",
    )


def _division(division: DivisionFacts, facts: ReportFacts) -> str:
    unit = f" {division.by}"  # which the heading says
    overall = facts.test.measured.figures["accuracy"].value
    rows = []
    for each in division.slices:
        accuracy = each.accuracy
        few = ", too few" if accuracy.low is None else ""
        name = f"{each.name.removesuffix(unit)} ({each.n:,}{few})"
        rows.append(Row(name, accuracy.value, accuracy.low, accuracy.high, reference=overall))
    return draw_whiskers(rows, title=f"Accuracy by {division.by}", meaning="the accuracy of all")


def _mistake(mistake: Mistake) -> str:
    """Return a wrong answer as an HTML article."""
    from html import escape

    rows = ((m.start, m.end, m.share, m.level, m.unseen, m.unread) for m in mistake.marks)
    before, after = ("… " if cut else "" for cut in mistake.is_cut)
    heading = f"It answered {mistake.predicted}; the label is {mistake.given}"
    place = "" if mistake.place is None else f"{mistake.place}. "
    explained = (
        f"{place}The logit explained is that of {mistake.explained}, whose probability is {mistake.probability:.3f}."
    )
    return (
        f"<article>\n<h3>{escape(visible(heading))}</h3>\n"
        f'<p class="text" dir="auto">{before}{mark_words(mistake.text, rows)}{" …" if after else ""}</p>\n'
        f'<p class="facts">{escape(visible(explained))}</p>\n</article>'
    )
