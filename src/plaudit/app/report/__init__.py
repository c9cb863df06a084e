"""The options of `plaudit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
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
    """Write a model's report again: one page with all that its owner should know."""
    from plaudit.app.report.page import report as write_report

    write_report(model, output=output, data=data, spec=spec)
