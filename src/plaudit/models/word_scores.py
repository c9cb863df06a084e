"""What the characters of words bring to an n-gram model's logits: found once a distinct word, added up by text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.models.ngram_fitting import NgramWeights
from plaudit.text.column import sums_by_text
from plaudit.text.ngram_rows import unit_where_empty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.ngram_characters import Spelling
    from plaudit.text.ngram_rows import NgramRows


@dataclass(frozen=True)
class WordScores:
    """The characters of V words, weighed.

    Attributes:
        sums: float64 [K, V], of each logit the sum of a word's weights.
        squares: float64 [K, V], the sum of its squared scales; [1, V] where all logits share these.
    """

    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, spelling: Spelling, weights: NgramWeights) -> WordScores:
        """Weigh V words, given their known character n-grams."""

        def sums(values: NDArray[np.float32]) -> NDArray[np.float64]:
            return sums_by_text(values[spelling.keys].astype(np.float64), spelling.offsets)

        squares = [sums(np.square(scales, dtype=np.float32)) for scales in weights.scales]
        return cls(np.stack([sums(each) for each in weights.weights]), np.stack(squares))

    def lengths(self, words: NgramRows, k: int) -> NDArray[np.float32]:
        """Return what each text's sum is divided by, float32 [N], given which words it has."""
        return unit_where_empty(words.gathered(self.squares[k % len(self.squares)]))

    def score(self, words: NgramRows) -> NDArray[np.float64]:
        """Return what N texts get for their characters, float64 [N, K]."""
        z = np.empty((len(words), len(self.sums)))
        lengths: NDArray[np.float32] | None = None
        for k, sums in enumerate(self.sums):
            if lengths is None or len(self.squares) > 1:
                lengths = self.lengths(words, k)
            z[:, k] = words.gathered(sums) / lengths
        return z
