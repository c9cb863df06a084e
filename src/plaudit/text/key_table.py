"""Which position a number has in an array, for millions of numbers at a time, in NumPy.

A hash table with open addressing whose steps are array operations: every number that has not found its slot moves on
to the next, together. A binary search of six million bigrams among half a million takes several times as long, for
each of its twenty steps misses the cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.native.library import address, kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio (Knuth, The Art of Computer Programming 3, 6.4)
_EMPTY = -1
_SLOT = np.dtype([("key", np.int64), ("position", np.int64)])  # side by side: one cache miss
_FREE = np.array((_EMPTY, -1), _SLOT)


class KeyTable:
    """The positions of distinct keys.

    Attributes:
        slots: The table, a power of two of them, at most half full.
        n: How many keys there are.
        shift: How far a key's hash is moved to be its first slot.
    """

    def __init__(self, keys: NDArray[np.int64]) -> None:
        """Index `keys`, int64 [K], distinct and not negative."""
        self.n = len(keys)
        bits = max(int(2 * len(keys) - 1).bit_length(), 1)  # at most half full
        self.shift, self._mask = 64 - bits, (1 << bits) - 1
        self.slots = np.full(1 << bits, _FREE, _SLOT)
        taken, positions = self.slots["key"], self.slots["position"]
        waiting = np.arange(len(keys))
        slots = self._slots(keys)
        while len(waiting):
            free = taken[slots] == _EMPTY
            # of several that want a slot, the last one written has it
            taken[slots[free]] = keys[waiting[free]]
            placed = taken[slots] == keys[waiting]
            positions[slots[placed]] = waiting[placed]
            waiting, slots = waiting[~placed], (slots[~placed] + 1) & self._mask

    def positions(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the position of each of `keys` among those of the table, int64; -1 for one that is not there."""
        if (library := kernels()) is not None:
            keys, found = np.ascontiguousarray(keys, np.int64), np.empty(len(keys), np.int64)
            library.positions(
                address(self.slots), len(self.slots), self.shift, address(keys), len(keys), address(found)
            )
            return found
        result = np.full(len(keys), -1, np.int64)
        taken, positions = self.slots["key"], self.slots["position"]
        waiting, slots = np.arange(len(keys)), self._slots(keys)
        while len(waiting):
            there = taken[slots]
            hit = there == keys[waiting]
            result[waiting[hit]] = positions[slots[hit]]
            on = ~hit & (there != _EMPTY)
            waiting, slots = waiting[on], (slots[on] + 1) & self._mask
        return result

    def _slots(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        return ((keys.astype(np.uint64) * _GOLDEN) >> np.uint64(self.shift)).astype(np.int64)
