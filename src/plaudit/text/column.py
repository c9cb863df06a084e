"""Texts as a column of tokens, and what can be done with one: all by array operations, on all cores.

The decision to question: the parts that the cores take have a fixed size, so that the order of the dictionary, and of
every sum formed in that order, is the same on every machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa

from plaudit.cores import on_all_cores
from plaudit.native.library import address, kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

PART_TEXTS = 4_096  # texts that a core takes at a time

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class TokenColumn:
    """N texts as lists of positions in a dictionary.

    Attributes:
        dictionary: Arrow ``large_string`` [V], distinct tokens.
        offsets: int64 [N + 1]; text i owns ``values[offsets[i]:offsets[i + 1]]``.
        values: int32 [T]; positions in `dictionary`, in the order of the text.
    """

    dictionary: pa.LargeStringArray
    offsets: NDArray[np.int64]
    values: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> NDArray[np.int64]:
        """Return the number of tokens in each text, int64 [N]."""
        return np.diff(self.offsets)

    def used(self) -> TokenColumn:
        """Return the same texts; a dictionary longer than they are, such as a whole vocabulary, is cut."""
        if len(self.dictionary) <= len(self.values):
            return self
        found, values = np.unique(self.values, return_inverse=True)
        return TokenColumn(self.dictionary.take(pa.array(found)), self.offsets, values.astype(np.int32))

    def parts(self, size: int = PART_TEXTS) -> list[TokenColumn]:
        """Return the texts in runs of `size`, at least one run; nothing is copied."""
        offsets = self.offsets
        cuts = [*range(0, max(len(self), 1), size), len(self)]
        return [
            TokenColumn(self.dictionary, offsets[a : b + 1] - offsets[a], self.values[offsets[a] : offsets[b]])
            for a, b in itertools.pairwise(cuts)
        ]

    def to_lists(self) -> list[list[str]]:
        """Return the tokens as Python strings; for looking at a few texts."""
        words = self.dictionary.take(pa.array(self.values)).to_pylist()
        return [words[a:b] for a, b in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True)]


def encode(tokens: pa.LargeStringArray, offsets: NDArray[np.int64]) -> TokenColumn:
    """Build the dictionary of `tokens` (T), which the texts own by `offsets` (N + 1)."""
    encoded = tokens.dictionary_encode()
    return TokenColumn(
        dictionary=encoded.dictionary,
        offsets=offsets.astype(np.int64, copy=False),
        values=encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False),
    )


def sums_by_text(values: NDArray[T], offsets: NDArray[np.int64]) -> NDArray[T]:
    """Return the sum of each text's entries, [N], given one value an entry, [M], and `offsets`, int64 [N + 1].

    An empty text's is 0. (Of a running sum the differences would lose digits.)
    """
    result = np.zeros(len(offsets) - 1, values.dtype)
    full = offsets[:-1] < offsets[1:]  # reduceat wants no empty text
    if full.any():
        result[full] = np.add.reduceat(values, offsets[:-1][full])
    return result


def list_offsets(lists: pa.ListArray) -> NDArray[np.int64]:
    """Return a list array's offsets, int64 [N + 1], starting at 0."""
    offsets = lists.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    result: NDArray[np.int64] = offsets - offsets[0]
    return result


def concatenate(columns: Sequence[TokenColumn]) -> TokenColumn:
    """Put columns one after another, with one dictionary: its tokens in the order in which they first come up."""
    if len(columns) == 1:
        return columns[0]
    dictionary = columns[0].dictionary
    if all(each.dictionary is dictionary for each in columns):  # a vocabulary that is the same for all texts
        return TokenColumn(dictionary, _offsets(columns), np.concatenate([each.values for each in columns]))
    parts = [pa.DictionaryArray.from_arrays(pa.array(each.values), each.dictionary, safe=False) for each in columns]
    unified = pa.chunked_array(parts).unify_dictionaries().chunks
    indices = [part.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False) for part in unified]
    return TokenColumn(unified[0].dictionary, _offsets(columns), np.concatenate(indices))


def expand(outer: TokenColumn, inner: TokenColumn) -> TokenColumn:
    """Gather back: `inner` holds the tokens of each entry of `outer`'s dictionary, in its order."""
    lengths = inner.lengths()
    library = kernels()

    def compiled(part: TokenColumn) -> TokenColumn:
        assert library is not None
        counts, starts = np.empty(len(part), np.int64), np.ascontiguousarray(part.offsets, np.int64)
        values = np.ascontiguousarray(part.values, np.int32)
        whole = np.ascontiguousarray(inner.offsets, np.int64), np.ascontiguousarray(inner.values, np.int32)
        total = library.expanded(address(values), address(starts), len(part), address(whole[0]), address(counts))
        found = np.empty(total, np.int32)
        library.expand(address(values), len(values), address(whole[0]), address(whole[1]), address(found))
        return TokenColumn(inner.dictionary, np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), found)

    def of_part(part: TokenColumn) -> TokenColumn:
        counts = lengths[part.values]
        ends = np.cumsum(counts)
        shift = np.repeat(inner.offsets[part.values] - (ends - counts), counts)
        offsets = np.concatenate([np.zeros(1, np.int64), ends])[part.offsets]
        return TokenColumn(inner.dictionary, offsets, inner.values[shift + np.arange(len(shift))])

    columns = on_all_cores(of_part if library is None else compiled, outer.parts())
    return TokenColumn(inner.dictionary, _offsets(columns), np.concatenate([column.values for column in columns]))


def _offsets(columns: Sequence[TokenColumn]) -> NDArray[np.int64]:
    """Return the offsets of columns put one after another."""
    return np.cumsum(np.concatenate([np.zeros(1, np.int64), *(column.lengths() for column in columns)]))
