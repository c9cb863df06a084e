"""Labels that are probably wrong: confident learning on probabilities that no text's own label had a part in.

Northcutt, Jiang & Chuang (2021), "Confident learning: estimating uncertainty in dataset labels", by its authors'
package cleanlab (extra `audit`), on the n-gram recipe's answers to the held-out fifth. Twice: what the first pass
flags is left out of what the second is fitted on, so that errors with a system to them do not vouch for each other.

The decision to question: this recipe and not the one that will be trained. It takes seconds, and it needs not be the
most accurate: it has to disagree with wrong labels. Its settings are not the recipe's defaults; `_REGULARISATION` and
the second pass were chosen on labels with known errors (docs/audit.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import DataError, require
from plaudit.models.ngram_settings import NgramSettings
from plaudit.models.out_of_fold import NgramFolds, deal_folds
from plaudit.models.targets import Targets

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_N_FOLDS = 5
_N_MAX = 2
_REGULARISATION = 0.1
_REPEATS = 3  # divisions into folds whose answers are averaged
_REPEATS_ENTRIES = 3_000_000  # n-grams of texts times logits up to which all repeats are worth their time


@dataclass(frozen=True)
class LabelNoise:
    """How well N texts' labels agree with what the others teach.

    Attributes:
        quality: float64 [N], 0 to 1; the lower, the more suspicious. The given label's probability; multi-label, what
            cleanlab makes of the labels' own.
        flagged: bool [N], whether confident learning takes the label for wrong.
        probabilities: float64 [N, C].
        suggested: int64 [N], the most probable class; multi-label uint8 [N, C], 1 where a class is more probable than
            not.
    """

    quality: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    suggested: NDArray[np.int64] | NDArray[np.uint8]


def find_label_noise(
    texts: pa.LargeStringArray,
    labels: NDArray[np.integer],
    n_classes: int,
    *,
    groups: NDArray[np.int64],
    seed: int = 0,
) -> LabelNoise:
    """Rank N labelled texts by how suspicious their labels are.

    Args:
        texts: Arrow ``large_string`` [N].
        labels: Class numbers [N]; or, multi-label, an indicator [N, C].
        n_classes: C; each class has a text, and of single labels there are two at least.
        groups: int64 [N]; texts of a group are held out together, so that a duplicate does not vouch for its own
            label.
        seed: Of the division into folds and of the solver.

    Raises:
        DataError: There are fewer groups than folds, or no word is in two texts.
        MissingExtraError: cleanlab or numba is not installed.
    """
    multi_label = labels.ndim == 2
    require("cleanlab", extra="audit", purpose="Looking for label noise")
    if (n_groups := len(np.unique(groups))) < 2 * _N_FOLDS:
        raise DataError(f"{n_groups} different texts are too few.")
    values = labels.astype(np.uint8) if multi_label else labels.astype(np.int64)
    targets = Targets(np.arange(n_classes), values, multi_label)
    settings = NgramSettings(n_max=_N_MAX, regularisation=_REGULARISATION)
    rows = NgramFolds.of(texts, settings)
    entries = len(rows.features.rows.indices) * targets.n_logits
    repeats = _REPEATS if entries <= _REPEATS_ENTRIES else 1
    strata = _strata(labels)
    use = None
    for first_seed in (0, repeats):
        probabilities = np.mean(
            [
                rows.probabilities(
                    targets,
                    deal_folds(groups, strata, _N_FOLDS, seed=seed + first_seed + repeat),
                    settings,
                    seed=seed,
                    use=use,
                )
                for repeat in range(repeats)
            ],
            axis=0,
        )
        flagged = _flag(labels, probabilities)
        use = ~flagged
    return LabelNoise(
        quality=_quality(labels, probabilities),
        flagged=flagged,
        probabilities=probabilities,
        suggested=(probabilities > 0.5).astype(np.uint8) if multi_label else probabilities.argmax(axis=1),
    )


def _strata(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return a stratum for each text: its class; of several its rarest, and one more for none."""
    if labels.ndim == 1:
        return labels.astype(np.int64)
    counts = labels.sum(axis=0)
    rarest = np.where(labels > 0, counts, counts.max(initial=0) + 1).argmin(axis=1)
    strata: NDArray[np.int64] = np.where(labels.any(axis=1), rarest, labels.shape[1])
    return strata


def _flag(labels: NDArray[np.integer], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which labels confident learning takes for wrong, as many as it estimates there are (bool [N]).

    Of sets of labels it judges each class by itself, and where there are many classes and doubtful ones among them,
    that is half of all texts. So a set is flagged if, besides, the answer contradicts the whole of it: none of its
    labels is more probable than not, but another is; or none at all is, and each of its labels is of a class whose own
    texts are answered yes on average.
    """
    if labels.ndim == 1:
        from cleanlab.filter import find_label_issues

        found = find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
    else:
        from cleanlab.multilabel_classification.filter import find_label_issues as find_set_issues

        found = find_set_issues(_lists(labels), probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
        given, answered = labels > 0, probabilities > 0.5
        is_told = (probabilities * given).sum(axis=0) >= 0.5 * given.sum(axis=0)
        is_bare = ~answered.any(axis=1) & given.any(axis=1) & ~(given & ~is_told).any(axis=1)
        found = found & ~(answered & given).any(axis=1) & (answered.any(axis=1) | is_bare)
    return np.asarray(found, np.bool_)


def _quality(labels: NDArray[np.integer], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    if labels.ndim == 1:
        from cleanlab.rank import get_label_quality_scores

        scores: Any = get_label_quality_scores(labels, probabilities, method="self_confidence")
    else:
        from cleanlab.multilabel_classification.rank import get_label_quality_scores as get_set_scores

        scores = get_set_scores(_lists(labels), probabilities, method="self_confidence")
    return np.asarray(scores, np.float64)


def _lists(indicator: NDArray[np.integer]) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in indicator]
