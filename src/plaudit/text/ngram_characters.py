"""Character n-grams that stay inside a word, made once for each distinct word.

They are those of scikit-learn's ``analyzer="char_wb"``: a word stands between two spaces, and each run of its
characters of a length from `SHORTEST` to `LONGEST` is one n-gram, so that ``" goo"`` marks a beginning and ``"ood "``
an end. A text is not walked character by character: its words are numbers of a dictionary (`TokenColumn`), the
dictionary's words are spelt out, and what a text has is gathered back.

A letter of a script without spaces is a token by itself (`text.tokens`), so that such a script's n-grams of tokens are
its character n-grams already, across the whole run; it has none here.

The decision to question: an n-gram is known by a 63-bit hash and never spelt out. Of ten million distinct ones, two
share a hash with a probability of 1 in 200,000; they would then share a weight, which harms nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.cores import on_all_cores
from plaudit.text.key_table import KeyTable
from plaudit.text.scripts import UNSPACED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.column import TokenColumn
    from plaudit.text.ngram_rows import NgramRows

SHORTEST, LONGEST = 2, 5  # characters, a word's borders included
_PART_WORDS = 32_768  # spelt at a time: some 25 MiB
STEP = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio; odd, so that no character is lost in a product
MIX = np.uint64(0xBF58476D1CE4E5B9)  # of SplitMix64 (Steele, Lea and Flood 2014)


@dataclass(frozen=True)
class Spelling:
    """V words as n-grams of characters.

    Attributes:
        offsets: int64 [V + 1]; word i owns ``keys[offsets[i]:offsets[i + 1]]``.
        keys: int64 [M], each n-gram's hash, from 0; one that a word has twice is there twice.
    """

    offsets: NDArray[np.int64]
    keys: NDArray[np.int64]


def spell(words: pa.LargeStringArray) -> Spelling:
    """Return the character n-grams of V words, the shortest first; an empty word has none."""
    runs = [words.slice(at, _PART_WORDS) for at in range(0, max(len(words), 1), _PART_WORDS)]
    parts = on_all_cores(_spell, runs)
    lengths = np.concatenate([np.zeros(1, np.int64), *(np.diff(each.offsets) for each in parts)])
    return Spelling(np.cumsum(lengths), np.concatenate([each.keys for each in parts]))


def _spell(words: pa.LargeStringArray) -> Spelling:
    # each word between its own two spaces, one after the other
    characters = np.frombuffer(f" {'  '.join(words.to_pylist())} ".encode("utf-32-le"), np.uint32)
    lengths = pc.utf8_length(words).to_numpy(zero_copy_only=False).astype(np.int64) + 2
    ends = np.cumsum(lengths)
    left = np.repeat(ends, lengths) - np.arange(ends[-1] if len(ends) else 0)  # characters to the word's end
    spread = (characters[: len(left)].astype(np.uint64) + np.uint64(1)) * STEP
    spread = (spread ^ (spread >> np.uint64(32))) * MIX
    spread ^= spread >> np.uint64(29)
    n_grams = [np.where(lengths > 2, np.maximum(lengths - n + 1, 0), 0) for n in range(SHORTEST, LONGEST + 1)]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.sum(n_grams, axis=0, dtype=np.int64))])
    keys = np.empty(offsets[-1], np.int64)
    begin, starts, rolling = offsets[:-1].copy(), ends - lengths, spread.copy()
    owners = np.repeat(np.arange(len(lengths)), lengths)
    is_word = (lengths > 2)[owners]
    for n in range(2, LONGEST + 1):
        n_whole = max(len(rolling) - n + 1, 0)
        rolling[:n_whole] = rolling[:n_whole] * STEP + spread[n - 1 :]
        if n < SHORTEST:
            continue
        at = np.flatnonzero((left >= n) & is_word)
        owner = owners[at]
        keys[begin[owner] + at - starts[owner]] = (rolling[at] >> np.uint64(1)).astype(np.int64)
        begin += n_grams[n - SHORTEST]
    return Spelling(offsets, keys)


@dataclass(frozen=True)
class CharacterVocabulary:
    """The character n-grams that a model knows.

    Attributes:
        keys: int64 [F], their hashes, distinct.
    """

    keys: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def _table(self) -> KeyTable:
        return KeyTable(self.keys)

    def of_words(self, words: pa.LargeStringArray) -> Spelling:
        """Return V words as places among these n-grams instead of hashes; unknown ones are left out."""
        spelling = spell_words(words)
        places = self._table.positions(spelling.keys)
        is_known = places >= 0
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(is_known)])
        return Spelling(before[spelling.offsets], places[is_known])


def spell_words(words: pa.LargeStringArray) -> Spelling:
    """Return the character n-grams of V tokens; a letter of a script without spaces has none."""
    return spell(with_spellings(words))


def with_spellings(words: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return V tokens with "" in place of the letters of scripts without spaces, which have no spelling."""
    if pc.all(pc.string_is_ascii(words)).as_py():
        return words
    blank = pc.match_substring_regex(words, f"^{UNSPACED}$")
    return pc.if_else(blank, pa.scalar("", pa.large_string()), words)


def learn_characters(column: TokenColumn, words: NgramRows, *, min_texts: int) -> CharacterVocabulary:
    """Find the character n-grams that the words of at least `min_texts` texts have, in the order of their hashes.

    Args:
        column: N texts as tokens.
        words: Which tokens each of them has, as `distinct_tokens` says.
        min_texts: From 1.
    """
    keys, counts = count_characters(column, words)
    return CharacterVocabulary(np.sort(keys[counts >= min_texts]))


def count_characters(column: TokenColumn, words: NgramRows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct character n-grams of N texts, int64 [F], and how many texts have each, int64 [F].

    A text is counted once for each of its words that has the n-gram, so that no text has to be walked.
    """
    spelling = spell_words(column.dictionary)
    n_texts = np.bincount(words.indices, minlength=len(column.dictionary))
    encoded = pa.array(spelling.keys).dictionary_encode()
    numbers = encoded.indices.to_numpy(zero_copy_only=False)
    by_entry = np.repeat(n_texts, np.diff(spelling.offsets))
    counts = np.bincount(numbers, by_entry, minlength=len(encoded.dictionary)).astype(np.int64)
    return encoded.dictionary.to_numpy(zero_copy_only=False), counts
