"""From texts to what they have: the n-grams of words and of characters that a model knows, and each text's row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from plaudit.models.ngram_fitting import Features
from plaudit.models.ngram_settings import NgramSettings
from plaudit.scratch import MEMORY, Scratch
from plaudit.text import WordTokenizer
from plaudit.text.chunks import bounds
from plaudit.text.ngram_characters import CharacterVocabulary, Spelling, learn_characters
from plaudit.text.ngram_counting import learn_characters_in_chunks, learn_in_chunks
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary, distinct_tokens
from plaudit.text.token_memory import tokens_of

if TYPE_CHECKING:
    import pyarrow as pa

_PART_ENTRIES = 2**20  # counted at a time
_KEY_BYTES = 8


@dataclass(frozen=True)
class Learned:
    """What was found in N texts.

    Attributes:
        vocabulary: The n-grams of words.
        characters: Those of characters; None where they do not count.
        features: What each text has.
    """

    vocabulary: NgramVocabulary
    characters: CharacterVocabulary | None
    features: Features


def learn(texts: pa.LargeStringArray, settings: NgramSettings, scratch: Scratch = MEMORY) -> Learned:
    """Find what N texts have; in memory and on disk the same.

    Raises:
        DataError: A file cannot be written.
    """
    if scratch.folder is not None:
        return _learn_on_disk(texts, settings, scratch)
    column = tokens_of(WordTokenizer(), texts)
    vocabulary, rows = NgramVocabulary.learn(column, n_max=settings.n_max, min_texts=settings.min_texts)
    if not settings.chars:
        return Learned(vocabulary, None, Features(rows, len(vocabulary)))
    words = distinct_tokens(column)
    characters = learn_characters(column, words, min_texts=settings.min_texts)
    features = _joined(rows, words, characters.of_words(column.dictionary), len(vocabulary), len(characters))
    return Learned(vocabulary, characters, features)


def _learn_on_disk(texts: pa.LargeStringArray, settings: NgramSettings, scratch: Scratch) -> Learned:
    tokenizer, least = WordTokenizer(), settings.min_texts
    vocabulary, rows = learn_in_chunks(texts, tokenizer, scratch, n_max=settings.n_max, min_texts=least)
    if not settings.chars:
        return Learned(vocabulary, None, Features(rows, len(vocabulary)))
    characters = learn_characters_in_chunks(texts, tokenizer, scratch, min_texts=least)
    indices, counts, lengths = scratch.array(np.int32), scratch.array(np.float32), [np.zeros(1, np.int64)]
    for a, b in bounds(texts):
        column = tokenizer.tokenize(texts.slice(a, b - a))
        spelling = characters.of_words(column.dictionary)
        part = _joined(rows.texts(a, b), distinct_tokens(column), spelling, len(vocabulary), len(characters))
        indices.append(part.rows.indices)
        assert part.counts is not None
        counts.append(part.counts)
        lengths.append(np.diff(part.rows.offsets))
    joined = NgramRows(np.cumsum(np.concatenate(lengths)), indices.finish())
    return Learned(vocabulary, characters, Features(joined, len(vocabulary), len(characters), counts.finish()))


def least_texts(learned: Learned, n_values: int, most_bytes: float) -> int | None:
    """Return in how many texts an n-gram must be for a model to stay within a size; None where no n-gram would be left.

    Args:
        learned: What was found in the texts.
        n_values: Numbers of four bytes that a model keeps for each n-gram.
        most_bytes: Of tokens, keys and numbers, on disk.
    """
    features, tokens = learned.features, learned.vocabulary.tokens
    found = np.zeros(features.size, np.int64)  # of characters: in how many texts' distinct words, as they are learned
    for _, part, counts in features.parts(_PART_ENTRIES):
        np.add.at(found, part.indices, 1 if counts is None else counts.astype(np.int64))
    each = np.full(features.size, _KEY_BYTES + 4 * n_values, np.int64)
    each[: len(tokens)] += pc.binary_length(tokens).to_numpy(zero_copy_only=False)
    within = np.cumsum(np.bincount(found, each)[::-1])[::-1]  # bytes of the n-grams that are found so often or more
    fitting = np.flatnonzero(within <= most_bytes)
    return int(fitting[0]) if len(fitting) else None


def _joined(rows: NgramRows, words: NgramRows, spelling: Spelling, n_grams: int, n_characters: int) -> Features:
    from plaudit.training.gathering import gather  # which needs numba; predicting does not

    joined, counts = gather(rows, words, spelling, n_grams, n_characters)
    return Features(joined, n_grams, n_characters, counts)
