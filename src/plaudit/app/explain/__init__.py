"""The options of `plaudit explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Model, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def explain(
    model: Model,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts to explain. Without them, and without -i: the words that weigh most over the model's own "
            "validation texts, or over --data."
        ),
    ] = None,
    input_file: Annotated[Path | None, typer.Option("--input", "-i", help="A file of texts instead.")] = None,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="With -i: a .jsonl or .html file to write.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page that needs nothing but itself.")] = None,
    as_json: AsJson = False,
    label: Annotated[
        str | None, typer.Option("--class", help="The class to explain. [the one that is predicted]")
    ] = None,
    flip: Annotated[
        bool | None,
        typer.Option("--flip/--no-flip", help="Find the words that the answer hangs on. [yes, with -i no]"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The words that weigh most: over imdb, sample, a file or a folder; never a test part."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Without texts: how many words of each class.")] = 20,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Without texts: how many texts at most, evenly spaced. [all; with an encoder 200]"),
    ] = None,
    *,
    spec: DataSpec,
) -> None:
    """Say why a model answers so: the share of each word."""
    from plaudit.app.explain.texts import check_data_alone, check_texts_alone
    from plaudit.app.explain.texts import explain as explain_texts
    from plaudit.app.explain.words import explain_data

    if texts or input_file is not None:
        check_texts_alone(data, limit)
        explain_texts(
            model, texts or [], input_file=input_file, output_file=output_file, html=html, as_json=as_json,
            label=label, flip=flip, spec=spec,
        )  # fmt: skip
        return
    check_data_alone(output_file, html, flip)
    explain_data(
        model, data, top=top, limit=limit, label=label, as_json=as_json,
        spec=spec,
    )  # fmt: skip
