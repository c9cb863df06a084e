"""Splitting texts into tokens by the compiled kernels: one pass over the bytes.

The dictionary has its tokens in the order in which they first come up, as Arrow's has, whatever the parts that the
cores take. Texts are only read, and no kernel looks at what a token means.
"""

from __future__ import annotations

import itertools
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.cores import on_all_cores, usable_cores
from plaudit.native.library import SEED, address, kernels, string_addresses
from plaudit.scratch import text_offsets
from plaudit.text.column import TokenColumn

if TYPE_CHECKING:
    import ctypes

    from numpy.typing import NDArray

_LEAST_BYTES = 2**18  # for which waking a second thread is worth it


class Rule(IntEnum):
    """Where a text is split; the kernels' numbers."""

    SPACES = 0  # at every single space; empty tokens count
    PUNCTUATION = 1  # at spaces, and around each ASCII punctuation mark; no empty tokens
    WORDS = 2  # words and marks, as `WordTokenizer` says; what is not ASCII between two spaces is left whole
    WORDS_LOWER = 3  # the same in lower case, except for what is left whole


def split(texts: pa.LargeStringArray, rule: Rule) -> TokenColumn | None:
    """Split N texts; None without compiled kernels."""
    library = kernels()
    if library is None:
        return None
    data, size, offsets = string_addresses(texts)
    ranges = _ranges(texts)
    parts: list[int | None] = []
    merged = None
    try:
        parts = on_all_cores(
            lambda part: library.split(data, size, offsets + 8 * part[0], part[1] - part[0], int(rule), *SEED), ranges
        )
        if len(parts) > 1 and all(parts):
            pointers = np.array(parts, np.uintp)  # kept by this name until the call is over
            merged = library.merge(address(pointers), len(parts))
        whole = parts[0] if len(parts) == 1 else merged
        if whole is None:
            raise MemoryError(f"{len(texts):,} texts as tokens.")
        return _collect(library, list(zip(parts, ranges, strict=True)), whole)
    finally:
        for part in (*parts, merged):
            library.free(part)


def _ranges(texts: pa.LargeStringArray) -> list[tuple[int, int]]:
    """Divide N texts between the cores, by bytes: (first, after the last) of each part."""
    n_parts = usable_cores()
    if n_parts == 1 or len(texts) < 2:
        return [(0, len(texts))]
    offsets = text_offsets(texts)
    n_parts = min(n_parts, int(offsets[-1] - offsets[0]) // _LEAST_BYTES + 1)
    cuts = np.searchsorted(offsets, np.linspace(offsets[0], offsets[-1], n_parts + 1)[1:-1])
    ends = [0, *np.minimum(cuts, len(texts)).tolist(), len(texts)]
    return list(itertools.pairwise(ends))


def _collect(library: ctypes.CDLL, parts: list[tuple[int | None, tuple[int, int]]], whole: int) -> TokenColumn:
    """Copy what the kernels hold into arrays; `whole` has the dictionary."""
    n_tokens, n_bytes, _ = _sizes(library, whole)
    token_offsets, content = np.empty(n_tokens + 1, np.int64), np.empty(n_bytes, np.uint8)
    library.dictionary(whole, address(token_offsets), address(content))
    begins = np.cumsum([0, *(_sizes(library, part)[2] for part, _ in parts)]).tolist()
    values, ends = np.empty(begins[-1], np.int32), np.zeros(parts[-1][1][1] + 1, np.int64)
    at_values, at_ends = address(values), address(ends) + 8

    def write(number: int) -> None:
        part, (first, _) = parts[number]
        library.values(part, begins[number], at_values + 4 * begins[number], at_ends + 8 * first)

    on_all_cores(write, range(len(parts)))
    return TokenColumn(as_strings(token_offsets, content), ends, values)


def _sizes(library: ctypes.CDLL, part: int | None) -> list[int]:
    """Return how many distinct tokens a part has, how many bytes these have, and how many tokens its texts have."""
    sizes = np.empty(3, np.int64)
    library.sizes(part, address(sizes))
    found: list[int] = sizes.tolist()
    return found


def as_strings(offsets: NDArray[np.int64], content: NDArray[np.uint8]) -> pa.LargeStringArray:
    """Return strings as Arrow has them, given their offsets, int64 [V + 1], and UTF-8 bytes; nothing is copied."""
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(content))
