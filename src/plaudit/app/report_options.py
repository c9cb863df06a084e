"""The options of `plaudit report`; those of the data are `plaudit train`'s."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.train_options import DataDir, LabelColumn, LabelSeparator, TextColumn


@errors_as_lines
def report(
    model: Annotated[Path, typer.Argument(help="The folder of a model that `plaudit train` made.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page. [MODEL/report.html; MODEL/report-DATA.html]")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Labelled texts to measure on, counted as an opening. [the figures of the run]"),
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
    data_dir: DataDir = None,
) -> None:
    """Write a model's report again: one page with all that its owner should know."""
    from plaudit.app.reading import Reading
    from plaudit.app.report import report as write_report

    write_report(model, output=output, data=data, reading=Reading(text_column, label_column, label_separator, data_dir))
