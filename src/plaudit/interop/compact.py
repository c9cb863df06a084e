"""Make a trained table smaller: fewer rows, fewer bits.

Both are decided in NumPy and yield an ordinary `EmbeddingTable` again, whose answers any export must then give: what
it costs is measured on the table, and what an export adds to that is checked apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
import pyarrow as pa

from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Precision = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
_INT8_MAX = 127


@dataclass(frozen=True)
class StoredVectors:
    """A table's vectors as an export stores them.

    Attributes:
        values: float32, float16 or int8 [R, D].
        scales: float32 [R], what each row of int8 values is multiplied by; None for floating point.
    """

    values: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.int8]
    scales: NDArray[np.float32] | None = None

    def restored(self) -> NDArray[np.float32]:
        """Return the vectors that are computed with, float32 [R, D]."""
        vectors: NDArray[np.float32] = self.values.astype(np.float32, copy=False)
        return vectors if self.scales is None else vectors * self.scales[:, None]

    @property
    def precision(self) -> Precision:
        """The name of `values`' type."""
        return cast("Precision", str(self.values.dtype))

    @property
    def size_bytes(self) -> int:
        """What they take."""
        return self.values.nbytes + (0 if self.scales is None else self.scales.nbytes)


def store(vectors: NDArray[np.float32], precision: Precision) -> StoredVectors:
    """Round vectors to fewer bits, each row of int8 with a scale of its own (its largest magnitude is 127).

    Raises:
        EmbeddingError: A number is too large for float16.
    """
    if precision == "float32":
        return StoredVectors(vectors)
    largest = np.abs(vectors).max(axis=1, initial=0.0) if len(vectors) else np.zeros(0, np.float32)
    if precision == "float16":
        if largest.max(initial=0.0) > np.finfo(np.float16).max:
            raise EmbeddingError(
                f"float16 holds numbers up to {np.finfo(np.float16).max:,.0f}, and a vector has "
                f"{largest.max():,.0f}: take int8, which scales each row."
            )
        return StoredVectors(vectors.astype(np.float16))
    scales = np.where(largest > 0, largest / np.float32(_INT8_MAX), np.float32(1)).astype(np.float32)
    return StoredVectors(np.rint(vectors / scales[:, None]).astype(np.int8), scales)


def keep_rows(table: EmbeddingTable, kept: NDArray[np.bool_]) -> EmbeddingTable:
    """Return the table with only the known tokens that `kept` (bool [K]) names; the buckets stay.

    A token that is dropped becomes an unknown one: it takes a bucket's vector, or is left out where there is none.
    """
    n = len(table.vocabulary)
    rows = np.concatenate([np.flatnonzero(kept), np.arange(n, len(table.vectors))])
    return EmbeddingTable(
        name=table.name,
        tokenizer=table.tokenizer,
        vocabulary=table.vocabulary.filter(pa.array(kept)),
        vectors=np.ascontiguousarray(table.vectors[rows]),
        combiner=table.combiner,
        provenance=table.provenance,
    )


def used_tokens(table: EmbeddingTable, texts: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Return which known tokens occur in `texts`, bool [K]."""
    used = np.zeros(len(table.vectors), bool)
    used[table.bags(texts).rows] = True
    return used[: len(table.vocabulary)]


def moved_tokens(table: EmbeddingTable, original: EmbeddingTable) -> NDArray[np.bool_]:
    """Return which known tokens' vectors training moved away from those of `original`, bool [K].

    A row has moved if and only if its token occurred in a training text: the others' gradient is zero for ever.

    Raises:
        EmbeddingError: `original` has another vocabulary or shape, so that nothing can be told.
    """
    if original.vectors.shape != table.vectors.shape or not original.vocabulary.equals(table.vocabulary):
        raise EmbeddingError(
            f"the embedding {original.name} that is available has {len(original.vectors):,} rows of other tokens or "
            f"another size than the {len(table.vectors):,} that the model was trained from."
        )
    moved: NDArray[np.bool_] = (table.vectors != original.vectors).any(axis=1)[: len(table.vocabulary)]
    return moved
