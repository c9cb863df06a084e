"""N-grams as integers: the same n-grams that spelling them out finds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.text import WordTokenizer
from plaudit.text.key_table import KeyTable
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary

WORDS = st.lists(st.lists(st.sampled_from("abcd"), max_size=8).map(" ".join), min_size=1, max_size=12)


def column(texts: list[str]):  # type: ignore[no-untyped-def]
    return WordTokenizer().tokenize(pa.array(texts, pa.large_string()))


def spelt(text: str, n_max: int) -> set[str]:
    words = text.split()
    return {" ".join(words[i : i + n]) for n in range(1, n_max + 1) for i in range(len(words) - n + 1)}


def names(vocabulary: NgramVocabulary) -> list[str]:
    """Spell out every n-gram by undoing its key."""
    tokens = vocabulary.tokens.to_pylist()
    found, shorter = list(tokens), tokens
    for keys in vocabulary.keys:
        shorter = [f"{shorter[key // len(tokens)]} {tokens[key % len(tokens)]}" for key in keys.tolist()]
        found += shorter
    return found


def as_sets(vocabulary: NgramVocabulary, rows: NgramRows) -> list[set[str]]:
    spelling = names(vocabulary)
    return [{spelling[i] for i in rows.indices[a:b]} for a, b in zip(rows.offsets[:-1], rows.offsets[1:], strict=True)]


@given(texts=WORDS, n_max=st.integers(1, 4), min_texts=st.integers(1, 3))
def test_learned_ngrams_are_those_that_spelling_out_finds(texts: list[str], n_max: int, min_texts: int) -> None:
    in_texts = Counter(gram for text in texts for gram in spelt(text, n_max))
    known = {gram for gram, count in in_texts.items() if count >= min_texts}

    vocabulary, rows = NgramVocabulary.learn(column(texts), n_max=n_max, min_texts=min_texts)

    assert sorted(names(vocabulary)) == sorted(known)
    assert as_sets(vocabulary, rows) == [spelt(text, n_max) & known for text in texts]


@given(texts=WORDS, others=WORDS, n_max=st.integers(1, 4))
def test_rows_of_other_texts_hold_the_known_ngrams_only(texts: list[str], others: list[str], n_max: int) -> None:
    vocabulary, learned = NgramVocabulary.learn(column(texts), n_max=n_max, min_texts=1)
    known = set(names(vocabulary))

    assert as_sets(vocabulary, vocabulary.rows(column(others))) == [spelt(text, n_max) & known for text in others]
    again = vocabulary.rows(column(texts))
    np.testing.assert_array_equal(again.offsets, learned.offsets)
    np.testing.assert_array_equal(again.indices, learned.indices)


def test_no_ngram_reaches_from_one_text_into_the_next() -> None:
    vocabulary, _ = NgramVocabulary.learn(column(["a b", "c d"]), n_max=3, min_texts=1)

    assert names(vocabulary) == ["a", "b", "c", "d", "a b", "c d"]


def test_indices_ascend_within_a_text() -> None:
    vocabulary, rows = NgramVocabulary.learn(column(["b a b a", "a b c", ""]), n_max=3, min_texts=1)

    for a, b in zip(rows.offsets[:-1], rows.offsets[1:], strict=True):
        assert (np.diff(rows.indices[a:b]) > 0).all()
    assert len(rows) == 3
    assert rows.sums(np.ones(len(rows.indices), np.float32)).tolist() == [6.0, 6.0, 0.0]
    assert len(vocabulary) == sum(vocabulary.sizes()) == rows.indices.max() + 1


@pytest.mark.parametrize("texts", [[""], ["", ""], ["a"]])
def test_texts_without_known_ngrams_have_empty_rows(texts: list[str]) -> None:
    vocabulary, rows = NgramVocabulary.learn(column(texts), n_max=3, min_texts=2)

    assert len(vocabulary) == 0
    assert rows.offsets.tolist() == [0] * (len(texts) + 1)
    assert len(vocabulary.rows(column(["a b"])).indices) == 0


@given(
    keys=st.lists(st.integers(0, 2**62), unique=True, max_size=60),
    asked=st.lists(st.integers(0, 2**62), max_size=60),
)
def test_key_table_finds_every_key_and_no_other(keys: list[int], asked: list[int]) -> None:
    place = {key: i for i, key in enumerate(keys)}
    wanted = [*keys, *asked, *(key + 1 for key in keys)]

    found = KeyTable(np.array(keys, np.int64)).positions(np.array(wanted, np.int64))

    assert found.tolist() == [place.get(key, -1) for key in wanted]


def test_key_table_holds_a_million_neighbours() -> None:
    keys = np.arange(0, 3_000_000, 3)

    found = KeyTable(keys).positions(np.arange(3_000_000))

    np.testing.assert_array_equal(found[::3], np.arange(len(keys)))
    assert (found[1::3] == -1).all()
    assert (found[2::3] == -1).all()
