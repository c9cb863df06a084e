"""`plaudit data show`: what a data set holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import Data, reads_data
from plaudit.config import DataSpec

_MOST_CHARACTERS = 200  # of an example


@errors_as_lines
@reads_data
def data_show(
    data: Data,
    n_examples: Annotated[int, typer.Option("--examples", min=0, help="How many examples to print.")] = 10,
    whole: Annotated[bool, typer.Option("--whole", help="Print examples whole. [their first 200 characters]")] = False,
    *,
    spec: DataSpec,
) -> None:
    """Print sizes, class balance, lengths and the first examples."""
    import numpy as np
    import pyarrow.compute as pc
    from rich.markup import escape
    from rich.table import Table

    from plaudit.app.run.parts import describe_absent, describe_origin, describe_sets
    from plaudit.app.terminal import make_console, print_table
    from plaudit.data import load_dataset
    from plaudit.text.tokens import BLANK

    console = make_console()
    splits = load_dataset(data, spec=replace(spec, skip_invalid=True), progress=console.is_terminal)
    for line in describe_origin(splits.train):
        console.print(plain(line), markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    headings = ("part", "texts", "classes", "words: shortest", "median", "95 %", "longest", "characters")
    for column in headings:
        table.add_column(column, justify="left" if column in ("part", "classes") else "right")
    sets = []
    for name in ("train", "validation", "test", "unlabelled"):
        part = getattr(splits, name)
        if part is None or not len(part):
            continue
        words = pc.count_substring_regex(part.texts, f"[^{BLANK}]+").to_numpy(zero_copy_only=False)
        low, median, high, most = np.percentile(words, [0, 50, 95, 100], method="nearest").tolist()
        counts = part.class_counts()
        if part.multi_label:
            sets.append(f"{name}: {describe_sets(part)}")
        balance = ", ".join(f"{plain(c)} {n:,} ({100 * n / len(part):.0f} %)" for c, n in list(counts.items())[:6])
        more = f", … {len(counts)} classes" if len(counts) > 6 else ""
        characters = pc.sum(pc.utf8_length(part.texts)).as_py()
        cells = (
            name,
            f"{len(part):,}",
            balance + more,
            *(f"{n:,}" for n in (low, median, high, most)),
            f"{characters:,}",
        )
        table.add_row(*map(escape, cells))
    print_table(console, table)
    for line in sets + describe_absent(train=splits.train, validation=splits.validation, test=splits.test):
        console.print(line, markup=False)
    shown = splits.train.take(np.arange(min(n_examples, len(splits.train))))
    labels = shown.label_names() if shown.labels is not None else ["-"] * len(shown)
    if len(shown):
        console.print(f"\n[bold]The first {len(shown)} of train[/bold]")
    for label, text in zip(labels, shown.texts.to_pylist(), strict=True):
        words = ", ".join(label) or "-" if isinstance(label, tuple) else label
        end = "" if whole or len(text) <= _MOST_CHARACTERS else f" … ({len(text):,} characters)"
        console.print(f"{plain(words)}\t{plain(text if whole else text[:_MOST_CHARACTERS])}{end}", markup=False)
