"""The compiled kernels give what Arrow and NumPy give, to the bit; without a compiler there is nothing to compare."""

import copy
import gc
import json
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from plaudit.data import load_dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.native.library import SWITCH, kernels
from plaudit.text import SpaceTokenizer, TokenColumn, Tokenizer, WordTokenizer
from plaudit.text.key_table import KeyTable
from plaudit.text.ngram_characters import learn_characters
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary, distinct_tokens
from plaudit.text.row_sums import row_sums
from plaudit.text.token_index import TokenIndex
from plaudit.text.wordpiece import WordPieceTokenizer
from plaudit.training.gathering import gather

pytestmark = pytest.mark.skipif(kernels() is None, reason="the kernels were not compiled: there was no C compiler")
QUICK = settings(max_examples=40, deadline=None)

# what the rules look at, beside anything at all
LETTERS = st.sampled_from("aZ_09'' .,!-\t\x00\x7f\u00a0\u00e9\u0301\u00ad\u200d\ufe0f\u212a\u0130手机ก\U0001f600ß")
TEXTS = st.lists(
    st.one_of(
        st.text(LETTERS, max_size=30),
        st.text(max_size=30),
        st.text(st.sampled_from("abAB' .don't"), max_size=200),
    ),
    max_size=8,
)
TOKENIZERS: list[Tokenizer] = [
    SpaceTokenizer(),
    SpaceTokenizer(delete_punctuation=True, keep_empty=False),
    WordTokenizer(),
    WordTokenizer(lower_case=False, unspaced="pairs"),
    WordTokenizer(split_clitics=True, unspaced="words"),
]


@contextmanager
def without_kernels() -> Iterator[None]:
    """Do without the kernels for a while."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "off"
    kernels.cache_clear()
    try:
        yield
    finally:
        os.environ.pop(SWITCH) if before is None else os.environ.update({SWITCH: before})
        kernels.cache_clear()


T = TypeVar("T")


def both(make: Callable[[], T]) -> tuple[T, T]:
    compiled = make()
    with without_kernels():
        return compiled, make()


def strings(*texts: str) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def assert_same(column: TokenColumn, reference: TokenColumn) -> None:
    assert column.dictionary.equals(reference.dictionary)
    np.testing.assert_array_equal(column.offsets, reference.offsets)
    np.testing.assert_array_equal(column.values, reference.values)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=repr)
def test_texts_are_split_as_arrow_splits_them(tokenizer: Tokenizer) -> None:
    @QUICK
    @given(TEXTS)
    def check(texts: list[str]) -> None:
        column = pa.array(["before", *texts, "after"], pa.large_string())
        assert_same(*both(lambda: tokenizer.tokenize(column.slice(1, len(texts)))))
        assert_same(*both(lambda: tokenizer.tokenize(column)))

    check()


def test_what_the_cores_split_has_one_dictionary() -> None:
    random = np.random.default_rng(0)
    words = np.array([f"w{i}{'x' * (i % 13)}" for i in range(5000)] + ["né", "don't", "'"])
    texts = strings(*(" ".join(words[random.integers(len(words), size=30)]) for _ in range(9000)), "", "end")
    for tokenizer in TOKENIZERS[::2]:
        assert_same(*both(lambda tokenizer=tokenizer: tokenizer.tokenize(texts)))  # type: ignore[misc]


def definition(lower_case: bool) -> str:
    model = {
        "type": "WordPiece", "vocab": {piece: i for i, piece in enumerate(WORD_PIECES)}, "unk_token": "[UNK]",
        "continuing_subword_prefix": "##", "max_input_chars_per_word": 12,
    }  # fmt: skip
    normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None}
    rules = {"normalizer": normalizer | {"lowercase": lower_case}, "pre_tokenizer": {"type": "BertPreTokenizer"}}
    unused: dict[str, object] = {
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "post_processor": None,
        "decoder": None,
    }
    return json.dumps({"version": "1.0", **unused, **rules, "model": model})


WORD_PIECES = ["[UNK]", "a", "##a", "b", "##b", "ab", "##ab", "un", "##'", ".", "'", "!", "é", "0", "##0", "aba"]


@pytest.mark.parametrize("lower_case", [True, False])
def test_word_pieces_are_the_references(lower_case: bool) -> None:
    letters = st.one_of(st.text(st.sampled_from("abAB0 .'!é\t\x00\x7f手n"), max_size=40), st.text(max_size=20))

    @QUICK
    @given(st.lists(letters, max_size=6))
    def check(texts: list[str]) -> None:
        whole = pa.array([*texts, "ab" * 150, "a" * 12, "a" * 13], pa.large_string())
        column, reference = both(lambda: WordPieceTokenizer(definition(lower_case)).tokenize(whole))
        assert_same(column, reference)

    check()


@QUICK
@given(st.sets(st.text(max_size=12) | st.text("ab", min_size=7, max_size=30), max_size=12), TEXTS)
def test_rows_are_found_as_by_sorted_hashes(vocabulary: set[str], texts: list[str]) -> None:
    known = pa.array(sorted(vocabulary), pa.large_string())
    asked = pa.array(["x", *texts, *sorted(vocabulary)], pa.large_string()).slice(1)
    compiled, reference = both(lambda: TokenIndex(known).rows(asked))
    np.testing.assert_array_equal(compiled, reference)


@QUICK
@given(st.sets(st.integers(0, 2**62), max_size=50), st.lists(st.integers(0, 2**62), max_size=50))
def test_keys_are_found_as_by_numpy(keys: set[int], others: list[int]) -> None:
    table = KeyTable(np.array(sorted(keys), np.int64))
    asked = np.array([*others, *keys], np.int64)
    compiled, reference = both(lambda: table.positions(asked))
    np.testing.assert_array_equal(compiled, reference)


def random_column(seed: int, n_tokens: int = 40, longest: int = 700) -> TokenColumn:
    random = np.random.default_rng(seed)
    lengths = random.choice([0, 1, 2, 7, 8, 9, 127, 128, 129, 137, longest], size=12)
    values = (random.zipf(1.3, size=int(lengths.sum())) % n_tokens).astype(np.int32)
    dictionary = strings(*(f"t{i}" for i in range(n_tokens)))
    return TokenColumn(dictionary, np.concatenate([[0], np.cumsum(lengths)]), values)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("width", [1, 5, 16, 64, 65])
def test_sums_of_rows_have_numpys_order(seed: int, width: int) -> None:
    random, column = np.random.default_rng(seed), random_column(seed)
    table = random.standard_normal((40, width)).astype(np.float32)
    known = random.random(40) < 0.7
    (sums, counts), (expected, expected_counts) = both(lambda: row_sums(table, known, column))
    assert sums.tobytes() == np.ascontiguousarray(expected).tobytes()
    np.testing.assert_array_equal(counts, expected_counts)


@pytest.mark.parametrize("seed", range(4))
def test_sums_by_text_have_numpys_order(seed: int) -> None:
    column = random_column(seed)
    rows = NgramRows(column.offsets, column.values)
    single = np.random.default_rng(seed).standard_normal(40).astype(np.float32)
    for values, squared in ((single, False), (single, True), (single.astype(np.float64) / 3, False)):
        compiled, reference = both(lambda v=values, s=squared: rows.gathered(v, squared=s))  # type: ignore[misc]
        assert compiled.tobytes() == reference.tobytes()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("counted", [False, True])
def test_entries_and_sums_of_features_are_those_of_numpy(seed: int, counted: bool) -> None:
    random, column = np.random.default_rng(seed), random_column(seed)
    rows = NgramRows(column.offsets, column.values)
    size, n = len(column.dictionary), len(rows)
    scales = np.where(random.random(size) < 0.2, 0, random.standard_normal(size)).astype(np.float32)
    counts = random.integers(1, 9, len(rows.indices)).astype(np.float32) if counted else None
    n_first = int(random.integers(0, size + 1)) if counted else size
    values, reference = both(lambda: rows.scaled(scales, counts, n_first))
    assert values.dtype == np.float32
    assert values.tobytes() == reference.tobytes()
    sums, reference_sums = both(lambda: rows.weighted_sums(values, scales))
    assert sums.tobytes() == reference_sums.tobytes()

    def by_feature() -> np.ndarray:
        found = np.zeros(size)
        rows.add_to(found, np.where(random_weights < 0.3, 0, random_weights))
        return found

    random_weights = random.random(n)
    found, expected = both(by_feature)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("seed", range(4))
def test_ngrams_and_distinct_tokens_are_those_of_numpy(seed: int) -> None:
    column = random_column(seed, n_tokens=6)
    vocabulary, _ = NgramVocabulary.learn(random_column(seed + 10, n_tokens=5), n_max=4, min_texts=2)
    for found in (lambda: vocabulary.rows(column), lambda: distinct_tokens(column)):
        compiled, reference = both(found)
        np.testing.assert_array_equal(compiled.offsets, reference.offsets)
        np.testing.assert_array_equal(compiled.indices, reference.indices)


@pytest.mark.parametrize(
    "n_repeats", [1, 900]
)  # a text of few characters, and of so many that they are sorted by bytes
def test_the_characters_of_texts_are_gathered_as_numba_gathers_them(n_repeats: int) -> None:
    texts = ["", "one", "two one two", " ".join(f"w{i}ß{i % 7}" for i in range(n_repeats)), "😀 手 one"]
    column = SpaceTokenizer(keep_empty=False).tokenize(pa.array(texts, pa.large_string()))
    words = distinct_tokens(column)
    characters = learn_characters(column, words, min_texts=1)
    rows = NgramVocabulary(column.dictionary.slice(0, 2)).rows(column)
    spelling = characters.of_words(column.dictionary)
    compiled, reference = both(lambda: gather(rows, words, spelling, 2, len(characters)))
    np.testing.assert_array_equal(compiled[0].offsets, reference[0].offsets)
    np.testing.assert_array_equal(compiled[0].indices, reference[0].indices)
    np.testing.assert_array_equal(compiled[1], reference[1])


def test_a_network_answers_alike_with_and_without_kernels() -> None:
    texts = load_dataset("sample").train.texts
    vectors = np.random.default_rng(0).standard_normal((220, 24), np.float32)
    vocabulary = SpaceTokenizer().tokenize(texts).dictionary.slice(0, 200)
    kernel = np.random.default_rng(1).standard_normal((24, 16), np.float32)
    compiled, reference = both(
        lambda: EmbeddingTable("spaces", SpaceTokenizer(), vocabulary, vectors).project(texts, kernel)
    )
    assert compiled.tobytes() == reference.tobytes()


def test_ngrams_learn_and_answer_alike_with_and_without_kernels() -> None:
    train = load_dataset("sample").train

    def answers() -> bytes:
        model = plaudit.NgramClassifier(n_max=2, chars=True, regularisation=1.0).fit(train.texts, train.label_names())
        return model.logits(train.texts).tobytes()

    compiled, reference = both(answers)
    assert compiled == reference


def test_copies_of_a_model_look_into_tables_of_their_own() -> None:
    train = load_dataset("sample").train
    model = plaudit.NgramClassifier(n_max=2, regularisation=1.0).fit(train.texts, train.label_names())
    expected = model.logits(train.texts)
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    del model
    gc.collect()
    for other in copies:
        np.testing.assert_array_equal(other.logits(train.texts), expected)


@pytest.mark.realdata
def test_every_set_at_hand_is_split_alike() -> None:
    folder = os.environ.get("PLAUDIT_EVAL_DATA")
    if not folder:
        pytest.skip("PLAUDIT_EVAL_DATA names no data")
    files = sorted(Path(folder).glob("*/*.tsv"))
    assert files
    lines = [line for path in files for line in path.read_text(encoding="utf-8").split("\n")]
    texts = pa.array(lines, pa.large_string())
    for tokenizer in (SpaceTokenizer(), WordTokenizer()):
        assert_same(*both(lambda tokenizer=tokenizer: tokenizer.tokenize(texts)))  # type: ignore[misc]
