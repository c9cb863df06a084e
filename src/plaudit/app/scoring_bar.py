"""How far the scoring of texts has come: an encoder takes minutes for what n-grams do in a second."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plaudit.app.terminal import make_error_console
from plaudit.progress import telling

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

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
        """Take note that this share of the texts is scored; a smaller one than before begins anew."""
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
            self._task = self._progress.add_task(f"scoring {n_texts:,} texts", total=1.0)
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
