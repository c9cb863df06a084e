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
        values, indices = np.ascontiguousarray(values), np.ascontiguousarray(self.indices, np.int32)
        offsets, sums = np.ascontiguousarray(self.offsets, np.int64), np.empty(len(self))
        kind = 1 if squared else 0 if values.dtype == np.float32 else 2
        at_values, at_indices, at_offsets, at_sums = map(address, (values, indices, offsets, sums))
        library.gathered_sums(kind, at_values, at_indices, at_offsets, len(self), at_sums)
        return sums

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


def stack_rows(rows: list[NgramRows]) -> NgramRows:
    """Put the rows of some texts below those of others."""
    lengths = [np.zeros(1, np.int64), *(np.diff(each.offsets) for each in rows)]
    return NgramRows(np.cumsum(np.concatenate(lengths)), np.concatenate([each.indices for each in rows]))
