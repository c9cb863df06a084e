"""Columns of tokens: their parts, and that neither the cores nor the parts decide a number."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.cores import on_all_cores, usable_cores
from plaudit.embeddings import EmbeddingTable
from plaudit.text import SpaceTokenizer, WordTokenizer
from plaudit.text.column import PART_TEXTS, TokenColumn, concatenate, sums_by_text
from plaudit.text.ngrams import NgramVocabulary

WORDS = ["good", "film", "don't", "", "naïve", "'quoted'", "a\u200db", "日本", "...", "Good"]


def column_of(*lists: list[str]) -> TokenColumn:
    dictionary = list(dict.fromkeys(word for words in lists for word in words))
    offsets = np.cumsum([0, *map(len, lists)])
    values = np.array([dictionary.index(word) for words in lists for word in words], np.int32)
    return TokenColumn(pa.array(dictionary, pa.large_string()), offsets, values)


def many_texts(n: int = 2 * PART_TEXTS + 17) -> pa.LargeStringArray:
    """Return more texts than one core takes at a time, and more distinct words than that."""
    random = np.random.default_rng(0)
    rows = random.integers(len(WORDS), size=(n, 4)).tolist()
    return pa.array([" ".join([*(WORDS[i] for i in row), f"w{k}x"]) for k, row in enumerate(rows)], pa.large_string())


lists_of_words = st.lists(st.lists(st.sampled_from(WORDS), max_size=4), max_size=6)


@given(st.lists(lists_of_words, min_size=1, max_size=4))
def test_columns_put_together_hold_all_their_texts(parts: list[list[list[str]]]) -> None:
    whole = concatenate([column_of(*part) for part in parts])
    assert whole.to_lists() == [words for part in parts for words in part]
    assert len(set(whole.dictionary.to_pylist())) == len(whole.dictionary)


@given(lists_of_words)
def test_used_tokens_are_the_dictionary(lists: list[list[str]]) -> None:
    column = column_of(WORDS, *lists)
    cut = TokenColumn(column.dictionary, column.offsets[1:] - column.offsets[1], column.values[column.offsets[1] :])
    assert cut.used().to_lists() == lists
    assert len(cut.used().dictionary) <= max(len(cut.values), 0)


@given(lists_of_words, st.integers(1, 7))
def test_parts_are_the_texts_in_order(lists: list[list[str]], size: int) -> None:
    parts = column_of(*lists).parts(size)
    assert [words for part in parts for words in part.to_lists()] == lists
    assert all(len(part) == size for part in parts[:-1])


@given(st.lists(st.lists(st.integers(-9, 9), max_size=4), max_size=6))
def test_sums_by_text(lists: list[list[int]]) -> None:
    values = np.array([v for each in lists for v in each], np.float32)
    found = sums_by_text(values, np.cumsum([0, *map(len, lists)]))
    assert found.tolist() == [sum(each) for each in lists]
    assert found.dtype == np.float32


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(), SpaceTokenizer(delete_punctuation=True), WordTokenizer()])
def test_many_texts_are_split_as_each_alone(tokenizer: SpaceTokenizer | WordTokenizer) -> None:
    texts = many_texts()
    whole = tokenizer.tokenize(texts)
    few = np.random.default_rng(1).choice(len(texts), 50, replace=False)
    alone = [tokenizer.tokenize(texts.slice(i, 1)).to_lists()[0] for i in few]
    lists = whole.to_lists()
    assert [lists[i] for i in few] == alone
    assert len(lists) == len(texts)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(max_codepoint=127), max_size=12), min_size=1, max_size=5))
def test_ascii_is_split_as_it_is_beside_other_characters(texts: list[str]) -> None:
    for tokenizer in (WordTokenizer(), WordTokenizer(lower_case=False, split_clitics=True)):
        alone = tokenizer.tokenize(pa.array(texts, pa.large_string())).to_lists()
        beside = tokenizer.tokenize(pa.array([*texts, "é\u00ad日"], pa.large_string())).to_lists()
        assert beside[:-1] == alone


@pytest.mark.parametrize("cores", [1, 3])
def test_the_cores_change_no_bit(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, kernel = many_texts(), np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2)
    vectors = np.random.default_rng(0).standard_normal((8, 3), np.float32)
    table = EmbeddingTable("t", SpaceTokenizer(), pa.array(["good", "film", "日本"], pa.large_string()), vectors)

    def all_of_it() -> list[bytes]:
        column = WordTokenizer().tokenize(texts)
        vocabulary, rows = NgramVocabulary.learn(column, n_max=3, min_texts=2)
        again, keys = vocabulary.rows(column), [key.tobytes() for key in vocabulary.keys]
        arrays = (
            column.values,
            column.offsets,
            rows.indices,
            rows.offsets,
            again.indices,
            table.project(texts, kernel),
        )
        return [str(column.dictionary.to_pylist()).encode(), *keys, *(array.tobytes() for array in arrays)]

    here = all_of_it()
    for module in ("plaudit.cores", "plaudit.text.ngrams"):
        monkeypatch.setattr(f"{module}.usable_cores", lambda: cores)
    assert all_of_it() == here


@pytest.mark.parametrize("combiner", ["sqrtn", "mean", "sum"])
@pytest.mark.parametrize("n_buckets", [0, 1, 4])
def test_projecting_is_embedding_times_the_kernel(combiner: str, n_buckets: int) -> None:
    random = np.random.default_rng(0)
    vocabulary = pa.array(["good", "film", "", "..."], pa.large_string())
    vectors = random.standard_normal((4 + n_buckets, 5), np.float32)
    table = EmbeddingTable("t", SpaceTokenizer(), vocabulary, vectors, combiner=combiner)  # type: ignore[arg-type]
    kernel = random.standard_normal((5, 3), np.float32)
    texts = pa.array(["", "good", "zzz", "good film  good", "zzz film xyz", "..."], pa.large_string())
    np.testing.assert_allclose(table.project(texts, kernel), table.embed(texts) @ kernel, atol=1e-6)
    assert table.project(texts.slice(0, 0), kernel).shape == (0, 3)


def test_on_all_cores_keeps_the_order_and_raises_what_is_raised() -> None:
    assert usable_cores() >= 1
    assert on_all_cores(lambda n: n * n, range(20)) == [n * n for n in range(20)]
    assert on_all_cores(lambda n: n, []) == []
    with pytest.raises(ZeroDivisionError):
        on_all_cores(lambda n: 1 // n, [2, 1, 0])
