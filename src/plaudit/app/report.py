"""`plaudit report`: write a model's page again from what its folder holds, or measured anew on other texts."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.evaluate import unseen_answers
from plaudit.app.options import reads_data
from plaudit.app.output_files import write_whole
from plaudit.app.plain import plain
from plaudit.app.terminal import make_console, scoring_shown
from plaudit.config import DataSpec
from plaudit.errors import ConfigError

if TYPE_CHECKING:
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
        typer.Option("--data", help="Labelled texts to measure on, counted as an opening. [the figures of the run]"),
    ] = None,
    *,
    spec: DataSpec,
) -> None:
    """Write the page and say where it is.

    Raises:
        PlauditError: The model is none, no run left its facts there, or the data cannot be read or do not fit.
    """
    from plaudit.app.run.own_run import choose_texts
    from plaudit.app.run.record import REPORT
    from plaudit.evaluation import count_opening
    from plaudit.models import load
    from plaudit.models.artifact import read_manifest
    from plaudit.models.rules import rule_from_manifest
    from plaudit.report import read_facts, report_page

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
    rule = rule_from_manifest(manifest["rule"], n_classes, multi_label=multi_label, where=str(model))
    if data is None:
        openings = _openings(model, facts)
    else:
        chosen = choose_texts(model, data, classes=facts.classes, multi_label=multi_label, every_row=False, spec=spec)
        facts = _measured_on(load(model), facts, chosen)
        openings = count_opening(model, chosen.counted, command="report")
    words = None if rule is None else f"{rule.describe(facts.classes)}."
    name = model.resolve().name
    measured_on = None if data is None else datetime.datetime.now(datetime.UTC).date()
    page = report_page(facts, name=name, openings=openings, rule=words, measured_on=measured_on)
    write_whole(target, page.encode())
    make_console().print(f"Report: {plain(str(target))}", markup=False)


def _openings(model: Path, facts: ReportFacts) -> int:
    """Return how often the run's test texts were opened: once at least, when it ended."""
    from plaudit.evaluation import read_openings

    identity = facts.run.versions.get("test_texts")
    return max(1, [entry.get("fingerprint") for entry in read_openings(model)].count(identity))


def _measured_on(model: Classifier, facts: ReportFacts, chosen: Chosen) -> ReportFacts:
    """Return the facts with figures of other texts in the place of the test's."""
    from plaudit.app.train.facts import part_facts
    from plaudit.evaluation import answer
    from plaudit.report.measuring import held_out_facts

    dataset, what = chosen.dataset, plain(chosen.what)
    answers = answer(model, dataset)
    unseen = unseen_answers(answers, chosen)
    held_out = held_out_facts(answers, dataset, what=what, guessed=facts.test.guessed, unseen=unseen)
    part = part_facts("measured", dataset, None, facts.classes)
    if chosen.seen is not None:
        part = replace(part, shared=int(chosen.seen.sum()))
    return replace(facts, test=held_out, parts=(*facts.parts[:-1], part))
