"""Ctrl-C while training: never lost.

Python raises KeyboardInterrupt wherever it happens to be, and inside a callback from compiled code (numba compiling,
for one) the exception is printed and dropped. So the key press is also written down, and the next step raises it again.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plaudit.training import EpochResult, History


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
