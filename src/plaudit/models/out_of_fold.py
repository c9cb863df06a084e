"""What the n-gram recipe answers to texts that it was not fitted on: each fold is answered by a fit on the others.

The n-grams are found once, over all texts; only the weights are fitted anew for each fold. That uses no label of a
held-out text, but an n-gram counts as known when a fold's texts and the others' have it together. Training needs numba
(extra `train`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError
from plaudit.models.ngram import as_answers, as_logits, score_rows
from plaudit.models.ngram_files import NgramWeights
from plaudit.models.ngram_fitting import fit_logit, inverse_frequencies
from plaudit.text import WordTokenizer
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models.targets import Targets


@dataclass(frozen=True)
class NgramFolds:
    """N texts as n-grams, ready to be fitted fold by fold.

    Attributes:
        rows: Which n-grams each text has.
        n_features: How many n-grams there are.
    """

    rows: NgramRows
    n_features: int

    @classmethod
    def of(cls, texts: pa.LargeStringArray, *, n_max: int, min_texts: int = 2) -> NgramFolds:
        """Find the n-grams of N texts.

        Raises:
            DataError: No word is in `min_texts` of them.
        """
        vocabulary, rows = NgramVocabulary.learn(WordTokenizer().tokenize(texts), n_max=n_max, min_texts=min_texts)
        if not len(vocabulary):
            raise DataError(f"no word is in {min_texts} of the {len(texts):,} texts.")
        return cls(rows, len(vocabulary))

    def probabilities(
        self,
        targets: Targets,
        folds: NDArray[np.int64],
        *,
        regularisation: float,
        seed: int,
        use: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Return each class's probability for N texts, float64 [N, C], from fits that did not see them.

        Args:
            targets: The N texts' labels.
            folds: int64 [N], each text's fold, from 0.
            regularisation: As in `NgramClassifier`.
            seed: As in `NgramClassifier`.
            use: bool [N], which texts may be fitted on; all are answered. None for all.
        """
        from plaudit.training.losses import probabilities

        answers = as_answers(targets)
        use = np.ones(len(answers), np.bool_) if use is None else use
        rarity = inverse_frequencies(self.rows, self.n_features)
        z = np.empty_like(answers)

        def answer(fold: int) -> None:
            learned, held = np.flatnonzero(use & (folds != fold)), np.flatnonzero(folds == fold)
            rows, weight = _take(self.rows, learned), np.ones(len(learned))
            fitted = [
                fit_logit(rows, rarity, column, weight, regularisation=regularisation, seed=seed)
                for column in answers[learned].T
            ]
            weights = NgramWeights(*(np.stack(arrays) for arrays in zip(*fitted, strict=True)))
            z[held] = score_rows(_take(self.rows, held), weights)

        with ThreadPoolExecutor() as pool:
            list(pool.map(answer, range(int(folds.max(initial=0)) + 1)))
        return probabilities(as_logits(z, multi_label=targets.multi_label), multi_label=targets.multi_label)


def deal_folds(groups: NDArray[np.int64], strata: NDArray[np.int64], n_folds: int, *, seed: int) -> NDArray[np.int64]:
    """Return a fold for each of N texts, int64 [N], 0 to n_folds - 1.

    Texts of a group share a fold; groups are dealt out at random, a stratum after the other, so that each fold has
    about its share of each.

    Args:
        groups: int64 [N]; equal numbers are one group.
        strata: int64 [N], such as class numbers; a group is in the stratum of its first text.
        n_folds: From 2.
        seed: Of NumPy's PCG64.
    """
    _, firsts, which = np.unique(groups, return_index=True, return_inverse=True)
    random = np.random.Generator(np.random.PCG64(seed))
    order = np.lexsort((random.random(len(firsts)), strata[firsts]))
    folds = np.empty(len(firsts), np.int64)
    folds[order] = np.arange(len(firsts)) % n_folds
    return folds[which.reshape(-1)]


def _take(rows: NgramRows, positions: NDArray[np.int64]) -> NgramRows:
    """Return the rows at `positions`, in that order."""
    lengths = np.diff(rows.offsets)[positions]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    shift = np.repeat(rows.offsets[:-1][positions] - offsets[:-1], lengths)
    return NgramRows(offsets, rows.indices[shift + np.arange(offsets[-1])])
