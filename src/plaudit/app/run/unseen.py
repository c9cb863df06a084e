"""Which test texts a model has not seen in training, and what it answers to those alone.

Where the parts are given, texts may stand on both sides; what a model memorised of them flatters the test's figures.
Equal means equal after normalising (`data.dataset.normalise_texts`), as everywhere; near-duplicates are not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.data import Dataset
from plaudit.data.spill import shared_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation import Answers, Metrics, MultiLabelMetrics


@dataclass(frozen=True)
class Unseen:
    """The answers to the texts that were not seen in training.

    Attributes:
        rows: bool [N], which of the test texts they are.
        answers: What was answered to them.
        metrics: Its figures.
    """

    rows: NDArray[np.bool_]
    answers: Answers
    metrics: Metrics | MultiLabelMetrics


def unseen_rows(texts: Dataset, seen: Sequence[Dataset]) -> NDArray[np.bool_]:
    """Return which of N texts are in none of `seen`, bool [N]."""
    rows = np.ones(len(texts), np.bool_)
    for part in seen:
        rows &= ~shared_rows(part, texts)
    return rows


def measure_unseen(answers: Answers, texts: Dataset, seen: Sequence[Dataset]) -> Unseen | None:
    """Measure the answers to the texts that are in none of `seen`; None where that is all of them, or none."""
    rows = unseen_rows(texts, seen)
    if rows.all() or not rows.any():
        return None
    some = answers.take(np.flatnonzero(rows))
    return Unseen(rows, some, some.measure())
