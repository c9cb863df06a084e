"""The options of `plaudit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, TestPart, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def compare(
    models: Annotated[list[Path], typer.Argument(help="Two models' folders or more, of the same classes.")],
    data: TestPart,
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Also rows that a model was trained on.")] = False,
    *,
    spec: DataSpec,
) -> None:
    """Say which of several models is better on the same texts, and whether chance explains the difference."""
    from plaudit.app.compare.pairs import compare as compare_on

    compare_on(models, data, as_json=as_json, every_row=every_row, spec=spec)
