"""The shares of words in a blend's logit: the weighted sum of its members' shares, each by its own method.

Both members are asked about the same words, those that neither of their tokenizers sees otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.explanation.explanation import WordShares
from plaudit.explanation.shares import engine, scaled_shares

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models.blend import BlendClassifier
    from plaudit.text import Tokenizer
    from plaudit.text.subwords import SubwordTokenizer
    from plaudit.text.words import Words, WordTokens


def tokenizers(model: BlendClassifier) -> list[Tokenizer | SubwordTokenizer]:
    """Return what the members read a text with, a tokenizer each."""
    return [t for member in (model.ngram_, model.encoder_) for t in engine(member).tokenizers(member)]


def word_shares(
    model: BlendClassifier,
    texts: pa.LargeStringArray,
    coefficients: NDArray[np.float64],
    words: Words,
    tokens: list[WordTokens],
) -> WordShares:
    """Return the words' shares in the sum of `coefficients` (float64 [N, K]) times the raw logits."""
    ngram, encoder = (
        scaled_shares(member, texts, weight * coefficients, words, [own])
        for member, weight, own in zip((model.ngram_, model.encoder_), model.blend_weights_, tokens, strict=True)
    )
    return WordShares(
        ngram.shares + encoder.shares,
        ngram.base + encoder.base,
        ngram.is_known | (encoder.is_known & encoder.is_read),
        np.ones(len(words.values), bool),
        f"n-grams: {ngram.method}. Encoder: {encoder.method}. Added with the blend's weights",
    )
