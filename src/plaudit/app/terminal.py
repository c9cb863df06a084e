"""What a person sees: epoch lines, a progress bar on a terminal and plain lines in a pipe, tables of figures."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plaudit.app.plain import plain

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from plaudit.evaluation import Metrics, MultiLabelMetrics
    from plaudit.training import EpochResult, History

_PIPE_WIDTH = 240  # columns for a table that no terminal bounds
_LEAST_TABLE_WIDTH = 100


class EpochLines:
    """Prints a line an epoch; on a terminal a bar runs below it while the epoch lasts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._epochs = self._steps = 0

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Print the heading, and the epochs that a continued run has behind it."""
        self._epochs, self._steps = epochs, steps
        self._console.print(f"{'epoch':>7}  {'time':>7}  {'loss':>7}  {'acc':>6}  {'val_loss':>8}  {'val_acc':>7}")
        if len(done):
            self._console.print(f"  (going on after epoch {len(done)})", style="dim")
        if self._console.is_terminal:
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (
                BarColumn(bar_width=24),
                TextColumn("{task.completed}/{task.total} steps  {task.description}"),
            )
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.start()
            self._task = self._progress.add_task("", total=steps)

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        """Move the bar."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=step, description=f"loss {loss:.4f}  acc {accuracy:.4f}")

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """Print the epoch's line; a star marks a new lowest val_loss."""
        validation = (
            f"  {result.val_loss:8.4f}  {result.val_accuracy:7.4f}"
            if result.val_loss is not None and result.val_accuracy is not None
            else f"  {'-':>8}  {'-':>7}"
        )
        line = (
            f"{epoch:>3}/{self._epochs:<3}  {result.seconds:5.2f} s  {result.loss:7.4f}  {result.accuracy:6.4f}"
            f"{validation}{' *' if is_best else ''}"
        )
        self._console.print(line, highlight=False)
        if self._progress is not None and self._task is not None:
            self._progress.reset(self._task, total=self._steps)

    def end(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class _Console(Console):
    """A console whose reader may leave (`| head`): what is under way goes on in silence."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def make_console() -> Console:
    """Return a console: lines broken between words on a terminal, and not at all in a pipe."""
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, soft_wrap=True, width=_PIPE_WIDTH)


def print_table(console: Console, table: Table) -> None:
    """Print a table whole; a terminal that is too narrow for its columns wraps the lines."""
    _Console(highlight=False, width=max(console.width, _LEAST_TABLE_WIDTH)).print(table)


def print_metrics(console: Console, metrics: Metrics | MultiLabelMetrics, *, title: str) -> None:
    """Print a table of figures and the confusion matrix, or, multi-label, the classes' figures."""
    from plaudit.evaluation import Metrics

    low, high = metrics.accuracy_interval.low, metrics.accuracy_interval.high
    console.print(f"[bold]{title}[/bold]  ({metrics.n:,} texts)")
    whole = "" if isinstance(metrics, Metrics) else "; the whole set of labels right"
    if isinstance(metrics, Metrics) and metrics.coverage < 1:
        answered = int(metrics.confusion.sum())
        console.print(f"  coverage  {metrics.coverage:.4f}  ({answered:,} texts answered)")
        whole = "; accuracy, F1 and the table are of the texts answered"
    console.print(f"  accuracy  {metrics.accuracy:.4f}  (95 % interval {low:.4f} to {high:.4f}{whole})")
    console.print(f"  loss      {metrics.loss:.4f}")
    if not isinstance(metrics, Metrics):
        _print_sets(console, metrics)
        return
    of = f"of {plain(metrics.classes[1])!r}" if len(metrics.classes) == 2 else "mean over classes"
    console.print(f"  F1        {metrics.f1:.4f}  ({of})", markup=False)
    if metrics.roc_auc is not None:
        console.print(f"  ROC-AUC   {metrics.roc_auc:.4f}")
    if len(metrics.classes) <= 12:
        print_table(console, _confusion(metrics))
    else:
        console.print(f"  (confusion matrix of {len(metrics.classes)} classes: --json)")


def _print_sets(console: Console, metrics: MultiLabelMetrics) -> None:
    console.print(f"  F1        {metrics.f1_macro:.4f}  macro (mean over classes)")
    console.print(f"            {metrics.f1_micro:.4f}  micro (all labels together)")
    console.print(f"            {metrics.f1_samples:.4f}  samples (mean over texts)")
    if metrics.roc_auc is not None:
        console.print(f"  ROC-AUC   {metrics.roc_auc:.4f}  (mean over classes)")
    table = Table(box=None, padding=(0, 2))
    for heading in ("class", "texts", "precision", "recall", "F1"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for name, count, *figures in zip(
        metrics.classes, metrics.counts, metrics.precision, metrics.recall, metrics.f1, strict=True
    ):
        table.add_row(escape(plain(name)), f"{count:,}", *(f"{figure:.3f}" for figure in figures))
    print_table(console, table)


def _confusion(metrics: Metrics) -> Table:
    table = Table(
        title="true class down, predicted across",
        title_style="dim",
        title_justify="left",
        box=None,
        padding=(0, 2),
    )
    names = [escape(plain(name)) for name in metrics.classes]
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("recall", justify="right", style="dim")
    for i, name in enumerate(names):
        cells = [f"[bold]{n:,}[/bold]" if i == j else f"{n:,}" for j, n in enumerate(metrics.confusion[i].tolist())]
        table.add_row(name, *cells, f"{metrics.recall[i]:.3f}")
    table.add_row("precision", *(f"{p:.3f}" for p in metrics.precision), "", style="dim")
    return table
