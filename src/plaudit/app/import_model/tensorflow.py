"""`plaudit import`: take over a model that another program saved."""

from __future__ import annotations

import shlex
from pathlib import Path

from plaudit.app.terminal import make_console
from plaudit.interop import from_tensorflow
from plaudit.models.artifact import check_target


def import_tensorflow(path: Path, *, output: Path | None, classes: str | None, module: str | None) -> None:
    """Write a saved Keras model as a model of ours, and print what it is.

    Args:
        path: A SavedModel's folder, a .keras archive or an .h5 file.
        output: The model's folder; None names one after `path`.
        classes: The classes' names with commas between; None numbers them.
        module: The hub module of a file that lacks its vocabulary; None for the one that it names.
    """
    output = output or Path("models") / path.resolve().stem
    check_target(output)
    names = None if classes is None else [each.strip() for each in classes.split(",")]
    model = from_tensorflow(path, classes=names, module=module)
    model.save(output)
    console = make_console()
    console.print(str(model.summary()), markup=False)
    console.print(f"Classes: {', '.join(model.class_names)}", markup=False)
    if names is None:
        console.print("Without --classes they are numbers, in the order of the outputs.", style="dim")
    console.print(f"Model: {output}, with the probabilities that Keras gives; TensorFlow is not needed.", markup=False)
    console.print(f"Next: {shlex.join(['plaudit', 'evaluate', str(output)])} DATA", markup=False, soft_wrap=True)
