"""N-grams found chunk by chunk on disk are those found in memory, in the same order."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plaudit.scratch import MEMORY, Scratch
from plaudit.text import WordTokenizer
from plaudit.text.ngram_counting import learn_in_chunks
from plaudit.text.ngrams import NgramVocabulary

WORDS = ("a", "b", "c", "Don't", "go!", "語言", "naïve", "x-y", " ", "é")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=20)


def check(texts: list[str], scratch: Scratch, n_max: int, min_texts: int, chunk: int, partition: int) -> None:
    column = pa.array(texts, pa.large_string())
    tokenizer = WordTokenizer()
    expected, rows = NgramVocabulary.learn(tokenizer.tokenize(column), n_max=n_max, min_texts=min_texts)
    found, found_rows = learn_in_chunks(
        column, tokenizer, scratch,
        n_max=n_max, min_texts=min_texts, chunk_texts=chunk, partition_entries=partition,
    )  # fmt: skip
    assert found.tokens.to_pylist() == expected.tokens.to_pylist()
    assert len(found.keys) == len(expected.keys)
    for ours, theirs in zip(found.keys, expected.keys, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(found_rows.offsets, rows.offsets)
    np.testing.assert_array_equal(found_rows.indices, rows.indices)
    assert found_rows.indices.dtype == np.int32


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.integers(1, 4), st.integers(1, 3), st.integers(1, 7), st.sampled_from([1, 5, 1_000]))
def test_small_chunks_and_partitions_find_the_same(
    tmp_path: Path, texts: list[str], n_max: int, min_texts: int, chunk: int, partition: int
) -> None:
    check(texts, Scratch(tmp_path), n_max, min_texts, chunk, partition)


@pytest.mark.parametrize("texts", [[], [""], ["", "a a a", ""], ["a b"] * 3])
def test_it_holds_in_memory_and_of_empty_texts(texts: list[str]) -> None:
    check(texts, MEMORY, 3, 1, 2, 2)


def test_many_texts_of_many_words_are_divided_into_partitions(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(3_000)])
    texts = [" ".join(words[(random.random(40) ** 3 * len(words)).astype(int)]) for _ in range(600)]
    check(texts, Scratch(tmp_path), 3, 2, 37, 500)
    assert not list(tmp_path.iterdir())
