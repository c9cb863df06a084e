"""From which n-grams the texts have, and what they are answered with, to an n-gram model's numbers.

Words' n-grams and characters' n-grams are two blocks of one row, each brought to a length of its own. The length of
the words' block is Euclid's. That of the characters' counts each occurrence by itself, so that it is a sum over the
text's words, as the logit is: a word is asked once, and a text only adds up (docs/log.md: as accurate as Euclid's).

The decision to question: whether arrays lie in memory or on disk, a sum is formed entry by entry in the order of the
texts, so that both give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from plaudit.cores import on_all_cores
from plaudit.models.ngram_settings import NgramSettings
from plaudit.scratch import MEMORY, Scratch
from plaudit.setting_values import Objective
from plaudit.text.ngram_rows import NgramRows, unit_where_empty
from plaudit.training.soft_targets import as_targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.targets import Targets

# Texts that each n-gram is taken to have been seen in beyond those it was, of each class. Three rather than one: log
# loss on held-out IMDB films 0.221 instead of 0.230, accuracy 91.3 instead of 91.2 % (docs/log.md).
_SMOOTHING = 3.0
# What n-grams that tell nothing weigh beside a log odds ratio: 0 is naive Bayes, infinity TF-IDF. With 0.5 and 1
# held-out accuracy was highest on the mean of ten tasks, above both (docs/log.md).
_EVEN = 1.0
# What a margin is multiplied by to be a logit (Platt 1999, with one constant for all data): about what six data sets
# asked for (docs/log.md). A text on the margin, at 1, is then answered with 0.993. The temperature does the rest.
_MARGIN_SLOPE = 5.0
_PART_ENTRIES = 2**18  # worked on at a time, where entries lie on disk
_ENTRY_BYTES = 8  # what the solver reads of one: an index and a value


@dataclass(frozen=True)
class Features:
    """What N texts have, as rows of a sparse matrix.

    Attributes:
        rows: Which features each text has: its n-grams of words, then those of characters.
        n_grams: How many n-grams of words there are, which are numbered first.
        n_characters: How many of characters.
        counts: float32 [M], how often each entry counts; None for once, where there are no characters.
    """

    rows: NgramRows
    n_grams: int
    n_characters: int = 0
    counts: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """The number of features, F."""
        return self.n_grams + self.n_characters

    def parts(self, most: int | None) -> Iterator[tuple[slice, NgramRows, NDArray[np.float32] | None]]:
        """Yield runs of texts with at most `most` entries: which texts, their rows and counts."""
        for texts, part in self.rows.parts(most):
            begin, end = self.rows.offsets[texts.start], self.rows.offsets[texts.stop]
            yield texts, part, None if self.counts is None else self.counts[begin:end]

    def take(self, positions: NDArray[np.int64]) -> Features:
        """Return the texts at `positions`, in that order."""
        lengths = np.diff(self.rows.offsets)[positions]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        entries = np.repeat(self.rows.offsets[:-1][positions] - offsets[:-1], lengths) + np.arange(offsets[-1])
        counts = None if self.counts is None else self.counts[entries]
        return Features(NgramRows(offsets, self.rows.indices[entries]), self.n_grams, self.n_characters, counts)


def as_answers(targets: Targets) -> NDArray[np.float64]:
    """Return how sure each logit's answer is yes, float64 [N, K]: 0 or 1."""
    return as_targets(targets.values, len(targets.classes), multi_label=targets.multi_label).astype(np.float64)


def inverse_frequencies(rows: NgramRows, n_features: int) -> NDArray[np.float64]:
    """Return each n-gram's inverse document frequency, smoothed, float64 [F]."""
    counts = np.zeros(n_features, np.int64)
    for _, part in rows.parts(_PART_ENTRIES):
        np.add.at(counts, part.indices, 1)
    result: NDArray[np.float64] = np.log((1 + len(rows)) / (1 + counts)) + 1
    return result


class NgramWeights(NamedTuple):
    """What K logits are computed from: a block's share is the sum of its weights, by the length of its scales.

    Attributes:
        scales: float32 [K, F], a feature's entry before its block is brought to length 1; [1, F] where all logits share
            them, as with TF-IDF.
        weights: float32 [K, F], that entry times its coefficient.
        biases: float32 [K].
    """

    scales: NDArray[np.float32]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def part(self, features: slice) -> NgramWeights:
        """Return the same of some of the features."""
        return NgramWeights(
            np.ascontiguousarray(self.scales[:, features]), np.ascontiguousarray(self.weights[:, features]), self.biases
        )

    def logits(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], np.float32]]:
        """Yield each logit's scales, weights and bias."""
        for k, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            yield self.scales[k % len(self.scales)], weights, bias


def fit_logits(
    features: Features,
    answers: NDArray[np.float64],
    weight: NDArray[np.float64],
    settings: NgramSettings,
    *,
    seed: int,
    rarity: NDArray[np.float64] | None = None,
    scratch: Scratch = MEMORY,
) -> NgramWeights:
    """Fit K logits to N texts, each by itself.

    Args:
        features: What the texts have.
        answers: float64 [N, K], how sure each answer is yes, 0 to 1.
        weight: float64 [N, K], each text's share in the loss.
        settings: Of the model; what they say of the vocabulary has been done.
        seed: As in `NgramClassifier`.
        rarity: float64 [F], inverse document frequencies, where they are known already.
        scratch: Where the entries' values are kept.
    """
    rarity = inverse_frequencies(features.rows, features.size) if rarity is None else rarity
    most = None if scratch.folder is None else _PART_ENTRIES
    shared = None
    if settings.weighting == "tfidf":
        scales = rarity.astype(np.float32)
        shared = scales, _values(features, scales, settings.chars_weight, scratch, most)

    def fit(logit: tuple[NDArray[np.float64], NDArray[np.float64]]) -> tuple[Any, Any, Any]:
        answer, share = logit
        if shared is None:
            of_classes = _mixed_scales if settings.weighting == "mixed" else _bayes_scales
            scales = of_classes(features, rarity, answer, share, most)
            values = _values(features, scales, settings.chars_weight, scratch, most)
        else:
            scales, values = shared
        solve, slope = _solver(settings.objective)
        costs = np.stack([share * (1 - answer), share * answer], axis=1) / settings.regularisation
        coefficients, bias = solve(
            features.rows.offsets, features.rows.indices, values, costs,
            n_features=features.size, seed=seed, blocks=_blocks(features.rows, scratch),
        )  # fmt: skip
        weights = (coefficients * scales).astype(np.float32)
        weights[features.n_grams :] *= np.float32(settings.chars_weight)
        return (None if shared else scales), weights * np.float32(slope), np.float32(bias * slope)

    fitted = on_all_cores(fit, list(zip(answers.T, weight.T, strict=True)))
    own = [shared[0]] if shared else [each[0] for each in fitted]
    return NgramWeights(
        np.stack(own), np.stack([each[1] for each in fitted]), np.array([each[2] for each in fitted], np.float32)
    )


def _solver(objective: Objective) -> tuple[Callable[..., tuple[NDArray[np.float64], float]], float]:
    """Return what minimises a loss, and what makes a logit of the score that it gives."""
    if objective == "logistic":
        from plaudit.training import logistic

        return logistic.fit_logistic, 1.0
    from plaudit.training import squared_hinge

    return squared_hinge.fit_squared_hinge, _MARGIN_SLOPE


def _bayes_scales(
    features: Features,
    rarity: NDArray[np.float64],
    answers: NDArray[np.float64],
    weight: NDArray[np.float64],
    most: int | None,
) -> NDArray[np.float32]:
    """Return rarity times the log count ratio of yes and no, float32 [F]; of words and characters each."""
    sums = [_SMOOTHING + _sums(features.rows, weight * share, features.size, most) for share in (answers, 1 - answers)]
    ratio = np.empty(features.size)
    for block in (slice(0, features.n_grams), slice(features.n_grams, None)):
        yes, no = (each[block] for each in sums)
        ratio[block] = np.log(yes / yes.sum()) - np.log(no / no.sum())
    return (ratio * rarity).astype(np.float32)


def _mixed_scales(
    features: Features,
    rarity: NDArray[np.float64],
    answers: NDArray[np.float64],
    weight: NDArray[np.float64],
    most: int | None,
) -> NDArray[np.float32]:
    """Return rarity times the size of the log odds ratio of yes and no and a constant, float32 [F].

    An n-gram that is as frequent in both has a ratio of 0 however rare one of them is: it is taken to have been seen in
    a few texts more, divided between yes and no as all texts are.
    """
    yes, no = (_sums(features.rows, weight * share, features.size, most) for share in (answers, 1 - answers))
    total, mean = float(weight.sum()), float(weight.mean())
    share = (float((weight * answers).sum()) + mean) / (total + 2 * mean)
    ratio = np.log((yes + 2 * _SMOOTHING * share) / (no + 2 * _SMOOTHING * (1 - share))) - np.log(share / (1 - share))
    scales: NDArray[np.float32] = ((np.abs(ratio) + _EVEN) * rarity).astype(np.float32)
    return scales


def _values(
    features: Features, scales: NDArray[np.float32], chars_weight: float, scratch: Scratch, most: int | None
) -> NDArray[np.float32]:
    """Return each entry's value, float32 [M], those of characters times a weight."""
    growing = scratch.array(np.float32)
    for _, part, counts in features.parts(most):
        of_part = part.scaled(scales, counts, features.n_grams)
        if features.n_characters and chars_weight != 1:
            of_part[part.indices >= features.n_grams] *= np.float32(chars_weight)
        growing.append(of_part)
    values: NDArray[np.float32] = growing.finish()
    return values


def score(features: Features, weights: NgramWeights) -> NDArray[np.float64]:
    """Return each logit's answer to N texts, float64 [N, K], before it is made a probability's."""
    if features.counts is None:
        return score_rows(features.rows, weights)
    z, values = np.empty((len(features), len(weights.biases))), None
    for k, (scales, each, bias) in enumerate(weights.logits()):
        if values is None or len(weights.scales) > 1:
            values = features.rows.scaled(scales, features.counts, features.n_grams)
        coefficients = np.divide(each, scales, out=np.zeros_like(each), where=scales != 0)
        z[:, k] = features.rows.weighted_sums(values, coefficients) + bias
    return z


def score_rows(rows: NgramRows, weights: NgramWeights) -> NDArray[np.float64]:
    """Return the same, given which n-grams of words the texts have and no characters."""
    return np.stack(
        [
            rows.gathered(each) / unit_where_empty(rows.gathered(scales, squared=True)) + bias
            for scales, each, bias in weights.logits()
        ],
        axis=1,
    )


def as_logits(z: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.float32]:
    """Return logits, float32 [N, K], from what `score` answers."""
    if z.shape[1] > 1 and not multi_label:
        # Each class against the rest: its log probability, so that softmax divides the probabilities by their sum.
        z = -np.logaddexp(0, -z)
    return z.astype(np.float32)


def count_blocks(features: Features, scratch: Scratch) -> int:
    """Return in how many blocks `fit_logit` visits N texts: 1 in memory, and on disk where they are few."""
    return len(_blocks(features.rows, scratch)) - 1


def _blocks(rows: NgramRows, scratch: Scratch) -> NDArray[np.int64]:
    return rows.cuts(None if scratch.block_bytes is None else scratch.block_bytes // _ENTRY_BYTES)


def _sums(rows: NgramRows, weight: NDArray[np.float64], n_features: int, most: int | None) -> NDArray[np.float64]:
    """Return the sum of the weights of the texts that have each n-gram, float64 [F]."""
    sums = np.zeros(n_features)
    for texts, part in rows.parts(most):
        part.add_to(sums, weight[texts])
    return sums


def row_lengths(rows: NgramRows, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each text's Euclidean length, float32 [N]; 1 for a text without n-grams, which has nothing to divide."""
    return unit_where_empty(rows.sums(np.square(values, dtype=np.float32)))
