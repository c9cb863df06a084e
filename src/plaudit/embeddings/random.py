"""The control: vectors that know nothing, to tell what pre-training brings from what training brings.

The one decision to question: the vocabulary comes from the texts that are handed in. Hand in training texts
only; words that occur in other texts alone share the one row for unknown words, as they will when the model
is used.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import ConfigError
from plaudit.text import WordTokenizer
from plaudit.text.counting import count_tokens
from plaudit.text.token_memory import tokens_of

if TYPE_CHECKING:
    from plaudit.text import Tokenizer

DEFAULT_DIMENSION = 50  # the tutorial's nnlm-en-dim50
_SPREAD = 0.05  # tf.keras.layers.Embedding's initialiser "uniform": RandomUniform(-0.05, 0.05)


def random_table(
    texts: pa.LargeStringArray,
    *,
    seed: int,
    dimension: int = DEFAULT_DIMENSION,
    min_count: int = 1,
    tokenizer: Tokenizer | None = None,
) -> EmbeddingTable:
    """Give every distinct token of `texts` a random vector, and one more to all unknown tokens.

    Args:
        texts: The training texts, N of them, no nulls; with N = 0 only the row for unknown tokens remains.
        seed: Seeds NumPy's PCG64; the same seed, texts and settings give the same table to the bit.
        dimension: D, at least 1.
        min_count: Leave out tokens that occur fewer times in all; at least 1.
        tokenizer: Splits the texts; ``WordTokenizer(unspaced="pairs")`` if None, because a bag of single Chinese
            characters says much less than a bag of characters and pairs.

    Returns:
        A table of float32 vectors [K + 1, D], each number uniform between -0.05 and 0.05; tokens are in order
        of frequency, most frequent first, ties by their UTF-8 bytes.

    Raises:
        ConfigError: `dimension` or `min_count` is below 1, or `seed` is negative.
    """
    for name, value, least in (("dimension", dimension, 1), ("min_count", min_count, 1), ("seed", seed, 0)):
        if value < least:
            raise ConfigError(f"random embedding: {name} is {value}, expected at least {least}.")
    tokenizer = tokenizer or WordTokenizer(unspaced="pairs")
    vocabulary = _by_frequency(texts, tokenizer, min_count)
    generator = np.random.Generator(np.random.PCG64(seed))
    vectors = generator.random((len(vocabulary) + 1, dimension), dtype=np.float32)
    vectors *= np.float32(2 * _SPREAD)
    vectors -= np.float32(_SPREAD)
    return EmbeddingTable(
        name="random",
        tokenizer=tokenizer,
        vocabulary=vocabulary,
        vectors=vectors,
        provenance={
            "source": f"random numbers, uniform between -{_SPREAD} and {_SPREAD}; nothing was pre-trained",
            "seed": str(seed),
            "vocabulary": f"{len(vocabulary)} tokens, those in the training texts at least {min_count} times",
        },
    )


def _by_frequency(texts: pa.LargeStringArray, tokenizer: Tokenizer, min_count: int) -> pa.LargeStringArray:
    tokens, counts = count_tokens(partial(tokens_of, tokenizer), texts)
    kept = pa.array(np.flatnonzero(counts >= min_count))
    found = pa.table({"token": tokens.take(kept), "count": pa.array(counts).take(kept)})
    order = pc.sort_indices(found, sort_keys=[("count", "descending"), ("token", "ascending")])
    return found["token"].take(order).combine_chunks().cast(pa.large_string())
