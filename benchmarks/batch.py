"""`plaudit predict -i` on files of growing size: rows a second, and memory that stays flat.

    .venv/bin/python benchmarks/batch.py --sizes 200 1000 5000

Reviews of IMDB's training half, over and over, are written to a file of so many MB in a temporary folder and scored by
a process of its own; memory is its greatest resident size. The file and its answers are deleted after each size.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import RESULTS, Figures, machine, table

import plaudit
from plaudit.data import load_dataset

# VmHWM and not getrusage: that figure is handed on from the process which starts this one, with all of IMDB in memory.
_REPORT = """
import re
from pathlib import Path
from plaudit.app.cli import main
try:
    main()
finally:
    print(1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]))
"""


def write_reviews(path: Path, data: str, megabytes: float) -> int:
    """Write rows until the file is so large, and return how many."""
    texts = load_dataset(data, parts=("train",)).train.texts.to_pylist()
    row, size = 0, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            csv.writer(file).writerow(["id", "text"])
        while size < megabytes * 1e6:
            text = texts[row % len(texts)]
            if path.suffix == ".csv":
                csv.writer(file).writerow([f"{row:09}", text])
            else:
                file.write(json.dumps({"id": f"{row:09}", "text": text}) + "\n")
            row, size = row + 1, size + len(text) + 12
    return row


def score(model: Path, source: Path, target: Path) -> dict[str, float]:
    start = time.perf_counter()
    command = [sys.executable, "-c", _REPORT, "predict", str(model), "-i", str(source), "-o", str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "memory_bytes": int(done.stdout)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=float, default=[200, 1000, 5000], help="MB of text")
    parser.add_argument("--recipes", nargs="+", choices=["ngram", "network"], default=["ngram"])
    parser.add_argument("--forms", nargs=2, default=[".csv", ".csv"], metavar=("IN", "OUT"), help=".csv or .jsonl")
    parser.add_argument("--folder", type=Path, help="where there is room. [the system's place]")
    parser.add_argument("--dry", action="store_const", const="sample", default="imdb", dest="data")
    parser.add_argument("--output", type=Path, default=RESULTS / "batch.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.data == "sample":
        options.sizes = [0.2, 1]
    kept, rows = Figures(options.output), []
    for recipe in options.recipes:
        model = options.output.parent / "models" / f"batch-{recipe}"
        if not model.exists():
            train = load_dataset(options.data, parts=("train",)).train
            kinds = {"ngram": plaudit.NgramClassifier, "network": lambda: plaudit.NetworkClassifier("random", epochs=2)}
            kinds[recipe]().fit(train.texts, train.label_names()).save(model)
        for megabytes in options.sizes:
            with tempfile.TemporaryDirectory(dir=options.folder) as place:
                source, target = (Path(place) / f"{name}{options.forms[i]}" for i, name in enumerate(("in", "out")))
                n = write_reviews(source, options.data, megabytes)
                found = {"rows": n, "file_bytes": source.stat().st_size, **score(model, source, target)}
            kept.put(f"{recipe} {' '.join(options.forms)} {megabytes:g}", found)
            memory, rate = found["memory_bytes"] / 2**20, n / found["seconds"]
            line = f"{recipe}, {found['file_bytes'] / 1e9:.2f} GB"
            print(f"{line}: {n:,} rows, {rate:,.0f} a second, {memory:,.0f} MiB", flush=True)
            rows.append([line, f"{n:,}", f"{rate:,.0f}", f"{memory:,.0f}"])
    print(f"\n{machine()}\n")
    print(table(("", "rows", "rows a second", "memory, MiB"), rows))


if __name__ == "__main__":
    main()
