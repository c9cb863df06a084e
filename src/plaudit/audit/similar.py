"""All pairs of sets whose Jaccard similarity reaches a bound: exact, without comparing all pairs.

Prefix filtering (Chaudhuri, Ganti & Kaushik 2006, "A primitive operator for similarity joins in data cleaning";
Bayardo, Ma & Srikant 2007, "Scaling up all pairs similarity search"): with elements ordered from the rarest, two sets
whose similarity is at least t share one of the first |x| - ceil(t |x|) + 1 elements of each. In running text nearly all
of these occur in one set alone, so few candidates are left, and each is verified.

The decision to question: this and not MinHash, whose answer depends on a seed and which misses some pairs. The worst
case here, thousands of sets that are all alike, is quadratic; from `_MOST_CANDIDATES` on each set is compared with its
neighbours in size only, and the answer says that it is not complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.text.ngram_rows import NgramRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CANDIDATES = 1_000_000
_CHUNK_ELEMENTS = 4_000_000  # compared at a time
_TINY = 1e-9  # by which t |x| may miss a whole number in floating point; a prefix too long is only slower


@dataclass(frozen=True)
class SimilarPairs:
    """Pairs of sets, by `left`, then `right`.

    Attributes:
        left: int64 [P].
        right: int64 [P], greater than `left`.
        similarity: float64 [P], shared elements over all elements of the two.
        is_complete: Whether no such pair was left out.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.float64]
    is_complete: bool


def find_similar(sets: NgramRows, *, least: float, most_candidates: int = _MOST_CANDIDATES) -> SimilarPairs:
    """Return all pairs of N sets whose similarity is at least `least`; an empty set is like no other.

    Args:
        sets: N sets of numbers.
        least: Above 0, at most 1.
        most_candidates: How many pairs may be verified before completeness is given up.
    """
    sizes = np.diff(sets.offsets)
    elements, owners, starts, n_elements = _shared_elements(sets)
    prefix = sizes - np.ceil(least * sizes - _TINY).astype(np.int64) + 1
    prefix -= sizes - np.diff(starts)  # elements of one set alone are the rarest, and lead nowhere
    is_prefix = np.arange(len(owners)) - starts[owners] < prefix[owners]
    first, last, is_complete = _candidates(
        elements[is_prefix], owners[is_prefix], sizes, least=least, most=most_candidates
    )
    found, similarities = [np.empty(0, np.int64)], [np.empty(0, np.float64)]
    order = np.lexsort((last, first))
    first, last = first[order], last[order]
    is_new = np.ones(len(first), np.bool_)
    is_new[1:] = (first[1:] != first[:-1]) | (last[1:] != last[:-1])
    first, last = first[is_new], last[is_new]
    lengths = np.diff(starts)
    chunk = np.cumsum(lengths[first] + lengths[last]) // _CHUNK_ELEMENTS
    for begin, end in zip(*_runs(chunk), strict=True):
        a, b = first[begin:end], last[begin:end]
        shared = _count_shared(a, b, elements, starts, n_elements)
        union = sizes[a] + sizes[b] - shared
        is_near = shared >= least * union
        found.append(np.arange(begin, end)[is_near])
        similarities.append(shared[is_near] / union[is_near])
    at = np.concatenate(found)
    return SimilarPairs(first[at], last[at], np.concatenate(similarities), is_complete)


def _shared_elements(
    sets: NgramRows,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Return the elements that several sets have, numbered from the rarest, ascending within a set.

    Returns:
        elements [M], their sets [M], where each set's begin [N + 1], and how many different ones there are.
    """
    counts = np.bincount(sets.indices)
    shared = np.flatnonzero(counts > 1)
    numbers = np.full(len(counts), -1, np.int64)
    numbers[shared[np.argsort(counts[shared], kind="stable")]] = np.arange(len(shared))
    elements = numbers[sets.indices]
    kept = elements >= 0
    owners = np.repeat(np.arange(len(sets)), np.diff(sets.offsets))[kept]
    keys = np.sort(owners * max(len(shared), 1) + elements[kept])
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(sets)))])
    return keys % max(len(shared), 1), owners, starts, len(shared)


def _candidates(
    elements: NDArray[np.int64], owners: NDArray[np.int64], sizes: NDArray[np.int64], *, least: float, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Return pairs of sets that share an element of their prefixes and whose sizes allow the similarity."""
    order = np.lexsort((owners, sizes[owners], elements))
    elements, owners = elements[order], owners[order]
    span = int(sizes.max(initial=0)) + 2
    keys = elements * span + sizes[owners]
    largest = np.minimum(np.floor(sizes[owners] / least + _TINY).astype(np.int64), span - 1)
    ahead = np.searchsorted(keys, elements * span + largest, side="right") - np.arange(len(keys)) - 1
    is_complete = True
    if ahead.sum() > most:
        is_complete = False
        low, high = 1, int(ahead.max())
        while low < high:  # the most neighbours a set may be compared with
            middle = (low + high + 1) // 2
            low, high = (middle, high) if np.minimum(ahead, middle).sum() <= most else (low, middle - 1)
        ahead = np.minimum(ahead, low)
    left = np.repeat(np.arange(len(keys)), ahead)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(ahead) - ahead, ahead)
    a, b = owners[left], owners[right]
    return np.minimum(a, b), np.maximum(a, b), is_complete


def _runs(numbers: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Return where runs of equal numbers begin and end."""
    edges = np.flatnonzero(np.diff(numbers)) + 1
    bounds = [0, *edges.tolist(), len(numbers)] if len(numbers) else [0]
    return bounds[:-1], bounds[1:]


def _count_shared(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    elements: NDArray[np.int64],
    starts: NDArray[np.int64],
    n_elements: int,
) -> NDArray[np.int64]:
    """Return how many elements the sets of each pair share, int64."""
    keys = []
    for side in (a, b):
        lengths = starts[side + 1] - starts[side]
        pairs = np.repeat(np.arange(len(side)), lengths)
        places = np.arange(len(pairs)) + np.repeat(starts[side] - (np.cumsum(lengths) - lengths), lengths)
        keys.append(pairs * n_elements + elements[places])
    both = np.concatenate(keys)
    both.sort()
    return np.bincount(both[1:][both[1:] == both[:-1]] // max(n_elements, 1), minlength=len(a))
