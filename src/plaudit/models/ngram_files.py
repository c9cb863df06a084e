"""The files of an n-gram model: its tokens in Arrow, its n-grams and their weights in safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plaudit.embeddings.storage import read_vocabulary, write_vocabulary
from plaudit.errors import ModelError
from plaudit.models.artifact import opening, read_tensors
from plaudit.text.ngrams import NgramVocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKENS, _KEYS, _WEIGHTS = "tokens.arrow", "ngrams.safetensors", "weights.safetensors"
FILES = (_TOKENS, _KEYS, _WEIGHTS)


class NgramWeights(NamedTuple):
    """What K logits are computed from: logit = sum of weights / length of the text's vector of scales + bias.

    Attributes:
        scales: float32 [K, F], an n-gram's entry in a text's vector before that is brought to length 1.
        weights: float32 [K, F], that entry times its coefficient.
        biases: float32 [K].
    """

    scales: NDArray[np.float32]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]


def write_weights(folder: Path, vocabulary: NgramVocabulary, weights: NgramWeights) -> None:
    """Write the three files into an existing folder."""
    from safetensors.numpy import save

    write_vocabulary(vocabulary.tokens, folder / _TOKENS)
    keys = {_key_name(n): array for n, array in enumerate(vocabulary.keys, start=2)}
    (folder / _KEYS).write_bytes(save(keys))
    (folder / _WEIGHTS).write_bytes(save(weights._asdict()))


def read_weights(folder: Path, n_max: int, n_logits: int) -> tuple[NgramVocabulary, NgramWeights]:
    """Read what `write_weights` wrote.

    Args:
        folder: The model's.
        n_max: Tokens in the longest n-grams.
        n_logits: K.

    Raises:
        ModelError: A file is damaged.
    """
    with opening(folder / _TOKENS):
        tokens = read_vocabulary(folder / _TOKENS)
    names = [_key_name(n) for n in range(2, n_max + 1)]
    keys = read_tensors(folder / _KEYS, dict.fromkeys(names, (-1,)), np.int64)
    shorter = len(tokens)
    for name in names:
        array, most = keys[name], shorter * len(tokens)
        if len(array) and (array.min() < 0 or array.max() >= most or len(np.unique(array)) < len(array)):
            raise ModelError(f"{folder / _KEYS}: damaged: {name} must be distinct numbers from 0 to below {most:,}.")
        shorter = len(array)
    vocabulary = NgramVocabulary(tokens, tuple(keys[name] for name in names))
    shapes = {"scales": (n_logits, len(vocabulary)), "weights": (n_logits, len(vocabulary)), "biases": (n_logits,)}
    return vocabulary, NgramWeights(**read_tensors(folder / _WEIGHTS, shapes))


def _key_name(n: int) -> str:
    return f"keys_{n}"
