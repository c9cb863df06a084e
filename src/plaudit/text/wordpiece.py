"""BERT's WordPiece over a column of texts: the reference tokenizer's ids for about a fifth of its work.

The reference is Hugging Face's `tokenizers`; it only sees each distinct piece of text between spaces and ASCII
punctuation once (95,000 pieces in IMDB's training half, where splitting at spaces alone leaves 281,000), and where the
compiled kernels are, only pieces that are not plain ASCII. Nothing is truncated: a `tokenizer.json` usually asks for
truncation at 128 or 512 tokens, and that request is dropped, with its padding and its special tokens: a text
that says "[PAD]" means these characters.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import EmbeddingError
from plaudit.native.library import address, kernels, string_addresses
from plaudit.text.column import TokenColumn, encode, expand, list_offsets
from plaudit.text.splitting import Rule, split
from plaudit.text.token_index import TokenIndex
from plaudit.text.tokenizer_rules import check_rules
from plaudit.text.tokens import split_on_spaces

if TYPE_CHECKING:
    import tokenizers

# BERT's pre-tokenizer makes each of these a token of its own (BasicTokenizer, Devlin et al. 2019,
# _is_punctuation).
_ASCII_PUNCTUATION = r"([!-/:-@\[-`{-~])"
_CHUNK = 16_384  # pieces handed over at a time; an Encoding is about a kilobyte while it lives
_FEW = 64  # pieces for which waking the reference's threads takes longer than their work


@dataclass(frozen=True)
class WordPieceTokenizer:
    """A WordPiece tokenizer as `tokenizer.json` describes it.

    Attributes:
        definition: The text of a Hugging Face ``tokenizer.json`` whose model is WordPiece and whose
            normaliser and pre-tokenizer are BERT's, which never look across a space.
    """

    definition: str
    kind = "wordpiece"

    def __post_init__(self) -> None:
        _checked_content(self.definition)

    @cached_property
    def _reference(self) -> tokenizers.Tokenizer:
        return load_reference(self.definition)

    @cached_property
    def unknown_token(self) -> str:
        """What stands for a word that no pieces spell ("[UNK]")."""
        token: str = json.loads(self.definition)["model"]["unk_token"]
        return token

    @cached_property
    def vocabulary(self) -> pa.LargeStringArray:
        """Every token in the order of its id, Arrow ``large_string`` [V]."""
        vocabulary = self._reference.get_vocab(with_added_tokens=False)
        return pa.array(sorted(vocabulary, key=vocabulary.__getitem__), type=pa.large_string())

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Split `texts` into word pieces; `dictionary` is the whole vocabulary, so values are ids."""
        words = self.words(texts)
        return expand(words, self._encode(words.dictionary))

    def words(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Split `texts` at spaces and ASCII punctuation, before words become pieces; some may be empty."""
        if (words := split(texts, Rule.PUNCTUATION)) is not None:
            return words
        column = split_on_spaces(texts)
        spaced = pc.replace_substring_regex(column.dictionary, _ASCII_PUNCTUATION, r" \1 ")
        lists = pc.split_pattern(spaced, " ")
        return expand(column, encode(lists.flatten(), list_offsets(lists)))

    def _encode(self, pieces: pa.LargeStringArray) -> TokenColumn:
        library = kernels()
        if library is None:
            return self._ask(pieces)
        data, size, offsets = string_addresses(pieces)
        ids, counts = np.empty(size, np.int32), np.empty(len(pieces), np.int64)
        record = self._index.record()
        n = library.wordpiece(
            address(record), data, offsets, len(pieces), *self._kernel_rules, address(ids), address(counts)
        )
        left = np.flatnonzero(counts < 0)
        starts, values = np.cumsum(np.maximum(counts, 0)) - np.maximum(counts, 0), ids[:n].copy()
        if len(left):  # what is no plain ASCII, the reference knows
            others = self._ask(pieces.take(pa.array(left)))
            counts[left], starts[left] = others.lengths(), others.offsets[:-1] + n
            values = np.concatenate([values, others.values])
        ends = np.cumsum(counts)
        if len(left):
            values = values[np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1])]
        return TokenColumn(self.vocabulary, np.concatenate([np.zeros(1, np.int64), ends]), values)

    @cached_property
    def _index(self) -> TokenIndex:
        return TokenIndex(self.vocabulary)

    @cached_property
    def _kernel_rules(self) -> tuple[bytes, int, int, int, int]:
        """What the kernel has to know: prefix, its length, the longest word, whether to lower case, the unknown id."""
        content = json.loads(self.definition)
        model, prefix = content["model"], content["model"].get("continuing_subword_prefix", "##").encode()
        most, unknown = model.get("max_input_chars_per_word", 100), model["vocab"][model["unk_token"]]
        return prefix, len(prefix), most, int(content["normalizer"].get("lowercase", True)), unknown

    def _ask(self, pieces: pa.LargeStringArray) -> TokenColumn:
        """Let the reference tokenizer split each piece."""
        ids: list[list[int]] = []
        reference = self._reference
        if len(pieces) <= _FEW:
            ids.extend(reference.encode(piece, add_special_tokens=False).ids for piece in pieces.to_pylist())
        else:
            for start in range(0, len(pieces), _CHUNK):
                chunk = pieces.slice(start, _CHUNK).to_pylist()
                ids.extend(e.ids for e in reference.encode_batch_fast(chunk, add_special_tokens=False))
        lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        values = np.fromiter(itertools.chain.from_iterable(ids), dtype=np.int32, count=int(offsets[-1]))
        return TokenColumn(self.vocabulary, offsets, values)

    def settings(self) -> dict[str, str | bool]:
        """Return the constructor's arguments."""
        return {"definition": self.definition}


def load_reference(definition: str) -> tokenizers.Tokenizer:
    """Build Hugging Face's tokenizer from a ``tokenizer.json``, less truncation, padding and special tokens.

    Raises:
        EmbeddingError: It is not a WordPiece definition with BERT's normaliser and pre-tokenizer, or its ids
            are not 0 to V - 1, each once.
    """
    from tokenizers import Tokenizer

    content = _checked_content(definition)
    check_rules(definition)
    content |= {"added_tokens": [], "truncation": None, "padding": None, "post_processor": None}
    try:
        return Tokenizer.from_str(json.dumps(content))
    except Exception as error:  # the Rust side raises plain Exception
        raise EmbeddingError(f"tokenizer.json: {error}.") from error


def _checked_content(definition: str) -> dict[str, Any]:  # Any: parsed JSON
    expected = {"model": "WordPiece", "normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer"}
    try:
        content: dict[str, Any] = json.loads(definition)
        kinds = {part: (content.get(part) or {}).get("type") for part in expected}
        if kinds != expected:
            raise EmbeddingError(f"tokenizer.json: expected BERT's WordPiece ({expected}), got {kinds}.")
        vocabulary, unknown = content["model"]["vocab"], content["model"]["unk_token"]
        if unknown not in vocabulary:
            raise EmbeddingError(f"tokenizer.json: the token for unknown words, {unknown!r}, is not in the vocabulary.")
        if sorted(vocabulary.values()) != list(range(len(vocabulary))):
            raise EmbeddingError(f"tokenizer.json: the {len(vocabulary):,} ids are not 0 to {len(vocabulary) - 1:,}.")
    except EmbeddingError:
        raise
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise EmbeddingError(f"tokenizer.json does not describe a WordPiece tokenizer ({reason}).") from error
    return content
