"""What a person sees: tables of figures, and how far slow scoring has come, a bar on a terminal, a line in a pipe."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape, render
from rich.table import Table

from plaudit.app.errors_as_lines import plain
from plaudit.app.waiting import clear
from plaudit.progress import telling
from plaudit.wording import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from plaudit.evaluation import Answers, Metrics, MultiLabelMetrics
    from plaudit.evaluation.metrics import FigureInterval


_PIPE_WIDTH = 240  # columns for a table that no terminal bounds
_NAME = 19  # columns of a figure's name
_NOT_MEASURED = "these texts cannot measure it: a class has none"
_MEANS = ("f1_macro", "precision_macro", "recall_macro", "balanced_accuracy")  # over classes


class _Console(Console):
    """A console whose reader may leave (`| head`): what is under way goes on in silence.

    What it prints takes the place of a line that says what is under way.
    """

    def print(self, *objects: Any, **style: Any) -> None:  # Any: what Rich prints, and how
        clear()
        super().print(*objects, **style)

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def make_console() -> Console:
    """Return a console: lines broken between words on a terminal, and not at all in a pipe."""
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, soft_wrap=True, width=_PIPE_WIDTH)


def make_error_console() -> Console:
    """Return a console on standard error, where what is no answer goes."""
    console = _Console(stderr=True, highlight=False)
    return console if console.is_terminal else _Console(stderr=True, highlight=False, soft_wrap=True, width=_PIPE_WIDTH)


def print_table(console: Console, table: Table) -> None:
    """Print a table within the terminal: words wrap within their cells, figures never.

    Where not even that fits, each row is a heading with a line for each of its further cells.
    """
    columns = [[str(each) for each in (column.header, *column.cells)] for column in table.columns]
    widths = [max(cell_len(render(cell).plain) for cell in cells) for cells in columns]
    least = [
        width if column.justify == "right" else max(cell_len(word) for cell in cells for word in _words(cell))
        for column, cells, width in zip(table.columns, columns, widths, strict=True)
    ]
    room = console.width - len(widths) * (table.padding[1] + table.padding[3])
    if sum(least) > room:
        table.padding = (0, 1, 0, 0)
        room = console.width - len(widths)
    if sum(least) > room:
        if table.title:
            console.print(table.title, style=table.title_style)
        for cells in zip(*(cells[1:] for cells in columns), strict=True):
            console.print(cells[0], style="bold")
            for heading, cell in zip((cells[0] for cells in columns[1:]), cells[1:], strict=True):
                if cell:
                    console.print(f"  {heading}: {cell}")
        return
    while sum(widths) > room:
        widest = max((i for i, width in enumerate(widths) if width > least[i]), key=widths.__getitem__)
        widths[widest] -= 1
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    console.print(table)


def _words(cell: str) -> list[str]:
    return render(cell).plain.split() or [""]


def print_next(console: Console, *words: str, then: str = "") -> None:
    """Print the command to run next, in one line however narrow the terminal, so that it can be copied."""
    console.print(f"Next: {shlex.join(words)}{then}", markup=False, soft_wrap=True)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line; a terminal that does not know Unicode gets escapes."""
    clear()
    is_unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_unicode) + "\n")


def print_metrics(
    console: Console,
    answers: Answers,
    *,
    title: str,
    unseen: Metrics | MultiLabelMetrics | None = None,
) -> None:
    """Print the figures with their 95 % intervals, and the confusion matrix, or, multi-label, the classes' figures.

    Figures of installed packages' metrics come last; `unseen` are those of the texts that were not seen in training.
    """
    from plaudit.evaluation import Metrics
    from plaudit.evaluation.figures import figures_of
    from plaudit.evaluation.ordinal import NAMES as OF_GRADES
    from plaudit.evaluation.ordinal import grades_of

    metrics = answers.metrics
    is_single = isinstance(metrics, Metrics)
    low, high = metrics.accuracy_interval.low, metrics.accuracy_interval.high
    n_different = answers.repeats.n_different
    copies = f", {n_different:,} of them different: equal ones count as one in intervals"
    console.print(f"[bold]{title}[/bold]  ({counted(metrics.n, 'text')}{copies if n_different < metrics.n else ''})")
    whole = "" if is_single else "; the whole set of labels right"
    if isinstance(metrics, Metrics) and metrics.coverage < 1:
        said = f"{_span(metrics.intervals['coverage'])}; {counted(int(metrics.confusion.sum()), 'text')} answered"
        console.print(f"  {'coverage':<{_NAME}}{metrics.coverage:.4f}  ({said})")
        whole = "; of the texts answered, as are balanced accuracy, F1, precision, recall and the table"
    console.print(f"  {'accuracy':<{_NAME}}{metrics.accuracy:.4f}  (95 % interval {low:.4f} to {high:.4f}{whole})")
    if unseen is not None:
        span = _span(unseen.accuracy_interval)
        said = f"{span}; on the {counted(unseen.n, 'text that was', 'texts that were')} not seen in training"
        console.print(f"  {'accuracy, unseen':<{_NAME}}{unseen.accuracy:.4f}  ({said})")
    for figure in figures_of("one label" if is_single else "sets"):
        name, label, value = figure.name, figure.title, getattr(metrics, figure.name)
        note = figure_note(answers, name)
        if name == "accuracy" or (name == "f1" and len(metrics.classes) > 2):  # else f1 is f1_macro
            continue
        if value is None and name in OF_GRADES and grades_of(metrics.classes) is None:
            continue
        if value is None:
            console.print(f"  {label:<{_NAME}}–  ({'; '.join(filter(None, (_NOT_MEASURED, note)))})", markup=False)
            continue
        said = "; ".join(part for part in (_span_of(metrics, name), note) if part)
        console.print(f"  {label:<{_NAME}}{value:.4f}" + (f"  ({said})" if said else ""), markup=False)
        if unseen is not None and unseen.f1_macro is not None and name == "f1_macro":
            over = _macro_note(unseen, "", only_true=False)
            said = "; ".join(filter(None, (_span_of(unseen, name), "not seen in training", over)))
            console.print(f"  {label + ', unseen':<{_NAME}}{unseen.f1_macro:.4f}  ({said})", markup=False)
    for each, value in answers.further.items():
        console.print(f"  {plain(each.name):<{_NAME}}{figure_text(value)}  ({plain(each.words)})", markup=False)
    if not isinstance(metrics, Metrics):
        _print_classes(console, metrics)
    elif len(metrics.classes) <= 12:
        print_table(console, _confusion(metrics, console.width))
    else:
        console.print(f"  (confusion matrix of {len(metrics.classes)} classes: --json)")


def figure_text(value: float) -> str:
    """Return a figure as a person reads it: a dash where it is not defined."""
    return "–" if math.isnan(value) else f"{value:.4f}"


def _span(interval: FigureInterval) -> str:
    return "" if interval is None or isinstance(interval, tuple) else f"{interval.low:.4f} to {interval.high:.4f}"


def _share(value: float, n: int) -> str:
    """Return a share of n texts as a person reads it: a dash where there are none to measure it on."""
    return f"{value:.3f}" if n else "–"


def _span_of(metrics: Metrics | MultiLabelMetrics, name: str) -> str:
    """Return a figure's interval in words."""
    interval = metrics.intervals.get(name)
    return "too few texts for an interval" if name in metrics.intervals and interval is None else _span(interval)


def figure_note(answers: Answers, name: str) -> str:
    """Say what a figure is: of which class, over which classes, and how high chance comes where that is not 0."""
    from plaudit.evaluation.figures import FIGURES
    from plaudit.evaluation.ranking import chance_precision

    kind = next((each for each in FIGURES if each.name == name), None)
    if kind is None:
        return ""
    note = kind.words_of_sets if answers.multi_label else kind.words
    if name in _MEANS:
        of = _macro_note(answers.metrics, note, only_true=name == "balanced_accuracy")
        return "; ".join(filter(None, (of, _counted_as_0(answers.metrics) if name == "precision_macro" else "")))
    second = f"of {plain(answers.classes[1])!r}" if len(answers.classes) == 2 and not answers.multi_label else ""
    if name == "f1":
        return second or _macro_note(answers.metrics, "mean over classes", only_true=False)
    if name in ("roc_auc", "average_precision") and answers.multi_label:
        ranked = [n > 0 and (n < len(answers) or name == "average_precision") for n in answers.class_counts]
        note = note if all(ranked) else f"mean over {sum(ranked)} of {len(ranked)} classes, which these texts can rank"
    if getattr(answers.metrics, name, None) is None:
        return second if name == "average_precision" else note
    if name == "roc_auc":
        return "; ".join(filter(None, (note, "0.5 is chance")))
    if name == "average_precision":
        chance = chance_precision(answers.class_counts, len(answers), multi_label=answers.multi_label)
        return "; ".join(filter(None, (second or note, f"{chance:.4f} is chance")))
    return note


def _macro_note(metrics: Metrics | MultiLabelMetrics, note: str, *, only_true: bool) -> str:
    """Say over which classes a mean is, where some neither occur nor are answered, or with `only_true` do not occur."""
    from plaudit.evaluation import Metrics

    if isinstance(metrics, Metrics):
        given = 0 if only_true else metrics.confusion.sum(axis=0)
        sizes = (metrics.confusion.sum(axis=1) + given).tolist()
    else:
        sizes = [count + given for count, given in zip(metrics.counts, metrics.given, strict=True)]
    occurring = sum(size > 0 for size in sizes)
    if occurring == len(sizes):
        return note
    found = f"the {occurring} of {len(sizes)} classes that occur"
    return f"mean recall of {found}" if only_true else f"mean over {found} or are answered"


def _counted_as_0(metrics: Metrics | MultiLabelMetrics) -> str:
    """Say how many classes that occur were never answered: they have no precision, and count as 0 in its mean."""
    from plaudit.evaluation import Metrics

    if isinstance(metrics, Metrics):
        counts, given = metrics.confusion.sum(axis=1).tolist(), metrics.confusion.sum(axis=0).tolist()
    else:
        counts, given = list(metrics.counts), list(metrics.given)
    n = sum(count > 0 and not answered for count, answered in zip(counts, given, strict=True))
    return f"{counted(n, 'class', 'classes')} never answered {'counts' if n == 1 else 'count'} as 0" if n else ""


def _print_classes(console: Console, metrics: MultiLabelMetrics) -> None:
    table = Table(box=None, padding=(0, 2))
    for heading in ("class", "texts", "precision", "recall", "F1"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for name, count, given, precision, recall, f1 in zip(
        metrics.classes, metrics.counts, metrics.given, metrics.precision, metrics.recall, metrics.f1, strict=True
    ):
        shares = _share(precision, given), _share(recall, count), _share(f1, count + given)
        table.add_row(escape(plain(name)), f"{count:,}", *shares)
    print_table(console, table)


def _confusion(metrics: Metrics, width: int) -> Table:
    """Return the confusion matrix; its columns are numbered, or left out, where the width does not do for more."""
    from plaudit.evaluation.ordinal import ordered

    order = ordered(metrics.classes)
    names = headings = [escape(plain(metrics.classes[i])) for i in order]
    longest, digits = max(map(cell_len, names)), len(f"{metrics.confusion.max():,}")
    title, is_wide = "true class down, predicted across", False
    if longest + 4 + sum(max(cell_len(name), digits, 5) + 4 for name in (*names, "recall")) > width:
        is_wide = True
        headings = [f"{number}" for number in range(1, len(names) + 1)]
        names = [f"{number:>{len(headings[-1])}}  {name}" for number, name in zip(headings, names, strict=True)]
        if longest + 5 + len(names) * (max(digits, 2) + 1) + len("recall precision ") > width:
            title, headings = "confusion matrix: --json, or a wider terminal", []
    table = Table(title=title, title_style="dim", title_justify="left", box=None, padding=(0, 2))
    across = order if headings else []
    for heading in ("", *headings, "recall", *(["precision"] if is_wide else [])):
        style = "dim" if heading in ("recall", "precision") else None
        table.add_column(heading, justify="right" if heading else "left", style=style)
    given = metrics.confusion.sum(axis=0).tolist()
    precision = [_share(metrics.precision[j], given[j]) for j in order]
    for i, name, share in zip(order, names, precision, strict=True):
        row = metrics.confusion[i].tolist()
        cells = [f"[bold]{row[j]:,}[/bold]" if i == j else f"{row[j]:,}" for j in across]
        table.add_row(name, *cells, _share(metrics.recall[i], sum(row)), *([share] if is_wide else []))
    if not is_wide:
        table.add_row("precision", *precision, "", style="dim")
    return table


_PATIENCE_S = 2.0  # what is over by then needs no bar
_LINE_INTERVAL_S = 300.0


class ScoringBar:
    """On a terminal a bar, in a pipe a line every five minutes, on standard error; nothing for what is soon over."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._console = make_error_console()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._done = 1.0
        self._started = self._said = 0.0

    def __call__(self, n_texts: int, share: float) -> None:
        """Take note that this share of the texts is scored; a smaller one than before starts again."""
        now = time.monotonic()
        if share < self._done or self._done == 1:
            self.stop()
            self._started = self._said = now
        self._done = share
        if share == 1:
            self.stop()
        elif self._console.is_terminal:
            if now - self._started > _PATIENCE_S:
                self._draw(n_texts, share)
        elif now - self._said > _LINE_INTERVAL_S:
            self._said = now
            minutes = (now - self._started) * (1 - share) / share / 60
            self._console.print(f"  {share:.0%} of {n_texts:,} texts scored, about {minutes:.0f} minutes to go")

    def stop(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _draw(self, n_texts: int, share: float) -> None:
        if self._progress is None:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn())
            self._progress = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
            self._progress.start()
            self._task = self._progress.add_task(f"scoring {counted(n_texts, 'text')}", total=1.0)
        assert self._task is not None
        self._progress.update(self._task, completed=share)


@contextlib.contextmanager
def scoring_shown() -> Iterator[None]:
    """Show a `ScoringBar` for whatever is slowly scored inside; a command can be decorated with it, too."""
    bar = ScoringBar()
    try:
        with telling(bar):
            yield
    finally:
        bar.stop()
