"""EmbeddingTable and Bags: TF Hub's conformance values, and sums against plain Python."""

import json
import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plaudit.embeddings import Bags, Combiner, EmbeddingTable
from plaudit.errors import DataError, EmbeddingError
from plaudit.text import SpaceTokenizer, WordPieceTokenizer, WordTokenizer

WORDS = ["cat", "dog", "mouse"]
VECTORS = np.array([[1.11, 2.56, 3.45], [1, 2, 3], [0.5, 0.1, 0.6]], dtype=np.float32)


def column_of(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


def hub_table(*, delete_punctuation: bool = False) -> EmbeddingTable:
    """The table of TensorFlow Hub's own test (examples/text_embeddings_v2), with one zero bucket."""
    return EmbeddingTable(
        name="hub",
        tokenizer=SpaceTokenizer(delete_punctuation),
        vocabulary=column_of(WORDS),
        vectors=np.vstack([VECTORS, np.zeros((1, 3), np.float32)]),
    )


@pytest.mark.parametrize("form", [list, tuple, np.array, pd.Series, pl.Series, iter], ids=lambda form: form.__name__)
def test_texts_to_embed_come_in_every_form_that_fit_takes(form: Any) -> None:
    texts = ["cat dog", "", "mouse"]
    expected = hub_table().embed(column_of(texts))
    assert np.array_equal(hub_table().embed(form(texts)), expected)
    assert hub_table().coverage(form(texts)) == hub_table().coverage(column_of(texts))


def test_what_are_no_texts_is_not_embedded() -> None:
    with pytest.raises(DataError, match="texts: expected a list of texts, got one str; wrap it in a list"):
        hub_table().embed("cat dog")
    with pytest.raises(DataError, match=r'frame\["text"\]'):
        hub_table().embed(pd.DataFrame({"text": ["cat"]}))


def table_of(combiner: Combiner = "sqrtn", *, buckets: int = 0) -> EmbeddingTable:
    vectors = np.vstack([VECTORS, np.full((buckets, 3), 9, np.float32)])
    return EmbeddingTable("small", WordTokenizer(), column_of(WORDS), vectors, combiner)


@pytest.mark.parametrize(
    ("text", "delete_punctuation", "expected"),
    [
        ("cat cat", False, [1.57, 3.62, 4.88]),
        ("lizard. dog", False, [0.70, 1.41, 2.12]),
        ("cat? dog", True, [1.49, 3.22, 4.56]),
        ("lizard. dog", True, [0.70, 1.41, 2.12]),
        ("", False, [0, 0, 0]),
        ("", True, [0, 0, 0]),
    ],
)
def test_tf_hubs_conformance_values(text: str, delete_punctuation: bool, expected: list[float]) -> None:
    embedded = hub_table(delete_punctuation=delete_punctuation).embed(column_of([text]))
    assert embedded.dtype == np.float32
    np.testing.assert_allclose(embedded, [expected], atol=0.01)


@pytest.mark.parametrize(("combiner", "divisor"), [("sum", 1.0), ("mean", 3.0), ("sqrtn", math.sqrt(3))])
def test_a_combiner_divides_the_sum_by_its_rule(combiner: Combiner, divisor: float) -> None:
    embedded = table_of(combiner).embed(column_of(["cat dog cat"]))
    np.testing.assert_allclose(embedded[0], (2 * VECTORS[0] + VECTORS[1]) / divisor, rtol=1e-6)


def test_without_a_bucket_unknown_tokens_are_left_out_and_not_counted() -> None:
    embedded = table_of("mean").embed(column_of(["cat ☃ zebra"]))
    np.testing.assert_array_equal(embedded[0], VECTORS[0])


def test_a_bucket_is_counted_and_gives_every_unknown_token_its_vector() -> None:
    embedded = table_of("mean", buckets=1).embed(column_of(["cat ☃ zebra"]))
    np.testing.assert_allclose(embedded[0], (VECTORS[0] + 18) / 3, rtol=1e-6)


@pytest.mark.parametrize("text", ["", " \n", "zebra ☃"])
def test_a_text_without_a_token_that_counts_gives_zeros(text: str) -> None:
    np.testing.assert_array_equal(table_of().embed(column_of([text, "cat"]))[0], np.zeros(3))


def test_no_texts_give_an_empty_matrix() -> None:
    embedded = table_of().embed(column_of([]))
    assert embedded.shape == (0, 3)
    assert embedded.dtype == np.float32


def test_bags_hold_each_texts_distinct_rows_in_ascending_order() -> None:
    bags = table_of("sum").bags(column_of(["mouse cat mouse", "", "dog"]))
    assert bags.offsets.tolist() == [0, 2, 2, 3]
    assert bags.rows.tolist() == [0, 2, 1]
    assert bags.weights.tolist() == [1, 2, 1]


def test_a_text_is_embedded_alike_alone_and_among_others() -> None:
    table = table_of()
    texts = ["cat dog dog", "", "mouse", "zebra", "dog cat"]
    together = table.embed(column_of(texts))
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_array_equal(table.embed(column_of([text]))[0], row)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([*WORDS, "zebra", "☃"]))),
    st.sampled_from(["sum", "mean", "sqrtn"]),
    st.booleans(),
)
def test_embedding_equals_plain_python(token_lists: list[list[str]], combiner: Combiner, has_bucket: bool) -> None:
    table = table_of(combiner, buckets=int(has_bucket))
    embedded = table.embed(column_of([" ".join(tokens) for tokens in token_lists]))
    expected = np.zeros((len(token_lists), 3))
    for position, tokens in enumerate(token_lists):
        counted = Counter(token if token in WORDS else None for token in tokens if has_bucket or token in WORDS)
        total = counted.total()
        for token, count in counted.items():
            row = len(WORDS) if token is None else WORDS.index(token)
            expected[position] += count * table.vectors[row].astype(float)
        if total:
            expected[position] /= {"sum": 1, "mean": total, "sqrtn": math.sqrt(total)}[combiner]
    np.testing.assert_allclose(embedded, expected, rtol=1e-5, atol=1e-5)


def plain_sums(bags: Bags, vectors: NDArray[np.float32]) -> list[list[float]]:
    out = []
    for start, end in zip(bags.offsets[:-1].tolist(), bags.offsets[1:].tolist(), strict=True):
        total = [0.0] * vectors.shape[1]
        for entry in range(start, end):
            for d in range(vectors.shape[1]):
                total[d] += float(bags.weights[entry]) * float(vectors[bags.rows[entry], d])
        out.append(total)
    return out


weight = st.floats(-4, 4, width=32)
bag_lists = st.lists(st.dictionaries(st.integers(0, 5), weight, max_size=5), max_size=12)


@settings(deadline=None)
@given(bag_lists, st.integers(1, 4), st.integers(0, 2**16))
def test_sums_equal_plain_python(content: list[dict[int, float]], dimension: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(6, dimension)).astype(np.float32)
    bags = Bags(
        offsets=np.cumsum([0, *map(len, content)], dtype=np.int64),
        rows=np.array([row for bag in content for row in sorted(bag)], dtype=np.int64),
        weights=np.array([bag[row] for bag in content for row in sorted(bag)], dtype=np.float32),
    )
    sums = bags.sums(vectors)
    assert sums.shape == (len(content), dimension)
    np.testing.assert_allclose(sums, np.array(plain_sums(bags, vectors)).reshape(sums.shape), rtol=1e-4, atol=1e-4)


def test_a_text_has_the_same_vector_to_the_bit_whatever_stands_beside_it() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["cat", "dog", "mouse", "zebra"], n)) for n in range(40)]
    table = table_of().with_vectors(rng.normal(size=(len(table_of().vectors), 50)).astype(np.float32))
    together = table.embed(column_of(texts))
    alone = np.concatenate([table.embed(column_of([text])) for text in texts])
    assert (together == alone).all()


def test_sums_leave_the_vectors_alone() -> None:
    vectors = VECTORS.copy()
    vectors.flags.writeable = False
    table_of().bags(column_of(["cat cat dog"])).sums(vectors)


def test_coverage_counts_running_and_distinct_tokens_and_names_the_most_frequent_missing() -> None:
    coverage = table_of().coverage(column_of(["cat zebra zebra", "dog ☃ cat", ""]), n_missing=1)
    assert coverage.tokens == pytest.approx(3 / 6)
    assert coverage.distinct == pytest.approx(2 / 4)
    assert coverage.missing == (("zebra", 2),)


@pytest.mark.parametrize("texts", [[], [""], [" "]])
def test_coverage_of_no_tokens_is_complete(texts: list[str]) -> None:
    coverage = table_of().coverage(column_of(texts))
    assert (coverage.tokens, coverage.distinct, coverage.missing) == (1.0, 1.0, ())


def test_coverage_does_not_count_the_bucket_as_knowing() -> None:
    assert table_of(buckets=1).coverage(column_of(["cat zebra"])).tokens == pytest.approx(0.5)


@pytest.mark.parametrize(
    "vectors",
    [VECTORS.astype(np.float64), VECTORS[0], VECTORS[:2]],
    ids=["float64", "one-dimensional", "too few rows"],
)
def test_vectors_that_do_not_fit_the_vocabulary_are_refused(vectors: NDArray[np.float32]) -> None:
    with pytest.raises(EmbeddingError, match="3 tokens need float32 vectors"):
        EmbeddingTable("small", WordTokenizer(), column_of(WORDS), vectors)


def test_with_vectors_keeps_everything_else() -> None:
    table = table_of("mean")
    other = table.with_vectors(np.ones((3, 7), np.float32))
    assert (other.dimension, other.n_buckets, other.combiner, other.tokenizer) == (7, 0, "mean", table.tokenizer)


def test_coverage_counts_a_word_piece_tokenizers_unknown_token_as_missing() -> None:
    definition: dict[str, dict[str, object]] = {
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "cat": 1}},
    }
    definition["model"] |= {"continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    tokenizer = WordPieceTokenizer(json.dumps(definition))
    table = EmbeddingTable("pieces", tokenizer, tokenizer.vocabulary, np.zeros((2, 3), np.float32))
    coverage = table.coverage(column_of(["cat ☃ cat ☃"]))
    assert coverage.tokens == 0.5
    assert coverage.missing == (("☃", 2),)


def test_of_word_pieces_a_word_is_known_where_it_is_one_piece() -> None:
    vocabulary = {token: i for i, token in enumerate(["[UNK]", "cat", "##s", "per", "##ro", ".", "é"])}
    definition: dict[str, dict[str, object]] = {
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocabulary},
    }
    definition["model"] |= {"continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    tokenizer = WordPieceTokenizer(json.dumps(definition))
    table = EmbeddingTable("pieces", tokenizer, tokenizer.vocabulary, np.zeros((7, 3), np.float32))
    coverage = table.coverage(column_of(["Cat. cats  perro", "perro", "\u200b", ""]))
    assert coverage.missing == (("perro", 2), ("cats", 1))
    assert coverage.tokens == pytest.approx(2 / 5)
    assert coverage.distinct == pytest.approx(2 / 4)
    assert table.coverage(column_of(["", "  "])).tokens == 1.0
