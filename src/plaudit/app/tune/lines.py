"""What a person sees of a search: a line a trial, the table of the trials worth a look, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from plaudit.app.plain import plain
from plaudit.app.terminal import print_table

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.tuning import Task, Trial

_MOST_ROWS = 20


class SearchBar:
    """One live line of a search: the time that is used, the number of trials, and the best of them."""

    def __init__(self, console: Console, seconds: float) -> None:
        """Show nothing until entered; the bar is full after `seconds`, above 0."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=console, transient=True)
        self._seconds = seconds
        self._task = self._progress.add_task("the first trial", total=seconds)

    def __enter__(self) -> SearchBar:
        """Draw the bar."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self._progress.stop()

    def show(self, n: int, best: Trial | None, metric: str) -> None:
        """Say how many trials there were, and which is the best."""
        used = self._progress.tasks[0].elapsed or 0.0
        words = f"{n:,} trials"
        if best is not None and best.result is not None:
            words += f"; best: trial {best.number}, {best.recipe}, {metric} {best.result.figure:.4f}"
        self._progress.update(self._task, completed=min(used, self._seconds), description=words)


def describe_trial(trial: Trial, metric: str) -> str:
    """Return a trial's line."""
    start = f"{trial.number:>4}  {trial.recipe:<8}"
    if trial.result is None:
        return f"{start} {plain(trial.reason or '')} ({describe_settings(trial)})"
    result = trial.result
    return (
        f"{start} {metric} {result.figure:.4f}  {size_words(result.size_bytes):>8}  {result.training_s:6.1f} s  "
        f"{describe_settings(trial)}"
    )


def describe_settings(trial: Trial) -> str:
    """Return the settings that are not the recipe's defaults, in words."""
    words = [f"{name} {_value(value)}" for name, value in trial.changed.items()]
    return ", ".join(words) or "defaults"


def trial_record(trial: Trial, metric: str) -> dict[str, Any]:
    """Return a trial as JSON values: a line of trials.jsonl."""
    record: dict[str, Any] = {"trial": trial.number, "recipe": trial.recipe, "settings": trial.settings}
    if trial.result is None:
        return record | {"reason": trial.reason}
    result = trial.result
    return record | {
        metric: result.figure,
        "size_bytes": result.size_bytes,
        "microseconds_a_text": round(result.microseconds_a_text, 3),
        "training_seconds": round(result.training_s, 3),
    }


def print_ending(console: Console, front: Sequence[Trial], best: Trial, trials: Sequence[Trial], *, task: Task) -> None:
    """Print the table, the winner, the defaults beside it, and what its figure is worth.

    Args:
        console: Where to.
        front: The Pareto front: trials that no other trial beats in every respect.
        best: The winner.
        trials: All.
        task: What was searched.
    """
    metric, n, n_defaults = task.metric, len(task.validation), len(task.spaces)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("trial", metric, "size", "µs a text", "training", "recipe", "settings"):
        table.add_column(heading, justify="left" if heading in ("recipe", "settings") else "right")
    for trial in front[:_MOST_ROWS]:
        if trial.result is not None:
            table.add_row(
                f"{trial.number}",
                f"{trial.result.figure:.4f}",
                size_words(trial.result.size_bytes),
                f"{trial.result.microseconds_a_text:,.0f}",
                f"{trial.result.training_s:,.1f} s",
                trial.recipe,
                escape(describe_settings(trial)),
            )
    compared = sum(trial.result is not None for trial in trials)
    console.print(f"\n[bold]No other trial is better in every respect[/bold]  ({len(front)} of {compared})")
    print_table(console, table)
    if len(front) > _MOST_ROWS:
        console.print(f"… {len(front) - _MOST_ROWS} more: trials.jsonl")
    if best.result is None:
        return
    defaults = [
        f"{trial.recipe} {'no model' if trial.result is None else f'{trial.result.figure:.4f}'}"
        for trial in trials[:n_defaults]
    ]
    console.print(
        f"\nWinner: trial {best.number}, {best.recipe}, {describe_settings(best)}: {metric} {best.result.figure:.4f}, "
        f"{size_words(best.result.size_bytes)}.\n"
        f"Defaults: {', '.join(defaults)}.\n"
        f"Its {metric} is the best of {compared} trials on the same {n:,} validation texts, and so optimistic: expect "
        "less of new texts. The test texts, not opened here, will tell.",
        markup=False,
    )


def size_words(size_bytes: int) -> str:
    """Return a size with a unit, of which 1 MB is 1,000,000 bytes."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size_bytes >= least:
            amount = size_bytes / least
            return f"{amount:.3g} {unit}" if amount < 999.5 else f"{amount:,.0f} {unit}"
    return f"{size_bytes} B"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:.3g}" if isinstance(value, float) else "own" if value is None else str(value)
