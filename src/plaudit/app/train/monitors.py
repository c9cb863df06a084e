"""Who watches a training: lines on the terminal with the time that is left, TensorBoard's logs on request, and Ctrl-C.

Python raises KeyboardInterrupt wherever it happens to be, and inside a callback from compiled code (numba compiling,
for one) the exception is printed and dropped. So the key press is also written down, and the next step raises it again.

The decision to question: the first step is not counted for the time that is left, for what is compiled, allocated and
read into caches then is paid once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from plaudit.errors import require

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from plaudit.training import EpochResult, History

_HEADING = f"{'epoch':>7}  {'time':>7}  {'loss':>7}  {'acc':>6}  {'val_loss':>8}  {'val_acc':>7}"
_LEAST_STEPS, _LEAST_S = 3, 2.0  # that are timed before anything is said
_WORTH_TELLING_S = 60.0  # of training: below, it is over before it is read


class EpochLines:
    """Prints a line an epoch; on a terminal one live line, and a table of the epochs that matter at the end.

    With `verbose` a terminal gets all lines too, with a bar below while an epoch lasts.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._is_short = console.is_terminal and not verbose
        self._lines: list[tuple[str, bool]] = []
        self._epoch, self._best = 0, ""
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._epochs = self._steps = 0
        self._done = 0
        self._time_left: TimeLeft | None = None
        self._is_told = False

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Print the heading, and the epochs that a continued run has behind it."""
        self._epochs, self._steps = epochs, steps
        self._time_left, self._is_told, self._done = None, False, len(done)
        self._lines, self._epoch, self._best = [], len(done) + 1, ""
        if not self._is_short:
            self._console.print(_HEADING)
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
        """Tell how long it takes; move the bar, which after an epoch's last step makes room for the validation's."""
        if self._time_left is None:  # a continued run may begin inside of an epoch
            self._time_left = TimeLeft((self._epochs - self._done) * self._steps - step + 1)
        self._time_left.after_step()
        left = self._time_left.seconds
        if left is not None and not self._is_told:
            self._is_told = True
            if left >= _WORTH_TELLING_S:
                self._tell(left)
        if self._progress is None or self._task is None:
            return
        to_go = "" if left is None else f"  {duration(left)} to go"
        if self._is_short:
            words = f"epoch {self._epoch}/{self._epochs}  loss {loss:.4f}  acc {accuracy:.4f}{to_go}{self._best}"
            self._progress.update(self._task, completed=step, description=words)
            return
        self._progress.update(self._task, completed=step, description=f"loss {loss:.4f}  acc {accuracy:.4f}{to_go}")
        if step < self._steps:
            self._progress.start()
        else:
            self._progress.stop()

    def _tell(self, seconds: float) -> None:
        memory = peak_memory_bytes()
        so_far = "" if memory is None else f", {memory / 2**20:,.0f} MiB of memory so far"
        epochs = f"{self._epochs} epochs of " if self._epochs > 1 else ""
        sooner = "; early stopping may end it sooner" if self._epochs > 1 else ""
        self._console.print(
            f"  about {duration(seconds)} on this machine ({epochs}{self._steps:,} steps{sooner}){so_far}", style="dim"
        )

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
        self._epoch = epoch + 1
        self._lines.append((line, is_best))
        if is_best and result.val_loss is not None:
            self._best = f"  best epoch {epoch}: val_loss {result.val_loss:.4f}"
        if not self._is_short:
            self._console.print(line, highlight=False)
        if self._progress is not None and self._task is not None:
            self._progress.reset(self._task, total=self._steps)

    def end(self) -> None:
        """Take the bar away; where one line was live, print the epochs that matter."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        if self._is_short and self._lines:
            self._console.print(_HEADING)
            for line in _telling(self._lines):
                self._console.print(line, highlight=False)


def _telling(lines: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """Yield the lines of the first epochs, of the best and of the last ones, and a mark for those between."""
    best = max((i for i, (_, is_best) in enumerate(lines) if is_best), default=0)
    kept = sorted({i for i in (0, 1, best - 1, best, best + 1, len(lines) - 1) if 0 <= i < len(lines)})
    before = -1
    for i in kept:
        if between := i - before - 1:
            yield lines[before + 1][0] if between == 1 else f"{'…':>7}  ({between} more epochs: --verbose prints each)"
        before = i
        yield lines[i][0]


class TimeLeft:
    """Times the steps of a training.

    Attributes:
        seconds: About how long the steps that are left take; None before enough have been timed.
    """

    seconds: float | None = None

    def __init__(self, steps: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the number of steps that the whole training has, those behind it left out."""
        self._left, self._clock, self._timed = steps, clock, -1
        self._began = clock()

    def after_step(self) -> None:
        """Count a step."""
        self._left, self._timed = self._left - 1, self._timed + 1
        now = self._clock()
        if self._timed == 0:
            self._began = now
        elif self._timed >= _LEAST_STEPS and now - self._began >= _LEAST_S:
            self.seconds = (now - self._began) / self._timed * max(self._left, 0)


class TensorBoardLog:
    """Writes loss and accuracy of every epoch, training and validation as two runs that TensorBoard overlays."""

    def __init__(self, folder: Path) -> None:
        """Make `folder`; logs go under it as train and validation, those of a --refit as refit/train."""
        self._writer = require("tensorboardX", extra="tensorboard", purpose="Writing TensorBoard logs").SummaryWriter
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Open the logs; the epochs of a continued run were logged before."""
        self._train = self._writer(str(self._folder / "train"))
        self._validation = self._writer(str(self._folder / "validation"))

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        """Do nothing; the log has a point an epoch."""

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """Log the epoch."""
        self._train.add_scalar("epoch_loss", result.loss, epoch)
        self._train.add_scalar("epoch_accuracy", result.accuracy, epoch)
        if result.val_loss is not None and result.val_accuracy is not None:
            self._validation.add_scalar("epoch_loss", result.val_loss, epoch)
            self._validation.add_scalar("epoch_accuracy", result.val_accuracy, epoch)

    def end(self) -> None:
        """Bring everything to disk (a flush alone leaves behind what is still in tensorboardX's queue)."""
        self._train.close()
        self._validation.close()
        self._folder = self._folder / "refit"  # a second training of this run is another curve


class InterruptWatch:
    """A monitor that ends the run at the next step after Ctrl-C; a context for as long as it should listen."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._is_pressed = False
        self._previous: Any = None  # what signal.signal returned: a function, a number or None

    def __enter__(self) -> InterruptWatch:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python allows no handler
            self._previous = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _press(self, number: int, frame: FrameType | None) -> None:
        self._is_pressed = True
        raise KeyboardInterrupt

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Raise a Ctrl-C that was dropped before the first step."""
        self.after_step(0, 0.0, 0.0)

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        """Raise a Ctrl-C that was dropped during the step."""
        if self._is_pressed:
            raise KeyboardInterrupt

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """Do nothing; steps are more frequent."""

    def end(self) -> None:
        """Do nothing."""


def duration(seconds: float) -> str:
    """Return a time as a person says it: "40 s", "38 min", "2.5 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:,.1f} h"


def peak_memory_bytes() -> int | None:
    """Return the most memory that this process has held, None where the system does not tell."""
    if os.name != "posix":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB
