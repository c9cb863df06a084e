"""What an explanation is. This module knows nothing of how shares are found or shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.words import Words


_LEVELS = (0.1, 1 / 3, 2 / 3)  # shares of the strongest word's, from which a word counts as 1, 2 and 3


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model answered so: each word's share in a logit.

    Attributes:
        text: As it was written.
        row: Which of the texts that were asked about, from 0.
        label: The class whose logit is shared out. Of two classes the second's logit is the model's only one, so a
            share above 0 speaks for the second and one below 0 for the first, whatever was predicted.
        against: What a share below 0 speaks for: the other of two classes; None where that is every other class, or,
            multi-label, not having the label.
        predicted: What the model answers: a label, or a tuple of them (multi-label).
        probability: The model's of `label`, 0 to 1.
        starts: int64 [W], each word's first character in `text`.
        ends: int64 [W], the character after its last.
        shares: float64 [W], their sum `logit` - `base_logit`, except for `completeness_error`.
        unseen: bool [W], whether the model knows no part of the word.
        unread: bool [W], whether the word lies in a part of a long text that the model does not read.
        logit: What `Classifier.logits` gives for the label; of many classes less the mean of all.
        base_logit: The same of what the shares are counted from, which `method` names.
        method: How the shares were found, a phrase.
    """

    text: str
    row: int
    label: Any  # Any: a str, int or bool, as the model's classes are
    against: Any
    predicted: Any
    probability: float
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    shares: NDArray[np.float64]
    unseen: NDArray[np.bool_]
    unread: NDArray[np.bool_]
    logit: float
    base_logit: float
    method: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words as they were written."""
        return tuple(self.text[a:b] for a, b in zip(self.starts.tolist(), self.ends.tolist(), strict=True))

    @property
    def completeness_error(self) -> float:
        """By how much the sum of the shares misses what it should be."""
        return float(abs(self.shares.sum() - (self.logit - self.base_logit)))

    @property
    def is_given(self) -> bool:
        """Whether the model gives the text this label."""
        return self.label in self.predicted if isinstance(self.predicted, tuple) else bool(self.label == self.predicted)

    def levels(self) -> NDArray[np.int64]:
        """Return how strong each word's share is beside the text's strongest, int64 [W], -3 to 3; 0 is next to none."""
        most = float(np.abs(self.shares).max(initial=0))
        if most == 0:
            return np.zeros(len(self.shares), np.int64)
        steps = np.searchsorted(_LEVELS, np.abs(self.shares) / most, "right")
        return (np.sign(self.shares) * steps).astype(np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON values; "words" has a record for each word."""
        columns = (self.words, self.starts.tolist(), self.ends.tolist(), self.shares.tolist())
        marks = (self.unseen.tolist(), self.unread.tolist())
        names = ("word", "start", "end", "share", "unseen", "unread")
        return {
            "row": self.row,
            "text": self.text,
            "predicted": list(self.predicted) if isinstance(self.predicted, tuple) else self.predicted,
            "label": self.label,
            "probability": self.probability,
            "logit": self.logit,
            "base_logit": self.base_logit,
            "completeness_error": self.completeness_error,
            "method": self.method,
            "words": [dict(zip(names, word, strict=True)) for word in zip(*columns, *marks, strict=True)],
        }

    def strongest(self, n: int, *, sign: int) -> list[int]:
        """Return the numbers of at most `n` words whose share has this sign (1 or -1), the greatest share first."""
        order = np.argsort(-sign * self.shares, kind="stable")[:n]
        return [i for i in order.tolist() if sign * self.shares[i] > 0]


@dataclass(frozen=True)
class WordShares:
    """The shares of N texts' words in one logit each, raw: before `Classifier.logits` scales it.

    Attributes:
        shares: float64 [W].
        base: float64 [N], the logit that the shares are counted from.
        is_known: bool [W], whether the model knows some part of the word.
        is_read: bool [W], whether the model reads it.
        method: How they were found, a phrase.
    """

    shares: NDArray[np.float64]
    base: NDArray[np.float64]
    is_known: NDArray[np.bool_]
    is_read: NDArray[np.bool_]
    method: str

    def scaled(self, factor: float, *, method: str | None = None) -> WordShares:
        """Return the shares of `factor` times the logit."""
        return WordShares(factor * self.shares, factor * self.base, self.is_known, self.is_read, method or self.method)

    def shifted(self, shifts: NDArray[np.float64]) -> WordShares:
        """Return the shares of the logits with something added to each, float64 [N]: to what they are counted from."""
        return replace(self, base=self.base + shifts)


@dataclass(frozen=True)
class ExplainedBatch:
    """M explanations side by side, as arrays.

    Attributes:
        texts: int64 [M], which text each is of.
        classes: int64 [M], the class that each explains.
        words: The words of the M texts; those that are nothing but white space left out by `is_shown`.
        is_shown: bool [W].
        found: Their shares, scaled as `Classifier.logits` is.
    """

    texts: NDArray[np.int64]
    classes: NDArray[np.int64]
    words: Words
    is_shown: NDArray[np.bool_]
    found: WordShares
