"""Tokenizers and look-ups as TensorFlow operators, for a Keras layer and a SavedModel that take text.

TensorFlow and Arrow both use RE2, but not of the same year: Arrow 26 knows 622 ideographs as letters that TensorFlow
2.21 does not. So classes of characters are spelt out as Arrow has them. Lower case goes by a table, because Arrow maps
character by character and TensorFlow's `strings.lower` is ICU's, which looks at the end of words. A test compares the
two on every character of Unicode and on random texts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.text import SpaceTokenizer, WordTokenizer
from plaudit.text.scripts import EXTENDS_LETTER, UNSPACED_LETTER
from plaudit.text.tokens import BLANK, CLITICS, EDGE_APOSTROPHES, IN_WORDS, NOT_IN_WORDS, WITHIN_WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.embeddings.table import EmbeddingTable
    from plaudit.text import Tokenizer

Tensor = Any  # tf.Tensor and tf.RaggedTensor, which must not be imported here
_SURROGATES = range(0xD800, 0xE000)


def refuse_text(table: EmbeddingTable) -> str | None:
    """Say why TensorFlow cannot take text for this embedding; None where it can."""
    if isinstance(table.tokenizer, SpaceTokenizer | WordTokenizer):
        return None
    return f'TensorFlow has no operator for the tokenizer "{table.tokenizer.kind}"'


def tokenize(texts: Tensor, tokenizer: Tokenizer) -> Tensor:
    """Split texts (string [N]) into tokens, a ragged string tensor [N, None], as `tokenizer` does."""
    import tensorflow as tf

    if isinstance(tokenizer, SpaceTokenizer):
        if tokenizer.delete_punctuation:
            texts = tf.strings.regex_replace(texts, _explicit(r"\pP"), "")
        tokens = _split_on_spaces(texts)
        return tokens if tokenizer.keep_empty else _with_one_at_least(tokens)
    assert isinstance(tokenizer, WordTokenizer)  # refuse_text saw to it
    words = _lower(texts) if tokenizer.lower_case else texts
    words = tf.strings.regex_replace(words, _explicit(WITHIN_WORDS), "")
    words = tf.strings.regex_replace(words, _explicit(f"[{BLANK}]"), " ")
    words = tf.strings.regex_replace(words, f"({_explicit(NOT_IN_WORDS)})", r" \1 ")
    pieces = tf.strings.split(words)
    if tokenizer.unspaced != "words":
        pieces = _characters(pieces, with_pairs=tokenizer.unspaced == "pairs")
    pieces = _respaced(pieces, EDGE_APOSTROPHES, r" \1 ")
    if not tokenizer.split_clitics:
        return pieces
    return _respaced(pieces, CLITICS.replace(IN_WORDS, _explicit(IN_WORDS)), r"\1 \2")


def _characters(pieces: Tensor, *, with_pairs: bool) -> Tensor:
    """Split the characters of scripts without spaces, and put behind each the pair with the next one of its piece."""
    import tensorflow as tf

    character = f"{_explicit(UNSPACED_LETTER)}{_explicit(EXTENDS_LETTER)}*"
    split = tf.strings.split(tf.strings.regex_replace(pieces.values, f"({character})", r" \1 "))
    if with_pairs:
        tokens, owners = split.values, split.value_rowids()
        is_character = tf.strings.regex_full_match(tokens, character)
        is_pair = is_character[:-1] & is_character[1:] & tf.equal(owners[:-1], owners[1:])
        pairs = tf.where(is_pair, tf.strings.join([tokens[:-1], tokens[1:]]), "")
        pairs = tf.concat([pairs, tf.fill([tf.size(tokens) - tf.size(pairs)], "")], axis=0)  # the last one has no next
        both = tf.reshape(tf.stack([tokens, pairs], axis=1), [-1])
        split = tf.RaggedTensor.from_value_rowids(both, tf.repeat(owners, 2), split.nrows(), validate=False)
        split = tf.ragged.boolean_mask(split, split.with_values(tf.not_equal(both, "")))
    return tf.RaggedTensor.from_row_splits(split.values, tf.gather(split.row_splits, pieces.row_splits), validate=False)


def _split_on_spaces(texts: Tensor) -> Tensor:
    """Split at every space; a space is put behind each text and the empty token that it makes is dropped again.

    Without it an empty text, the one token "" for us, would depend on how `strings.split` takes it.
    """
    import tensorflow as tf

    return tf.strings.split(tf.strings.join([texts, " "]), " ")[:, :-1]


def _with_one_at_least(tokens: Tensor) -> Tensor:
    """Drop the empty tokens, but leave the first of a text that has no others; every text has one at least."""
    import tensorflow as tf

    owners, is_empty = tokens.value_rowids(), tf.equal(tokens.values, "")
    all_empty = tf.logical_not(tf.reduce_any(tf.not_equal(tokens, ""), axis=1))
    is_first = tf.equal(tf.range(tf.size(owners, tf.int64)), tf.gather(tokens.row_starts(), owners))
    kept = ~is_empty | (is_first & tf.gather(all_empty, owners))
    return tf.ragged.boolean_mask(tokens, tokens.with_values(kept))


def _respaced(pieces: Tensor, pattern: str, replacement: str) -> Tensor:
    """Replace a pattern in each piece by something with spaces, and split at them."""
    import tensorflow as tf

    inner = tf.strings.split(tf.strings.regex_replace(pieces.values, pattern, replacement))
    return tf.RaggedTensor.from_row_splits(inner.values, tf.gather(inner.row_splits, pieces.row_splits), validate=False)


def _lower(texts: Tensor) -> Tensor:
    """Map each character to its lower case, as Arrow does."""
    import tensorflow as tf

    table = tf.constant(_lower_case())
    codes = tf.strings.unicode_decode(texts, "UTF-8")
    inside = codes.values < table.shape[0]
    lowered = tf.where(inside, tf.gather(table, tf.where(inside, codes.values, 0)), codes.values)
    return tf.strings.unicode_encode(codes.with_values(lowered), "UTF-8")


def _every_character() -> pa.LargeStringArray:
    """Return each code point as a text, a space in the place of the surrogates, which no text holds."""
    return pa.array([" " if code in _SURROGATES else chr(code) for code in range(0x110000)], pa.large_string())


@cache
def _lower_case() -> NDArray[np.int32]:
    """Return each code point's lower case, int32, up to the last one that has another."""
    lowered = pc.utf8_lower(_every_character()).to_pylist()
    codes = np.array([ord(c) for c in lowered], np.int32)
    codes[_SURROGATES.start : _SURROGATES.stop] = np.arange(_SURROGATES.start, _SURROGATES.stop)
    changed = np.flatnonzero(codes != np.arange(len(codes)))
    return codes[: changed[-1] + 1]


@cache
def _explicit(pattern: str) -> str:
    """Return the characters that Arrow finds for a pattern of one character, as a class of ranges."""
    found = pc.match_substring_regex(_every_character(), f"^(?:{pattern})$").to_numpy(zero_copy_only=False)
    edges = np.flatnonzero(np.diff(found, prepend=False, append=False)).reshape(-1, 2)
    return "[" + "".join(f"\\x{{{first:X}}}-\\x{{{last - 1:X}}}" for first, last in edges.tolist()) + "]"


def make_lookup(table: EmbeddingTable) -> Any:  # Any: a tf.lookup table
    """Return a look-up from tokens (string) to rows (int64); -1 for a token that is left out."""
    import tensorflow as tf

    keys = tf.constant(table.vocabulary.to_pylist(), tf.string)
    rows = tf.range(len(table.vocabulary), dtype=tf.int64)
    initializer = tf.lookup.KeyValueTensorInitializer(keys, rows)
    if table.n_buckets > 1:  # by FarmHash's Fingerprint64 modulo the buckets, as everywhere in Plaudit
        return tf.lookup.StaticVocabularyTable(initializer, table.n_buckets, lookup_key_dtype=tf.string)
    return tf.lookup.StaticHashTable(initializer, len(table.vocabulary) if table.n_buckets else -1)


def look_up(tokens: Tensor, lookup: Any) -> Tensor:
    """Return the rows of ragged tokens [N, None], ragged int64; those left out are not there."""
    import tensorflow as tf

    rows = tokens.with_values(lookup.lookup(tokens.values))
    return tf.ragged.boolean_mask(rows, rows >= 0)


def combine(vectors: Tensor, rows: Tensor, combiner: str) -> Tensor:
    """Return each text's combined vector, float32 [N, D], from its ragged rows; zeros for a text without any.

    Args:
        vectors: Takes flat rows (int64 [T]) and returns their vectors, float32 [T, D].
        rows: Ragged int64 [N, None].
        combiner: "sqrtn", "mean" or "sum".
    """
    import tensorflow as tf

    n = rows.nrows()
    total = tf.math.unsorted_segment_sum(vectors(rows.values), rows.value_rowids(), n)
    counts = tf.cast(tf.maximum(rows.row_lengths(), 1), tf.float32)[:, None]
    if combiner == "sqrtn":  # no match statement: AutoGraph cannot read it
        return total / tf.sqrt(counts)
    return total / counts if combiner == "mean" else total
