"""N-grams of a column of tokens, as integers: no n-gram is ever spelt out.

An n-gram is known only if its first n-1 tokens and its last n-1 tokens are, for it occurs in no more texts than
they do. So each is one number, (number of its first n-1 tokens) * (number of known tokens) + (its last token), and a
vocabulary of n-grams is the known tokens and, for each n, an array of such keys.

A text has an n-gram or has it not; how often is not counted. Measured on IMDB, presence was no worse than
1 + log(count) (docs/log.md), and it makes a text a set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.text.key_table import KeyTable
from plaudit.text.token_index import TokenIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.tokens import TokenColumn


@dataclass(frozen=True)
class NgramRows:
    """Which n-grams N texts have: a sparse matrix of ones, by rows.

    Attributes:
        offsets: int64 [N + 1]; text i owns ``indices[offsets[i]:offsets[i + 1]]``.
        indices: int32 [M], numbers of n-grams, ascending and distinct within a text.
    """

    offsets: NDArray[np.int64]
    indices: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def sums(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the sum of each text's entries, float64 [N], given one value an entry ([M]); 0 for an empty text."""
        # of a running sum the differences would lose digits; reduceat wants no empty row
        full = self.offsets[:-1] < self.offsets[1:]
        result = np.zeros(len(self))
        if full.any():
            result[full] = np.add.reduceat(values, self.offsets[:-1][full], dtype=np.float64)
        return result


@dataclass(frozen=True)
class NgramVocabulary:
    """The n-grams that a model knows. Its tokens come first, then its bigrams, and so on.

    Attributes:
        tokens: Arrow ``large_string`` [V], the known tokens.
        keys: For each n from 2, int64 [F_n], distinct: number of the first n-1 tokens among those of that length,
            times V, plus the number of the last token.
    """

    tokens: pa.LargeStringArray
    keys: tuple[NDArray[np.int64], ...] = ()

    @property
    def n_max(self) -> int:
        """The number of tokens in the longest n-grams."""
        return 1 + len(self.keys)

    def sizes(self) -> list[int]:
        """Return the number of n-grams for each n from 1."""
        return [len(self.tokens), *(len(keys) for keys in self.keys)]

    def __len__(self) -> int:
        return sum(self.sizes())

    @cached_property
    def _token_index(self) -> TokenIndex:
        return TokenIndex(self.tokens)

    @cached_property
    def _tables(self) -> list[KeyTable]:
        return [KeyTable(keys) for keys in self.keys]

    @classmethod
    def learn(cls, column: TokenColumn, *, n_max: int, min_texts: int) -> tuple[NgramVocabulary, NgramRows]:
        """Find the n-grams of N texts that at least `min_texts` of them have, and which text has which.

        Args:
            column: N texts as tokens.
            n_max: Tokens in the longest n-grams, from 1.
            min_texts: From 1.
        """
        owners = np.repeat(np.arange(len(column), dtype=np.int64), column.lengths())
        rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        levels: list[NDArray[np.int64]] = []  # the keys of the n-grams that are kept; a token's is its place
        grams = first = np.empty(0, np.int64)
        for n in range(1, n_max + 1):
            if n == 1:
                positions = np.arange(len(owners))
                candidates, distinct = column.values, np.arange(len(column.dictionary))
            else:
                positions, keys = _longer(grams, first, owners, n - 1, len(levels[0]))
                candidates, distinct = _numbered(keys)
            texts, found = _distinct(owners[positions], candidates, len(distinct))
            kept = np.flatnonzero(np.bincount(found, minlength=len(distinct)) >= min_texts)
            levels.append(distinct[kept])
            numbers = np.full(len(distinct), -1, np.int64)
            numbers[kept] = np.arange(len(kept))
            is_kept = numbers[found] >= 0
            rows.append((texts[is_kept], numbers[found[is_kept]]))
            grams = np.full(len(owners), -1, np.int64)  # the n-gram that begins at each position
            grams[positions] = numbers[candidates]
            first = grams if n == 1 else first
        vocabulary = cls(column.dictionary.take(pa.array(levels[0])), tuple(levels[1:]))
        return vocabulary, _stack(rows, vocabulary.sizes(), len(column))

    def rows(self, column: TokenColumn) -> NgramRows:
        """Return which of these n-grams each of N texts has."""
        return self.rows_of(column, self.occurrences(column))

    def occurrences(self, column: TokenColumn) -> list[NDArray[np.int64]]:
        """Return which n-gram begins at each token, for each n from 1 an array [T]; -1 where none of these does.

        An n-gram's number is its place among those of n tokens.
        """
        owners = np.repeat(np.arange(len(column), dtype=np.int64), column.lengths())
        first = self._token_index.rows(column.dictionary)[column.values]
        found = [first]
        for n in range(2, self.n_max + 1):
            positions, keys = _longer(found[-1], first, owners, n - 1, len(self.tokens))
            grams = np.full(len(owners), -1, np.int64)
            grams[positions] = self._tables[n - 2].positions(keys)
            found.append(grams)
        return found

    def rows_of(self, column: TokenColumn, occurrences: list[NDArray[np.int64]]) -> NgramRows:
        """Return which n-grams each text has, given where they occur."""
        owners = np.repeat(np.arange(len(column), dtype=np.int64), column.lengths())
        rows = []
        for grams, size in zip(occurrences, self.sizes(), strict=True):
            present = np.flatnonzero(grams >= 0)
            rows.append(_distinct(owners[present], grams[present], size))
        return _stack(rows, self.sizes(), len(column))


def _longer(
    grams: NDArray[np.int64], first: NDArray[np.int64], owners: NDArray[np.int64], n: int, n_tokens: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where an (n+1)-gram can begin, because known n-grams of one text overlap there, and its key."""
    end = max(len(grams) - n, 0)
    can = (grams[:end] >= 0) & (grams[1 : end + 1] >= 0) & (owners[:end] == owners[n : end + n])
    positions = np.flatnonzero(can)
    return positions, grams[positions] * n_tokens + first[positions + n]


def _numbered(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the distinct keys; return each key's number and the distinct keys."""
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_numpy(zero_copy_only=False)


def _distinct(
    texts: NDArray[np.int64], grams: NDArray[np.integer], n_grams: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct (text, n-gram) pairs, by text and then by n-gram."""
    pairs = texts * n_grams + grams
    pairs.sort()
    is_new = np.ones(len(pairs), bool)
    np.not_equal(pairs[1:], pairs[:-1], out=is_new[1:])
    found, gram = np.divmod(pairs[is_new], max(n_grams, 1))
    return found, gram


def _stack(rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]], sizes: list[int], n_texts: int) -> NgramRows:
    """Put the pairs of all n side by side: each text's tokens, then its bigrams, and so on."""
    counts = [np.bincount(texts, minlength=n_texts) for texts, _ in rows]
    offsets = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))])
    indices = np.empty(offsets[-1], np.int32)
    begin, number = offsets[:-1].copy(), 0
    for (texts, grams), count, size in zip(rows, counts, sizes, strict=True):
        starts = begin - (np.cumsum(count) - count)  # of a text here, less its place among the pairs
        indices[starts[texts] + np.arange(len(texts))] = grams + number
        begin += count
        number += size
    return NgramRows(offsets, indices)
