"""How many independent texts some texts are worth where a few of them are equal.

Copies of one text are answered alike and drawn together: a split keeps them on one side. So a share of 600 texts of
which only 150 differ is known no better than one of 150. Texts are worth the square of their number over the sum of the
squares of how often each occurs (Kish 1965, "Survey Sampling", section 8.2, for answers that agree wholly within a
cluster), and a resample draws a text with all its copies (Davison & Hinkley 1997, "Bootstrap Methods and their
Application", section 3.8).

The decision to question: where equal texts have different labels they do not agree wholly, and intervals are wider than
they need be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Repeats:
    """Which of N texts are equal.

    Attributes:
        numbers: int64 [N], from 0 without a gap, the same for equal texts.
    """

    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, alike: NDArray[np.integer] | None, n: int) -> Repeats:
        """Return the repeats of N texts by any numbers that equal texts share, [N]; None where all differ."""
        if alike is None:
            return cls(np.arange(n))
        return cls(np.unique(alike, return_inverse=True)[1].reshape(-1).astype(np.int64))

    @cached_property
    def n_different(self) -> int:
        """How many different texts there are."""
        return int(self.numbers.max(initial=-1)) + 1

    @property
    def is_any(self) -> bool:
        """Whether any two are equal."""
        return self.n_different < len(self.numbers)

    def worth(self, rows: NDArray[np.bool_] | NDArray[np.integer] | None = None) -> float:
        """Return how many independent texts the texts, or some of them, are worth; 0 of none."""
        sizes = np.bincount(self.numbers if rows is None else self.numbers[rows])
        squares = float(np.square(sizes.astype(np.float64)).sum())
        return float(sizes.sum()) ** 2 / squares if squares else 0.0

    def worth_by(self, texts: NDArray[np.integer], of: NDArray[np.integer], n_groups: int) -> NDArray[np.float64]:
        """Return what the texts of each group are worth, float64 [n_groups].

        Args:
            texts: int [M], positions of texts.
            of: int [M], the group that each is in there, from 0.
            n_groups: How many groups.
        """
        sums = np.bincount(of, minlength=n_groups).astype(np.float64)
        if not self.is_any:
            return sums
        pairs, sizes = np.unique(of * self.n_different + self.numbers[texts], return_counts=True)
        squares = np.bincount(pairs // self.n_different, np.square(sizes.astype(np.float64)), n_groups)
        found: NDArray[np.float64] = np.square(sums) / np.maximum(squares, 1)
        return found

    def worth_of_columns(self, is_in: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what the texts of each column are worth, float64 [C], which are marked in bool [N, C]."""
        texts, of = np.nonzero(is_in)
        return self.worth_by(texts, of, is_in.shape[1])
