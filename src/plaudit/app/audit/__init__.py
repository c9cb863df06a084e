"""The options of `plaudit audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Data, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def audit(
    data: Data,
    test: Annotated[str | None, typer.Option(help="A file or folder of test texts. [the data's own, if any]")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the findings go. [audits/DATA]")] = None,
    write_clean: Annotated[
        Path | None, typer.Option(help="Write the training part without the rows that --drop names: csv, tsv, …")
    ] = None,
    drop: Annotated[
        str | None,
        typer.Option(
            help="For --write-clean, with commas between: duplicates, near, conflicts, noise, junk, leaks. "
            "[all but near; of sets of labels all but near and noise]"
        ),
    ] = None,
    similarity: Annotated[
        float, typer.Option(help="Share of common word triples from which texts are nearly the same, 0.5 to 1.")
    ] = 0.8,
    noise: Annotated[
        bool, typer.Option("--noise/--no-noise", help="Look for labels that are probably wrong, which takes longest.")
    ] = True,
    embedding: Annotated[
        str | None, typer.Option(help="Say how many of the words this embedding knows: a name or a path.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the search for wrong labels.")] = 0,
    as_json: AsJson = False,
    *,
    spec: DataSpec,
) -> None:
    """Say whether data are sound: repeated texts, doubtful labels, broken texts, leaks into the test part."""
    from plaudit.app.audit.review import run_audit

    run_audit(
        data, test=test, output=output, write_clean=write_clean, drop=drop, similarity=similarity, noise=noise,
        embedding=embedding, seed=seed, as_json=as_json,
        spec=spec,
    )  # fmt: skip
