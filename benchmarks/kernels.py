"""The compiled kernels beside the array passes that they stand for: in turns, in one process, answers equal to the bit.

    .venv/bin/python benchmarks/kernels.py            IMDB's 25,000 training reviews
    .venv/bin/python benchmarks/kernels.py --budget   fails where a ratio is 30 % worse than results/kernels.json says

A model is loaded twice, with the kernels and with PLAUDIT_KERNELS=off; both score the same texts, one after the other.
What is compared is the ratio of a turn, never a time: the machine may be another, or busy. `--budget` writes nothing.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measured import RESULTS, Figures, machine, spread, table
from score import SHORT, space_table

import plaudit
from plaudit.data import Dataset, load_dataset
from plaudit.models import Classifier
from plaudit.native.library import SWITCH, kernels

WORSE = 1.3  # times a committed ratio that may not be undercut
FEW = 3_000  # reviews that the models learn from: how good they are does not matter here
CONTESTANTS: dict[str, Callable[[Dataset], Classifier]] = {
    "network, split at spaces": lambda data: network(embedding=space_table(data)),
    "network, minilm": lambda _: network(embedding="minilm"),
    "ngram, 1 to 3 words": lambda _: plaudit.NgramClassifier(n_max=3, chars=False, regularisation=1.0),
    "ngram, 1 to 3 words and characters": lambda _: plaudit.NgramClassifier(n_max=3, chars=True, regularisation=1.0),
}


def network(**settings: Any) -> Any:
    return plaudit.NetworkClassifier(epochs=1, early_stopping=False, **settings)


@contextmanager
def switched(*, on: bool) -> Iterator[None]:
    """Work with the kernels or without them."""
    if not on:
        os.environ[SWITCH] = "off"
    kernels.cache_clear()
    try:
        yield
    finally:
        os.environ.pop(SWITCH, None)
        kernels.cache_clear()


def timed(predict: Callable[[Any], Any], texts: Any) -> tuple[float, float, Any]:
    """Return seconds, processor seconds, and the answers."""
    begun, used = time.perf_counter(), time.process_time()
    answers = predict(texts)
    return time.perf_counter() - begun, time.process_time() - used, answers


def measure(folder: Path, texts: pa.LargeStringArray, turns: int) -> dict[str, list[float]]:
    """Score in turns; return a list of figures each."""
    models, one = {}, [SHORT]
    found: dict[str, list[float]] = {name: [] for name in ("ratio", "processor_ratio", "texts_a_second", "short_ms")}
    for on in (True, False):
        with switched(on=on):
            models[on] = plaudit.load(folder)
            models[on].logits(texts[:64])
    for _ in range(turns):
        turn, short = {}, {}
        for on in (True, False):
            with switched(on=on):
                turn[on] = timed(models[on].logits, texts)
                short[on] = np.median([timed(models[on].predict, one)[0] for _ in range(200)])
        if not np.array_equal(turn[True][2], turn[False][2]):
            sys.exit("the kernels answer otherwise than the array passes: a fault")
        found["ratio"].append(turn[False][0] / turn[True][0])
        found["processor_ratio"].append(turn[False][1] / turn[True][1])
        found["texts_a_second"].append(len(texts) / turn[True][0])
        found["short_ms"].append(1e3 * float(short[True]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--budget", action="store_true", help="fail on a ratio 30 % worse than the committed one")
    parser.add_argument("--dry", action="store_const", const="sample", default="imdb", dest="data")
    parser.add_argument("--output", type=Path, default=RESULTS / "kernels.json")
    options = parser.parse_args()
    if kernels() is None:
        sys.exit("there are no compiled kernels: python hatch_build.py makes them, with a C compiler")
    kept, train = Figures(options.output), load_dataset(options.data, parts=("train",)).train
    some = train.take(np.random.default_rng(0).permutation(len(train))[:FEW])
    rows, failed = [], []
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            CONTESTANTS[name](train).fit(some.texts, some.label_names()).save(Path(folder) / "model")
            found = measure(Path(folder) / "model", train.texts, options.turns)
        rows.append([name, *(spread(found[key], ",.0f" if key == "texts_a_second" else ".2f") for key in found)])
        print(" ".join(rows[-1]), flush=True)
        if not options.budget:
            kept.put(name, found)
        elif name in kept.all:
            least = float(np.median(kept.all[name]["processor_ratio"])) / WORSE
            if float(np.median(found["processor_ratio"])) < least:
                failed.append(f"{name}: {np.median(found['processor_ratio']):.2f} times, at least {least:.2f} expected")
    print(f"\n{len(train):,} texts, {machine()}\n")
    columns = ("", "times the array passes", "in processor time", "texts a second", "one short text, ms")
    print(table(columns, rows))
    if failed:
        sys.exit("slower than committed: " + "; ".join(failed))


if __name__ == "__main__":
    main()
