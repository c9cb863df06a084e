"""Training on a file of any size: memory and seconds, with `--streaming` and, of the small file, without.

    .venv/bin/python benchmarks/streaming.py --gigabytes 2 --in-memory-up-to 0.25

The file holds reviews put together from the sentences of IMDB's training reviews, with the label of the review that a
sentence is from; it is written beside the results, once. Each training is a process of its own, `plaudit train FILE
--validation 0.02 --test 0.02`, and is asked for its memory every 50 ms: anonymous is what it holds itself (RssAnon),
resident also the pages of files that the system may take back (VmHWM). Before, it trains on the built-in sample, so
that nothing is compiled while the clock runs.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from subprocess import run
from typing import Any

import numpy as np
from measured import RESULTS, Figures, machine, table

from plaudit.data import load_dataset

RECIPES = {"network": ["--embedding", "random", "--epochs", "2"], "ngram": ["--n-max", "2", "--min-texts", "5"]}
MIB, GIGABYTE = 2**20, 10**9
SENTENCES = 12  # in a review: about IMDB's length


def write_reviews(data: str, path: Path, size: int) -> None:
    """Write a TSV file of about `size` bytes, whole or not at all."""
    train = load_dataset(data, parts=("train",)).train
    sides: tuple[list[str], list[str]] = ([], [])
    for text, label in zip(train.texts.to_pylist(), np.asarray(train.labels).tolist(), strict=True):
        sides[label].extend(f"{each}." for each in text.replace("\t", " ").replace("\n", " ").split(". ") if each)
    random, beside = np.random.default_rng(0), path.with_suffix(".part")
    with beside.open("w", encoding="utf-8") as file:
        written = file.write("label\ttext\n")
        while written < size:
            for side in random.integers(0, 2, 1_000).tolist():
                drawn = random.integers(0, len(sides[side]), SENTENCES).tolist()
                written += file.write(f"{train.classes[side]}\t{' '.join(sides[side][i] for i in drawn)}\n")
    beside.replace(path)


def status(name: str) -> int:
    """Return a figure of this process in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def train(recipe: str, path: str, *, streaming: bool, options: list[str]) -> dict[str, Any]:
    from plaudit.app.cli import app

    how = ["--recipe", recipe, *RECIPES[recipe], *options, *(["--streaming"] if streaming else [])]
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        app(["train", "sample", *how, "-o", f"{folder}/warm"], standalone_mode=False)
        before, most, is_over = status("RssAnon"), [0], threading.Event()

        def watch() -> None:
            while not is_over.wait(0.05):
                most[0] = max(most[0], status("RssAnon"))

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        app(["train", path, *how, "-o", f"{folder}/model"], standalone_mode=False)
        seconds = time.perf_counter() - start
        is_over.set()
        watcher.join()
        found = json.loads((Path(folder) / "model" / "metrics.json").read_text(encoding="utf-8"))
        size = sum(each.stat().st_size for each in (Path(folder) / "model").rglob("*") if each.is_file())
    return {
        "seconds": seconds,
        "anonymous_before_mib": before / MIB,
        "anonymous_mib": most[0] / MIB,
        "resident_mib": status("VmHWM") / MIB,
        "texts": found["train"]["n"],
        "model_mib": size / MIB,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", nargs="+", type=float, default=[0.25, 2.0])
    parser.add_argument("--in-memory-up-to", type=float, default=0.25, help="gigabytes")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--here", nargs=3, metavar=("RECIPE", "FILE", "HOW"), help=argparse.SUPPRESS)
    parser.add_argument("--dry", action="store_const", const="sample", default="imdb", dest="data")
    parser.add_argument("--output", type=Path, default=RESULTS / "streaming.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    small = ["--validation", "0.1", "--test", "0.1"] if options.data == "sample" else []
    shares = small or ["--validation", "0.02", "--test", "0.02"]
    if options.here:
        recipe, path, how = options.here
        print(json.dumps(train(recipe, path, streaming=how == "streaming", options=shares)))
        return
    options.output.parent.mkdir(parents=True, exist_ok=True)
    kept, rows = Figures(options.output), []
    for gigabytes in sorted(options.gigabytes):
        path = options.output.parent / f"reviews-{options.data}-{gigabytes:g}.tsv"
        if not path.exists():
            write_reviews(options.data, path, int(gigabytes * GIGABYTE))
        for recipe in options.recipes:
            for how in ("streaming", "in memory"):
                if how == "in memory" and gigabytes > options.in_memory_up_to:
                    continue
                dry = ["--dry"] if options.data == "sample" else []
                command = [sys.executable, __file__, *dry, "--here", recipe, str(path), how]
                done = run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout.splitlines()[-1])
                kept.put(f"{recipe}, {how}, {gigabytes:g}", found)
                figures = [
                    found[name] for name in ("anonymous_before_mib", "anonymous_mib", "resident_mib", "model_mib")
                ]
                cells = [f"{found['texts']:,}", f"{found['seconds']:.0f}", *(f"{each:,.0f}" for each in figures)]
                rows.append([f"{recipe}, {how}", f"{gigabytes:g}", *cells])
                print(" | ".join(rows[-1]), flush=True)
    head = ("", "gigabytes", "training texts", "seconds", "anonymous before, MiB", "anonymous, MiB", "resident, MiB")
    print(f"\n{machine()}\n")
    print(table((*head, "model, MiB"), rows))


if __name__ == "__main__":
    main()
