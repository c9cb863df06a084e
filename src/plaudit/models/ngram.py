"""Naive-Bayes-weighted n-grams and logistic regression: the most accuracy for a few seconds.

Wang and Manning (2012), "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification": each n-gram's entry
is its log count ratio between the texts of a class and the others; here times its inverse document frequency, in rows
of unit length, under a logistic loss, so that the answers are probabilities. Many classes are each set against the
rest; multi-label, each class is a question of its own.

Predicting is Arrow and NumPy alone; training needs numba (extra `train`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from plaudit.config import ClassWeight
from plaudit.cores import on_all_cores
from plaudit.data.dataset import as_text_column
from plaudit.errors import DataError
from plaudit.models.base import Classifier
from plaudit.models.examples import text_weights
from plaudit.models.ngram_files import FILES, NgramWeights, read_weights, write_weights
from plaudit.models.targets import Labels, Targets, count_logits, encode_labels
from plaudit.text import WordTokenizer
from plaudit.text.ngrams import NgramRows, NgramVocabulary
from plaudit.training.soft_targets import as_targets, spread_weights

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.text.column import TokenColumn
    from plaudit.training.loop import Monitor

_CHUNK_TEXTS = 32_768  # texts scored at a time
# Texts that each n-gram is taken to have been seen in beyond those it was, of each class. Three rather than one: log
# loss on held-out IMDB films 0.221 instead of 0.230, accuracy 91.3 instead of 91.2 % (docs/log.md).
_SMOOTHING = 3.0
_LARGEST_COST = 1e12  # of a text; with a million such, weights still fit into float32


@dataclass(frozen=True)
class NgramSummary:
    """What was built; `str` of it is a line.

    Attributes:
        sizes: Number of n-grams of 1, 2, … tokens.
        n_logits: Weights an n-gram has.
    """

    sizes: tuple[int, ...]
    n_logits: int

    def __str__(self) -> str:
        parts = ", ".join(f"{size:,} of {n}" for n, size in enumerate(self.sizes, start=1))
        each = "one weight each" if self.n_logits == 1 else f"{self.n_logits} weights each"
        return f"N-grams: {sum(self.sizes):,} ({parts} token{'s' if len(self.sizes) > 1 else ''}), {each}"


class NgramClassifier(Classifier):
    """Which n-grams a text has, weighted by naive Bayes, and logistic regression.

    Attributes:
        classes_: The labels, in the order of the probabilities.
        vocabulary_: The n-grams.
        weights_: Their weights.
    """

    kind = "ngram"
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "numba")
    vocabulary_: NgramVocabulary
    weights_: NgramWeights

    def __init__(
        self,
        *,
        n_max: int = 4,
        min_texts: int = 2,
        regularisation: float = 0.05,
        class_weight: ClassWeight | dict[Any, float] = "none",
        seed: int = 0,
    ) -> None:
        """Store the settings; nothing is checked before `fit`.

        Args:
            n_max: Tokens in the longest n-grams.
            min_texts: Training texts that an n-gram must be in to be known.
            regularisation: Strength of the L2 penalty, above 0: one over scikit-learn's C.
            class_weight: "none", "balanced", or a weight for each class.
            seed: Of the order in which the solver visits the texts; the same seed gives the same bits.
        """
        self.n_max = n_max
        self.min_texts = min_texts
        self.regularisation = regularisation
        self.class_weight = class_weight
        self.seed = seed

    def fit(
        self,
        texts: object,
        labels: Labels,
        *,
        sample_weight: object = None,
        validation: tuple[object, Labels] | None = None,
        unlabelled: object = None,
        monitors: Sequence[Monitor] = (),
        checkpoint: Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Learn from N texts. There are no epochs: `validation` and all after it are not looked at.

        Raises:
            DataError: Texts or labels are unusable, or no n-gram is in `min_texts` texts.
            ConfigError: A setting is out of range.
            MissingExtraError: Training needs numba.
        """
        self._check_params()
        column = as_text_column(texts)
        targets = encode_labels(labels, len(column))
        weights = text_weights(targets, self.class_weight, sample_weight)
        return self._fit_targets(column, targets.classes, as_answers(targets), weights, multi_label=targets.multi_label)

    def _fit_targets(
        self,
        texts: pa.LargeStringArray,
        classes: NDArray[Any],
        answers: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        *,
        multi_label: bool,
    ) -> Self:
        """Learn from answers that may be probabilities: what `fit` and a teacher share.

        Args:
            texts: N texts.
            classes: [C].
            answers: float64 [N, K], how sure each logit's answer is yes, 0 to 1.
            weights: float64 [N] or [N, K], or None for all 1.
            multi_label: Whether the K logits are questions of their own.
        """
        column = WordTokenizer().tokenize(texts)
        vocabulary, rows = NgramVocabulary.learn(column, n_max=self.n_max, min_texts=self.min_texts)
        if not len(vocabulary):
            raise DataError(
                f"no word is in {self.min_texts} of the {len(texts):,} training texts; "
                "give more texts, or --min-texts 1."
            )
        weight = spread_weights(weights, answers)
        if weight.max() > _LARGEST_COST * self.regularisation:
            raise DataError(
                f"a text weighs {weight.max():g} and --regularisation is {self.regularisation:g}: "
                f"expected at most {_LARGEST_COST:g} times as much."
            )
        rarity = inverse_frequencies(rows, len(vocabulary))
        fit = partial(fit_logit, rows, rarity, regularisation=self.regularisation, seed=self.seed)
        fitted = on_all_cores(lambda logit: fit(*logit), list(zip(answers.T, weight.T, strict=True)))
        self.vocabulary_ = vocabulary
        self.weights_ = NgramWeights(*(np.stack(arrays) for arrays in zip(*fitted, strict=True)))
        self._learned(classes, multi_label=multi_label)
        return self

    def summary(self) -> NgramSummary:
        """Return the number of n-grams and weights; print it to read it."""
        self._check_fitted()
        return NgramSummary(tuple(self.vocabulary_.sizes()), len(self.weights_.biases))

    def write(self, folder: Path) -> None:
        """Write n-grams, weights and manifest into an existing folder."""
        self._check_fitted()
        write_weights(folder, self.vocabulary_, self.weights_)
        self._write_manifest(folder)

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> NgramClassifier:
        """Build the classifier from a folder whose manifest has been checked."""
        model = cls._from_manifest(folder, manifest, FILES)
        n_logits = count_logits(len(model.classes_), multi_label=model.multi_label_)
        model.vocabulary_, model.weights_ = read_weights(folder, model.n_max, n_logits)
        return model

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        chunks = range(0, max(len(texts), 1), _CHUNK_TEXTS)
        z = np.concatenate([self._scores(texts.slice(start, _CHUNK_TEXTS)) for start in chunks])
        return as_logits(z, multi_label=self.multi_label_)

    def _scores(self, texts: pa.LargeStringArray) -> NDArray[np.float64]:
        """Return each logit's answer, float64 [N, K]."""
        column = WordTokenizer().tokenize(texts)
        numbers = self.vocabulary_.numbers(column.dictionary)

        def of_part(part: TokenColumn) -> NDArray[np.float64]:
            return score_rows(self.vocabulary_.rows(part, numbers), self.weights_)

        return np.concatenate(on_all_cores(of_part, column.parts()))


def as_answers(targets: Targets) -> NDArray[np.float64]:
    """Return how sure each logit's answer is yes, float64 [N, K]: 0 or 1."""
    return as_targets(targets.values, len(targets.classes), multi_label=targets.multi_label).astype(np.float64)


def inverse_frequencies(rows: NgramRows, n_features: int) -> NDArray[np.float64]:
    """Return each n-gram's inverse document frequency, smoothed, float64 [F]."""
    result: NDArray[np.float64] = np.log((1 + len(rows)) / (1 + np.bincount(rows.indices, minlength=n_features))) + 1
    return result


def fit_logit(
    rows: NgramRows,
    rarity: NDArray[np.float64],
    answers: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    regularisation: float,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], np.float32]:
    """Fit one logit to N texts; return the n-grams' scales [F], their weights [F] and the bias.

    Args:
        rows: Which n-grams the texts have.
        rarity: float64 [F], what an n-gram's log count ratio is multiplied with.
        answers: float64 [N], how sure the answer is yes, 0 to 1.
        weight: float64 [N], each text's share in the loss.
        regularisation: As in `NgramClassifier`.
        seed: As in `NgramClassifier`.
    """
    from plaudit.training.logistic import fit_logistic

    n_grams = np.diff(rows.offsets)
    yes, no = (
        _SMOOTHING + np.bincount(rows.indices, np.repeat(weight * share, n_grams), len(rarity))
        for share in (answers, 1 - answers)
    )
    ratio = np.log(yes / yes.sum()) - np.log(no / no.sum())
    scales = (ratio * rarity).astype(np.float32)
    values = scales[rows.indices]
    values /= np.repeat(row_lengths(rows, values), n_grams)
    costs = np.stack([weight * (1 - answers), weight * answers], axis=1) / regularisation
    coefficients, bias = fit_logistic(rows.offsets, rows.indices, values, costs, n_features=len(rarity), seed=seed)
    return scales, (coefficients * scales).astype(np.float32), np.float32(bias)


def score_rows(rows: NgramRows, weights: NgramWeights) -> NDArray[np.float64]:
    """Return each logit's answer to N texts, float64 [N, K], given which n-grams they have."""
    return np.stack(
        [
            rows.sums(each[rows.indices]) / row_lengths(rows, scales[rows.indices]) + bias
            for scales, each, bias in zip(*weights, strict=True)
        ],
        axis=1,
    )


def as_logits(z: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.float32]:
    """Return logits, float32 [N, K], from what `score_rows` answers."""
    if z.shape[1] > 1 and not multi_label:
        # Each class against the rest: its log probability, so that softmax divides the probabilities by their sum.
        z = -np.logaddexp(0, -z)
    return z.astype(np.float32)


def row_lengths(rows: NgramRows, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each text's Euclidean length, float32 [N]; 1 for a text without n-grams, which has nothing to divide."""
    lengths = np.sqrt(rows.sums(np.square(values, dtype=np.float32)))
    return np.where(lengths > 0, lengths, 1).astype(np.float32)
