"""The control: a vocabulary from the training texts, and vectors from a seed."""

import numpy as np
import pyarrow as pa
import pytest

from plaudit.embeddings import random_table
from plaudit.errors import ConfigError
from plaudit.text import SpaceTokenizer

TEXTS = pa.array(["b a c", "b B, é", "", "☃ a"], type=pa.large_string())


def test_characters_of_scripts_without_spaces_and_their_pairs_have_vectors() -> None:
    texts = pa.array(["电影好", "好电影"], type=pa.large_string())
    table = random_table(texts, seed=0)
    assert sorted(table.vocabulary.to_pylist()) == sorted(["电", "影", "好", "电影", "影好", "好电"])
    assert table.coverage(pa.array(["影电好"], type=pa.large_string())).tokens == 0.6


def test_the_vocabulary_is_in_order_of_frequency_and_ties_in_order_of_bytes() -> None:
    assert random_table(TEXTS, seed=0).vocabulary.to_pylist() == ["b", "a", ",", "c", "é", "☃"]


def test_rare_tokens_can_be_left_out() -> None:
    assert random_table(TEXTS, seed=0, min_count=2).vocabulary.to_pylist() == ["b", "a"]


def test_the_tokenizer_can_be_chosen() -> None:
    table = random_table(TEXTS, seed=0, tokenizer=SpaceTokenizer())
    assert table.vocabulary.to_pylist() == ["a", "b", "", "B,", "c", "é", "☃"]
    assert table.tokenizer == SpaceTokenizer()


def test_there_is_one_row_for_unknown_tokens() -> None:
    table = random_table(TEXTS, seed=0, dimension=4)
    assert table.n_buckets == 1
    assert table.vectors.shape == (7, 4)
    embedded = table.embed(pa.array(["never", "seen"], type=pa.large_string()))
    np.testing.assert_array_equal(embedded, np.vstack([table.vectors[-1]] * 2))


def test_the_numbers_are_uniform_between_minus_and_plus_a_twentieth() -> None:
    vectors = random_table(TEXTS, seed=3, dimension=10_000).vectors
    assert vectors.dtype == np.float32
    assert vectors.min() >= -0.05
    assert vectors.max() <= 0.05
    assert vectors.mean() == pytest.approx(0, abs=5e-4)  # its standard error over 70,000 numbers is 1.1e-4
    assert vectors.std() == pytest.approx(0.1 / np.sqrt(12), rel=0.02)


def test_the_same_seed_gives_the_same_table_to_the_bit_and_another_seed_another() -> None:
    first, again, other = (random_table(TEXTS, seed=seed) for seed in (1, 1, 2))
    assert first.vectors.tobytes() == again.vectors.tobytes()
    assert first.vocabulary.equals(again.vocabulary)
    assert not np.array_equal(first.vectors, other.vectors)


def test_golden_numbers_hold_on_every_machine() -> None:
    # NumPy's PCG64(0) starts with 0.8506242036819458 and 0.6369616389274597 in float32; times 0.1, less 0.05
    assert random_table(TEXTS, seed=0).vectors[0, :2].tolist() == [0.03506242111325264, 0.01369616761803627]


def test_no_texts_leave_only_the_row_for_unknown_tokens() -> None:
    table = random_table(pa.array([], type=pa.large_string()), seed=0)
    assert table.vectors.shape == (1, 50)
    assert len(table.vocabulary) == 0


@pytest.mark.parametrize(
    ("seed", "dimension", "min_count", "message"),
    [
        (0, 0, 1, "dimension is 0, expected at least 1"),
        (0, 5, 0, "min_count is 0, expected at least 1"),
        (-1, 5, 1, "seed is -1, expected at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(seed: int, dimension: int, min_count: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        random_table(TEXTS, seed=seed, dimension=dimension, min_count=min_count)
