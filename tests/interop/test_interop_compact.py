import numpy as np
import pyarrow as pa
import pytest

from plaudit.embeddings import EmbeddingTable
from plaudit.errors import EmbeddingError
from plaudit.interop.compact import keep_rows, moved_tokens, store, used_tokens
from plaudit.text import SpaceTokenizer


def table(*, n_buckets: int = 1) -> EmbeddingTable:
    vectors = np.arange(5 * 2, dtype=np.float32).reshape(5, 2)[: 4 + n_buckets]
    return EmbeddingTable("four", SpaceTokenizer(), pa.array(["a", "b", "c", "d"], pa.large_string()), vectors)


def test_float32_is_stored_as_it_is() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert store(vectors, "float32").restored() is vectors


def test_int8_errs_by_half_a_step_of_its_row_at_most() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32)
    vectors[7] = 0
    vectors[8] *= 1e-6
    stored = store(vectors, "int8")
    step = np.abs(vectors).max(axis=1, keepdims=True) / 127
    assert stored.values.dtype == np.int8
    assert (np.abs(stored.restored() - vectors) <= 0.5001 * step).all()
    assert stored.size_bytes == 50 * 16 + 50 * 4


def test_float16_takes_half_the_room_and_refuses_what_it_cannot_hold() -> None:
    vectors = np.array([[1.0, 70_000.0]], np.float32)
    assert store(vectors[:, :1], "float16").size_bytes == 2
    with pytest.raises(EmbeddingError, match="float16 holds numbers up to 65,504, and a vector has 70,000"):
        store(vectors, "float16")


def test_rounding_no_rows_gives_no_rows() -> None:
    assert store(np.zeros((0, 3), np.float32), "int8").restored().shape == (0, 3)


def test_a_dropped_token_becomes_an_unknown_one() -> None:
    smaller = keep_rows(table(), np.array([True, False, True, False]))
    texts = pa.array(["a", "b", "c", "zebra"], pa.large_string())
    assert smaller.vocabulary.to_pylist() == ["a", "c"]
    assert smaller.embed(texts).tolist() == [[0, 1], [8, 9], [4, 5], [8, 9]]


def test_without_a_bucket_a_dropped_token_is_left_out() -> None:
    smaller = keep_rows(table(n_buckets=0), np.array([True, False, True, False]))
    assert smaller.embed(pa.array(["b c", "b"], pa.large_string())).tolist() == [[4, 5], [0, 0]]


def test_used_tokens_are_those_of_the_texts() -> None:
    texts = pa.array(["b b zebra", "d"], pa.large_string())
    assert used_tokens(table(), texts).tolist() == [False, True, False, True]


def test_moved_tokens_are_those_whose_vector_differs() -> None:
    trained = table().vectors.copy()
    trained[2, 1] += 1e-6
    trained[4] += 1  # the bucket's row is no token
    assert moved_tokens(table().with_vectors(trained), table()).tolist() == [False, False, True, False]


def test_another_table_cannot_tell_what_moved() -> None:
    with pytest.raises(EmbeddingError, match="four that is available has 5 rows of other tokens"):
        moved_tokens(table(n_buckets=0), table())
