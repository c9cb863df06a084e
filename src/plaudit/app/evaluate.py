"""What `plaudit evaluate` does: a model's figures on labelled texts, on parts of them, and beside simple models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Model, TestPart, reads_data
from plaudit.app.terminal import figure_text, make_console, print_json, print_metrics, print_table, scoring_shown
from plaudit.config import DataSpec
from plaudit.errors import ModelError

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.app.controls import TrainingTexts
    from plaudit.app.run.own_run import Chosen
    from plaudit.data import Dataset
    from plaudit.evaluation import Answers
    from plaudit.evaluation.slices import Slice


@errors_as_lines
@reads_data
@scoring_shown()
def evaluate(
    model: Model,
    data: TestPart,
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Include the rows that the model was trained on.")] = False,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="Accuracy by text length (length) or by a column; repeat for more."),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option("--controls", help="Also measure four simple models trained on the same texts."),
    ] = False,
    *,
    spec: DataSpec,
) -> None:
    """Measure a model on labelled texts, and print what was asked for.

    In slices and beside controls a text that the model's rule gives no answer to counts as not right.

    Raises:
        PlauditError: The model or the data cannot be read, do not fit each other, or have no such column; or the
            training texts of the controls are not available; or the model's rule answers none of the texts.
    """
    from plaudit.app.controls import compare_controls, training_texts
    from plaudit.app.run.own_run import choose_texts
    from plaudit.evaluation import answer, count_opening
    from plaudit.evaluation.slices import accuracy_by_slice, divide
    from plaudit.models import load
    from plaudit.report.measuring import guess_accuracy, measured_facts
    from plaudit.report.verdict import against_guess

    classifier = load(model)
    run = training_texts(model, data_dir=spec.data_dir) if controls else None  # before the test texts are opened
    names, multi_label = classifier.class_names, classifier.multi_label_
    chosen = choose_texts(model, data, classes=names, multi_label=multi_label, every_row=every_row, spec=spec)
    divisions = [divide(chosen.dataset, by) for by in dict.fromkeys(slices or [])]
    answers = answer(classifier, chosen.dataset)
    unseen = unseen_answers(answers, chosen)
    guessed = guessed_label(model, chosen.dataset)
    trusted = unseen or answers
    guess = against_guess(measured_facts(trusted).figures, guessed, guess_accuracy(trusted, guessed))
    openings = count_opening(model, chosen.counted, command="evaluate")
    parts = {
        division.by: accuracy_by_slice(division, answers.right, answers, alike=answers.alike) for division in divisions
    }
    rule = None if classifier.rule_ is None else plain(classifier.rule_.describe(classifier.class_names))
    if as_json:
        more: dict[str, Any] = {"decision_rule": rule, "openings": openings, "data": chosen.what}
        more |= _seen_and_slices(chosen, unseen, parts)
        more["guess"] = {"answer": list(guessed), "sentence": guess.text}
        if run is not None:
            more["controls"] = [each.to_dict() for each in compare_controls(answers, chosen.dataset, run)]
        print_json({**answers.to_dict(), **more})
        return
    console = make_console()
    _print_figures(console, answers, chosen, unseen=unseen, rule=rule)
    if guess.tone == "mind":
        console.print(guess.text, markup=False)
    if answers.n_unanswered and (parts or controls):
        console.print("Below, a text without an answer counts as wrong.")
    for by, part in parts.items():
        print_table(console, slices_table(by, part))
    if run is not None:
        _print_controls(console, answers, chosen.dataset, run)
    if openings > 1:
        console.print(
            f"\nThese texts have now been opened {openings} times for this model: if you made a choice after seeing a "
            "figure, that figure is optimistic."
        )


def _print_figures(
    console: Console, answers: Answers, chosen: Chosen, *, unseen: Answers | None, rule: str | None
) -> None:
    """Print how the texts were read, the figures, which texts the model has met, and its rule."""
    from plaudit.app.run.parts import describe_origin

    for line in describe_origin(chosen.dataset):
        console.print(f"  {line}", markup=False)
    print_metrics(console, answers, title=escape(chosen.what), unseen=None if unseen is None else unseen.metrics)
    if (met := seen_line(chosen)) is not None:
        console.print(met, markup=False)
    if rule is not None:
        console.print(f"Decision rule: {rule}.", markup=False)


def _print_controls(console: Console, answers: Answers, texts: Dataset, run: TrainingTexts) -> None:
    """Train the controls, and print the model beside them."""
    from plaudit.app.controls import compare_controls, controls_table

    console.print(f"\nTraining four controls on the model's {len(run.texts):,} training texts …", style="dim")
    compared = compare_controls(answers, texts, run)
    print_table(console, controls_table(answers, compared))
    for each in compared:
        console.print(f"  {each.sentence()}", markup=False)


def guessed_label(model: Path, texts: Dataset) -> tuple[str, ...]:
    """Return what is commonest in a model's training, or in these texts where its folder does not tell."""
    from plaudit.report import read_facts
    from plaudit.report.measuring import commonest

    try:
        return read_facts(model).test.guessed
    except ModelError:  # of no run, or of an older one
        return commonest(texts)


def _seen_and_slices(
    chosen: Chosen, unseen: Answers | None, parts: Mapping[str, Sequence[Slice]]
) -> dict[str, Any]:  # Any: JSON
    more: dict[str, Any] = {}
    if chosen.seen is not None:
        more |= {"seen": int(chosen.seen.sum()), "unseen": None if unseen is None else unseen.metrics.to_dict()}
    if parts:
        more["slices"] = {by: [each.to_dict() for each in part] for by, part in parts.items()}
    return more


def unseen_answers(answers: Answers, chosen: Chosen) -> Answers | None:
    """Return the answers to the texts that the model has not met in training; None where that is all, or none."""
    import numpy as np

    if chosen.seen is None or chosen.seen.all():
        return None
    return answers.take(np.flatnonzero(~chosen.seen))


def seen_line(chosen: Chosen) -> str | None:
    """Say how many of the texts the model has met in training; None where it has met none."""
    if chosen.seen is None:
        return None
    n, n_seen = len(chosen.seen), int(chosen.seen.sum())
    if n_seen == n:
        return (
            f"The model was trained or chosen on all {n:,} of these texts: the figures say what it remembers, not how "
            "good it is on others."
        )
    return (
        f"The model was trained or chosen on {n_seen:,} of these {n:,} texts, or texts equal to them, so the figures "
        f"are optimistic; those marked unseen are of the other {n - n_seen:,}."
    )


def slices_table(by: str, slices: Sequence[Slice]) -> Table:
    """Return a row a slice: texts, accuracy and its interval."""
    table = Table(title=f"by {escape(plain(by))}", title_style="dim", title_justify="left", box=None, padding=(0, 2))
    table.add_column("")
    for heading in ("texts", "accuracy", "95 % interval", *slices[0].further):
        table.add_column(heading, justify="right")
    for each in slices:
        span = "too few" if each.interval is None else f"{each.interval.low:.4f} to {each.interval.high:.4f}"
        further = map(figure_text, each.further.values())
        table.add_row(escape(plain(each.name)), f"{each.n:,}", f"{each.accuracy:.4f}", span, *further)
    return table
