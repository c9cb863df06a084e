"""Character n-grams, made once a distinct word, beside scikit-learn's ``char_wb``: equal counts, and how much faster.

    PLAUDIT_IMDB=FILE python benchmarks/characters.py [--reviews 25000] [--turns 3]

Both get the same texts, each a review's distinct words, and make a sparse matrix of counts; in turns in one process.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

import plaudit
from plaudit.text import SpaceTokenizer
from plaudit.text.ngram_characters import LONGEST, SHORTEST, learn_characters
from plaudit.text.ngram_rows import NgramRows
from plaudit.text.ngrams import NgramVocabulary, distinct_tokens
from plaudit.training.gathering import gather


def main() -> None:
    """Make the counts both ways, compare them, print seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reviews", type=int, default=25_000)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    texts = plaudit.load_dataset("imdb", parts=["train"]).train.texts.slice(0, arguments.reviews).to_pylist()
    texts = [" ".join(dict.fromkeys(text.split())) for text in texts]
    ours(texts[:100])  # compiled once, kept on disk
    ratios = []
    for turn in range(arguments.turns):
        start, began = time.perf_counter(), time.process_time()
        here = ours(texts)
        middle, between = time.perf_counter(), time.process_time()
        there = theirs(texts)
        end, ended = time.perf_counter(), time.process_time()
        ratios.append((ended - between) / (between - began))
        counts = "equal" if is_equal(*here, there) else "DIFFERENT"
        print(
            f"turn {turn + 1}: {there.shape[1]:,} n-grams; here {middle - start:.1f} s, char_wb {end - middle:.1f} s, "
            f"{(end - middle) / (middle - start):.1f} times as fast; processor time {between - began:.1f} and "
            f"{ended - between:.1f} s, {ratios[-1]:.1f} times; counts are {counts}",
            flush=True,
        )
    print(f"in processor time {np.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) times as fast")


def ours(texts: list[str]) -> tuple[NgramRows, np.ndarray]:
    """Return which n-grams each text has, and how often each entry counts."""
    column = SpaceTokenizer(keep_empty=False).tokenize(pa.array(texts, pa.large_string()))
    words = distinct_tokens(column)
    characters = learn_characters(column, words, min_texts=1)
    none = NgramVocabulary(column.dictionary.slice(0, 0)).rows(column)
    return gather(none, words, characters.of_words(column.dictionary), 0, len(characters))


def theirs(texts: list[str]) -> csr_matrix:
    """Return scikit-learn's matrix of counts."""
    counts: csr_matrix = CountVectorizer(
        analyzer="char_wb", ngram_range=(SHORTEST, LONGEST), lowercase=False
    ).fit_transform(texts)
    return counts


def is_equal(rows: NgramRows, counts: np.ndarray, matrix: csr_matrix) -> bool:
    """Say whether both have the same counts in each text, and the same n-grams by how often each occurs in all."""
    in_all = np.bincount(rows.indices, counts)
    same = np.array_equal(np.sort(in_all), np.sort(np.asarray(matrix.sum(axis=0)).ravel()))
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    return bool(same and np.array_equal(rows.sums(counts * counts), squares))


if __name__ == "__main__":
    main()
