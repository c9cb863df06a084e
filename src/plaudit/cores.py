"""Work on all cores. NumPy's and Arrow's operations on large arrays let other threads run meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(function: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Return what `function` makes of each part, in order; the first error is raised."""
    n_threads = min(usable_cores(), len(parts))
    if n_threads < 2:
        return [function(part) for part in parts]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(function, parts))
