"""Texts that occur again: equal, equal except for case and punctuation, or nearly equal.

Three partitions of the rows, each coarser than the one before. This module knows nothing of parts and labels. The
decision to question: nearly equal is a Jaccard similarity of word triples. It asks for long common passages, so short
texts that differ in one word ("the capital of Peru", "the capital of Chad") are not near duplicates, and texts of
fewer than three words have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.audit.similar import find_similar
from plaudit.data import normalise_texts
from plaudit.data.faults import is_blank
from plaudit.data.grouping import connect
from plaudit.text import WordTokenizer
from plaudit.text.ngrams import shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHINGLE_WORDS = 3
LEAST_SIMILARITY = 0.8


@dataclass(frozen=True)
class Duplicates:
    """Which of N rows hold the same text.

    Attributes:
        equal: int64 [N]; rows with the same number have exactly the same text. A blank row has a number of its
            own in all three.
        alike: int64 [N]; the same once normalised (`data.normalise_texts`).
        near: int64 [N]; joined by a chain of pairs.
        left: int64 [P], the first row of a text of `alike`; of its pair with
        right: int64 [P], the first row of another, nearly equal one, greater than `left`.
        similarity: float64 [P].
        is_complete: Whether all nearly equal pairs were found.
    """

    equal: NDArray[np.int64]
    alike: NDArray[np.int64]
    near: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.float64]
    is_complete: bool

    def near_within(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return `near` of M of the rows, int64 [M], joined by chains of these rows alone: of no other part's."""
        left, right = self.alike[self.left], self.alike[self.right]
        of = self.alike[rows]
        both = np.isin(left, of) & np.isin(right, of)
        return connect(of, left[both], right[both])


def find_duplicates(
    texts: pa.LargeStringArray,
    *,
    least: float = LEAST_SIMILARITY,
    normalised: pa.LargeStringArray | None = None,
    look_for_near: bool = True,
) -> Duplicates:
    """Find the rows of N texts that repeat another.

    Args:
        texts: Arrow ``large_string`` [N].
        least: The Jaccard similarity of word triples from which two texts are nearly equal, above 0, at most 1.
        normalised: What `data.normalise_texts` makes of them, where it is available.
        look_for_near: Whether to look for nearly equal texts, which takes most of the time; if not, there are no pairs.
    """
    blank = is_blank(texts)
    normal = normalise_texts(texts) if normalised is None else normalised
    alike = _number(normal, blank)
    equal = _number_equal(texts, alike)
    if not look_for_near:
        none = np.zeros(0, np.int64)
        return Duplicates(equal, alike, alike, none, none, np.zeros(0), is_complete=True)
    firsts = np.unique(alike, return_index=True)[1]
    firsts = np.sort(firsts[~blank[firsts]])
    column = WordTokenizer().tokenize(normal.take(pa.array(firsts)))
    pairs = find_similar(shingles(column, n=SHINGLE_WORDS), least=least)
    left, right = firsts[pairs.left], firsts[pairs.right]
    near = connect(alike, alike[left], alike[right])
    return Duplicates(equal, alike, near, left, right, pairs.similarity, pairs.is_complete)


def _number(texts: pa.LargeStringArray, blank: NDArray[np.bool_]) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    numbers[blank] = len(texts) + np.flatnonzero(blank)
    return numbers


def _number_equal(texts: pa.LargeStringArray, alike: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number equal texts; only those that are alike can be, which are few."""
    _, which, counts = np.unique(alike, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(counts[which] > 1)
    numbers = np.arange(len(texts), dtype=np.int64) + len(rows)
    numbers[rows] = texts.take(pa.array(rows)).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return numbers
