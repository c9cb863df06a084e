"""The tokens of a run's texts, made once by each tokenizer and kept while the run lasts.

A run asks about the same texts many times: what an embedding knows of them, bags to train on, answers to calibrate,
figures, lengths for the report. Inside `remembering_tokens` each of those asks `tokens_of`, and only the first waits.
What comes back is what the tokenizer would give for just these texts, the order of the dictionary included, so that no
bit of a run depends on what was asked before. Where that order cannot be told from the order of more texts, only what
was asked in the very same run of texts is kept.

The decision to question: the memory is found by the place of the texts in memory, not handed through a dozen signatures
of which most would only pass it on; as the budget (`budget`) and the progress of scoring (`progress`) are. Texts on
disk are not kept: their tokens would be larger than memory.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from plaudit.text.chunks import bounds
from plaudit.text.column import TokenColumn, concatenate
from plaudit.text.tokens import WordTokenizer, has_unspaced

if TYPE_CHECKING:
    from numpy.typing import NDArray


RUN_TEXTS, RUN_BYTES = 32_768, 16 * 2**20  # scored, and so tokenized, at a time
_MOST_BYTES = 2**28  # of texts whose tokens are kept, all together; the tokens take about as many


class Splitter(Protocol):
    """What turns texts into tokens; two that are equal give the same."""

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Return the tokens of N texts."""
        ...


Derive = Callable[[Splitter], TokenColumn]


class _Kept:
    """Texts, and what each tokenizer made of them, in runs of the size that is scored at a time."""

    def __init__(self, texts: pa.LargeStringArray, derive: Derive | None) -> None:
        self.texts = texts
        self._bounds = [(0, len(texts))] if derive else list(bounds(texts, RUN_TEXTS, RUN_BYTES))
        self._derive = derive
        self._columns: dict[Splitter, list[TokenColumn] | None] = {}
        self._runs: dict[tuple[Splitter, int, int], TokenColumn] = {}
        self._lock = threading.Lock()

    def tokens(self, tokenizer: Splitter, start: int, stop: int) -> TokenColumn:
        """Return the tokens of a run of the texts."""
        with self._lock:
            columns = self._all(tokenizer)
            if columns is not None:
                found = zip(self._bounds, columns, strict=True)
                parts = [
                    each if start <= a and b <= stop else _cut(tokenizer, each, max(start - a, 0), min(stop, b) - a)
                    for (a, b), each in found
                    if a < stop and start < b
                ]
                return concatenate(parts)
            run = (tokenizer, start, stop)
            if run not in self._runs:
                self._runs[run] = tokenizer.tokenize(self.texts.slice(start, stop - start))
            return self._runs[run]

    def _all(self, tokenizer: Splitter) -> list[TokenColumn] | None:
        """Return the tokens of all the texts; None where a part's dictionary cannot be told from theirs."""
        if tokenizer not in self._columns:
            if isinstance(tokenizer, WordTokenizer) and tokenizer.unspaced == "pairs":
                alone = self._all(replace(tokenizer, unspaced="characters"))  # the same without such scripts
                has_pairs = alone is None or any(has_unspaced(each.dictionary) for each in alone)
                self._columns[tokenizer] = None if has_pairs else alone
            else:
                found = (
                    [self._derive(tokenizer)]
                    if self._derive
                    else [tokenizer.tokenize(self.texts.slice(a, b - a)) for a, b in self._bounds]
                )
                can_be_cut = all(_is_vocabulary(tokenizer, each) or _is_by_appearance(each) for each in found)
                self._columns[tokenizer] = found if can_be_cut else None
        return self._columns[tokenizer]


class _Memory:
    """Which texts are kept, by where their characters lie."""

    def __init__(self) -> None:
        self.further: dict[Any, Any] = {}  # Any: what others keep, each under a name of its own
        self._kept: dict[tuple[int, int], list[_Kept]] = {}
        self._n_bytes = 0

    def keep(self, texts: pa.LargeStringArray, derive: Derive | None) -> None:
        if len(texts) and self._n_bytes + texts.nbytes <= _MOST_BYTES and self.find(texts) is None:
            self._n_bytes += texts.nbytes
            self._kept.setdefault(_place(texts), []).append(_Kept(texts, derive))

    def find(self, texts: pa.LargeStringArray) -> tuple[_Kept, int] | None:
        """Return the kept texts that `texts` are among, in one run, and how many of them stand before it."""
        for kept in self._kept.get(_place(texts), ()):
            before = texts.offset - kept.texts.offset
            if before >= 0 and before + len(texts) <= len(kept.texts):
                return kept, before
        return None


_CURRENT: ContextVar[_Memory | None] = ContextVar("tokens", default=None)  # of this thread


@contextlib.contextmanager
def remembering_tokens() -> Iterator[None]:
    """Keep tokens of the texts given to `keep_tokens` until the block ends; a block within another one shares its."""
    token = _CURRENT.set(_CURRENT.get() or _Memory())
    try:
        yield
    finally:
        _CURRENT.reset(token)


def kept_beside_tokens() -> dict[Any, Any] | None:
    """Return what else is kept of texts as long as their tokens; None outside of `remembering_tokens`."""
    memory = _CURRENT.get()
    return None if memory is None else memory.further


def keep_tokens(*columns: pa.LargeStringArray) -> None:
    """Say of which texts, in memory, tokens are kept; nothing outside of `remembering_tokens`."""
    if (memory := _CURRENT.get()) is not None:
        for texts in columns:
            memory.keep(texts, None)


def keep_joined(texts: pa.LargeStringArray, parts: Sequence[pa.LargeStringArray]) -> None:
    """Say that `texts` are `parts` one after another, so that their tokens are, too."""
    if (memory := _CURRENT.get()) is not None:
        memory.keep(texts, lambda tokenizer: concatenate([tokens_of(tokenizer, part) for part in parts]))


def take_texts(texts: pa.LargeStringArray, rows: NDArray[np.int64]) -> pa.LargeStringArray:
    """Return the texts at `rows`, int64; what is kept of them all is kept of these."""
    taken: pa.LargeStringArray = texts.take(pa.array(rows))
    if (memory := _CURRENT.get()) is not None:

        def derive(tokenizer: Splitter) -> TokenColumn:
            column = tokens_of(tokenizer, texts)
            can_be_cut = _is_vocabulary(tokenizer, column) or _is_by_appearance(column)
            return _take(tokenizer, column, rows) if can_be_cut else tokenizer.tokenize(taken)

        memory.keep(taken, None if memory.find(texts) is None else derive)
    return taken


def tokens_of(tokenizer: Splitter, texts: pa.LargeStringArray) -> TokenColumn:
    """Return ``tokenizer.tokenize(texts)``, from memory where these texts, or more around them, are kept."""
    memory = _CURRENT.get()
    found = None if memory is None or not len(texts) else memory.find(texts)
    if found is None:
        return tokenizer.tokenize(texts)
    kept, before = found
    return kept.tokens(tokenizer, before, before + len(texts))


def _cut(tokenizer: Splitter, column: TokenColumn, start: int, stop: int) -> TokenColumn:
    offsets = column.offsets[start : stop + 1]
    return _own(tokenizer, column, offsets - offsets[0], column.values[offsets[0] : offsets[-1]])


def _take(tokenizer: Splitter, column: TokenColumn, rows: NDArray[np.int64]) -> TokenColumn:
    lengths = column.lengths()[rows]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    entries = np.repeat(column.offsets[:-1][rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return _own(tokenizer, column, offsets, column.values[entries])


def _own(
    tokenizer: Splitter, column: TokenColumn, offsets: NDArray[np.int64], values: NDArray[np.int32]
) -> TokenColumn:
    """Return some of a column's texts with the dictionary that they alone would have."""
    if _is_vocabulary(tokenizer, column):
        return TokenColumn(column.dictionary, offsets, values)
    encoded = pa.array(values).dictionary_encode()
    numbers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return TokenColumn(column.dictionary.take(encoded.dictionary), offsets, numbers)


def _is_vocabulary(tokenizer: Splitter, column: TokenColumn) -> bool:
    """Say whether the dictionary is the tokenizer's whole vocabulary, the same for any texts."""
    return bool(tokenizer.tokenize(column.dictionary.slice(0, 0)).dictionary.equals(column.dictionary))


def _is_by_appearance(column: TokenColumn) -> bool:
    """Say whether the dictionary is in the order in which its tokens first come up, so that a part's is known too.

    Pairs of characters are not: they stand behind all characters.
    """
    highest = np.maximum.accumulate(column.values)
    n_new = int(np.count_nonzero(np.diff(highest))) + min(len(highest), 1)
    return n_new == int(np.count_nonzero(np.bincount(column.values)))


def _place(texts: pa.LargeStringArray) -> tuple[int, int]:
    _, offsets, characters = texts.buffers()
    return (0 if offsets is None else offsets.address, 0 if characters is None else characters.address)
