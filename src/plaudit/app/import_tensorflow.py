"""`plaudit import`: take over a model that another program saved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.terminal import make_console, print_next


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
    """Write a saved Keras model as a model of ours, and print what it is."""
    from plaudit.interop import from_tensorflow
    from plaudit.models.artifact import check_target

    output = output or Path("models") / path.resolve().stem
    check_target(output)
    names = None if classes is None else [each.strip() for each in classes.split(",")]
    model = from_tensorflow(path, classes=names, module=module)
    model.save(output)
    console = make_console()
    console.print(model.described(), markup=False)
    console.print(f"Classes: {', '.join(model.class_names)}", markup=False)
    if names is None:
        console.print("Without --classes they are numbers, in the order of the outputs.", style="dim")
    console.print(f"Model: {output}, with Keras's probabilities; it needs no TensorFlow.", markup=False)
    print_next(console, "plaudit", "evaluate", str(output), then=" DATA")
