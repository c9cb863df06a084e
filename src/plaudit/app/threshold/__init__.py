"""The options of `plaudit threshold`."""

from __future__ import annotations

from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Model, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def threshold(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(help="Labelled texts to choose on. [the validation texts of the model's own run]")
    ] = None,
    f1: Annotated[
        bool, typer.Option("--f1", help="The best F1; of sets of labels a threshold for each label.")
    ] = False,
    recall: Annotated[float | None, typer.Option(help="The best precision that finds this share of the class.")] = None,
    precision: Annotated[float | None, typer.Option(help="The best recall of which this share is right.")] = None,
    abstain: Annotated[
        float | None, typer.Option(help="The most answers of which this share is right; no answer to the rest.")
    ] = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="With --abstain: a probability for each class of its own.")
    ] = False,
    costs: Annotated[
        str | None, typer.Option(help='Costs of mistakes, as JSON or a file: {"TRUE": {"ANSWERED": 10}}. [each 1]')
    ] = None,
    ordinal: Annotated[
        bool, typer.Option("--ordinal", help="Of grades the answer that is expected to be off by the least.")
    ] = False,
    unlike: Annotated[
        float | None,
        typer.Option(help="No answer to texts unlike the training texts, by mistake to this share of others (0.01)."),
    ] = None,
    of: Annotated[
        str | None, typer.Option("--class", help="Whose F1, recall or precision. [the second of two]")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the rule into the model. [show what it would come to]")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to the rule before the last change.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Take the rule back, for the likeliest class.")] = False,
    as_json: AsJson = False,
    *,
    spec: DataSpec,
) -> None:
    """Show what a rule for unsure answers comes to, and write it with --apply; without a goal, show the model's."""
    from plaudit.app.threshold.choose import threshold as choose

    choose(
        model,
        data,
        goals={
            "f1": f1, "recall": recall, "precision": precision, "abstain": abstain, "costs": costs, "of": of,
            "per_class": per_class, "unlike": unlike, "ordinal": ordinal,
        },
        apply=apply,
        undo=undo,
        reset=reset,
        as_json=as_json,
        spec=spec,
    )  # fmt: skip
