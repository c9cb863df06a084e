from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from interop_networks import every_character, make_table, tricky_texts

from plaudit.embeddings import Combiner
from plaudit.interop.tensorflow_text import combine, look_up, make_lookup, refuse_text, tokenize
from plaudit.text import SpaceTokenizer, Tokenizer, WordTokenizer

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

TOKENIZERS = [
    SpaceTokenizer(),
    SpaceTokenizer(delete_punctuation=True),
    SpaceTokenizer(keep_empty=False),
    SpaceTokenizer(delete_punctuation=True, keep_empty=False),
    WordTokenizer(),
    WordTokenizer(lower_case=False),
    WordTokenizer(split_clitics=True),
    WordTokenizer(lower_case=False, split_clitics=True),
    WordTokenizer(unspaced="words"),
    WordTokenizer(unspaced="pairs"),
]
EVERY_RULE = [  # each rule about a character, once
    SpaceTokenizer(),
    WordTokenizer(split_clitics=True, unspaced="characters"),
    WordTokenizer(lower_case=False, unspaced="pairs"),
]


def assert_same_tokens(tokenizer: Tokenizer, texts: list[str]) -> None:
    expected = tokenizer.tokenize(pa.array(texts, pa.large_string()))
    found = tokenize(tf.constant(texts, tf.string), tokenizer)
    np.testing.assert_array_equal(found.row_splits.numpy(), expected.offsets)
    words = np.array(expected.dictionary.to_pylist() or [""], dtype=object)[expected.values]
    assert [word.decode() for word in found.values.numpy()] == words.tolist()


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=str)
def test_tensorflow_splits_tricky_texts_as_we_do(tokenizer: Tokenizer) -> None:
    assert_same_tokens(tokenizer, tricky_texts())
    assert_same_tokens(tokenizer, [])


@pytest.mark.slow
@pytest.mark.parametrize("tokenizer", EVERY_RULE, ids=str)
def test_tensorflow_splits_at_every_character_of_unicode_as_we_do(tokenizer: Tokenizer) -> None:
    assert_same_tokens(tokenizer, every_character())


@pytest.mark.slow
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=str)
def test_tensorflow_splits_random_unicode_as_we_do(tokenizer: Tokenizer) -> None:
    generator = random.Random(1)
    anything = [chr(c) for c in generator.sample(range(0x110000), 400) if not 0xD800 <= c < 0xE000]
    pool = [*"aB'’.,!? \t\n\u00a0\u2003\u200d\ufe0fİΣσςßé🎬\u00ad\x85\x00n'tS'lL  中文好カーｶﾞดี한〇", *anything]
    texts = ["".join(generator.choices(pool, k=generator.randrange(30))) for _ in range(5_000)]
    assert_same_tokens(tokenizer, texts)


@pytest.mark.parametrize("n_buckets", [0, 1, 5])
@pytest.mark.parametrize("combiner", ["sqrtn", "mean", "sum"])
def test_tensorflow_embeds_as_the_table_does(n_buckets: int, combiner: Combiner) -> None:
    table = make_table(n_buckets=n_buckets, combiner=combiner)
    rows = look_up(tokenize(tf.constant(tricky_texts()), table.tokenizer), make_lookup(table))
    found = combine(lambda flat: tf.gather(table.vectors, flat), rows, combiner)
    expected = table.embed(pa.array(tricky_texts(), pa.large_string()))
    # float32 sums of some thirty numbers near 2, in another order
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-5)


def test_word_pieces_are_not_tensorflows() -> None:
    from plaudit.embeddings import EmbeddingTable
    from plaudit.interop.ids import _Whole

    table = EmbeddingTable("x", _Whole(), pa.array(["a"], pa.large_string()), np.zeros((1, 1), np.float32))
    assert "no operator for the tokenizer" in str(refuse_text(table))
