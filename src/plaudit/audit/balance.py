"""How the classes are distributed, in each part and between parts.

Pure counting; what a person is told of it is decided in `findings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.audit.corpus import Corpus


@dataclass(frozen=True)
class Balance:
    """Class counts of the parts.

    Attributes:
        classes: [C].
        parts: The parts' names, [P].
        counts: int64 [P, C]; of sets of labels, how many texts have each.
        sizes: int64 [P], labelled texts.
    """

    classes: tuple[str, ...]
    parts: tuple[str, ...]
    counts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def imbalance(self) -> float:
        """The commonest class's training texts over the rarest's, of the classes that training has; 1 for none."""
        train = self.counts[0][self.counts[0] > 0]
        return float(train.max() / train.min()) if len(train) else 1.0

    def shift(self, part: int) -> float:
        """Return how far a part's class shares are from training's: total variation distance, 0 to 1.

        Half the sum of the shares' differences: the share of texts that would need another class. Of sets of labels
        the shares are of all labels given.
        """
        shares = self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        return float(np.abs(shares[part] - shares[0]).sum() / 2)


def measure_balance(corpus: Corpus) -> Balance:
    """Count each class's texts in each part."""
    n_classes = len(corpus.classes)
    counts = []
    for start, end in zip(corpus.starts[:-1].tolist(), corpus.starts[1:].tolist(), strict=True):
        labels = corpus.labels[start:end]
        one = labels.sum(axis=0) if corpus.multi_label else np.bincount(labels[labels >= 0], minlength=n_classes)
        counts.append(one.astype(np.int64))
    sizes = np.bincount(corpus.part_of[corpus.has_label], minlength=len(corpus.parts))
    return Balance(corpus.classes, tuple(part.name for part in corpus.parts), np.stack(counts), sizes)
