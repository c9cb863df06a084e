"""The options of `plaudit evaluate`, `compare` and `learning-curve`; those of the data are `plaudit train`'s."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.data_options import data_config, reads_data
from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.train_options import AsJson, GroupBy, Test, Validation
from plaudit.config import DataSpec
from plaudit.registry import BUILT_IN

_DATA = "imdb, sample, a file or a folder; of a data set with parts, its test part."


@errors_as_lines
@reads_data
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    data: Annotated[str, typer.Argument(help=_DATA)],
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Also the rows that the model was trained on.")] = False,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="Also the accuracy by length of text (length) or by a column; repeat for more."),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option("--controls", help="Also four simple models, trained on the same texts, to see what it adds."),
    ] = False,
    *,
    spec: DataSpec,
) -> None:
    """Measure a model on labelled texts."""
    from plaudit.app.evaluate import evaluate as evaluate_on

    evaluate_on(
        model, data, as_json=as_json, every_row=every_row, slices=slices or [], controls=controls, spec=spec,
    )  # fmt: skip


@errors_as_lines
@reads_data
def compare(
    models: Annotated[list[Path], typer.Argument(help="Two models' folders or more, of the same classes.")],
    data: Annotated[str, typer.Argument(help=_DATA)],
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Also rows that a model was trained on.")] = False,
    *,
    spec: DataSpec,
) -> None:
    """Say which of several models is better on the same texts, and whether chance explains the difference."""
    from plaudit.app.compare import compare as compare_on

    compare_on(models, data, as_json=as_json, every_row=every_row, spec=spec)


@errors_as_lines
@reads_data
def learning_curve(
    data: Annotated[str, typer.Argument(help="imdb, sample, a file or a folder.")],
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
    from plaudit.app.learning_curve import run_learning_curve
    from plaudit.config import ModelConfig, RunConfig, TrainingConfig

    run_learning_curve(
        RunConfig(
            data=data_config(spec, source=data, test=test, validation=validation, group_by=group_by),
            model=ModelConfig(recipe=recipe, embedding=embedding),
            training=TrainingConfig(seed=seed),
        ),
        output=output, as_json=as_json,
    )  # fmt: skip
