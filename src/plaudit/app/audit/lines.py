"""What a person sees of an audit in the terminal: a table of what was found, and where to read on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from plaudit.app.plain import plain
from plaudit.app.terminal import print_table
from plaudit.audit import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.audit import Audit, Cleaning

_PLACES = {"line": "lines of the file, counted from 1, the header too", "row": "rows, counted from 1", "file": "files"}
_STYLES = {"fix": "bold red", "look": "yellow", "note": "dim"}


def print_audit(
    console: Console,
    audit: Audit,
    output: Path,
    *,
    cleaning: Cleaning | None,
    target: Path | None,
    flags: Sequence[str] = (),
) -> None:
    """Print how the data were read, what was found, what stays out of the cleaned file, and what to do next.

    `flags` say how the cleaned file is to be read.
    """
    for part in audit.corpus.parts:
        console.print(f"{part.name:<10} {len(part):>9,} rows  {plain(part.file)}", markup=False)
        for line in part.said:
            console.print(f"  {plain(line)}", markup=False)
        for finding in part.findings:
            console.print(f"  note: {plain(finding.message)}", markup=False)
    console.print()
    print_table(console, _table(audit))
    if audit.without_noise:
        console.print(f"Label noise was not looked for: {audit.without_noise}.", markup=False)
    if not audit.duplicates.is_complete:
        console.print("Nearly equal texts: so many are alike that each was compared with some of the others only.")
    for remark in audit.remarks:
        console.print(
            f"[{_STYLES[remark.gravity]}]{remark.gravity}[/]  {escape(plain(f'{remark.part}: {remark.title}'))}: "
            f"{escape(plain(remark.detail))}" + ("" if remark.gravity == "note" else f" ({remark.advice})")
        )
    units = sorted({part.unit for part in audit.corpus.parts})
    console.print(f"\nPlaces are {'; '.join(_PLACES[unit] for unit in units)}.")
    console.print(f"Findings: {output}\n  audit.html to read, findings.csv with every row, audit.json", markup=False)
    if cleaning is not None and target is not None:
        parts = ", ".join(f"{kind} {n:,}" for kind, n in cleaning.counts().items()) or "nothing"
        console.print(
            f"Clean: {target}, {len(cleaning.kept):,} of {audit.corpus.n_train:,} training rows. Dropped: {parts}; "
            f"{target.name}.dropped.csv says which and why. Validation and test rows are in it too, untouched and "
            "marked as such: training on it is judged on the same test as training on the data as they are.\n"
            f"Next: {shlex.join(['plaudit', 'train', str(target), *flags])}",
            markup=False,
        )


def _table(audit: Audit) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    table.add_column("what")
    for part in audit.corpus.parts:
        table.add_column(part.name, justify="right")
    table.add_column("share", justify="right")
    table.add_column("example")
    table.add_column("what to do")
    for kind, meaning in KINDS.items():
        found = audit.of_kind(kind)
        if not found:
            continue
        gravity, counts = audit.gravity(kind), audit.counts(kind)
        table.add_row(
            f"[{_STYLES[gravity]}]{gravity}[/]",
            escape(meaning.title),
            *(f"{n:,}" if n else "-" for n in counts),
            audit.share(kind),
            escape(plain(audit.corpus.where(found[0].row))),
            escape(meaning.advice),
        )
    if not table.row_count:
        table.add_row("", "nothing found in rows", *("-" for _ in audit.corpus.parts), "", "", "")
    return table
