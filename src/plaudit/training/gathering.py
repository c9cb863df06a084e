"""The rows that a linear model with character n-grams is trained on: each text's n-grams beside its words' characters.

A character n-gram is known by word (`text.ngram_characters`); here the words of each text are added up. It is one pass
with a counter for each n-gram, compiled (`native`) or in numba, because sorting a text's fifty characters a word by
array operations takes several times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.cores import on_all_cores
from plaudit.errors import require
from plaudit.native.library import address, kernels
from plaudit.text.ngram_rows import NgramRows

if TYPE_CHECKING:
    import ctypes

    from numpy.typing import NDArray

    from plaudit.text.ngram_characters import Spelling

_njit = require("numba", extra="train", purpose="Training").njit(cache=True, nogil=True)
_PART_TEXTS = 4_096


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
    library = kernels()
    if library is not None:
        return _gathered(library, rows, words, spelling, n_grams, n_characters)
    sizes = _sizes(words.offsets, words.indices, spelling.offsets, spelling.keys, n_characters)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes + np.diff(rows.offsets))])
    indices, counts = np.empty(offsets[-1], np.int32), np.ones(offsets[-1], np.float32)
    _fill(
        rows.offsets, rows.indices, words.offsets, words.indices, spelling.offsets, spelling.keys,
        n_grams, n_characters, offsets, indices, counts,
    )  # fmt: skip
    return NgramRows(offsets, indices), counts


def _gathered(
    library: ctypes.CDLL, rows: NgramRows, words: NgramRows, spelling: Spelling, n_grams: int, n_characters: int
) -> tuple[NgramRows, NDArray[np.float32]]:
    """Do the same with the compiled kernels, some texts on each core."""
    row_offsets, word_offsets, starts, keys = (
        np.ascontiguousarray(each, np.int64) for each in (rows.offsets, words.offsets, spelling.offsets, spelling.keys)
    )
    grams, tokens = (np.ascontiguousarray(each.indices, np.int32) for each in (rows, words))
    sizes = np.empty(len(rows), np.int64)
    parts = [(at, min(_PART_TEXTS, len(rows) - at)) for at in range(0, len(rows), _PART_TEXTS)]

    def measure(part: tuple[int, int]) -> None:
        begin, n = part
        seen = np.full(n_characters, -1, np.int64)
        library.character_sizes(
            address(word_offsets[begin:]), address(tokens), n, address(starts), address(keys), address(seen),
            address(sizes[begin:]),
        )  # fmt: skip

    on_all_cores(measure, parts)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes + np.diff(row_offsets))])
    indices, counts = np.empty(offsets[-1], np.int32), np.empty(offsets[-1], np.float32)

    def fill(part: tuple[int, int]) -> None:
        begin, n = part
        tally = np.zeros(n_characters, np.uint32)
        status = library.character_rows(
            address(row_offsets[begin:]), address(grams), address(word_offsets[begin:]), address(tokens), n,
            address(starts), address(keys), n_grams, n_characters, address(offsets[begin:]), address(tally),
            address(indices), address(counts),
        )  # fmt: skip
        if status < 0:
            raise MemoryError(f"{n:,} texts as n-grams of characters.")

    on_all_cores(fill, parts)
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
