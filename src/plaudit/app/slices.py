"""What a person sees of slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from plaudit.app.plain import plain

if TYPE_CHECKING:
    from plaudit.evaluation.slices import Slice


def slices_table(by: str, slices: Sequence[Slice]) -> Table:
    """Return a row a slice: texts, accuracy and its interval."""
    table = Table(title=f"by {escape(plain(by))}", title_style="dim", title_justify="left", box=None, padding=(0, 2))
    table.add_column("")
    for heading in ("texts", "accuracy", "95 % interval"):
        table.add_column(heading, justify="right")
    for each in slices:
        span = f"{each.interval.low:.4f} to {each.interval.high:.4f}"
        table.add_row(escape(plain(each.name)), f"{each.n:,}", f"{each.accuracy:.4f}", span)
    return table
