"""`plaudit embeddings` and `plaudit encoders`: which there are, and the vectors of texts."""

from __future__ import annotations

from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines


@errors_as_lines
def encoders_list() -> None:
    """List the named encoders, and which are available."""
    from rich.markup import escape
    from rich.table import Table

    from plaudit.app.terminal import make_console, print_table
    from plaudit.embeddings.named_encoders import NAMED_ENCODERS

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("name", "available", "weights", "languages", "licence", "what it is for", "source"):
        table.add_column(column, justify="right" if column == "weights" else "left")
    for each in NAMED_ENCODERS.values():
        size, is_here = f"{each.n_weights / 1e6:,.0f} M", "yes" if each.is_at_hand() else "no"
        row = (each.name, is_here, size, each.languages, each.licence, each.purpose, each.source)
        table.add_row(*map(escape, row))
    print_table(make_console(), table)


@errors_as_lines
def embeddings_list() -> None:
    """List the embeddings, and what each needs."""
    from rich.markup import escape
    from rich.table import Table

    from plaudit.app.terminal import make_console, print_table
    from plaudit.embeddings import available_embeddings

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("name", "dimension", "tokens", "status", "what it is", "source"):
        table.add_column(column, justify="right" if column in ("dimension", "tokens") else "left")
    for entry in available_embeddings():
        size = ("" if n is None else f"{n:,}" for n in (entry.dimension, entry.tokens))
        table.add_row(*map(escape, (entry.name, *size, entry.status, entry.description, entry.source)))
    print_table(make_console(), table)


@errors_as_lines
def embeddings_show(
    name: Annotated[str, typer.Argument(help="A name or a path.")],
    texts: Annotated[list[str], typer.Argument(help="Texts to embed.")],
) -> None:
    """Print the vectors of texts, as (num_examples, dimension)."""
    import numpy as np

    from plaudit.app.terminal import make_console
    from plaudit.data import as_text_column
    from plaudit.embeddings import load_embedding

    console = make_console()
    column = as_text_column(texts)
    table = load_embedding(name, training_texts=column, progress=console.is_terminal)
    vectors = table.embed(column)
    coverage = table.coverage(column)
    console.print(f"{vectors.shape}  (num_examples, dimension) of {table.name}", markup=False)
    with np.printoptions(precision=4, suppress=True, threshold=10_000, linewidth=100):
        console.print(str(vectors), markup=False)
    unknown = ", ".join(repr(token) for token, _ in coverage.missing)
    console.print(
        f"knows {100 * coverage.tokens:.1f} % of the {table.units}" + (f"; not: {unknown}" if unknown else ""),
        markup=False,
    )
