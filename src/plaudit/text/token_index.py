"""Which row a token has: a vocabulary sorted by hash, so that looking up a few tokens costs a few searches.

Arrow's `index_in` builds its hash table anew at every call, a third of a second for the million tokens of TF Hub's
nnlm modules; a request with one text would pay that. This index is built once a table.

The decision to question: should two tokens of a vocabulary ever have the same 64-bit hash (one chance in forty million
for a million tokens), Arrow is asked after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.text.farmhash import fingerprint64

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TokenIndex:
    """The rows of a vocabulary's tokens."""

    def __init__(self, vocabulary: pa.LargeStringArray) -> None:
        """Index `vocabulary`, Arrow ``large_string`` [K], distinct."""
        self._vocabulary = vocabulary
        fingerprints = fingerprint64(vocabulary)
        self._rows = np.argsort(fingerprints)
        self._sorted = fingerprints[self._rows]
        self._is_ambiguous = bool((self._sorted[1:] == self._sorted[:-1]).any())
        self._longest = pc.max(pc.binary_length(vocabulary)).as_py() or 0

    def rows(self, tokens: pa.LargeStringArray) -> NDArray[np.int64]:
        """Return each token's place in the vocabulary, int64; -1 for one that is not in it."""
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
