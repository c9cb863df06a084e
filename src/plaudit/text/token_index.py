"""Which row a token has: a vocabulary sorted by hash, so that looking up a few tokens costs a few searches.

Arrow's `index_in` builds its hash table again at every call, a third of a second for the million tokens of TF Hub's
nnlm modules; a request with one text would pay that. This index is built once a table: a hash table of the compiled
kernels, or without them the vocabulary's hashes, sorted.

The decision to question: should two tokens of a vocabulary ever have the same 64-bit hash (one chance in forty million
for a million tokens), Arrow is asked after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.native.library import SEED, address, kernels, string_addresses
from plaudit.text.farmhash import fingerprint64

if TYPE_CHECKING:
    import ctypes

    from numpy.typing import NDArray


_SLOT = np.dtype([("key", np.uint64), ("row", np.int32), ("length", np.uint32)])  # the kernels' own
_FREE = np.array((0, -1, 0), _SLOT)


class TokenIndex:
    """The rows of a vocabulary's tokens."""

    def __init__(self, vocabulary: pa.LargeStringArray) -> None:
        """Index `vocabulary`, Arrow ``large_string`` [K], distinct."""
        self._vocabulary = vocabulary
        self._library = kernels()
        if self._library is not None:
            self._build(self._library)
            return
        fingerprints = fingerprint64(vocabulary)
        self._rows = np.argsort(fingerprints)
        self._sorted = fingerprints[self._rows]
        self._is_ambiguous = bool((self._sorted[1:] == self._sorted[:-1]).any())
        self._longest = pc.max(pc.binary_length(vocabulary)).as_py() or 0

    def _build(self, library: ctypes.CDLL) -> None:
        n = len(self._vocabulary)
        self._slots = np.full(1 << max(2 * n - 1, 1).bit_length(), _FREE, _SLOT)
        data, size, offsets = string_addresses(self._vocabulary)
        library.index(data, size, offsets, n, address(self._slots), len(self._slots), *SEED)

    def __reduce__(self) -> tuple[type[TokenIndex], tuple[pa.LargeStringArray]]:
        """Let copies and pickles build a table of their own: this one's hashes are this process's."""
        return TokenIndex, (self._vocabulary,)

    def record(self) -> NDArray[np.uint64]:
        """Return what the kernels know the vocabulary by, uint64 [6]; valid while this index is kept."""
        data, _, offsets = string_addresses(self._vocabulary)
        return np.array([data, offsets, address(self._slots), len(self._slots), *SEED], np.uint64)

    def rows(self, tokens: pa.LargeStringArray) -> NDArray[np.int64]:
        """Return each token's place in the vocabulary, int64; -1 for one that is not in it."""
        if self._library is not None:
            found = np.empty(len(tokens), np.int64)
            data, size, offsets = string_addresses(tokens)
            record = self.record()
            self._library.rows(address(record), data, size, offsets, len(tokens), address(found))
            return found
        if self._is_ambiguous:
            places = pc.fill_null(pc.index_in(tokens, value_set=self._vocabulary), -1)
            return np.asarray(places.to_numpy(zero_copy_only=False), np.int64)
        rows = np.full(len(tokens), -1, np.int64)
        if not len(self._sorted):
            return rows
        short = np.flatnonzero(pc.binary_length(tokens).to_numpy(zero_copy_only=False) <= self._longest)
        tokens = tokens.take(pa.array(short))
        fingerprints = fingerprint64(tokens)
        places = np.minimum(np.searchsorted(self._sorted, fingerprints), len(self._sorted) - 1)
        candidates = self._rows[places]
        is_same = pc.equal(tokens, self._vocabulary.take(pa.array(candidates))).to_numpy(zero_copy_only=False)
        rows[short[is_same]] = candidates[is_same]
        return rows
