import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from plaudit.embeddings import EmbeddingTable
from plaudit.errors import DataError, EmbeddingError
from plaudit.interop import flat_token_ids, read_tokens, token_ids
from plaudit.interop.ids import write_tokens
from plaudit.text import SpaceTokenizer, WordTokenizer


def table(n_buckets: int) -> EmbeddingTable:
    vocabulary = pa.array(["cat", "dog"], pa.large_string())
    return EmbeddingTable("two", SpaceTokenizer(), vocabulary, np.zeros((2 + n_buckets, 4), np.float32))


def test_ids_are_rows_in_the_order_of_the_text_and_padded_behind() -> None:
    ids = token_ids(table(1), ["dog cat dog", "", "lizard"])
    assert ids.dtype == np.int32
    assert ids.tolist() == [[1, 0, 1], [2, -1, -1], [2, -1, -1]]


def test_a_token_that_is_left_out_has_no_id() -> None:
    flat = flat_token_ids(table(0), ["lizard dog", "", "cat lizard cat"])
    assert flat.ids.tolist() == [1, 0, 0]
    assert flat.offsets.tolist() == [0, 1, 1, 3]


def test_no_text_gives_no_row() -> None:
    assert token_ids(table(1), []).shape == (0, 1)
    assert flat_token_ids(table(1), []).offsets.tolist() == [0]


def test_a_text_longer_than_the_length_is_refused_and_not_cut() -> None:
    assert token_ids(table(1), ["cat"], length=3).tolist() == [[0, -1, -1]]
    with pytest.raises(DataError, match="text 1 has 4 tokens, more than length=3"):
        token_ids(table(1), ["cat", "a b c d"], length=3)


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(delete_punctuation=True), WordTokenizer(split_clitics=True)])
@pytest.mark.parametrize("n_buckets", [0, 1, 3])
def test_tokens_that_were_written_give_the_same_ids(
    tmp_path: Path, tokenizer: SpaceTokenizer | WordTokenizer, n_buckets: int
) -> None:
    original = replace(table(n_buckets), tokenizer=tokenizer)
    texts = ["cat, dog!", "", "don't naïve 🎬\nlizard", "dog  cat"]
    write_tokens(original, tmp_path / "tokens.json")
    again = flat_token_ids(read_tokens(tmp_path / "tokens.json"), texts)
    expected = flat_token_ids(original, texts)
    assert again.ids.tolist() == expected.ids.tolist()
    assert again.offsets.tolist() == expected.offsets.tolist()


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({"tokenizer": {"kind": "space", "settings": {}}, "n_buckets": 1, "vocabulary": [1]}),
        json.dumps({"tokenizer": {"kind": "os.system", "settings": {}}, "n_buckets": 1, "vocabulary": ["a"]}),
    ],
)
def test_tokens_of_something_else_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokens.json").write_text(content, encoding="utf-8")
    with pytest.raises(EmbeddingError, match=r"tokens|tokenizer kind"):
        read_tokens(tmp_path / "tokens.json")
