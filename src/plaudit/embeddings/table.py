"""A pre-trained text embedding: a tokenizer, one vector a known token, a rule for unknown ones, a combiner.

The vector of a text is the weighted sum of its tokens' vectors; `Bags` holds those weights as a sparse
matrix, so that embedding, training and explaining read the same thing. Order is lost, as in the tutorial's
nnlm modules.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.cores import on_all_cores
from plaudit.data.dataset import as_text_column
from plaudit.errors import EmbeddingError
from plaudit.scratch import MEMORY, Scratch
from plaudit.setting_values import Combiner
from plaudit.text.chunks import chunks
from plaudit.text.counting import count_tokens
from plaudit.text.farmhash import fingerprint64
from plaudit.text.row_sums import row_sums
from plaudit.text.token_index import TokenIndex
from plaudit.text.token_memory import tokens_of
from plaudit.text.wordpiece import WordPieceTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text import TokenColumn, Tokenizer

_BAG_TEXTS, _BAG_BYTES = 8_192, 8 * 2**20  # texts that become bags at a time
COMBINERS: tuple[str, ...] = get_args(Combiner)


@dataclass(frozen=True)
class Bags:
    """N texts as weighted sets of rows: a sparse N x R matrix in compressed rows.

    Attributes:
        offsets: int64 [N + 1].
        rows: int64 [Z]; each text's distinct rows, ascending.
        weights: float32 [Z]; how often the row occurs in the text, times the combiner's factor.
    """

    offsets: NDArray[np.int64]
    rows: NDArray[np.int64]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def sums(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each text's weighted sum of `vectors` (float32 [R, D]), float32 [N, D]; zeros if empty."""
        out = np.zeros((len(self), vectors.shape[1]), np.float32)
        bounds = self.offsets.tolist()
        for i, (a, b) in enumerate(itertools.pairwise(bounds)):  # a product a text: 15 times as fast as reduceat
            if b > a:
                np.matmul(self.weights[a:b], vectors[self.rows[a:b]], out=out[i])
        return out

    def parts(self, n_texts: int) -> Iterator[Bags]:
        """Yield the texts in runs of `n_texts`; of no texts nothing. Nothing is copied but offsets."""
        for start in range(0, len(self), n_texts):
            offsets = self.offsets[start : start + n_texts + 1]
            within = slice(int(offsets[0]), int(offsets[-1]))
            yield Bags(offsets - offsets[0], self.rows[within], self.weights[within])


@dataclass(frozen=True)
class Coverage:
    """How much of a corpus an embedding knows.

    Attributes:
        tokens: Share of the running tokens that have a vector of their own, 0 to 1 (1 for no tokens); of word pieces,
            of the running words that are one piece.
        distinct: The same over distinct tokens.
        missing: The most frequent unknown tokens with their counts, most frequent first.
    """

    tokens: float
    distinct: float
    missing: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class EmbeddingTable:
    """Token vectors and the rules that make a text's vector of them.

    Attributes:
        name: What messages call it.
        tokenizer: Splits a text into tokens.
        vocabulary: Arrow ``large_string`` [K], distinct known tokens; token k has row k.
        vectors: float32 [K + B, D]. The B rows past the vocabulary stand for the unknown tokens; a token's
            FarmHash fingerprint modulo B says which (`tf.strings.to_hash_bucket_fast`). With none, unknown tokens
            are left out and not counted.
        combiner: "sqrtn" divides the sum of a text's token vectors by the square root of their number, "mean"
            by their number, "sum" by nothing (`tf.nn.embedding_lookup_sparse`).
        provenance: Where the vectors come from, for the model card.
    """

    name: str
    tokenizer: Tokenizer
    vocabulary: pa.LargeStringArray
    vectors: NDArray[np.float32]
    combiner: Combiner = "sqrtn"
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.combiner not in COMBINERS:
            raise EmbeddingError(
                f"{self.name}: unknown combiner {self.combiner!r}; choose one of {', '.join(COMBINERS)}."
            )
        if self.vectors.ndim != 2 or self.vectors.dtype != np.float32 or self.n_buckets < 0:
            raise EmbeddingError(
                f"{self.name}: {len(self.vocabulary):,} tokens need float32 vectors, at least as many, "
                f"got {self.vectors.dtype} {self.vectors.shape}."
            )

    @property
    def n_buckets(self) -> int:
        """The number of rows for unknown tokens, B."""
        return len(self.vectors) - len(self.vocabulary)

    @property
    def dimension(self) -> int:
        """The length of a vector, D."""
        return int(self.vectors.shape[1])

    def with_vectors(self, vectors: NDArray[np.float32]) -> EmbeddingTable:
        """Return the same table with other vectors, float32 [K + B, D']."""
        return replace(self, vectors=vectors)

    def bags(self, texts: pa.LargeStringArray, scratch: Scratch = MEMORY) -> Bags:
        """Return which rows each of the N texts uses, and with what weight; `scratch` says where that is kept."""
        rows, weights, lengths = scratch.array(np.int64), scratch.array(np.float32), [np.zeros(1, np.int64)]
        for part in chunks(texts, _BAG_TEXTS, _BAG_BYTES):
            bags = self.bags_of(tokens_of(self.tokenizer, part).used())
            rows.append(bags.rows)
            weights.append(bags.weights)
            lengths.append(np.diff(bags.offsets))
        return Bags(np.cumsum(np.concatenate(lengths)), rows.finish(), weights.finish())

    def bags_of(self, column: TokenColumn) -> Bags:
        """Return the same of N texts that are tokens already."""
        n = len(column)
        rows = self.rows_of(column.dictionary)[column.values]
        owners = np.repeat(np.arange(len(column), dtype=np.int64), column.lengths())
        if not self.n_buckets:
            known = rows >= 0
            rows, owners = rows[known], owners[known]
        keys = owners * max(len(self.vectors), 1) + rows
        del rows, owners, column
        keys.sort()
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else keys
        counts = np.diff(np.append(first, len(keys)))
        owners, rows = np.divmod(keys[first], max(len(self.vectors), 1))
        sizes = np.bincount(owners, minlength=n)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        return Bags(offsets, rows, (counts * self._factors(owners, counts, n)).astype(np.float32))

    def embed(self, texts: object) -> NDArray[np.float32]:
        """Return the vectors of N texts, float32 [N, D]; a text without a token that counts gets zeros.

        Args:
            texts: What `fit` takes: a list of str, a NumPy or Arrow array, or a pandas or polars Series.

        Raises:
            DataError: They are no texts.
        """
        return self.bags(as_text_column(texts)).sums(self.vectors)

    def project(self, texts: pa.LargeStringArray, kernel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ``embed(texts) @ kernel``, float32 [N, H], for a kernel float32 [D, H], except for the order of sums.

        Each distinct token is multiplied once, and H numbers are added up for a token instead of D.
        """
        column = tokens_of(self.tokenizer, texts).used()
        rows = self.rows_of(column.dictionary)
        known = rows >= 0
        products = np.zeros((len(rows), kernel.shape[1]), np.float32)
        products[known] = self.vectors[rows[known]] @ kernel

        def of_part(part: TokenColumn) -> NDArray[np.float32]:
            sums, counts = row_sums(products, known, part)
            return (sums * self.factors(counts)[:, None]).astype(np.float32)

        return np.concatenate(on_all_cores(of_part, column.parts()))

    def coverage(self, texts: object, *, n_missing: int = 10) -> Coverage:
        """Return how much of `texts`, which are what `embed` takes, the vocabulary knows.

        Of word pieces there are enough to spell every word; so what counts there is whether a word is one piece.
        """
        column, pieces = as_text_column(texts), self.tokenizer
        if isinstance(pieces, WordPieceTokenizer):
            tokens, counts = count_tokens(pieces.words, column)
            spelt = pieces.tokenize(tokens)
            is_one, is_known = spelt.lengths() == 1, np.append(self.knows(spelt.dictionary)[spelt.values], False)
            known = is_one & is_known[spelt.offsets[:-1]]
            is_word = spelt.lengths() > 0
            tokens, counts, known = tokens.filter(pa.array(is_word)), counts[is_word], known[is_word]
        else:
            tokens, counts = count_tokens(partial(tokens_of, pieces), column)
            known = self.knows(tokens)
        unknown = np.flatnonzero(~known)
        top = unknown[np.argsort(-counts[unknown], kind="stable")[:n_missing]]
        words = tokens.take(pa.array(top)).to_pylist()
        return Coverage(
            tokens=float(counts[known].sum() / counts.sum()) if len(tokens) else 1.0,
            distinct=float(known.mean()) if len(tokens) else 1.0,
            missing=tuple(zip(words, counts[top].tolist(), strict=True)),
        )

    @property
    def units(self) -> str:
        """What `coverage` counts, in words."""
        return "words as one piece" if isinstance(self.tokenizer, WordPieceTokenizer) else "tokens"

    def knows(self, tokens: pa.LargeStringArray) -> NDArray[np.bool_]:
        """Say of each token whether it has a vector of its own, bool."""
        known: NDArray[np.bool_] = pc.is_in(tokens, value_set=self.vocabulary).to_numpy(zero_copy_only=False)
        if self.tokenizer.unknown_token is not None:  # in the vocabulary, and yet the opposite of a known word
            known = known & ~pc.equal(tokens, self.tokenizer.unknown_token).to_numpy(zero_copy_only=False)
        return known

    def rows_of(self, dictionary: pa.LargeStringArray) -> NDArray[np.int64]:
        """Return each token's row, int64; -1 for an unknown one when there is no bucket."""
        rows = self._index.rows(dictionary)
        if self.n_buckets:
            unknown = np.flatnonzero(rows < 0)
            rows[unknown] = len(self.vocabulary)
            if self.n_buckets > 1:
                buckets = fingerprint64(dictionary.take(pa.array(unknown))) % np.uint64(self.n_buckets)
                rows[unknown] += buckets.astype(np.int64)
        return rows

    @cached_property
    def _index(self) -> TokenIndex:
        return TokenIndex(self.vocabulary)

    def factors(self, n_tokens: NDArray[Any]) -> NDArray[np.float64]:
        """Return what the combiner multiplies a text's sum of vectors by, given how many tokens count; 1 for none."""
        tokens = np.maximum(n_tokens, 1, dtype=np.float64)
        if self.combiner == "sum":
            return np.ones_like(tokens)
        factors: NDArray[np.float64] = 1.0 / (tokens if self.combiner == "mean" else np.sqrt(tokens))
        return factors

    def _factors(self, owners: NDArray[np.int64], counts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
        return self.factors(np.bincount(owners, weights=counts, minlength=n))[owners]
