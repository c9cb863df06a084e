"""Labelled texts whose characters lie on disk, and which are otherwise a data set like any other.

A text costs memory for its label (4 bytes) and, where asked for, its group (4 bytes) and its digest (8 bytes). This
module knows nothing of formats. The decision to question: `SpilledDataset` is a `Dataset` that differs in one thing,
where `take` puts the texts, so that whatever divides a data set divides this one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, digests, normalise_texts
from plaudit.data.split import shared_texts
from plaudit.scratch import MEMORY, Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TAKEN_TEXTS = 256  # copied at a time


@dataclass(frozen=True)
class SpilledDataset(Dataset):
    """A data set whose texts are a map of a file.

    Attributes:
        scratch: Where the texts of a part go.
    """

    scratch: Scratch = field(default=MEMORY, repr=False)

    @cached_property
    def digests(self) -> NDArray[np.uint64]:
        """A hash of each normalised text, uint64 [N]; made once and kept."""
        starts = range(0, len(self), _TAKEN_TEXTS)
        parts = [digests(normalise_texts(self.texts.slice(start, _TAKEN_TEXTS))) for start in starts]
        return np.concatenate([np.zeros(0, np.uint64), *parts])

    def text_numbers(self) -> NDArray[np.int64]:
        """Return a number for each text, as `Dataset.text_numbers` does, from hashes."""
        found: NDArray[np.int64] = np.unique(self.digests, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return found

    def take(self, positions: NDArray[np.integer], *, name: str | None = None) -> SpilledDataset:
        """Return the rows at `positions`, as `Dataset.take` does, with their texts on disk too."""
        growing, at = self.scratch.texts(), np.asarray(positions, np.int64)
        for start in range(0, len(at), _TAKEN_TEXTS):
            growing.append(self.texts.take(pa.array(at[start : start + _TAKEN_TEXTS])))
        return replace(
            self,
            texts=growing.finish(),
            labels=None if self.labels is None else self.labels[at],
            extra=self.extra.take(pa.array(at)) if self.extra.num_columns else self.extra,
            places=None if self.places is None else self.places.take(at),
            name=name or self.name,
        )


def spill(dataset: Dataset, scratch: Scratch) -> SpilledDataset:
    """Return a data set that is in memory as one on disk; further columns stay in memory."""
    whole = SpilledDataset(**{each.name: getattr(dataset, each.name) for each in fields(Dataset)}, scratch=scratch)
    return whole.take(np.arange(len(dataset)))


def shared_rows(train: Dataset, part: Dataset) -> NDArray[np.bool_]:
    """Return which of the N texts of `part` are also in `train`, bool [N], as `shared_texts` finds them.

    Texts that both lie on disk are compared by a hash of 64 bits: among ten million, the chance that any two are
    wrongly taken for equal is 1 in 370,000.
    """
    if isinstance(train, SpilledDataset) and isinstance(part, SpilledDataset):
        return np.isin(part.digests, train.digests)
    rows = np.zeros(len(part), np.bool_)
    rows[shared_texts(train, part).positions] = True
    return rows
