"""N-grams of a column of tokens, as integers: no n-gram is ever spelt out.

An n-gram is known only if its first n-1 tokens and its last n-1 tokens are, for it occurs in no more texts than
they do. So each is one number, (number of its first n-1 tokens) * (number of known tokens) + (its last token), and a
vocabulary of n-grams is the known tokens and, for each n, an array of such keys.

A text has an n-gram or has it not; how often is not counted. Measured on IMDB, presence was no worse than
1 + log(count) (docs/log.md), and it makes a text a set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.cores import on_all_cores, usable_cores
from plaudit.native.library import address, kernels
from plaudit.text.column import PART_TEXTS
from plaudit.text.key_table import KeyTable
from plaudit.text.ngram_rows import NgramRows, stack_rows
from plaudit.text.token_index import TokenIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.column import TokenColumn


@dataclass(frozen=True)
class Counted:
    """How many texts have what.

    Attributes:
        numbers: int64 [F], numbers or keys of n-grams, each once.
        counts: int64 [F], how many texts have each.
        firsts: int64 [F], the place where each first begins.
    """

    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]
    firsts: NDArray[np.int64]


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
        parts = [_Walk(part.offsets, part.values.astype(np.int64)) for part in _for_cores(column)]
        levels: list[NDArray[np.int64]] = []  # the keys of the n-grams that are kept; a token's is its place
        distinct = np.arange(len(column.dictionary))
        for n in range(1, n_max + 1):
            if n > 1:
                keys = on_all_cores(partial(_Walk.longer, n_tokens=len(levels[0])), parts)
                numbers, distinct = _numbered(np.concatenate(keys))
                ends = np.cumsum([len(each) for each in keys])
                for part, of_part in zip(parts, np.split(numbers, ends[:-1]), strict=True):
                    part.numbers = of_part
            found = on_all_cores(partial(_Walk.find, n_grams=len(distinct)), parts)
            counts = np.bincount(np.concatenate(found), minlength=len(distinct))
            kept = np.flatnonzero(counts >= min_texts)
            levels.append(distinct[kept])
            number_of = np.full(len(distinct), -1, np.int64)
            number_of[kept] = np.arange(len(kept))
            on_all_cores(partial(_Walk.renumber, number_of=number_of), parts)
        vocabulary = cls(column.dictionary.take(pa.array(levels[0])), tuple(levels[1:]))
        return vocabulary, stack_rows(on_all_cores(partial(_Walk.stack, sizes=vocabulary.sizes()), parts))

    def numbers(self, tokens: pa.LargeStringArray) -> NDArray[np.int64]:
        """Return each token's number, int64; -1 for an unknown one."""
        return self._token_index.rows(tokens)

    def rows(self, column: TokenColumn, numbers: NDArray[np.int64] | None = None) -> NgramRows:
        """Return which of these n-grams each of N texts has.

        Args:
            column: N texts as tokens.
            numbers: Of its dictionary, where they are known already.
        """
        library = kernels()
        if library is None:
            return self._walk(column, numbers).stack(self.sizes())
        numbers = np.ascontiguousarray(self.numbers(column.dictionary) if numbers is None else numbers, np.int64)
        offsets, values = np.ascontiguousarray(column.offsets, np.int64), np.ascontiguousarray(column.values, np.int32)
        indices, found = np.empty(self.n_max * len(values), np.int32), np.zeros(len(offsets), np.int64)
        tables = [(address(each.slots), len(each.slots) - 1, each.n, each.shift) for each in self._tables]
        levels = np.array([(0, 0, len(self.tokens), 0), *tables], np.int64)
        n = library.ngram_rows(
            address(values), address(offsets), len(column), address(numbers), len(self.tokens),
            address(levels), self.n_max, address(indices), address(found[1:]),
        )  # fmt: skip
        if n < 0:
            raise MemoryError(f"{len(column):,} texts as n-grams.")
        return NgramRows(found, indices[:n].copy())

    def occurrences(self, column: TokenColumn) -> tuple[NgramRows, list[NDArray[np.int64]]]:
        """Return the same, and which n-gram begins at each token: for each n from 1 an array [T], -1 for none of these.

        An n-gram's number there is its place among those of n tokens.
        """
        walk = self._walk(column)
        return walk.stack(self.sizes()), walk.begins

    def count_longer(self, column: TokenColumn, numbers: NDArray[np.int64]) -> Counted:
        """Count the n-grams of N texts that are one token longer than the longest of these, by their keys.

        Args:
            column: N texts as tokens.
            numbers: Of its dictionary.
        """
        walk = _Walk(column.offsets, numbers[column.values])
        walk.mark()
        for table in self._tables:
            walk.numbers = table.positions(walk.longer(len(self.tokens)))
            walk.mark()
        return walk.count(walk.longer(len(self.tokens)))

    def _walk(self, column: TokenColumn, numbers: NDArray[np.int64] | None = None) -> _Walk:
        walk = _Walk(column.offsets, (self.numbers(column.dictionary) if numbers is None else numbers)[column.values])
        for n, size in enumerate(self.sizes(), start=1):
            if n > 1:
                walk.numbers = self._tables[n - 2].positions(walk.longer(len(self.tokens)))
            walk.find(size)
        return walk


def count_texts(owners: NDArray[np.int64], numbers: NDArray[np.integer], n: int) -> Counted:
    """Count in how many texts each of n numbers occurs.

    Args:
        owners: int64 [T], the text of each place.
        numbers: int [T], 0 <= number < n.
        n: How many different numbers there may be.
    """
    pairs, n_bits = _pairs_once(owners, numbers, n)
    counts = np.bincount(pairs & ((1 << n_bits) - 1), minlength=n)
    firsts = np.zeros(n, np.int64)
    firsts[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # of several, the last one written stays
    found = np.flatnonzero(counts)
    return Counted(found, counts[found], firsts[found])


def _pairs_once(owners: NDArray[np.int64], numbers: NDArray[np.integer], n: int) -> tuple[NDArray[np.int64], int]:
    """Return the distinct pairs (owner, number below n), in order, int64 [P], and how many low bits hold the number."""
    n_bits = max(n - 1, 1).bit_length()
    pairs = (owners << n_bits) | numbers
    pairs.sort()
    is_new = np.ones(len(pairs), bool)
    np.not_equal(pairs[1:], pairs[:-1], out=is_new[1:])
    return pairs[is_new], n_bits


def distinct_tokens(column: TokenColumn) -> NgramRows:
    """Return which entries of its dictionary each of N texts has, each once, in the order in which they first come."""
    if (library := kernels()) is not None:
        begins, values = np.ascontiguousarray(column.offsets, np.int64), np.ascontiguousarray(column.values, np.int32)
        seen = np.full(len(column.dictionary), -1, np.int64)
        indices, ends = np.empty(len(values), np.int32), np.zeros(len(begins), np.int64)
        n = library.distinct(
            address(values), address(begins), len(column), address(seen), address(indices), address(ends[1:])
        )
        return NgramRows(ends, indices[:n].copy())
    owners = np.repeat(np.arange(len(column), dtype=np.int64), column.lengths())
    n_bits = max(len(column.dictionary) - 1, 1).bit_length()
    _, firsts = np.unique((owners << n_bits) | column.values, return_index=True)
    firsts.sort()
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(owners[firsts], minlength=len(column)))])
    return NgramRows(offsets, column.values[firsts])


def shingles(column: TokenColumn, *, n: int) -> NgramRows:
    """Return which runs of exactly n tokens each of N texts has, those included that only one text has.

    Args:
        column: N texts as tokens.
        n: From 1; a text of fewer tokens has no such run.
    """
    walk, size = _Walk(column.offsets, column.values.astype(np.int64)), len(column.dictionary)
    walk.find(size)
    for _ in range(1, n):
        walk.numbers, distinct = _numbered(walk.longer(len(column.dictionary)))
        size = len(distinct)
        walk.find(size)
    return walk.stack([size])


def _numbered(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the distinct keys; return each key's number and the distinct keys."""
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_numpy(zero_copy_only=False)


class _Walk:
    """Some texts on the way from their tokens to their longest n-grams: what begins where, and which text has what.

    Attributes:
        numbers: int64 [P], the n-grams that begin at some positions, -1 for unknown ones; set before `find`.
        begins: For each n so far, int64 [T], the n-gram that begins at each position, -1 where no known one does.
    """

    def __init__(self, offsets: NDArray[np.int64], tokens: NDArray[np.int64]) -> None:
        """Begin with the tokens of N texts, [T], which own them by `offsets` [N + 1]."""
        self._n_texts = len(offsets) - 1
        self._owners = np.repeat(np.arange(self._n_texts, dtype=np.int64), np.diff(offsets))
        self._at: slice | NDArray[np.int64] = slice(None)  # the positions where `numbers` begin
        self.numbers: NDArray[np.integer] = tokens
        self.begins: list[NDArray[np.int64]] = []
        self._rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []  # for each n, (text, n-gram), each once

    def find(self, n_grams: int) -> NDArray[np.int64]:
        """Find which text has which of the `numbers`, below `n_grams`; return these as often as texts have them."""
        owners, numbers = self._owners[self._at], self.numbers
        if not (is_known := numbers >= 0).all():
            owners, numbers = owners[is_known], numbers[is_known]
        pairs, n_bits = _pairs_once(owners, numbers, n_grams)
        self._rows.append((pairs >> n_bits, pairs & ((1 << n_bits) - 1)))
        self.mark()
        return self._rows[-1][1]

    def mark(self) -> None:
        """Take note of where the `numbers` begin, without asking which text has which."""
        begins = np.full(len(self._owners), -1, np.int64)
        begins[self._at] = self.numbers
        self.begins.append(begins)

    def count(self, keys: NDArray[np.int64]) -> Counted:
        """Count what `longer` returned."""
        numbers, distinct = _numbered(keys)
        at = self._at
        assert isinstance(at, np.ndarray)
        found = count_texts(self._owners[at], numbers, len(distinct))
        return Counted(distinct[found.numbers], found.counts, at[found.firsts])

    def renumber(self, number_of: NDArray[np.int64]) -> None:
        """Give what was found last other numbers; -1 drops an n-gram."""
        texts, grams = self._rows[-1]
        grams = number_of[grams]
        is_kept = grams >= 0
        self._rows[-1] = (texts[is_kept], grams[is_kept])
        self.begins[-1][self._at] = number_of[self.numbers]

    def longer(self, n_tokens: int) -> NDArray[np.int64]:
        """Go on to n-grams one token longer, where two known ones overlap; return their keys, int64 [P]."""
        n, owners, grams, tokens = len(self.begins), self._owners, self.begins[-1], self.begins[0]
        end = max(len(owners) - n, 0)
        can = (grams[:end] >= 0) & (grams[1 : end + 1] >= 0) & (owners[:end] == owners[n : end + n])
        self._at = np.flatnonzero(can)
        return grams[self._at] * n_tokens + tokens[self._at + n]

    def stack(self, sizes: list[int]) -> NgramRows:
        """Put the pairs of the longest n side by side, as many n as `sizes`: each text's shortest n-grams first."""
        pairs = self._rows[-len(sizes) :]
        counts = [np.bincount(texts, minlength=self._n_texts) for texts, _ in pairs]
        offsets = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))])
        indices = np.empty(offsets[-1], np.int32)
        begin, number = offsets[:-1].copy(), 0
        for (texts, grams), count, size in zip(pairs, counts, sizes, strict=True):
            starts = begin - (np.cumsum(count) - count)  # of a text here, less its place among the pairs
            indices[starts[texts] + np.arange(len(texts))] = grams + number
            begin += count
            number += size
        return NgramRows(offsets, indices)


def _for_cores(column: TokenColumn) -> list[TokenColumn]:
    """Divide the texts between the cores."""
    return column.parts(max(-(-len(column) // usable_cores()), PART_TEXTS))
