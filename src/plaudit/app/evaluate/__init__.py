"""The options of `plaudit evaluate`."""

from __future__ import annotations

from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Model, TestPart, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def evaluate(
    model: Model,
    data: TestPart,
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Also the rows that the model was trained on.")] = False,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="Also the accuracy by length of text (length) or by a column; repeat for more."),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option("--controls", help="Also four simple models, trained on the same texts, to see what it adds."),
    ] = False,
    *,
    spec: DataSpec,
) -> None:
    """Measure a model on labelled texts."""
    from plaudit.app.evaluate.score import evaluate as evaluate_on

    evaluate_on(
        model, data, as_json=as_json, every_row=every_row, slices=slices or [], controls=controls, spec=spec,
    )  # fmt: skip
