"""Work on all cores. NumPy's and Arrow's operations on large arrays let other threads run meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_here = threading.local()  # whether this thread works on a part already


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(function: Callable[[Piece], Result], parts: Sequence[Piece]) -> list[Result]:
    """Return what `function` makes of each part, in order; the first error is raised.

    Within a part the cores are busy already: there the parts of a part follow each other in the same thread.
    """
    n_threads = min(usable_cores(), len(parts))
    if n_threads < 2 or getattr(_here, "is_busy", False):
        return [function(part) for part in parts]
    with ThreadPoolExecutor(n_threads, initializer=lambda: setattr(_here, "is_busy", True)) as pool:
        return list(pool.map(function, parts))
