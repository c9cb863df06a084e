"""The n-grams of texts whose tokens do not fit into memory: the same as `NgramVocabulary.learn` finds, to the number.

Texts are read in chunks. Of each n a chunk leaves what it has, each once, with the number of its texts that have it and
where the first one stands. These lie on disk, divided by a hash into partitions that do fit into memory; a partition
holds all that is said of its n-grams, so its counts are exact. What enough texts have is then put in the order in
which it first comes up, which is the order that learning in memory gives.

The decision to question: for each n the chunks' tokens are walked again from the first, rather than keeping what begins
where on disk. It costs some look-ups and saves four bytes a token, and the walk is the one that scoring takes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.cores import on_all_cores, usable_cores
from plaudit.text.chunks import PART_BYTES, bounds, chunks
from plaudit.text.column import PART_TEXTS, TokenColumn
from plaudit.text.farmhash import fingerprint64
from plaudit.text.ngram_characters import CharacterVocabulary, count_characters
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary, count_texts, distinct_tokens
from plaudit.text.token_index import TokenIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.scratch import Growing, GrowingTexts, Scratch
    from plaudit.text.tokens import Tokenizer

_PARTITION_ENTRIES = 2**18  # counted at a time: some 25 MiB
_BUCKET_BITS = 10  # of a key's hash: what a chunk leaves is divided so finely, and joined to partitions by size
_MOST_AT_ONCE = 4  # chunks, however many cores there are, so that memory does not grow with these
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, as in `key_table`

Given = TypeVar("Given")
Made = TypeVar("Made")


def learn_in_chunks(
    texts: pa.LargeStringArray,
    tokenizer: Tokenizer,
    scratch: Scratch,
    *,
    n_max: int,
    min_texts: int,
    chunk_texts: int = PART_TEXTS,
    chunk_bytes: int = PART_BYTES,
    partition_entries: int = _PARTITION_ENTRIES,
) -> tuple[NgramVocabulary, NgramRows]:
    """Find the n-grams of N texts that at least `min_texts` of them have, and which text has which.

    In memory are the n-grams that are kept, what is at work, and 8 bytes a text.

    Args:
        texts: N texts.
        tokenizer: What splits them.
        scratch: Where tokens, counts and the result's indices are kept.
        n_max: Tokens in the longest n-grams, from 1.
        min_texts: From 1.
        chunk_texts: Texts that are walked at a time, at most.
        chunk_bytes: The same in bytes.
        partition_entries: N-grams that are counted at a time, about.

    Raises:
        DataError: A file cannot be written.
    """
    tally = _Tally(scratch, scratch.texts(), partition_entries)
    spilled = _spill(texts, tokenizer, scratch, tally, min_texts, list(bounds(texts, chunk_texts, chunk_bytes)))
    vocabulary = NgramVocabulary(spilled.tokens)
    numbers = np.append(np.arange(len(spilled.tokens)), -1)  # a place of -1 is the last
    for _ in range(1, n_max):
        tally = _Tally(scratch, scratch.array(np.int64), partition_entries)
        longer = partial(vocabulary.count_longer, numbers=numbers)
        for begin, found in zip(spilled.begins(), _in_order(longer, spilled.parts()), strict=True):
            tally.add(found.numbers, found.counts, found.firsts + begin)
        vocabulary = NgramVocabulary(spilled.tokens, (*vocabulary.keys, tally.kept(min_texts).to_numpy()))
    indices, lengths = scratch.array(np.int32), [np.zeros(1, np.int64)]
    for rows in _in_order(lambda part: vocabulary.rows(part, numbers), spilled.parts()):
        indices.append(rows.indices)
        lengths.append(np.diff(rows.offsets))
    return vocabulary, NgramRows(np.cumsum(np.concatenate(lengths)), indices.finish())


def learn_characters_in_chunks(
    texts: pa.LargeStringArray,
    tokenizer: Tokenizer,
    scratch: Scratch,
    *,
    min_texts: int,
    chunk_texts: int = PART_TEXTS,
    chunk_bytes: int = PART_BYTES,
    partition_entries: int = _PARTITION_ENTRIES,
) -> CharacterVocabulary:
    """Find the character n-grams that `learn_characters` finds; arguments are those of `learn_in_chunks`."""
    tally = _Tally(scratch, scratch.array(np.int64), partition_entries)
    for column in _in_order(lambda part: tokenizer.tokenize(part), chunks(texts, chunk_texts, chunk_bytes)):
        keys, counts = count_characters(column, distinct_tokens(column))
        tally.add(keys, counts, np.zeros(len(keys), np.int64))
    return CharacterVocabulary(np.sort(tally.kept(min_texts).to_numpy()))


class _Spilled:
    """N texts as numbers of the tokens that are kept, on disk; -1 for the others.

    Attributes:
        tokens: The tokens that are kept.
    """

    def __init__(
        self, tokens: pa.LargeStringArray, offsets: NDArray[np.int64], values: NDArray[np.int32], cuts: list[int]
    ) -> None:
        self.tokens, self._offsets, self._values, self._cuts = tokens, offsets, values, cuts

    def begins(self) -> Iterator[int]:
        """Yield where each chunk's tokens begin."""
        return (int(self._offsets[a]) for a in self._cuts[:-1])

    def parts(self) -> Iterator[TokenColumn]:
        """Yield the texts chunk by chunk; their values may be -1."""
        for a, b in itertools.pairwise(self._cuts):
            offsets = self._offsets[a : b + 1]
            yield TokenColumn(self.tokens, offsets - offsets[0], self._values[offsets[0] : offsets[-1]])


def _spill(
    texts: pa.LargeStringArray,
    tokenizer: Tokenizer,
    scratch: Scratch,
    tally: _Tally,
    min_texts: int,
    runs: list[tuple[int, int]],
) -> _Spilled:
    """Split texts into tokens, once, and number those that enough texts have."""
    dictionaries, values, sizes = scratch.texts(), scratch.array(np.int32), [0]
    lengths = [np.zeros(1, np.int64)]
    begin = 0
    parts = (texts.slice(a, b - a) for a, b in runs)
    for column in _in_order(lambda part: tokenizer.tokenize(part), parts):
        owners = np.repeat(np.arange(len(column), dtype=np.int64), column.lengths())
        found = count_texts(owners, column.values, len(column.dictionary))
        tally.add(column.dictionary.take(pa.array(found.numbers)), found.counts, found.firsts + begin)
        dictionaries.append(column.dictionary)
        values.append(column.values)
        lengths.append(column.lengths())
        sizes.append(sizes[-1] + len(column.dictionary))
        begin += len(column.values)
    tokens = tally.kept(min_texts).cast(pa.large_string())
    offsets, words, places = np.cumsum(np.concatenate(lengths)), dictionaries.finish(), values.finish()
    index, numbered = TokenIndex(tokens), scratch.array(np.int32)
    for (a, b), (first, last) in zip(runs, itertools.pairwise(sizes), strict=True):
        numbers = index.rows(words.slice(first, last - first))
        numbered.append(numbers[places[offsets[a] : offsets[b]]])
    return _Spilled(tokens, offsets, numbered.finish(), [0, *(b for _, b in runs)])


class _Tally:
    """How many texts have each key, and where it first stands, added up on disk."""

    def __init__(self, scratch: Scratch, keys: Growing | GrowingTexts, partition_entries: int) -> None:
        """Begin with nothing; `keys` is an empty column of int64 or of texts."""
        self._keys, self._partition_entries = keys, partition_entries
        self._counts, self._firsts = scratch.array(np.int32), scratch.array(np.int64)
        self._bounds: list[NDArray[np.int64]] = []  # of each chunk, where its buckets begin among all entries
        self._n = 0

    def add(self, keys: Any, counts: NDArray[np.int64], firsts: NDArray[np.int64]) -> None:
        """Add what a chunk has: its keys, each once (int64, or Arrow texts), their counts and first places."""
        is_number = isinstance(keys, np.ndarray)
        hashes = keys.astype(np.uint64) * _GOLDEN if is_number else fingerprint64(keys)
        buckets = (hashes >> np.uint64(64 - _BUCKET_BITS)).astype(np.uint16)
        order = np.argsort(buckets, kind="stable")
        self._keys.append(keys[order] if is_number else keys.take(pa.array(order)))
        self._counts.append(counts[order])
        self._firsts.append(firsts[order])
        sizes = np.bincount(buckets, minlength=1 << _BUCKET_BITS)
        self._bounds.append(self._n + np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]))
        self._n += len(order)

    def kept(self, min_texts: int) -> pa.Array:
        """Return the keys that at least `min_texts` texts have, in the order of their first places; call it once."""
        finished = self._keys.finish()
        columns = [finished if isinstance(finished, pa.Array) else pa.array(finished)]
        columns += [pa.array(each.finish()) for each in (self._counts, self._firsts)]
        found = [self._count(columns, a, b, min_texts) for a, b in self._partitions()]
        whole = pa.concat_tables(found).combine_chunks()
        order = pc.sort_indices(whole, sort_keys=[("first_min", "ascending")])
        keys = whole["key"].take(order)
        return keys.combine_chunks() if keys.num_chunks != 1 else keys.chunk(0)

    def _partitions(self) -> list[tuple[int, int]]:
        """Return runs of buckets that hold about as many entries as may be counted at a time, at least one run."""
        sizes = np.sum([np.diff(each) for each in self._bounds], axis=0).tolist()
        runs, start, size = [], 0, 0
        for bucket, entries in enumerate(sizes):
            if size and size + entries > self._partition_entries:
                runs.append((start, bucket))
                start, size = bucket, 0
            size += entries
        return [*runs, (start, len(sizes))]

    def _count(self, columns: list[pa.Array], first: int, last: int, min_texts: int) -> pa.Table:
        slices = [(int(each[first]), int(each[last])) for each in self._bounds]
        gathered = [
            pa.concat_arrays([column.slice(a, b - a) for a, b in slices if b > a] or [column.slice(0, 0)])
            for column in columns
        ]
        entries = pa.table(gathered, names=["key", "count", "first"])
        counted = entries.group_by("key", use_threads=False).aggregate([("count", "sum"), ("first", "min")])
        return counted.filter(pc.greater_equal(counted["count_sum"], min_texts))


def _in_order(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Yield what `function` makes of each item, in order, working on a few at a time."""
    left = iter(items)
    while group := list(itertools.islice(left, min(usable_cores(), _MOST_AT_ONCE))):
        yield from on_all_cores(function, group)
