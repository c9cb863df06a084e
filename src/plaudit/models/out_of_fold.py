"""What the n-gram recipe answers to texts that it was not fitted on: each fold is answered by a fit on the others.

The n-grams are found once, over all texts; only the weights are fitted again for each fold. That uses no label of a
held-out text, but an n-gram counts as known when a fold's texts and the others' have it together. Training needs numba
(extra `train`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import DataError
from plaudit.models.ngram_fitting import Features, as_answers, as_logits, fit_logits, inverse_frequencies, score
from plaudit.models.ngram_learning import learn
from plaudit.models.ngram_settings import NgramSettings

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models.targets import Targets


@dataclass(frozen=True)
class NgramFolds:
    """N texts as n-grams, ready to be fitted fold by fold.

    Attributes:
        features: Which n-grams each text has.
        rarity: float64 [F], their inverse document frequencies.
    """

    features: Features
    rarity: NDArray[np.float64]

    @classmethod
    def of(cls, texts: pa.LargeStringArray, settings: NgramSettings) -> NgramFolds:
        """Find the n-grams of N texts.

        Raises:
            DataError: No word is in `min_texts` of them.
        """
        learned = learn(texts, settings)
        if not len(learned.vocabulary):
            raise DataError(f"no word is in {settings.min_texts} of the {len(texts):,} texts.")
        return cls(learned.features, inverse_frequencies(learned.features.rows, learned.features.size))

    def probabilities(
        self,
        targets: Targets,
        folds: NDArray[np.int64],
        settings: NgramSettings,
        *,
        seed: int,
        use: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Return each class's probability for N texts, float64 [N, C], from fits that did not see them.

        Args:
            targets: The N texts' labels.
            folds: int64 [N], each text's fold, from 0.
            settings: Of the fits.
            seed: As in `NgramClassifier`.
            use: bool [N], which texts may be fitted on; all are answered. None for all.
        """
        from plaudit.training.losses import probabilities

        answers = as_answers(targets)
        logits = self.logits(answers, np.ones_like(answers), folds, settings, seed=seed, use=use)
        return probabilities(as_logits(logits, multi_label=targets.multi_label), multi_label=targets.multi_label)

    def logits(
        self,
        answers: NDArray[np.float64],
        weight: NDArray[np.float64],
        folds: NDArray[np.int64],
        settings: NgramSettings,
        *,
        seed: int,
        use: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Return each logit's answer to N texts, float64 [N, K], from fits that did not see them.

        Args:
            answers: float64 [N, K], how sure each answer is yes.
            weight: float64 [N, K], each text's share in the loss.
            folds: As in `probabilities`, with the three below.
            settings: Of the fits.
            seed: Of the solver.
            use: Which texts may be fitted on.
        """
        use = np.ones(len(answers), np.bool_) if use is None else use
        z = np.empty_like(answers)
        for fold in range(int(folds.max(initial=0)) + 1):
            held = folds == fold
            z[held] = self.fold_logits(answers, weight, use & ~held, held, settings, seed=seed)
        return z

    def fold_logits(
        self,
        answers: NDArray[np.float64],
        weight: NDArray[np.float64],
        learned: NDArray[np.bool_],
        held: NDArray[np.bool_],
        settings: NgramSettings,
        *,
        seed: int,
    ) -> NDArray[np.float64]:
        """Return each logit's answer to M of the texts, float64 [M, K], from a fit on others of them.

        Args:
            answers: As in `logits`, with `weight`, `settings` and `seed`.
            weight: Each text's share in the loss.
            learned: bool [N], which texts are fitted on.
            held: bool [N], which are answered, M.
            settings: Of the fit.
            seed: Of the solver.
        """
        at = np.flatnonzero(learned)
        weights = fit_logits(self.features.take(at), answers[at], weight[at], settings, seed=seed, rarity=self.rarity)
        return score(self.features.take(np.flatnonzero(held)), weights)


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
