"""Texts in runs of bounded size, for what needs many times a text's memory while it works on it.

The decision to question: the bounds are fixed, and the same for texts in memory and on disk, so that neither the
machine nor the place decides a bit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from plaudit.scratch import text_offsets
from plaudit.text.column import PART_TEXTS

PART_BYTES = 2 * 2**20


def chunks(
    texts: pa.LargeStringArray, n_texts: int = PART_TEXTS, n_bytes: int = PART_BYTES
) -> Iterator[pa.LargeStringArray]:
    """Yield N texts in runs of at most `n_texts` and, except for a single text, `n_bytes`; of no texts one empty run.

    Nothing is copied.
    """
    for start, end in bounds(texts, n_texts, n_bytes):
        yield texts.slice(start, end - start)


def bounds(
    texts: pa.LargeStringArray, n_texts: int = PART_TEXTS, n_bytes: int = PART_BYTES
) -> Iterator[tuple[int, int]]:
    """Yield the first text of each run of `chunks`, and the one after its last."""
    offsets, start = text_offsets(texts), 0
    while True:
        fitting = int(np.searchsorted(offsets, offsets[start] + n_bytes, side="right")) - 1
        end = min(max(fitting, start + 1), start + n_texts, len(texts))
        yield start, end
        if end >= len(texts):
            return
        start = end
