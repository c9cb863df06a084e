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
from plaudit.models.ngram_fitting import count_blocks, fit_logit, inverse_frequencies, row_lengths
from plaudit.models.targets import Labels, Targets, count_logits, encode_labels
from plaudit.text import WordTokenizer
from plaudit.text.chunks import chunks
from plaudit.text.ngram_counting import learn_in_chunks
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary
from plaudit.training.soft_targets import as_targets, spread_weights

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.text.column import TokenColumn
    from plaudit.training.loop import Monitor

_CHUNK_TEXTS, _CHUNK_BYTES = 32_768, 16 * 2**20  # texts scored at a time
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
    streams: ClassVar[bool] = True
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
        vocabulary, rows = self._learn(texts)
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
        fit = partial(fit_logit, rows, rarity, regularisation=self.regularisation, seed=self.seed, scratch=self.scratch)
        fitted = on_all_cores(lambda logit: fit(*logit), list(zip(answers.T, weight.T, strict=True)))
        self.vocabulary_ = vocabulary
        self.weights_ = NgramWeights(*(np.stack(arrays) for arrays in zip(*fitted, strict=True)))
        self._learned(classes, multi_label=multi_label)
        n_blocks = count_blocks(rows, self.scratch)
        self.notes_ = (
            (
                f"the solver visited the texts in {n_blocks} blocks, each in random order: the numbers differ a little "
                "from those of training in memory.",
            )
            if n_blocks > 1
            else ()
        )
        return self

    def _learn(self, texts: pa.LargeStringArray) -> tuple[NgramVocabulary, NgramRows]:
        """Find the n-grams; both ways give the same."""
        if self.scratch.folder is None:
            column = WordTokenizer().tokenize(texts)
            return NgramVocabulary.learn(column, n_max=self.n_max, min_texts=self.min_texts)
        return learn_in_chunks(texts, WordTokenizer(), self.scratch, n_max=self.n_max, min_texts=self.min_texts)

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
        z = np.concatenate([self._scores(part) for part in chunks(texts, _CHUNK_TEXTS, _CHUNK_BYTES)])
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
