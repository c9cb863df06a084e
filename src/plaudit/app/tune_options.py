"""The options of `plaudit tune`; those of the data are `plaudit train`'s."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.train_options import (
    AsJson,
    DataDir,
    GroupBy,
    LabelColumn,
    LabelSeparator,
    Test,
    TextColumn,
    Validation,
)


@errors_as_lines
def tune(
    data: Annotated[str, typer.Argument(help="imdb, sample, a file or a folder.")],
    time: Annotated[str, typer.Option(help="How long to search: 60s, 5m, 1h.")] = "60s",
    metric: Annotated[
        str, typer.Option(help="accuracy, f1, macro_f1 or log_loss, of the validation texts.")
    ] = "accuracy",
    max_size: Annotated[str | None, typer.Option(help="The largest model's size on disk: 500KB, 5MB. [any]")] = None,
    recipes: Annotated[
        str, typer.Option(help="What to search, with commas between; an encoder's trial takes long.")
    ] = "ngram,network",
    embedding: Annotated[
        list[str] | None, typer.Option(help="An embedding for networks; repeat for more. [minilm and all at hand]")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the findings go. [tuned/DATA]")] = None,
    seed: Annotated[int, typer.Option(help="Of the search, of the data's division and of every training.")] = 0,
    as_json: AsJson = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
    data_dir: DataDir = None,
) -> None:
    """Search recipes and settings for a while, and write the run that trains the best again; the test stays sealed."""
    from plaudit.app.tune import run_tuning
    from plaudit.config import DataConfig

    run_tuning(
        DataConfig(
            source=data, data_dir=None if data_dir is None else str(data_dir), text_column=text_column,
            label_column=label_column, label_separator=label_separator, test=test, validation=validation,
            group_by=group_by,
        ),
        time=time, metric=metric, max_size=max_size, recipes=recipes, embeddings=embedding or [], output=output,
        seed=seed, as_json=as_json,
    )  # fmt: skip
