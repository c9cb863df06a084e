"""Which position a number has in an array, for millions of numbers at a time, in NumPy.

A hash table with open addressing whose steps are array operations: every number that has not found its slot moves on
to the next, together. A binary search of six million bigrams among half a million takes several times as long, for
each of its twenty steps misses the cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio (Knuth, The Art of Computer Programming 3, 6.4)
_EMPTY = -1


class KeyTable:
    """The positions of distinct keys."""

    def __init__(self, keys: NDArray[np.int64]) -> None:
        """Index `keys`, int64 [K], distinct and not negative."""
        bits = max(int(2 * len(keys) - 1).bit_length(), 1)  # at most half full
        self._shift, self._mask = np.uint64(64 - bits), (1 << bits) - 1
        self._keys = np.full(1 << bits, _EMPTY, np.int64)
        self._positions = np.zeros(1 << bits, np.int32)
        waiting = np.arange(len(keys))
        slots = self._slots(keys)
        while len(waiting):
            free = self._keys[slots] == _EMPTY
            # of several that want a slot, the last one written has it
            self._keys[slots[free]] = keys[waiting[free]]
            placed = self._keys[slots] == keys[waiting]
            self._positions[slots[placed]] = waiting[placed]
            waiting, slots = waiting[~placed], (slots[~placed] + 1) & self._mask

    def positions(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the position of each of `keys` among those of the table, int64; -1 for one that is not there."""
        result = np.full(len(keys), -1, np.int64)
        waiting, slots = np.arange(len(keys)), self._slots(keys)
        while len(waiting):
            found = self._keys[slots]
            hit = found == keys[waiting]
            result[waiting[hit]] = self._positions[slots[hit]]
            on = ~hit & (found != _EMPTY)
            waiting, slots = waiting[on], (slots[on] + 1) & self._mask
        return result

    def _slots(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        return ((keys.astype(np.uint64) * _GOLDEN) >> self._shift).astype(np.int64)
