"""Ten thousand, a hundred thousand, a million, ten million texts: time and memory a text stay flat.

    .venv/bin/python benchmarks/scale.py --sizes 10000 100000 1000000 10000000

The texts are runs of 5 to 35 words cut from IMDB's training reviews, made as they are needed. Scoring takes them in
batches of 65,536, as a stream; training has them all in memory, up to `--train-up-to`. Each size is a process of its
own; memory is its greatest resident size.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from measured import RESULTS, Figures, machine, table

import plaudit
from plaudit.data import load_dataset

BATCH = 65_536


def stream(data: str, n: int) -> Iterator[tuple[pa.LargeStringArray, np.ndarray[Any, Any]]]:
    """Yield batches of n texts in all, with the label of the review that each is from."""
    train = load_dataset(data, parts=("train",)).train
    lists = pc.split_pattern(train.texts, " ")
    offsets, words = lists.offsets.to_numpy(), lists.flatten()
    random = np.random.default_rng(0)
    for start in range(0, n, BATCH):
        size = min(BATCH, n - start)
        review = random.integers(len(train), size=size)
        begin = offsets[review] + (random.random(size) * np.diff(offsets)[review]).astype(np.int64)
        end = np.minimum(begin + random.integers(5, 36, size), offsets[review + 1])
        cut = np.concatenate([[0], np.cumsum(end - begin)])
        taken = words.take(pa.array(np.arange(cut[-1]) + np.repeat(begin - cut[:-1], end - begin)))
        texts = pc.binary_join(
            pa.ListArray.from_arrays(pa.array(cut, pa.int32()), taken), pa.scalar(" ", pa.large_string())
        )
        yield texts, np.asarray(train.labels)[review]


def score(model: str, data: str, n: int) -> dict[str, float]:
    predict, seconds, total = plaudit.load(model).predict, 0.0, 0
    for texts, _ in stream(data, n):
        start = time.perf_counter()
        total += len(predict(texts))
        seconds += time.perf_counter() - start
    assert total == n
    return {"seconds": seconds}


def train(recipe: str, data: str, n: int) -> dict[str, float]:
    batches = list(stream(data, n))
    texts, labels = pa.concat_arrays([t for t, _ in batches]), np.concatenate([y for _, y in batches])
    del batches
    model: Any = plaudit.NgramClassifier() if recipe == "ngram" else network()
    start = time.perf_counter()
    model.fit(texts, labels)
    return {"seconds": time.perf_counter() - start}


def network() -> plaudit.NetworkClassifier:
    return plaudit.NetworkClassifier("random", epochs=1, early_stopping=False)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--train-up-to", type=int, default=1_000_000)
    parser.add_argument("--here", nargs=3, metavar=("WORK", "MODEL", "N"), help=argparse.SUPPRESS)
    parser.add_argument("--dry", action="store_const", const="sample", default="imdb", dest="data")
    parser.add_argument("--output", type=Path, default=RESULTS / "scale.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.here:
        work, model, n = options.here
        found = (score if work == "score" else train)(model, options.data, int(n))
        found["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    models = options.output.parent / "models"
    kept, rows = Figures(options.output), []
    first, _ = next(stream(options.data, min(20_000, max(options.sizes))))
    labels = np.arange(len(first)) % 2
    for recipe, model in (("network", network()), ("ngram", plaudit.NgramClassifier())):
        folder = models / f"scale-{recipe}"
        if not folder.exists():
            model.fit(first, labels).save(folder)
        for work in ("score", "train"):
            for n in options.sizes:
                if work == "train" and n > options.train_up_to:
                    continue
                name = str(folder) if work == "score" else recipe
                dry = ["--dry"] if options.data == "sample" else []
                command = [sys.executable, __file__, *dry, "--here", work, name, str(n)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout.splitlines()[-1])
                kept.put(f"{work} {recipe} {n}", found)
                microseconds, memory = 1e6 * found["seconds"] / n, found["memory_mib"]
                print(f"{work} {recipe}, {n:,}: {microseconds:.1f} microseconds a text, {memory:,.0f} MiB", flush=True)
                rows.append([f"{work} {recipe}", f"{n:,}", f"{microseconds:.1f}", f"{memory:,.0f}"])
    print(f"\n{machine()}\n")
    print(table(("", "texts", "microseconds a text", "memory, MiB"), rows))


if __name__ == "__main__":
    main()
