"""Whether a text is like those that a model learned from: a score of how probable its words are in their order.

The score is the mean log probability of a text's words, each given the one before: counts of words and of pairs of
words in the training texts, pairs falling back on words (Jelinek & Mercer 1980). It is told in standard deviations from
the mean of validation texts, as much as texts of so many words vary: one rare word alone is nothing odd. It knows
nothing of the model, so it serves every recipe, and a model that is sure of itself far from home does not fool it (Hein
et al. 2019, "Why ReLU Networks Yield High-Confidence Predictions Far Away From the Training Data"). Where the limit
lies is set by validation texts, which were not counted: at a rate of 0.01 one in a hundred of texts like these lies
below it.

The decision to question: words and pairs are known by 32 bits of a hash, half a million of each at most, so that a
model grows by 8 MiB at most and no text can be read back. Shares of known words, words alone and characters were tried
too: over 42 pairs of data sets none was better on the mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.text.column import PART_TEXTS
from plaudit.text.farmhash import fingerprint64
from plaudit.text.token_memory import tokens_of
from plaudit.text.tokens import WordTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCOPE = "scope.safetensors"
USUAL_RATE = 0.01  # of false alarms, where nobody says another
UNLIKE, BLANK_TEXT = "unlike the training texts", "the text is blank"
_MOST_KEPT = 1 << 19  # distinct words, and pairs: the commonest
_MOST_COUNTED = 1 << 22  # while counting: beyond, the rarest are forgotten
_SMOOTH, _BACK = 0.1, 5.0  # what each of `_ALL_WORDS` counts more, and how many words the fall-back weighs
_ALL_WORDS = 1 << 20
_UNIT = 1e6  # of the scores in a file: a millionth
_MOST_TEXTS, _MOST_SCORES = 20_000, 10_000
_PIECE_BYTES = 1 << 21  # of texts that are copied
_MOST_OFF = 1000.0  # standard deviations; minus that is the score of a text without a word
_LEAST_BETWEEN = 0.05  # of the variance of validation texts' means, what is not their length's
_STEP, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)  # of SplitMix64
_COUNTED = ("words", "pairs")
_BEGINNING = 80  # characters that `is_foreign` looks at first
_START = np.uint64(1)  # before a text's first word


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each of K keys occurs: `keys` ascending, uint32 [K], `counts` uint32 [K], from 1."""

    keys: NDArray[np.uint32]
    counts: NDArray[np.uint32]

    @classmethod
    def of(cls, keys: NDArray[np.uint32]) -> Counts:
        """Count keys, each once for each time that it is there."""
        distinct, counts = np.unique(keys, return_counts=True)
        return cls(distinct, counts.astype(np.uint32))

    def plus(self, other: Counts) -> Counts:
        """Return the sum of both; of very many keys without the rarest."""
        keys, places = np.unique(np.concatenate([self.keys, other.keys]), return_inverse=True)
        sums = np.bincount(places, np.concatenate([self.counts, other.counts]), len(keys))
        return Counts(keys, np.minimum(sums, 2**32 - 1).astype(np.uint32)).commonest(_MOST_COUNTED)

    def commonest(self, most: int) -> Counts:
        """Return the `most` commonest, of equally common ones the first."""
        if len(self.keys) <= most:
            return self
        kept = np.sort(np.argsort(-self.counts.astype(np.int64), kind="stable")[:most])
        return Counts(self.keys[kept], self.counts[kept])

    def find(self, keys: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Return how often each of some keys occurs, float64 of their shape."""
        if not len(self.keys):
            return np.zeros(keys.shape)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.counts[places], 0).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Scope:
    """What a model's training texts are like.

    Attributes:
        words: How often each word occurs in them.
        pairs: How often each pair of neighbours does.
        n_words: How many words there are.
        n_texts: How many texts were counted.
        usual: Of the validation texts' mean log probabilities the mean, the variance between long texts, and the
            variance of a single word's.
        likeness: The scores of validation texts, ascending, float64; of more than 10,000 evenly spaced ones.
        n_validation: How many validation texts there were.
    """

    words: Counts
    pairs: Counts
    n_words: int
    n_texts: int
    usual: tuple[float, float, float]
    likeness: NDArray[np.float64]
    n_validation: int

    @classmethod
    def learn(cls, texts: pa.LargeStringArray, validation: pa.LargeStringArray) -> Scope:
        """Count the words of training texts, of more than 20,000 of so many evenly spaced, and score validation texts.

        Args:
            texts: N texts, one or more.
            validation: Texts that are not among them; there may be none.

        Raises:
            DataError: There are no training texts.
        """
        if not len(texts):
            raise DataError("scope: there are no training texts to count.")
        n_words = 0
        words = pairs = Counts.of(np.zeros(0, np.uint32))
        for piece in _pieces(texts, _MOST_TEXTS):
            found = _Words.of(piece)
            words, pairs = words.plus(Counts.of(found.words)), pairs.plus(Counts.of(found.pairs))
            n_words += len(found.words)
        words, pairs = words.commonest(_MOST_KEPT), pairs.commonest(_MOST_KEPT)
        scope = cls(words, pairs, n_words, min(len(texts), _MOST_TEXTS), (0.0, 1.0, 1.0), np.zeros(0), 0)
        scope = replace(scope, usual=scope._usual(validation))
        scores = [scope._scores(piece)[0] for piece in _pieces(validation, _MOST_SCORES)]
        likeness = np.sort(_rounded_all(np.concatenate([np.zeros(0), *scores])))
        return replace(scope, likeness=likeness, n_validation=len(validation))

    def scores(self, texts: pa.LargeStringArray) -> NDArray[np.float64]:
        """Return how like the training texts each of N texts is, float64 [N], about 0; -1000 without a word."""
        return self.compare(texts)[0]

    def is_unlike(self, texts: pa.LargeStringArray, rate: float = USUAL_RATE) -> NDArray[np.bool_]:
        """Return which of N texts are unlike the training texts, bool [N].

        Those are the texts below the limit at `rate`, and, however few validation texts there were, those of which no
        word was seen in training.
        """
        return self.compare(texts, rate)[2]

    def compare(
        self, texts: pa.LargeStringArray, rate: float = USUAL_RATE
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return what `scores` says of N texts, which share of each one's words was seen, and what `is_unlike` says.

        Those are float64 [N], float64 [N] and bool [N]; of a text without a word the share is 0.
        """
        limit = self.limit(rate)
        scores, shares, unlike = np.zeros(len(texts)), np.zeros(len(texts)), np.zeros(len(texts), np.bool_)
        for at in range(0, len(texts), PART_TEXTS):
            part = slice(at, at + PART_TEXTS)
            scores[part], n_words, n_known = self._scores(texts.slice(at, PART_TEXTS))
            shares[part] = n_known / np.maximum(n_words, 1)
            unlike[part] = (n_known == 0) | (_rounded_all(scores[part]) < (-np.inf if limit is None else limit))
        return scores, shares, unlike

    def is_foreign(self, texts: pa.LargeStringArray) -> NDArray[np.bool_]:
        """Return which of N texts begin without any word seen in training and are unlike it, bool [N].

        It costs a fraction of `is_unlike`, and finds the plainest of what that finds.
        """
        found = np.zeros(len(texts), np.bool_)
        for at in range(0, len(texts), PART_TEXTS):
            some = pc.utf8_slice_codeunits(texts.slice(at, PART_TEXTS), 0, _BEGINNING)
            column = WordTokenizer().tokenize(some)
            is_known = self.words.find(_key(fingerprint64(column.dictionary) * _STEP))[column.values] > 0
            owners = np.repeat(np.arange(len(some)), np.diff(column.offsets))
            found[at : at + len(some)] = np.bincount(owners[is_known], minlength=len(some)) == 0
        rows = np.flatnonzero(found)
        found[rows] = self.is_unlike(texts.take(pa.array(rows)))
        return found

    def limit(self, rate: float) -> float | None:
        """Return the score below which `rate` of the validation texts lie; None where these are too few for that."""
        if rate * self.n_validation < 1:
            return None
        return float(np.quantile(self.likeness, rate, method="lower"))

    def _scores(self, texts: pa.LargeStringArray) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return scores, float64 [N], and how many words each text has, and seen ones, int64 [N]."""
        sums, _, n_words, n_known = self._sums(texts)
        mean, between, within = self.usual
        n = np.maximum(n_words, 1)
        off = (sums / n - mean) / np.sqrt(between + within / n)
        return np.where(n_words > 0, np.clip(off, -_MOST_OFF, _MOST_OFF), -_MOST_OFF), n_words, n_known

    def _usual(self, texts: pa.LargeStringArray) -> tuple[float, float, float]:
        """Return `usual` of validation texts, from those of two words or more; 0, 1 and 1 where there are none."""
        found = [self._sums(piece)[:3] for piece in _pieces(texts, _MOST_SCORES)]
        if not found:
            return 0.0, 1.0, 1.0
        sums, squares, n_words = (np.concatenate(part) for part in zip(*found, strict=True))
        longer = n_words > 1
        if not longer.any():
            return 0.0, 1.0, 1.0
        sums, squares, n_words = sums[longer], squares[longer], n_words[longer]
        means = sums / n_words
        within = float(np.maximum((squares - sums * means) / (n_words - 1), 0).mean())
        off = np.square(means - means.mean())
        between = max(float((off - within / n_words).mean()), _LEAST_BETWEEN * float(off.mean()), 1e-6)
        return _rounded(float(means.mean())), _rounded(between), _rounded(within)

    def _sums(
        self, texts: pa.LargeStringArray
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return each text's sum of log probabilities, of their squares, and how many words it has, and known ones."""
        found = _Words.of(texts)
        seen, both = self.words.find(found.distinct)[found.places], self.pairs.find(found.pairs)
        alone = (seen + _SMOOTH) / (self.n_words + _SMOOTH * _ALL_WORDS)
        before = np.where(found.is_first, self.n_texts, np.roll(seen, 1))
        shares = np.log((both + _BACK * alone) / (before + _BACK))
        sums, squares, known = (
            np.bincount(found.owners, x, len(texts)).astype(np.float64) for x in (shares, shares**2, seen > 0)
        )
        n_words = np.bincount(found.owners, minlength=len(texts)).astype(np.int64)
        return sums, squares, n_words, known.astype(np.int64)

    def write(self, folder: Path) -> None:
        """Write `SCOPE` into an existing folder."""
        from safetensors.numpy import save

        mean, *variances = self.usual
        usual = [round(each * _UNIT) for each in (-mean, *variances)]
        numbers = np.array([self.n_words, self.n_texts, self.n_validation, *usual], np.uint32)
        arrays = {"likeness": np.round((self.likeness + _MOST_OFF) * _UNIT).astype(np.uint32), "numbers": numbers}
        for name in _COUNTED:
            counts: Counts = getattr(self, name)
            arrays |= {f"{name}.keys": counts.keys, f"{name}.counts": counts.counts}
        (folder / SCOPE).write_bytes(save(arrays))

    @classmethod
    def read(cls, folder: Path) -> Scope:
        """Return what `write` wrote.

        Raises:
            ModelError: It did not, or is damaged.
        """
        from plaudit.models.artifact import read_tensors

        path = folder / SCOPE
        names = [f"{name}.{kind}" for name in _COUNTED for kind in ("keys", "counts")]
        shapes: dict[str, tuple[int, ...]] = {"numbers": (6,), "likeness": (-1,), **dict.fromkeys(names, (-1,))}
        found = read_tensors(path, shapes, np.uint32)
        words, pairs = (Counts(found[f"{name}.keys"], found[f"{name}.counts"]) for name in _COUNTED)
        likeness = np.round(found["likeness"] - _MOST_OFF * _UNIT) / _UNIT
        n_words, n_texts, n_validation, mean, between, within = found["numbers"].tolist()
        is_sound = all(
            len(each.keys) == len(each.counts) <= _MOST_KEPT and bool((each.keys[1:] > each.keys[:-1]).all())
            for each in (words, pairs)
        )
        fits = len(likeness) == min(n_validation, _MOST_SCORES) and bool((np.diff(likeness) >= 0).all())
        if not is_sound or not fits or not n_texts or not between:
            raise ModelError(f"{path}: damaged: these are not word counts.")
        usual = (-mean / _UNIT, between / _UNIT, within / _UNIT)
        return cls(words, pairs, n_words, n_texts, usual, likeness, n_validation)


@dataclass(frozen=True)
class _Words:
    """The words of N texts in their order: the text, the word's and the pair's key, and whether it is its first.

    A word's key is that of `distinct` at its place.
    """

    owners: NDArray[np.int64]
    distinct: NDArray[np.uint32]
    places: NDArray[np.int32]
    pairs: NDArray[np.uint32]
    is_first: NDArray[np.bool_]

    @classmethod
    def of(cls, texts: pa.LargeStringArray) -> _Words:
        column = tokens_of(WordTokenizer(), texts)  # n-grams', which a run has made already
        hashes = fingerprint64(column.dictionary) * _STEP
        words = hashes[column.values]
        is_first = np.zeros(len(words), np.bool_)
        is_first[column.offsets[:-1][np.diff(column.offsets) > 0]] = True
        before = np.where(is_first, _START, np.roll(words, 1))
        owners = np.repeat(np.arange(len(texts), dtype=np.int64), np.diff(column.offsets))
        pairs = ((before ^ (before >> np.uint64(31))) * _MIX + words) * _STEP
        return cls(owners, _key(hashes), column.values, _key(pairs), is_first)

    @property
    def words(self) -> NDArray[np.uint32]:
        """Each word's key."""
        return self.distinct[self.places]


def _rounded_all(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores as a file holds them, so that a text that is equal to a validation text is not below it."""
    rounded: NDArray[np.float64] = np.round(scores * _UNIT) / _UNIT
    return rounded


def check_scope(rate: float | None, scope: Scope | None) -> None:
    """Refuse a rate of false alarms that a model's scope, None where it has none, cannot have.

    Raises:
        ConfigError: There is no scope, or there were too few validation texts for such a rate.
    """
    if rate is None:
        return
    if scope is None:
        raise ConfigError(
            "unlike: this model does not know what its training texts are like; train it with `plaudit train`, or "
            "call learn_scope."
        )
    if scope.limit(rate) is None:
        n = scope.n_validation
        raise ConfigError(
            f"unlike {rate:g}: takes {math.ceil(1 / rate):,} validation texts or more, and this model had {n:,}; "
            + (f"ask for {math.ceil(1000 / n) / 1000:g} or more." if n > 1 else "give it some.")
        )


def _key(hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the first half of each hash."""
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _rounded(value: float) -> float:
    return round(value * _UNIT) / _UNIT


def _pieces(texts: pa.LargeStringArray, most: int) -> Iterator[pa.LargeStringArray]:
    """Yield texts a part at a time, of more than `most` so many, evenly spaced.

    Those are copied, so few at a time that a stream's long texts fit into memory.
    """
    n = len(texts)
    if n <= most:
        yield from (texts.slice(at, PART_TEXTS) for at in range(0, n, PART_TEXTS))
        return
    rows = np.linspace(0, n - 1, most).astype(np.int64)
    n_bytes = int(pc.sum(pc.binary_length(texts)).as_py() or 0)
    step = min(PART_TEXTS, 1 + n * _PIECE_BYTES // max(n_bytes, 1))
    for at in range(0, most, step):
        yield texts.take(pa.array(rows[at : at + step]))
