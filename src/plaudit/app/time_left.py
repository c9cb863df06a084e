"""How long a training still takes, told by its own first steps.

The decision to question: the first step is not counted, for what is compiled, allocated and read into caches then is
paid once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

_LEAST_STEPS, _LEAST_S = 3, 2.0  # that are timed before anything is said


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
