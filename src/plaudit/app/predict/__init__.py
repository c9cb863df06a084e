"""The options of `plaudit predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Model, reads_data
from plaudit.config import DataSpec
from plaudit.errors import ConfigError


@errors_as_lines
@reads_data
def predict(
    model: Model,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to label.")] = None,
    input_file: Annotated[
        str | None,
        typer.Option("--input", "-i", help='Instead: a file, a folder, a glob ("logs/*.jsonl"), - for standard input.'),
    ] = None,
    output_file: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="Where the rows go: a .csv, .tsv, .jsonl or .parquet, or a new folder. [printed]"
        ),
    ] = None,
    as_json: AsJson = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first row that cannot be scored; write nothing.")
    ] = False,
    for_spreadsheet: Annotated[
        bool,
        typer.Option(
            "--for-spreadsheet",
            help="CSV, TSV: UTF-8's mark, and an apostrophe before added cells that would run as formulas.",
        ),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    engine: Annotated[
        Literal["local", "ray"] | None, typer.Option(help="Who scores files: this process, or Ray. [local]")
    ] = None,
    address: Annotated[str | None, typer.Option(help="ray: a cluster's address. [one on this machine]")] = None,
    *,
    spec: DataSpec,
) -> None:
    """Label texts: one answer for each, in order."""
    if bool(texts) == (input_file is not None):
        raise ConfigError('predict: give either texts ("…" "…") or a file (-i FILE).')
    if input_file is None:
        given = {
            "-o": output_file, "--strict": strict, "--for-spreadsheet": for_spreadsheet, "--resume": resume,
            "--engine": engine, "--address": address,
        }  # fmt: skip
        if extra := [*(name for name, value in given.items() if value), *spec.flags()]:
            raise ConfigError(f"predict: {extra[0]} goes with -i FILE.")
        from plaudit.app.predict.texts import predict_texts

        predict_texts(model, texts or [], as_json=as_json)
        return
    if output_file not in (None, "-") and as_json:
        raise ConfigError("predict: --json prints; to write JSON Lines, name the file -o NAME.jsonl.")
    is_lines = (
        as_json if output_file in (None, "-") else Path(str(output_file)).suffix.lower() in (".jsonl", ".parquet")
    )
    if for_spreadsheet and is_lines:
        raise ConfigError("predict: --for-spreadsheet goes with CSV and TSV; name such a file with -o.")
    from plaudit.app.predict.file import predict_file
    from plaudit.batch import Options

    predict_file(
        model, input_file, output_file,
        options=Options(spec, strict, for_spreadsheet), as_json=as_json, resume=resume, engine=engine, address=address,
    )  # fmt: skip
