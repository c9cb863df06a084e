"""The shares of words in the network's logit: integrated gradients, without the error of sampling them.

Integrated gradients (Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks", equation 1) go along
the straight line from the empty text's vector to the text's. Between vectors the network is dense layers with relu, so
along the line it is piecewise linear: the gradient is constant between the points where a unit switches on or off.
Those points are found and the pieces added, which is the integral itself, whatever the number of layers.

A token's share is its vector times the combiner's factor times the mean gradient. For tokenizers to which an empty text
is the token "" (TF Hub's), that token's vector is taken off all tokens alike, since they stand in its place.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.explanation.explanation import WordShares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.network import NetworkClassifier
    from plaudit.text import Tokenizer
    from plaudit.text.words import Words, WordTokens
    from plaudit.training.dense import DenseLayers

_METHOD = "integrated gradients from the empty text, every piece of the path added exactly"
_MOST_NUMBERS = 1 << 22  # float64 numbers held at a time for the points of the paths: 32 MB


def tokenizers(model: NetworkClassifier) -> list[Tokenizer]:
    """Return what the model reads a text with."""
    return [model.table_.tokenizer]


def word_shares(
    model: NetworkClassifier,
    texts: pa.LargeStringArray,
    coefficients: NDArray[np.float64],
    words: Words,
    tokens: list[WordTokens],
) -> WordShares:
    """Return the words' shares in the sum of `coefficients` (float64 [N, K]) times the raw logits."""
    table, column = model.table_, tokens[0].column
    empty = table.embed(pa.array([""], pa.large_string()))
    ends = table.bags_of(column).sums(table.vectors)
    gradients = mean_gradients(model.layers_, empty[0], ends, coefficients)
    rows = table.rows_of(column.dictionary)[column.values]
    owners = np.repeat(np.arange(len(column)), column.lengths())
    counted = np.flatnonzero(rows >= 0)
    rows, bounds = rows[counted], np.searchsorted(counted, column.offsets)
    factors = table.factors(np.diff(bounds))
    parts = [np.zeros(0)]
    for i, (a, b) in enumerate(itertools.pairwise(bounds.tolist())):
        parts.append(factors[i] * (table.vectors[rows[a:b]] @ gradients[i].astype(np.float32)))
    shares = -(gradients @ empty[0].astype(np.float64) / np.maximum(column.lengths(), 1))[owners]
    shares[counted] += np.concatenate(parts)
    base = coefficients @ model.layers_.forward(empty)[0].astype(np.float64)
    known = table.knows(column.dictionary)[column.values]
    n_words = len(words.values)
    is_known = tokens[0].by_word(known.astype(float), n_words) > 0
    return WordShares(tokens[0].by_word(shares, n_words), base, is_known, np.ones(n_words, bool), _METHOD)


def mean_gradients(
    layers: DenseLayers, start: NDArray[np.float32], ends: NDArray[np.float32], coefficients: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean gradient of a weighted sum of logits along the lines from one point to others, float64 [N, D].

    Args:
        layers: Dense layers with relu between them.
        start: float32 [D].
        ends: float32 [N, D].
        coefficients: float64 [N, K], what each line's logits are weighted by.
    """
    kernels = [kernel.astype(np.float64) for kernel in layers.kernels]
    biases = [bias.astype(np.float64) for bias in layers.biases]
    if len(kernels) == 1:
        return coefficients @ kernels[0].T
    first = start.astype(np.float64) @ kernels[0] + biases[0]
    last = ends.astype(np.float64) @ kernels[0] + biases[0]
    # each hidden layer can add as many points as it has units to every piece there was
    widths = [len(bias) for bias in biases[:-1]]
    size = max(1, _MOST_NUMBERS // (8 * max(widths) * (sum(widths) + 1)))
    means = [
        _mean_of_pieces(kernels, biases, first, last[at : at + size], coefficients[at : at + size])
        for at in range(0, len(ends), size)
    ]
    return np.concatenate([*means, np.zeros((0, len(first)))]) @ kernels[0].T


def _mean_of_pieces(
    kernels: list[NDArray[np.float64]],
    biases: list[NDArray[np.float64]],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    coefficients: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean gradient by the first layer's sums, float64 [N, H], of lines between such sums."""
    n = len(last)
    points = np.broadcast_to(np.array([0.0, 1.0]), (n, 2))  # of each line, from 0 to 1, ascending
    for depth in range(len(kernels) - 1):
        sums = _sums(kernels, biases, first, last, points, depth)
        left, right = sums[:, :-1], sums[:, 1:]
        crosses = (left > 0) != (right > 0)
        share = left / np.where(crosses, left - right, 1)
        widths = np.diff(points)[:, :, None]
        found = np.where(crosses, points[:, :-1, None] + share * widths, 1.0)
        points = np.sort(np.concatenate([points, found.reshape(n, -1)], axis=1), axis=1)
        points = points[:, : 1 + int((points < 1).sum(axis=1).max(initial=1))]
    lengths, middles = np.diff(points), (points[:, :-1] + points[:, 1:]) / 2
    gradient = (coefficients @ kernels[-1].T)[:, None]
    for depth in reversed(range(len(kernels) - 1)):
        gradient = gradient * (_sums(kernels, biases, first, last, middles, depth) > 0)
        if depth:
            gradient = gradient @ kernels[depth].T
    result: NDArray[np.float64] = np.einsum("ns,nsh->nh", lengths, gradient)
    return result


def _sums(
    kernels: list[NDArray[np.float64]],
    biases: list[NDArray[np.float64]],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    points: NDArray[np.float64],
    depth: int,
) -> NDArray[np.float64]:
    """Return what the units of a hidden layer sum up before relu, float64 [N, S, H], at S points of N lines."""
    at = points[:, :, None]
    x = (1 - at) * first + at * last[:, None]
    for kernel, bias in zip(kernels[1 : depth + 1], biases[1 : depth + 1], strict=True):
        x = np.maximum(x, 0) @ kernel + bias
    return x
