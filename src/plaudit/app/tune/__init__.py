"""The options of `plaudit tune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Data, GroupBy, Test, Validation, Verbose, data_config, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def tune(
    data: Data,
    time: Annotated[str, typer.Option(help="How long to search: 60s, 5m, 1h.")] = "60s",
    metric: Annotated[
        str, typer.Option(help="A figure of the validation texts, like f1_macro or log_loss, or a plugin's.")
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
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a search that was cut off, or longer.")] = False,
    as_json: AsJson = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    verbose: Verbose = False,
    *,
    spec: DataSpec,
) -> None:
    """Search recipes and settings for a while, and write the run that trains the best again; the test stays sealed."""
    from plaudit.app.tune.search import run_tuning

    run_tuning(
        data_config(spec, source=data, test=test, validation=validation, group_by=group_by),
        time=time, metric=metric, max_size=max_size, recipes=recipes, embeddings=embedding or [], output=output,
        seed=seed, resume=resume, as_json=as_json, verbose=verbose,
    )  # fmt: skip
