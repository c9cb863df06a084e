"""The rows that a linear model with character n-grams is trained on: each text's n-grams beside its words' characters.

A character n-gram is known by word (`text.ngram_characters`); here the words of each text are added up. It is one pass
with a counter for each n-gram, in numba, because sorting a text's fifty characters a word by array operations takes
several times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import require
from plaudit.text.ngram_rows import NgramRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.ngram_characters import Spelling

_njit = require("numba", extra="train", purpose="Training").njit(cache=True, nogil=True)


def gather(
    rows: NgramRows, words: NgramRows, spelling: Spelling, n_grams: int, n_characters: int
) -> tuple[NgramRows, NDArray[np.float32]]:
    """Put behind each text's n-grams those of its words' characters.

    Args:
        rows: Which n-grams N texts have.
        words: Which words of a dictionary they have.
        spelling: Which character n-grams each word of the dictionary has.
        n_grams: How many n-grams there are: the first character n-gram's number in the result.
        n_characters: How many character n-grams there are.

    Returns:
        Rows of both, ascending within a text, and each entry's count, float32 [M]: 1 for an n-gram; for one of
        characters how often the text's distinct words have it.
    """
    sizes = _sizes(words.offsets, words.indices, spelling.offsets, spelling.keys, n_characters)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes + np.diff(rows.offsets))])
    indices, counts = np.empty(offsets[-1], np.int32), np.ones(offsets[-1], np.float32)
    _fill(
        rows.offsets, rows.indices, words.offsets, words.indices, spelling.offsets, spelling.keys,
        n_grams, n_characters, offsets, indices, counts,
    )  # fmt: skip
    return NgramRows(offsets, indices), counts


@_njit
def _sizes(offsets, words, starts, keys, n_characters):  # type: ignore[no-untyped-def]
    """Count each text's distinct character n-grams."""
    n = len(offsets) - 1
    sizes, seen = np.zeros(n, np.int64), np.full(n_characters, -1, np.int64)
    for text in range(n):
        for i in range(offsets[text], offsets[text + 1]):
            for j in range(starts[words[i]], starts[words[i] + 1]):
                if seen[keys[j]] != text:
                    seen[keys[j]] = text
                    sizes[text] += 1
    return sizes


@_njit
def _fill(  # type: ignore[no-untyped-def]
    row_offsets, grams, offsets, words, starts, keys, n_grams, n_characters, ends, indices, counts
):
    place = np.full(n_characters, -1, np.int64)  # of each n-gram's last entry; an entry of this text where it is at
    for text in range(len(offsets) - 1):  # or behind the text's beginning
        at = ends[text]
        for i in range(row_offsets[text], row_offsets[text + 1]):
            indices[at] = grams[i]
            at += 1
        for i in range(offsets[text], offsets[text + 1]):
            for j in range(starts[words[i]], starts[words[i] + 1]):
                key = keys[j]
                if place[key] >= ends[text]:
                    counts[place[key]] += 1
                else:
                    place[key] = at
                    indices[at] = n_grams + key
                    at += 1
        begin = ends[text] + row_offsets[text + 1] - row_offsets[text]
        order = begin + np.argsort(indices[begin:at])
        indices[begin:at], counts[begin:at] = indices[order], counts[order]
