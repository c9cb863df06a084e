"""Each step's seconds beside its floor: the bytes that it must move at least, over this machine's memory bandwidth.

    .venv/bin/python benchmarks/floor.py

The bandwidth is that of copying arrays far larger than the caches, on all cores, bytes read and bytes written both
counted, the best of several. A step's bytes are what it must read once and what it leaves: no hash table, no sort, no
copy in between is in them, so the ratio says how far a step is from doing nothing but its reading and writing.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measured import RESULTS, Figures, machine, table

import plaudit
from plaudit.cores import on_all_cores, usable_cores
from plaudit.data import load_dataset
from plaudit.text import WordTokenizer
from plaudit.text.ngrams import NgramVocabulary
from plaudit.text.tokens import split_on_spaces
from plaudit.training.logistic import fit_logistic

BATCH, N_EPOCH = 512, 15_000
STATES = 3  # of a trained number: itself and Adam's two means


def bandwidth(n_bytes: int = 1 << 28, turns: int = 5) -> float:
    """Return bytes a second, read and written, of copies on all cores."""
    sides = [(np.ones(n_bytes // 8), np.empty(n_bytes // 8)) for _ in range(usable_cores())]
    best = np.inf
    for _ in range(turns):
        start = time.perf_counter()
        on_all_cores(lambda side: np.copyto(side[1], side[0]), sides)
        best = min(best, time.perf_counter() - start)
    return 2 * n_bytes * len(sides) / best


def timed(step: Callable[[], Any], turns: int) -> tuple[float, Any]:
    """Return the best of several turns' seconds, and what the step gives."""
    best, found = np.inf, None
    for _ in range(turns):
        start = time.perf_counter()
        found = step()
        best = min(best, time.perf_counter() - start)
    return best, found


def measure(data: str, turns: int) -> list[tuple[str, float, float]]:
    """Return each step's name, its bytes and its seconds."""
    rows: list[tuple[str, float, float]] = []

    def add(name: str, n_bytes: float, seconds: float) -> None:
        rows.append((name, n_bytes, seconds))
        print(f"{name}: {n_bytes / 1e6:,.1f} MB, {seconds:.3f} s", flush=True)

    train = load_dataset(data, parts=("train",)).train
    texts, n = train.texts, len(train)
    n_bytes = texts.buffers()[2].size

    seconds, column = timed(lambda: split_on_spaces(texts), turns)
    add("split at spaces, dictionary", n_bytes + column.values.nbytes + column.dictionary.nbytes, seconds)
    seconds, words = timed(lambda: WordTokenizer().tokenize(texts), turns)
    add("words and marks", n_bytes + words.values.nbytes + words.dictionary.nbytes, seconds)
    embedding = plaudit.load_embedding("minilm", training_texts=texts)
    seconds, pieces = timed(lambda: embedding.tokenizer.tokenize(texts), turns)
    add("WordPiece ids", n_bytes + pieces.values.nbytes, seconds)
    seconds, bags = timed(lambda: embedding.bags_of(pieces.used()), turns)
    add("bags of rows, each once a text", pieces.values.nbytes + bags.rows.nbytes + bags.weights.nbytes, seconds)

    few = train.take(np.random.default_rng(0).permutation(n)[:N_EPOCH])
    model = plaudit.NetworkClassifier(embedding, batch_size=BATCH, epochs=4, early_stopping=False)
    model.fit(few.texts, few.label_names())
    assert model.history_ is not None
    examples = embedding.bags(few.texts)
    starts = examples.offsets[:-1:BATCH]
    used = sum(len(np.unique(part)) for part in np.split(examples.rows, starts[1:]))
    width = embedding.dimension * 4
    moved = (2 * STATES * used + 2 * len(examples.rows)) * width  # rows read and written; forward and backward
    add(f"an epoch of the network, {len(few):,} texts", moved, min(model.history_.seconds[1:]))

    seconds, (vocabulary, found) = timed(lambda: NgramVocabulary.learn(words, n_max=4, min_texts=2), turns)
    keys = sum(each.nbytes for each in vocabulary.keys)
    add("learn n-grams, 1 to 4", words.values.nbytes + found.indices.nbytes + keys, seconds)
    values = np.full(len(found.indices), 0.05, np.float32)
    costs = np.stack([1.0 - train.labels, train.labels], axis=1) * 20.0
    fit_logistic(found.offsets[:101], found.indices, values, costs[:100], n_features=len(vocabulary), seed=0)
    seconds, _ = timed(
        lambda: fit_logistic(found.offsets, found.indices, values, costs, n_features=len(vocabulary), seed=0), 1
    )
    add("logistic regression, one pass in the floor", found.indices.nbytes + values.nbytes, seconds)

    ngram = plaudit.NgramClassifier(n_max=3).fit(texts, train.label_names())
    assert ngram.vocabulary_ is not None
    seconds, _ = timed(lambda: ngram.logits(texts), turns)
    add("score with n-grams, 1 to 3, from texts", n_bytes, seconds)
    seconds, _ = timed(lambda: model.logits(texts), turns)
    add("score with the network, from texts", n_bytes, seconds)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--dry", action="store_const", const="sample", default="imdb", dest="data")
    parser.add_argument("--output", type=Path, default=RESULTS / "floor.json")
    options = parser.parse_args()
    speed = bandwidth()
    kept, rows = Figures(options.output), []
    for name, n_bytes, seconds in measure(options.data, options.turns):
        floor = n_bytes / speed
        kept.put(name, {"bytes": n_bytes, "seconds": seconds, "floor_seconds": floor, "bandwidth": speed})
        rows.append(
            [name, f"{n_bytes / 1e6:,.0f}", f"{1e3 * floor:,.1f}", f"{1e3 * seconds:,.0f}", f"{seconds / floor:,.0f}"]
        )
    print(f"\nmemory: {speed / 1e9:.1f} GB/s, read and written; {machine()}\n")
    print(table(("step", "MB at least", "floor, ms", "measured, ms", "times the floor"), rows))


if __name__ == "__main__":
    main()
