"""The options of `plaudit import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines


@errors_as_lines
def import_tensorflow(
    path: Annotated[Path, typer.Argument(help="A SavedModel's folder, a .keras archive or an .h5 file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The model's folder. [models/NAME]")] = None,
    classes: Annotated[
        str | None, typer.Option(help="The classes' names in the order of the outputs, like neg,pos. [0,1,...]")
    ] = None,
    module: Annotated[
        str | None, typer.Option(help="The hub module's folder or archive. [what a .keras or .h5 file names]")
    ] = None,
) -> None:
    """Take over the tutorial's network, a hub layer and dense layers, as Keras saved it; TensorFlow is not needed."""
    from plaudit.app.import_model.tensorflow import import_tensorflow as run

    run(path, output=output, classes=classes, module=module)
