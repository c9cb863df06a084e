"""95 % intervals: what they are, and Wilson's for a proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval, `low` <= true value <= `high` for 95 of 100 samples like this one."""

    low: float
    high: float

    def to_list(self) -> list[float]:
        """Return ``[low, high]``, as JSON has it."""
        return [self.low, self.high]


def wilson_interval(right: float, n: float, worth: float | None = None) -> Interval:
    """Return the 95 % score interval of a proportion (Wilson 1927, "Probable inference", JASA 22).

    Unlike the normal interval it stays inside 0 to 1 and is sound for small n and for proportions near 0 and 1. Where
    some of the n texts are equal, `worth` says how many independent ones they are worth (`evaluation.repeats`).
    """
    p, z2 = right / n, Z95**2
    n = n if worth is None else worth
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
