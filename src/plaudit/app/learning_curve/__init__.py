"""The options of `plaudit learning-curve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Data, GroupBy, Test, Validation, data_config, reads_data
from plaudit.config import DataSpec
from plaudit.registry import BUILT_IN


@errors_as_lines
@reads_data
def learning_curve(
    data: Data,
    recipe: Annotated[
        str, typer.Option(help=f"What is trained, with its defaults: {', '.join(BUILT_IN)} or a plugin's.")
    ] = "ngram",
    embedding: Annotated[str | None, typer.Option(help="network: a name or a path. [minilm]")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where figures and plot go. [curves/DATA-RECIPE]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the data's division, of the draws and of every training.")] = 0,
    as_json: AsJson = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    *,
    spec: DataSpec,
) -> None:
    """Train on parts of the training texts, and say how many more labels one more point takes."""
    from plaudit.app.learning_curve.curve import run_learning_curve
    from plaudit.config import ModelConfig, RunConfig, TrainingConfig

    run_learning_curve(
        RunConfig(
            data=data_config(spec, source=data, test=test, validation=validation, group_by=group_by),
            model=ModelConfig(recipe=recipe, embedding=embedding),
            training=TrainingConfig(seed=seed),
        ),
        output=output, as_json=as_json,
    )  # fmt: skip
