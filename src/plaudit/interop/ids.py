"""Token ids for a network that takes ids instead of text: the rows of an embedding's table, in the order of the text.

Where another program cannot run a tokenizer, it takes these. A table without vectors is enough to make them, so an
export that takes ids has such a table beside it (`write_tokens`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import as_text_column
from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import DataError, EmbeddingError
from plaudit.text import TokenColumn, build_tokenizer
from plaudit.text.column import encode
from plaudit.text.ngram_characters import with_spellings

if TYPE_CHECKING:
    from numpy.typing import NDArray

PADDING = -1


@dataclass(frozen=True)
class FlatIds:
    """The ids of N texts, one after another.

    Attributes:
        ids: int64 [T]; rows of the table, in the order of the text.
        offsets: int64 [N + 1]; text i owns ``ids[offsets[i]:offsets[i + 1]]``.
    """

    ids: NDArray[np.int64]
    offsets: NDArray[np.int64]


@dataclass(frozen=True)
class FlatSpellings:
    """The characters of the T tokens of texts, one token's after another's.

    Attributes:
        characters: int64 [L]; Unicode code points, a token's between two spaces; a token that is one letter of a script
            without spaces has none.
        spellings: int64 [T + 1]; token t owns ``characters[spellings[t]:spellings[t + 1]]``.
    """

    characters: NDArray[np.int64]
    spellings: NDArray[np.int64]


@dataclass(frozen=True)
class _Whole:
    """A tokenizer for what is a token already: each text is its one token."""

    kind = "whole"
    unknown_token = None

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        return encode(texts, np.arange(len(texts) + 1))

    def settings(self) -> dict[str, str | bool]:
        return {}


def rows_of(table: EmbeddingTable, tokens: pa.LargeStringArray) -> NDArray[np.int64]:
    """Return the row of each of V distinct tokens, int64 [V]; -1 for an unknown one when there is no bucket."""
    bags = replace(table, tokenizer=_Whole(), combiner="sum").bags(tokens)
    rows = np.full(len(tokens), PADDING, np.int64)
    rows[np.diff(bags.offsets) > 0] = bags.rows
    return rows


def flat_token_ids(table: EmbeddingTable, texts: object) -> FlatIds:
    """Return the ids of N texts one after another; tokens that the table leaves out are not there.

    Args:
        table: Its tokenizer, vocabulary and rule for unknown tokens count; its vectors do not.
        texts: A list of str, a NumPy or Arrow array, or a pandas or polars Series.
    """
    column = table.tokenizer.tokenize(as_text_column(texts))
    ids = rows_of(table, column.dictionary)[column.values]
    known = ids >= 0
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(known)])[column.offsets]
    return FlatIds(ids[known], offsets)


def flat_spellings(table: EmbeddingTable, texts: object) -> FlatSpellings:
    """Return the characters of the tokens of N texts; the tokens are those of `flat_token_ids`, known or not.

    Args:
        table: Its tokenizer counts, nothing else; no token may be left out, so it has a row for unknown ones.
        texts: A list of str, a NumPy or Arrow array, or a pandas or polars Series.
    """
    column = table.tokenizer.tokenize(as_text_column(texts))
    words = with_spellings(column.dictionary)
    apart = [np.frombuffer(f" {word} ".encode("utf-32-le") if word else b"", np.uint32) for word in words.to_pylist()]
    spelled = [apart[number] for number in column.values]
    return FlatSpellings(
        np.concatenate([np.zeros(0, np.int64), *spelled]).astype(np.int64),
        np.cumsum([0, *map(len, spelled)]).astype(np.int64),
    )


def token_ids(table: EmbeddingTable, texts: object, *, length: int | None = None) -> NDArray[np.int32]:
    """Return the ids of N texts as a matrix, int32 [N, L], padded at the end with -1.

    Args:
        table: Its tokenizer, vocabulary and rule for unknown tokens count; its vectors do not.
        texts: A list of str, a NumPy or Arrow array, or a pandas or polars Series.
        length: L; None takes the longest text's, at least 1.

    Raises:
        DataError: A text has more than `length` tokens; nothing is cut off silently.
    """
    flat = flat_token_ids(table, texts)
    lengths = np.diff(flat.offsets)
    longest = int(lengths.max(initial=0))
    if length is not None and longest > length:
        raise DataError(
            f"text {int(lengths.argmax()):,} has {longest:,} tokens, more than length={length:,}: raise it, or shorten "
            "the text where you choose."
        )
    matrix = np.full((len(lengths), max(longest, 1) if length is None else length), PADDING, np.int32)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = flat.ids
    return matrix


def write_tokens(table: EmbeddingTable, path: Path) -> None:
    """Write what makes a table's ids, as JSON: the tokenizer, the vocabulary in the order of its rows, the buckets."""
    content = {
        "tokenizer": {"kind": table.tokenizer.kind, "settings": table.tokenizer.settings()},
        "n_buckets": table.n_buckets,
        "vocabulary": table.vocabulary.to_pylist(),
    }
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_tokens(path: str | Path) -> EmbeddingTable:
    """Read what `write_tokens` wrote, as a table whose vectors have no numbers: enough for `token_ids`.

    Raises:
        EmbeddingError: The file is not one of those.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        vocabulary = pa.array(content["vocabulary"], pa.large_string())
        n_rows = len(vocabulary) + int(content["n_buckets"])
        tokenizer = build_tokenizer(content["tokenizer"]["kind"], content["tokenizer"]["settings"])
    except EmbeddingError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError, pa.ArrowException) as error:
        raise EmbeddingError(f"{path}: not the tokens of an export ({type(error).__name__}: {error}).") from error
    return EmbeddingTable("tokens", tokenizer, vocabulary, np.zeros((n_rows, 0), np.float32))
