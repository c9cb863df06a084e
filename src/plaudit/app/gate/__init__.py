"""The options of `plaudit gate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Model, TestPart, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def gate(
    model: Model,
    data: TestPart,
    require: Annotated[
        list[str] | None,
        typer.Option(help="What must hold, like 'accuracy>=0.9' or 'recall:urgent>=0.8'; repeat for more."),
    ] = None,
    no_worse_than: Annotated[
        Path | None, typer.Option(help="A model's folder: fail where it is better than chance explains.")
    ] = None,
    certain: Annotated[
        bool, typer.Option("--certain", help="The whole 95 % interval must meet a requirement, not the figure alone.")
    ] = False,
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Also rows that a model was trained on.")] = False,
    *,
    spec: DataSpec,
) -> None:
    """End with 0 if a model meets requirements on labelled texts, with 1 if not: a check before it is released."""
    from plaudit.app.gate.check import gate as check

    check(
        model, data, require=require or [], no_worse_than=no_worse_than, certain=certain, as_json=as_json,
        every_row=every_row, spec=spec,
    )  # fmt: skip
