"""The n-gram classifier once more, from scikit-learn's parts: what ours must equal."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from plaudit.text import WordTokenizer

SMOOTHING = 3.0
WORDS = np.array(
    (
        *("good", "fine", "joy", "warm", "bad", "dull", "cold", "grim", "film", "plot", "of", "the"),
        *("Été", "it's", "don't", "?", "!", ",", "10/10", "café", "😀"),
    )
)


def made_up(n: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(0, 14)).tolist()) for _ in range(n)]


def tokens(text: str) -> list[str]:
    column = WordTokenizer().tokenize(pa.array([text], pa.large_string()))
    names: list[str] = column.dictionary.to_pylist()
    return [names[i] for i in column.values.tolist()]


def reference_logits(
    texts: list[str],
    answers: NDArray[np.float64],
    weights: NDArray[np.float64],
    asked: list[str],
    *,
    n_max: int,
    min_texts: int,
    regularisation: float,
) -> NDArray[np.float64]:
    """Return the logits [M, K] of M texts asked, from N texts with answers and weights [N, K]."""
    vectorizer = CountVectorizer(
        tokenizer=tokens, token_pattern=None, lowercase=False, binary=True, ngram_range=(1, n_max), min_df=min_texts
    )
    learned = vectorizer.fit_transform(texts).astype(np.float64)
    rarity = TfidfTransformer(norm=None, smooth_idf=True).fit(learned).idf_
    logits = []
    for answer, weight in zip(answers.T, weights.T, strict=True):
        yes, no = (SMOOTHING + learned.T @ (weight * share) for share in (answer, 1 - answer))
        scales = rarity * (np.log(yes / yes.sum()) - np.log(no / no.sum()))
        rows, others = (normalize(x.multiply(scales).tocsr()) for x in (learned, vectorizer.transform(asked)))
        # a text whose answer is uncertain stands once with each answer
        head = LogisticRegression(C=1 / regularisation, solver="liblinear", dual=True, tol=1e-9, max_iter=100_000)
        head.fit(
            vstack([rows, rows]),
            np.repeat([1, 0], len(texts)),
            sample_weight=np.concatenate([weight * answer, weight * (1 - answer)]),
        )
        logits.append(head.decision_function(others))
    return np.stack(logits, axis=1)
