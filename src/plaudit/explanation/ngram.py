"""The shares of words in an n-gram model's logit: exact.

A logit is the sum of the weights of the n-grams that a text has, divided by the length of the text's vector, and a
bias. So an n-gram's share is its weight divided by that length, which is held as it is; divided equally among the
places where the text has the n-gram, and there among its words. Characters' n-grams never leave a word, so their share
is that word's. The bias is the empty text's logit.

Of many classes the logit is the log probability of each against the rest, log sigmoid(s): along the straight line from
the empty text's s to the text's every share grows alike, so each is multiplied by the mean slope (integrated
gradients, Sundararajan et al. 2017, in closed form), and the sum is exact again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.explanation.explanation import WordShares
from plaudit.models.ngram_fitting import row_lengths
from plaudit.text import WordTokenizer
from plaudit.text.ngrams import distinct_tokens

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models.ngram import NgramClassifier
    from plaudit.text.words import Words, WordTokens

_METHOD = "exact: an n-gram's part of the logit, divided equally among its words; counted from the empty text"
_LEAST_STEP = 1e-9  # below it a slope is taken at the point


def tokenizers(model: NgramClassifier) -> list[WordTokenizer]:
    """Return what the model reads a text with."""
    return [WordTokenizer()]


def word_shares(
    model: NgramClassifier,
    texts: pa.LargeStringArray,
    coefficients: NDArray[np.float64],
    words: Words,
    tokens: list[WordTokens],
) -> WordShares:
    """Return the words' shares in the sum of `coefficients` (float64 [N, K]) times the raw logits."""
    column, vocabulary = tokens[0].column, model.vocabulary_
    rows, occurrences = vocabulary.occurrences(column)
    is_one_of_many = len(model.weights_.biases) > 1 and not model.multi_label_
    owners = np.repeat(np.arange(len(column)), column.lengths())
    places, n_gram_tokens, numbers = _places(occurrences, vocabulary.sizes())
    counts = _counts(owners[places], numbers, len(vocabulary))
    by_word, present = model.word_scores(column.dictionary), distinct_tokens(column)
    times = _counts(owners, column.values.astype(np.int64), len(column.dictionary))
    by_gram, base, shares = np.zeros(len(places)), np.zeros(len(column)), np.zeros(len(owners))
    for k, ((scales, weights, bias), factor) in enumerate(zip(model.weights_.logits(), coefficients.T, strict=True)):
        if not factor.any():
            continue
        lengths = row_lengths(rows, scales[rows.indices])
        score = rows.sums(weights[rows.indices]) / lengths + bias
        if by_word is not None:
            by_token, of_text = by_word.sums[k], by_word.lengths(present, k)
            score += present.sums(by_token[present.indices]) / of_text
        if is_one_of_many:
            slope, zero = _log_sigmoid_slope(score, float(bias))
        else:
            slope, zero = np.ones(len(column)), float(bias)
        base += factor * zero
        by_gram += weights[numbers] * (factor * slope / lengths)[owners[places]]
        if by_word is not None:  # a word's characters count once, however often it is there
            shares += by_token[column.values] * (factor * slope / of_text)[owners] / times
    by_gram /= counts * n_gram_tokens
    for n in range(1, vocabulary.n_max + 1):
        chosen = n_gram_tokens == n
        for step in range(n):
            shares += np.bincount(places[chosen] + step, by_gram[chosen], minlength=len(owners))
    is_token_known = np.asarray(occurrences[0] >= 0)
    if by_word is not None:
        is_token_known |= (by_word.squares.sum(axis=0) > 0)[column.values]
    is_known = tokens[0].by_word(is_token_known.astype(float), len(words.values)) > 0
    return WordShares(
        tokens[0].by_word(shares, len(words.values)), base, is_known, np.ones(len(words.values), bool), _METHOD
    )


def _places(
    occurrences: list[NDArray[np.int64]], sizes: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where an n-gram begins, of how many tokens it is, and its number among all n-grams; int64 [M] each."""
    found = [np.flatnonzero(grams >= 0) for grams in occurrences]
    before = np.cumsum([0, *sizes[:-1]]).tolist()
    return (
        np.concatenate(found),
        np.concatenate([np.full(len(at), n) for n, at in enumerate(found, start=1)]),
        np.concatenate([grams[at] + start for grams, at, start in zip(occurrences, found, before, strict=True)]),
    )


def _counts(texts: NDArray[np.int64], numbers: NDArray[np.int64], n_grams: int) -> NDArray[np.int64]:
    """Return for each occurrence of an n-gram how often its text has it, int64 [M]."""
    keys = texts * n_grams + numbers
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_new = np.append(True, ordered[1:] != ordered[:-1])[: len(keys)]
    group = np.cumsum(is_new) - 1
    result = np.empty(len(keys), np.int64)
    result[order] = np.bincount(group, minlength=0)[group]
    return result


def _log_sigmoid_slope(score: NDArray[np.float64], bias: float) -> tuple[NDArray[np.float64], float]:
    """Return the mean slope of log sigmoid from `bias` to each score, and its value at `bias`."""
    zero = -np.logaddexp(0, -bias)
    step = score - bias
    is_flat = np.abs(step) < _LEAST_STEP
    rise = -np.logaddexp(0, -score) - zero
    slope = np.where(is_flat, np.exp(-np.logaddexp(0, score)), rise / np.where(is_flat, 1, step))
    return slope, float(zero)
