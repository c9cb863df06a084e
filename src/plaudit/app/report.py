"""`plaudit report`: write a model's page again from what its folder holds, or measured on other texts."""

from __future__ import annotations

import contextlib
import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.evaluate import unseen_answers
from plaudit.app.options import reads_data
from plaudit.app.terminal import make_console, scoring_shown
from plaudit.config import DataSpec
from plaudit.data.publish import publish_file
from plaudit.errors import ConfigError

if TYPE_CHECKING:
    from plaudit.app.controls import TrainingTexts
    from plaudit.app.run.own_run import Chosen
    from plaudit.models import Classifier
    from plaudit.report import ReportFacts


@errors_as_lines
@reads_data
@scoring_shown()
def report(
    model: Annotated[Path, typer.Argument(help="The folder of a model that `plaudit train` made.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page. [MODEL/report.html; MODEL/report-DATA.html]")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", help="Labelled texts to measure on; counts as an opening of the test. [the run's figures]"
        ),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls",
            help="Also four simple models, trained on the same texts: counts as an opening; the folder keeps those of "
            "the run's test.",
        ),
    ] = False,
    *,
    spec: DataSpec,
) -> None:
    """Write the page and say where it is.

    Raises:
        PlauditError: The model is none, no run left its facts there, or the data cannot be read or do not fit; or the
            training texts of the controls are not available.
    """
    from plaudit.app.controls import training_texts
    from plaudit.app.run.own_run import choose_texts
    from plaudit.app.run.record import REPORT
    from plaudit.evaluation import count_opening
    from plaudit.models import load
    from plaudit.models.artifact import read_manifest
    from plaudit.models.rules import rule_from_manifest
    from plaudit.report import read_facts, report_page, with_openings
    from plaudit.report.card import CARD
    from plaudit.report.facts import FACTS

    manifest = read_manifest(model)
    facts = read_facts(model)
    n_classes, multi_label = len(facts.classes), facts.multi_label
    if manifest["multi_label"] != multi_label or len(manifest["classes"]) != n_classes:
        raise ConfigError(f"{model}: report.json is another model's; train again, or copy the folder again.")
    if data is None and (given := spec.flags()):
        raise ConfigError(f"{given[0]} says how --data is read: name data too.")
    target = output or model / (REPORT if data is None else f"report-{Path(data).resolve().stem}.html")
    if target.is_dir():
        raise ConfigError(f"-o {target} is a folder; name a file such as {target / REPORT}.")
    run = training_texts(model) if controls else None  # before the test texts are opened
    rule = rule_from_manifest(manifest["rule"], n_classes, multi_label=multi_label, where=str(model))
    if data is None and run is None:
        openings = _openings(model, facts)
    else:
        asked = data or facts.run.source
        chosen = choose_texts(model, asked, classes=facts.classes, multi_label=multi_label, every_row=False, spec=spec)
        classifier = load(model)
        if data is None:
            classifier.rule_ = None  # the page's figures are those of the run
        facts = _measured_on(classifier, facts, chosen, run, is_own=data is None)
        openings = count_opening(model, chosen.counted, command="report")
        if data is None:
            publish_file(model / FACTS, facts.to_json())
    words = None if rule is None else f"{rule.describe(facts.classes)}."
    name = model.resolve().name
    measured_on = None if data is None else datetime.datetime.now(datetime.UTC).date()
    page = report_page(facts, name=name, openings=openings, rule=words, measured_on=measured_on)
    publish_file(target, page.encode())
    card = model / CARD
    if data is None and card.is_file():
        with contextlib.suppress(OSError, ValueError):  # of no text any more: the user's own
            publish_file(card, with_openings(card.read_text(encoding="utf-8"), facts, openings).encode())
    make_console().print(f"Report: {plain(str(target))}", markup=False)


def _openings(model: Path, facts: ReportFacts) -> int:
    """Return how often the run's test texts were opened: once at least, when it ended."""
    from plaudit.evaluation import read_openings

    identity = facts.run.versions.get("test_texts")
    return max(1, [entry.get("fingerprint") for entry in read_openings(model)].count(identity))


def _measured_on(
    model: Classifier, facts: ReportFacts, chosen: Chosen, run: TrainingTexts | None, *, is_own: bool
) -> ReportFacts:
    """Return the facts with figures of other texts in the place of the test's, and with controls for a `run`.

    Of the run's own test texts (`is_own`) the figures are there: only controls are put beside them.
    """
    from plaudit.app.controls import compare_controls
    from plaudit.app.run.record import part_facts
    from plaudit.evaluation import answer
    from plaudit.report.measuring import held_out_facts

    dataset, what = chosen.dataset, plain(chosen.what)
    answers = answer(model, dataset)
    beside = () if run is None else tuple(each.to_facts() for each in compare_controls(answers, dataset, run))
    if is_own:
        return replace(facts, test=replace(facts.test, controls=beside))
    unseen = unseen_answers(answers, chosen)
    held_out = held_out_facts(answers, dataset, what=what, guessed=facts.test.guessed, unseen=unseen)
    part = part_facts("measured", dataset, None, facts.classes)
    if chosen.seen is not None:
        part = replace(part, shared=int(chosen.seen.sum()))
    return replace(facts, test=replace(held_out, controls=beside), parts=(*facts.parts[:-1], part))
