"""Character n-grams: equal to scikit-learn's char_wb, made once a distinct word, none for scripts without spaces."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from plaudit.text import WordTokenizer
from plaudit.text.ngram_characters import LONGEST, SHORTEST, learn_characters, spell, spell_words
from plaudit.text.ngrams import NgramVocabulary, distinct_tokens
from plaudit.text.tokens import SpaceTokenizer
from plaudit.training.gathering import gather

ANALYSE = CountVectorizer(analyzer="char_wb", ngram_range=(SHORTEST, LONGEST), lowercase=False).build_analyzer()


def key_of(n_gram: str) -> int:
    """Return an n-gram's hash, written anew with Python's integers."""
    mask, step, mix, found = 2**64 - 1, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0
    for character in n_gram:
        x = (ord(character) + 1) * step & mask
        x = (x ^ x >> 32) * mix & mask
        found = (found * step + (x ^ x >> 29)) & mask
    return found >> 1


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=6))
def test_the_counts_of_words_are_char_wb_s(texts: list[str]) -> None:
    words = [word for text in texts for word in text.split()]
    spelling = spell(pa.array(words, pa.large_string()))
    for i, word in enumerate(words):
        expected = Counter(key_of(n_gram) for n_gram in ANALYSE(word))
        assert Counter(spelling.keys[spelling.offsets[i] : spelling.offsets[i + 1]].tolist()) == expected


@given(st.lists(st.text(st.sampled_from("ab é\U0001f600ß"), max_size=40), min_size=1, max_size=6))
def test_the_counts_of_texts_are_those_of_their_distinct_words(texts: list[str]) -> None:
    texts = [" ".join(dict.fromkeys(text.split())) for text in texts]
    column = SpaceTokenizer(keep_empty=False).tokenize(pa.array(texts, pa.large_string()))
    words = distinct_tokens(column)
    characters = learn_characters(column, words, min_texts=1)
    rows = NgramVocabulary(pa.array([], pa.large_string())).rows(column)
    joined, counts = gather(rows, words, characters.of_words(column.dictionary), 0, len(characters))
    for i, text in enumerate(texts):
        entries = slice(joined.offsets[i], joined.offsets[i + 1])
        found = dict(zip(characters.keys[joined.indices[entries]].tolist(), counts[entries].tolist(), strict=True))
        assert found == Counter(key_of(n_gram) for n_gram in ANALYSE(text))


def test_an_empty_word_and_a_letter_of_a_script_without_spaces_have_none() -> None:
    spelling = spell_words(pa.array(["", "手", "a", "ก็"], pa.large_string()))
    assert np.diff(spelling.offsets).tolist() == [0, 0, 3, 0]
    assert len(spell(pa.array([], pa.large_string())).keys) == 0


def test_what_too_few_texts_have_is_not_known() -> None:
    column = WordTokenizer().tokenize(pa.array(["go", "go", "no"], pa.large_string()))
    characters = learn_characters(column, distinct_tokens(column), min_texts=3)
    assert characters.keys.tolist() == [key_of("o ")]
