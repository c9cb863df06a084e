"""How much of the held-out parts' words training has seen, and how much an embedding knows.

This module knows nothing of findings: coverage is a property of a part, not of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from plaudit.audit.corpus import Corpus
    from plaudit.embeddings import EmbeddingTable

_N_MISSING = 10


@dataclass(frozen=True)
class WordCoverage:
    """How much of a part's words something knows.

    Attributes:
        part: The part's name.
        known_to: "train", or the embedding's name.
        tokens: Share of the running words, 0 to 1; 1 for no words.
        distinct: Share of the different words, 0 to 1; 1 for none.
        missing: The most frequent of the others, and how often each occurs.
    """

    part: str
    known_to: str
    tokens: float
    distinct: float
    missing: tuple[tuple[str, int], ...]


def measure_coverage(corpus: Corpus, table: EmbeddingTable | None = None) -> list[WordCoverage]:
    """Return what training knows of each other part, and what an embedding knows of every part."""
    texts = [part.texts for part in corpus.parts]
    found = []
    if len(corpus.parts) > 1:
        columns = corpus.words
        for part, column in zip(corpus.parts[1:], columns[1:], strict=True):
            known = pc.is_in(column.dictionary, value_set=columns[0].dictionary).to_numpy(zero_copy_only=False)
            counts = np.bincount(column.values, minlength=len(known))
            unknown = np.flatnonzero(~known & (counts > 0))
            top = unknown[np.argsort(-counts[unknown], kind="stable")[:_N_MISSING]]
            words = column.dictionary.take(pa.array(top)).to_pylist()
            found.append(
                WordCoverage(
                    part=part.name,
                    known_to="train",
                    tokens=float(counts[known].sum() / counts.sum()) if counts.sum() else 1.0,
                    distinct=float((known & (counts > 0)).sum() / (counts > 0).sum()) if counts.any() else 1.0,
                    missing=tuple(zip(words, counts[top].tolist(), strict=True)),
                )
            )
    if table is not None:
        for part, each in zip(corpus.parts, texts, strict=True):
            of = table.coverage(each, n_missing=_N_MISSING)
            found.append(WordCoverage(part.name, table.name, of.tokens, of.distinct, of.missing))
    return found
