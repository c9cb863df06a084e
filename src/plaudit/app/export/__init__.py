"""The options of `plaudit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import Model, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def export(
    model: Model,
    to: Annotated[Literal["savedmodel", "keras", "onnx", "huggingface"], typer.Option(help="The form.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The export's folder.")],
    dtype: Annotated[
        Literal["float32", "float16", "int8"], typer.Option(help="How the embedding's vectors are stored.")
    ] = "float32",
    prune: Annotated[bool, typer.Option("--prune", help="Drop the rows of tokens that training did not move.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="With --prune: keep the tokens of this file's texts instead.")
    ] = None,
    check: Annotated[Path | None, typer.Option(help="Texts to check the export on. [the built-in sample]")] = None,
    *,
    spec: DataSpec,
) -> None:
    """Hand a model to TensorFlow, Keras, ONNX or Hugging Face's transformers, checked on real texts."""
    from plaudit.app.export.forms import export as export_to

    export_to(model, to, output, precision=dtype, prune=prune, keep=keep, check=check, spec=spec)
