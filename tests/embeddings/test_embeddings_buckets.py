"""Several rows for unknown tokens, chosen by the hash of the token."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from plaudit.embeddings import EmbeddingTable, read_table, write_table
from plaudit.errors import EmbeddingError
from plaudit.text import SpaceTokenizer


def table(n_rows: int) -> EmbeddingTable:
    vectors = np.arange(2 * n_rows, dtype=np.float32).reshape(n_rows, 2)
    return EmbeddingTable("t", SpaceTokenizer(), pa.array(["good", "bad"], pa.large_string()), vectors)


def texts(*texts: str) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def test_the_fingerprint_modulo_the_number_of_buckets_chooses_the_row() -> None:
    # tf.strings.to_hash_bucket_fast(["lizard", "", "Cat", "🎬"], 7) of TensorFlow 2.21
    bags = table(9).bags(texts("lizard", "", "Cat", "🎬", "good"))
    assert bags.rows.tolist() == [2 + 6, 2 + 6, 2 + 5, 2 + 1, 0]


def test_each_occurrence_counts_and_tokens_may_share_a_bucket() -> None:
    bags = table(4).bags(texts("a b c d e f g h good a"))
    assert set(bags.rows.tolist()) == {0, 2, 3}
    counts = np.round(bags.weights * np.sqrt(10)).astype(int)
    assert counts[0] == 1
    assert counts.sum() == 10


def test_hashed_tokens_are_still_unknown_to_coverage() -> None:
    coverage = table(9).coverage(texts("good lizard lizard"))
    assert coverage.tokens == pytest.approx(1 / 3)
    assert coverage.missing == (("lizard", 2),)


def test_a_table_keeps_its_buckets_on_disk(tmp_path: Path) -> None:
    write_table(table(9), tmp_path)
    again = read_table(tmp_path)
    column = texts("lizard Cat good", "")
    assert again.n_buckets == 7
    assert again.embed(column).tobytes() == table(9).embed(column).tobytes()


def test_fewer_rows_than_tokens_are_refused() -> None:
    with pytest.raises(EmbeddingError, match=r"2 tokens need float32 vectors, at least as many, got float32 \(1, 2\)"):
        table(1)


def test_a_stored_tokenizer_without_the_newer_setting_keeps_empty_tokens() -> None:
    from plaudit.text import build_tokenizer

    assert build_tokenizer("space", {"delete_punctuation": True}) == SpaceTokenizer(delete_punctuation=True)


@pytest.mark.parametrize("delete_punctuation", [False, True])
def test_a_tokenizer_that_drops_empty_tokens_leaves_one_to_a_text_without_others(delete_punctuation: bool) -> None:
    tokenizer = SpaceTokenizer(delete_punctuation=delete_punctuation, keep_empty=False)
    column = tokenizer.tokenize(texts("  a  b ", "", "   ", "c", "!", "! d"))
    mark = "" if delete_punctuation else "!"
    last = ["d"] if delete_punctuation else ["!", "d"]
    assert column.to_lists() == [["a", "b"], [""], [""], ["c"], [mark], last]
    assert tokenizer.tokenize(texts()).to_lists() == []
