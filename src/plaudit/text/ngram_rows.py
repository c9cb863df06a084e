"""Which n-grams texts have: a sparse matrix of ones, and how it is read in parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.native.library import address, kernels
from plaudit.text.column import sums_by_text

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class NgramRows:
    """Which n-grams N texts have: a sparse matrix of ones, by rows.

    Attributes:
        offsets: int64 [N + 1]; text i owns ``indices[offsets[i]:offsets[i + 1]]``.
        indices: int32 [M], numbers of n-grams, distinct within a text.
    """

    offsets: NDArray[np.int64]
    indices: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def texts(self, begin: int, end: int) -> NgramRows:
        """Return the rows of the texts from `begin` to before `end`; nothing is copied."""
        offsets = self.offsets[begin : end + 1]
        return NgramRows(offsets - offsets[0], self.indices[offsets[0] : offsets[-1]])

    def sums(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the sum of each text's entries, float64 [N], given one value an entry ([M]); 0 for an empty text."""
        return sums_by_text(values.astype(np.float64, copy=False), self.offsets)

    def gathered(self, values: NDArray[np.floating], *, squared: bool = False) -> NDArray[np.float64]:
        """Return the sum over each text's features, float64 [N], of values by feature, float32 or float64 [F].

        Args:
            values: One a feature.
            squared: Sum their squares, formed in float32; `values` are float32 then.
        """
        library = kernels()
        if library is None:
            found = values[self.indices]
            return self.sums(np.square(found, dtype=np.float32) if squared else found)
        values, sums = np.ascontiguousarray(values), np.empty(len(self))
        kind = 1 if squared else 0 if values.dtype == np.float32 else 2
        indices, offsets = self._contiguous()
        library.gathered_sums(kind, address(values), address(indices), address(offsets), len(self), address(sums))
        return sums

    def weighted_sums(self, values: NDArray[np.float32], coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return each text's sum of entry times coefficient, float64 [N], given float32 [M] and by feature [F]."""
        library = kernels()
        if library is None:
            return self.sums(values.astype(np.float64) * coefficients[self.indices])
        values, coefficients = np.ascontiguousarray(values), np.ascontiguousarray(coefficients)
        indices, offsets = self._contiguous()
        scratch, sums = np.empty(self._longest()), np.empty(len(self))
        at_values, at_coefficients = address(values), address(coefficients)
        at_indices, at_offsets, at_scratch = address(indices), address(offsets), address(scratch)
        library.weighted_sums(at_values, at_coefficients, at_indices, at_offsets, len(self), at_scratch, address(sums))
        return sums

    def add_to(self, sums: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
        """Add each text's weight, float64 [N], to the sum of each feature that it has, float64 [F], in their order."""
        library = kernels()
        if library is None:
            np.add.at(sums, self.indices, np.repeat(weights, np.diff(self.offsets)))
            return
        indices, offsets = self._contiguous()
        weights = np.ascontiguousarray(weights)
        library.add_to(address(weights), address(indices), address(offsets), len(self), address(sums))

    def scaled(
        self, scales: NDArray[np.float32], counts: NDArray[np.float32] | None, n_first: int
    ) -> NDArray[np.float32]:
        """Return each entry's count times its feature's scale, float32 [M], by the length of its block in its text.

        Args:
            scales: float32 [F].
            counts: float32 [M], how often an entry counts, in its block's length too; None for once.
            n_first: The features before it are one block, the others the other.
        """
        library = kernels()
        if library is not None:
            scales = np.ascontiguousarray(scales)
            counts = None if counts is None else np.ascontiguousarray(counts)
            indices, offsets = self._contiguous()
            scratch, found = np.empty(2 * self._longest()), np.empty(len(indices), np.float32)
            at_counts = None if counts is None else address(counts)
            at_indices, at_offsets = address(indices), address(offsets)
            library.scaled(
                address(scales), at_counts, at_indices, at_offsets, len(self), n_first, address(scratch), address(found)
            )
            return found
        values = scales[self.indices]
        squares = np.square(values, dtype=np.float32)
        if counts is not None:
            squares *= counts
        is_first, lengths = self.indices < n_first, np.diff(self.offsets)
        for mine in (is_first, ~is_first):
            of_text = unit_where_empty(self.sums(np.where(mine, squares, 0)))
            values[mine] /= np.repeat(of_text, lengths)[mine]
        return values if counts is None else values * counts

    def _contiguous(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return indices and offsets as the kernels read them."""
        return np.ascontiguousarray(self.indices, np.int32), np.ascontiguousarray(self.offsets, np.int64)

    def _longest(self) -> int:
        """Return how many entries the longest text has."""
        return int(np.diff(self.offsets).max(initial=0))

    def cuts(self, most: int | None) -> NDArray[np.int64]:
        """Return the first text of each run of texts with at most `most` entries, int64 [B + 1], the last one N.

        A text with more is a run of its own; None makes all one run.
        """
        starts = [0]
        while most is not None and starts[-1] < len(self):
            end = int(np.searchsorted(self.offsets, self.offsets[starts[-1]] + most, side="right")) - 1
            starts.append(max(end, starts[-1] + 1))
        return np.array(starts if most is not None and len(self) else [0, len(self)], np.int64)

    def parts(self, most: int | None) -> Iterator[tuple[slice, NgramRows]]:
        """Yield the runs of `cuts`: which texts they are, and their rows."""
        for a, b in itertools.pairwise(self.cuts(most).tolist()):
            yield slice(a, b), self.texts(a, b)


def unit_where_empty(squares: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the square roots, float32 [N], 1 for 0."""
    lengths = np.sqrt(squares)
    return np.where(lengths > 0, lengths, 1).astype(np.float32)


def stack_rows(rows: list[NgramRows]) -> NgramRows:
    """Put the rows of some texts below those of others."""
    lengths = [np.zeros(1, np.int64), *(np.diff(each.offsets) for each in rows)]
    return NgramRows(np.cumsum(np.concatenate(lengths)), np.concatenate([each.indices for each in rows]))
