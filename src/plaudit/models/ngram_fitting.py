"""From which n-grams the texts have, and what they are answered with, to an n-gram model's numbers.

The decision to question: whether arrays lie in memory or on disk, a sum is formed entry by entry in the order of the
texts, so that both give the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.scratch import MEMORY, Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.ngram_rows import NgramRows

# Texts that each n-gram is taken to have been seen in beyond those it was, of each class. Three rather than one: log
# loss on held-out IMDB films 0.221 instead of 0.230, accuracy 91.3 instead of 91.2 % (docs/log.md).
_SMOOTHING = 3.0
_PART_ENTRIES = 2**18  # worked on at a time, where entries lie on disk
_ENTRY_BYTES = 8  # what the solver reads of one: an index and a value


def inverse_frequencies(rows: NgramRows, n_features: int) -> NDArray[np.float64]:
    """Return each n-gram's inverse document frequency, smoothed, float64 [F]."""
    counts = np.zeros(n_features, np.int64)
    for _, part in rows.parts(_PART_ENTRIES):
        np.add.at(counts, part.indices, 1)
    result: NDArray[np.float64] = np.log((1 + len(rows)) / (1 + counts)) + 1
    return result


def fit_logit(
    rows: NgramRows,
    rarity: NDArray[np.float64],
    answers: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    regularisation: float,
    seed: int,
    scratch: Scratch = MEMORY,
) -> tuple[NDArray[np.float32], NDArray[np.float32], np.float32]:
    """Fit one logit to N texts; return the n-grams' scales [F], their weights [F] and the bias.

    Args:
        rows: Which n-grams the texts have.
        rarity: float64 [F], what an n-gram's log count ratio is multiplied with.
        answers: float64 [N], how sure the answer is yes, 0 to 1.
        weight: float64 [N], each text's share in the loss.
        regularisation: As in `NgramClassifier`.
        seed: As in `NgramClassifier`.
        scratch: Where the entries' values are kept.
    """
    from plaudit.training.logistic import fit_logistic

    most = None if scratch.folder is None else _PART_ENTRIES
    yes, no = (_SMOOTHING + _sums(rows, weight * share, len(rarity), most) for share in (answers, 1 - answers))
    ratio = np.log(yes / yes.sum()) - np.log(no / no.sum())
    scales = (ratio * rarity).astype(np.float32)
    growing = scratch.array(np.float32)
    for _, part in rows.parts(most):
        values = scales[part.indices]
        values /= np.repeat(row_lengths(part, values), np.diff(part.offsets))
        growing.append(values)
    costs = np.stack([weight * (1 - answers), weight * answers], axis=1) / regularisation
    coefficients, bias = fit_logistic(
        rows.offsets, rows.indices, growing.finish(), costs,
        n_features=len(rarity), seed=seed, blocks=_blocks(rows, scratch),
    )  # fmt: skip
    return scales, (coefficients * scales).astype(np.float32), np.float32(bias)


def count_blocks(rows: NgramRows, scratch: Scratch) -> int:
    """Return in how many blocks `fit_logit` visits N texts: 1 in memory, and on disk where they are few."""
    return len(_blocks(rows, scratch)) - 1


def _blocks(rows: NgramRows, scratch: Scratch) -> NDArray[np.int64]:
    return rows.cuts(None if scratch.block_bytes is None else scratch.block_bytes // _ENTRY_BYTES)


def _sums(rows: NgramRows, weight: NDArray[np.float64], n_features: int, most: int | None) -> NDArray[np.float64]:
    """Return the sum of the weights of the texts that have each n-gram, float64 [F]."""
    if most is None:
        return np.bincount(rows.indices, np.repeat(weight, np.diff(rows.offsets)), n_features).astype(
            np.float64, copy=False
        )
    sums = np.zeros(n_features)
    for texts, part in rows.parts(most):
        np.add.at(sums, part.indices, np.repeat(weight[texts], np.diff(part.offsets)))  # in order, as bincount does
    return sums


def row_lengths(rows: NgramRows, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each text's Euclidean length, float32 [N]; 1 for a text without n-grams, which has nothing to divide."""
    lengths = np.sqrt(rows.sums(np.square(values, dtype=np.float32)))
    return np.where(lengths > 0, lengths, 1).astype(np.float32)
