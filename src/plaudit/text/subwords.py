"""Texts as the token ids that a transformer was trained on.

When its tokenizer is BERT's WordPiece, every distinct piece of text is processed once (`text/wordpiece.py`); any other
may look across a space, and Hugging Face's `tokenizers` reads the texts as they are. Nothing is truncated or padded
here, and a text that says "[SEP]" or "</s>" means these characters. The special tokens that go around a text are
asked of the tokenizer's own template.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.errors import EmbeddingError
from plaudit.text.column import TokenColumn
from plaudit.text.token_memory import tokens_of
from plaudit.text.tokenizer_rules import check_rules
from plaudit.text.wordpiece import WordPieceTokenizer

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

_CHUNK_TEXTS = 1_024  # handed to the tokenizer at a time; an Encoding of a long text is a hundred kilobytes
_MOST_SAMPLES = 256


@contextlib.contextmanager
def _in_rust() -> Iterator[None]:
    """Turn what the reference tokenizer raises, plain exceptions and panics, into an error of ours."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # which is no Exception
            raise
        raise EmbeddingError(f"tokenizer.json: {' '.join(str(error).split())[:200]}.") from error


@dataclass(frozen=True)
class TokenIds:
    """N texts as token ids, without special tokens.

    Attributes:
        offsets: int64 [N + 1]; text i owns ``values[offsets[i]:offsets[i + 1]]``.
        values: int32 [T].
    """

    offsets: NDArray[np.int64]
    values: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class TokenSpans:
    """Token ids, and where in its text each came from.

    Attributes:
        ids: Those of N texts.
        starts: int64 [T], a token's first character; also where it came from none, as a sub-word model's marks do.
        ends: int64 [T], the character after its last.
    """

    ids: TokenIds
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


@dataclass(frozen=True)
class Frame:
    """What stands around a text.

    Attributes:
        prefix: Ids before it, BERT's [CLS].
        suffix: Ids after it, BERT's [SEP].
        prefix_types: The prefix's token type ids.
        text_type: The text's own.
        suffix_types: The suffix's.
    """

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    prefix_types: tuple[int, ...]
    text_type: int
    suffix_types: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prefix) + len(self.suffix)

    @property
    def has_types(self) -> bool:
        """Whether a type id differs from 0, which is what models take when they are given none."""
        return any((*self.prefix_types, self.text_type, *self.suffix_types))


@dataclass(frozen=True)
class SubwordTokenizer:
    """A tokenizer as `tokenizer.json` describes it.

    Attributes:
        definition: The text of a Hugging Face ``tokenizer.json``, of any kind.
    """

    definition: str

    def __post_init__(self) -> None:
        _ = self._reference

    @cached_property
    def _reference(self) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer

        check_rules(self.definition)
        with _in_rust():
            reference = Tokenizer.from_str(self.definition)
        reference.no_truncation()
        reference.no_padding()
        reference.encode_special_tokens = True  # as characters, where a text spells them
        return reference

    @cached_property
    def by_piece(self) -> WordPieceTokenizer | None:
        """The tokenizer that works on distinct pieces, where it gives the same ids."""
        if not all(token["special"] for token in json.loads(self.definition).get("added_tokens") or ()):
            return None
        try:
            return WordPieceTokenizer(self.definition)
        except EmbeddingError:
            return None

    @cached_property
    def n_ids(self) -> int:
        """One more than the greatest id."""
        return 1 + max(self._reference.get_vocab().values(), default=-1)

    @cached_property
    def unknown_id(self) -> int | None:
        """The id that stands for what no token spells; None if there is none."""
        model = json.loads(self.definition)["model"]
        if model.get("unk_token") is None:
            number: int | None = model.get("unk_id")
            return number
        found: int | None = self._reference.token_to_id(model["unk_token"])
        return found

    @cached_property
    def frame(self) -> Frame:
        """The special tokens of the tokenizer's template for one text."""
        for sample in itertools.chain("a", itertools.islice(self._reference.get_vocab(), _MOST_SAMPLES)):
            with _in_rust():
                framed = self._reference.encode(sample)
            own = [i for i, is_special in enumerate(framed.special_tokens_mask) if not is_special]
            if own:
                first, last = own[0], own[-1] + 1
                return Frame(
                    tuple(framed.ids[:first]),
                    tuple(framed.ids[last:]),
                    tuple(framed.type_ids[:first]),
                    framed.type_ids[first],
                    tuple(framed.type_ids[last:]),
                )
        raise EmbeddingError("tokenizer.json: the tokenizer makes no token of any text.")

    @cached_property
    def vocabulary(self) -> pa.LargeStringArray:
        """What each id stands for, Arrow ``large_string`` [V]; empty for an id that is not given."""
        tokens = [""] * self.n_ids
        for token, number in self._reference.get_vocab().items():
            tokens[number] = token
        return pa.array(tokens, pa.large_string())

    def ids(self, texts: pa.LargeStringArray) -> TokenIds:
        """Return the ids of N texts, without special tokens; none for an empty text."""
        column = tokens_of(self.by_piece or self, texts)
        return TokenIds(column.offsets, column.values)

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Let the reference tokenizer read N texts whole; `dictionary` is the vocabulary, so values are ids."""
        lengths, values = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)]
        for start in range(0, len(texts), _CHUNK_TEXTS):
            chunk = texts.slice(start, _CHUNK_TEXTS).to_pylist()
            with _in_rust():
                encodings = self._reference.encode_batch_fast(chunk, add_special_tokens=False)
            lists = [encoding.ids for encoding in encodings]
            lengths.append(np.fromiter(map(len, lists), np.int64, len(lists)))
            values.append(np.fromiter(itertools.chain.from_iterable(lists), np.int32))
        return TokenColumn(self.vocabulary, np.cumsum(np.concatenate(lengths)), np.concatenate(values))

    def spans(self, texts: pa.LargeStringArray) -> TokenSpans:
        """Return the ids of N texts, as `ids` does, and the characters that each came from.

        Slower than `ids`: the reference tokenizer reads every text whole.
        """
        lengths, values, spans = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)], [np.zeros((0, 2), np.int64)]
        for start in range(0, len(texts), _CHUNK_TEXTS):
            chunk = texts.slice(start, _CHUNK_TEXTS).to_pylist()
            with _in_rust():
                encodings = self._reference.encode_batch(chunk, add_special_tokens=False)
            for encoding in encodings:
                lengths.append(np.array([len(encoding.ids)], np.int64))
                values.append(np.array(encoding.ids, np.int32))
                spans.append(np.array(encoding.offsets, np.int64).reshape(-1, 2))
        both = np.concatenate(spans)
        ids = TokenIds(np.cumsum(np.concatenate(lengths)), np.concatenate(values))
        return TokenSpans(ids, both[:, 0], both[:, 1])
