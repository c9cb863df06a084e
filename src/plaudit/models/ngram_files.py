"""The files of an n-gram model: its tokens in Arrow; n-grams, characters and their weights in safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.embeddings.storage import read_vocabulary, write_vocabulary
from plaudit.errors import ModelError
from plaudit.models.artifact import opening, read_tensors
from plaudit.models.ngram_fitting import NgramWeights
from plaudit.text.ngram_characters import CharacterVocabulary
from plaudit.text.ngrams import NgramVocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKENS, _KEYS, _WEIGHTS = "tokens.arrow", "ngrams.safetensors", "weights.safetensors"
_CHARACTER_KEYS, _CHARACTER_WEIGHTS = "characters.safetensors", "character_weights.safetensors"
CHARACTER_FILES = (_CHARACTER_KEYS, _CHARACTER_WEIGHTS)
FILES = (_TOKENS, _KEYS, _WEIGHTS)


def write_weights(folder: Path, vocabulary: NgramVocabulary, weights: NgramWeights) -> None:
    """Write the three files into an existing folder."""
    from safetensors.numpy import save

    write_vocabulary(vocabulary.tokens, folder / _TOKENS)
    keys = {_key_name(n): array for n, array in enumerate(vocabulary.keys, start=2)}
    (folder / _KEYS).write_bytes(save(keys))
    (folder / _WEIGHTS).write_bytes(save(weights._asdict()))


def write_characters(folder: Path, characters: CharacterVocabulary, weights: NgramWeights) -> None:
    """Write what is known of characters into an existing folder: two files."""
    from safetensors.numpy import save

    (folder / _CHARACTER_KEYS).write_bytes(save({"keys": characters.keys}))
    (folder / _CHARACTER_WEIGHTS).write_bytes(save({"scales": weights.scales, "weights": weights.weights}))


def read_weights(
    folder: Path, n_max: int, n_logits: int, *, n_scales: int | None = None
) -> tuple[NgramVocabulary, NgramWeights]:
    """Read what `write_weights` wrote.

    Args:
        folder: The model's.
        n_max: Tokens in the longest n-grams.
        n_logits: K.
        n_scales: 1 where all logits share their scales; None for K.

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
    n = len(vocabulary)
    shapes = {"scales": (n_logits if n_scales is None else n_scales, n), "weights": (n_logits, n)}
    return vocabulary, NgramWeights(**read_tensors(folder / _WEIGHTS, {**shapes, "biases": (n_logits,)}))


def read_characters(
    folder: Path, biases: NDArray[np.float32], *, n_scales: int
) -> tuple[CharacterVocabulary, NgramWeights]:
    """Read what `write_characters` wrote.

    Args:
        folder: The model's.
        biases: float32 [K], of the logits.
        n_scales: 1 where all logits share their scales, else K.

    Raises:
        ModelError: The file is damaged.
    """
    keys = read_tensors(folder / _CHARACTER_KEYS, {"keys": (-1,)}, np.int64)["keys"]
    if len(keys) and (keys.min() < 0 or (np.diff(keys) <= 0).any()):
        raise ModelError(f"{folder / _CHARACTER_KEYS}: damaged: keys must be numbers from 0, in ascending order.")
    shapes: dict[str, tuple[int, ...]] = {"scales": (n_scales, len(keys)), "weights": (len(biases), len(keys))}
    arrays = read_tensors(folder / _CHARACTER_WEIGHTS, shapes)
    return CharacterVocabulary(keys), NgramWeights(**arrays, biases=biases)


def _key_name(n: int) -> str:
    return f"keys_{n}"
