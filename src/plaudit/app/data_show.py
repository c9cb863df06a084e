"""`plaudit data show`: what a data set holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import Data, reads_data
from plaudit.config import DataSpec
from plaudit.progress import doing
from plaudit.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.data import Dataset

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
    from rich.table import Table

    from plaudit.app.run.parts import describe_absent, describe_origin, describe_sets
    from plaudit.app.terminal import make_console, print_next, print_table
    from plaudit.data import load_dataset

    console = make_console()
    splits = load_dataset(data, spec=replace(spec, skip_invalid=True), progress=console.is_terminal)
    for line in describe_origin(splits.train):
        console.print(plain(line), markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.title, table.title_style, table.title_justify = "lengths in words, and characters in all", "dim", "left"
    for column in ("part", "texts", "shortest", "median", "95 %", "longest", "characters"):
        table.add_column(column, justify="left" if column == "part" else "right")
    said = []
    for name in ("train", "validation", "test", "unlabelled"):
        part = getattr(splits, name)
        if part is None or not len(part):
            continue
        said.append(f"{name}: {_balance(part)}{f'; {describe_sets(part)}' if part.multi_label else ''}")
        with doing(f"Counting the words of {counted(len(part), 'text')}"):
            table.add_row(name, *_sizes(part))
    print_table(console, table)
    console.print()
    for line in said + describe_absent(train=splits.train, validation=splits.validation, test=splits.test):
        console.print(line, markup=False)
    _print_examples(console, splits.train, n_examples, whole=whole)
    train = splits.train
    if train.labels is not None:
        left_out = train.origin is not None and bool(train.origin.left_out)
        console.print()
        flags = replace(spec, skip_invalid=spec.skip_invalid or left_out).flags()
        print_next(console, "plaudit", "train", data, *flags)


def _sizes(part: Dataset) -> list[str]:
    """Return a part's cells: its texts, their lengths in words, and their characters."""
    import numpy as np
    import pyarrow.compute as pc

    from plaudit.text.tokens import BLANK

    words = pc.count_substring_regex(part.texts, f"[^{BLANK}]+").to_numpy(zero_copy_only=False)
    lengths = np.percentile(words, [0, 50, 95, 100], method="nearest").tolist()
    characters = pc.sum(pc.utf8_length(part.texts)).as_py()
    return [f"{n:,}" for n in (len(part), *lengths, characters)]


def _balance(part: Dataset) -> str:
    """Say how many texts, and what share, each of the first classes has."""
    counts = part.class_counts()
    balance = ", ".join(f"{plain(c)} {n:,} ({100 * n / len(part):.0f} %)" for c, n in list(counts.items())[:6])
    return balance + (f", … {len(counts)} classes" if len(counts) > 6 else "")


def _print_examples(console: Console, train: Dataset, n_examples: int, *, whole: bool) -> None:
    """Print the first training texts with their labels."""
    import numpy as np
    from rich.cells import cell_len

    shown = train.take(np.arange(min(n_examples, len(train))))
    labels = shown.label_names() if shown.labels is not None else ["-"] * len(shown)
    if len(shown):
        console.print(f"\n[bold]The first {len(shown)} of train[/bold]")
    names = [plain(", ".join(label) or "-" if isinstance(label, tuple) else label) for label in labels]
    width = max(map(cell_len, names), default=0)
    for name, text in zip(names, shown.texts.to_pylist(), strict=True):
        end = "" if whole or len(text) <= _MOST_CHARACTERS else f" … ({len(text):,} characters)"
        begin = name + " " * (width - cell_len(name))
        console.print(f"{begin}  {plain(text if whole else text[:_MOST_CHARACTERS])}{end}", markup=False)
