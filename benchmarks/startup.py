"""How long a person waits: help, import, a cold prediction, IMDB's second load. Best, median, worst of several.

    .venv/bin/python benchmarks/startup.py [MODEL ...]

Without a model, a network and n-grams are trained on the built-in sample first. Set PLAUDIT_IMDB for the last line;
without it that line is left out.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
LIMITS_S = {"plaudit --help": 0.25, "import plaudit": 0.1, "imdb, second load": 0.5}
COLD_LIMIT_S = 1.0
IMPORT = """
import time
start = time.perf_counter()
import plaudit
print(time.perf_counter() - start)
"""
LOAD = """
import time
from plaudit import load_dataset
start = time.perf_counter()
load_dataset("imdb")
print(time.perf_counter() - start)
"""


def seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def printed_by(code: str) -> float:
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def sample_models(folder: str) -> list[str]:
    recipes = {f"{folder}/sample-{recipe}": recipe for recipe in ("network", "ngram")}
    for path, recipe in recipes.items():
        seconds_of([sys.executable, "-m", "plaudit", "train", "sample", "--recipe", recipe, "-o", path])
    return list(recipes)


def main() -> None:
    plaudit = [sys.executable, "-m", "plaudit"]
    figures = {
        "plaudit --help": [seconds_of([*plaudit, "--help"]) for _ in range(RUNS)],
        "import plaudit": [printed_by(IMPORT) for _ in range(RUNS)],
    }
    with tempfile.TemporaryDirectory() as folder:
        for model in sys.argv[1:] or sample_models(folder):
            name = f"predict, cold, {Path(model).name}"
            figures[name] = [seconds_of([*plaudit, "predict", model, "not bad"]) for _ in range(RUNS)]
    if os.environ.get("PLAUDIT_IMDB"):
        printed_by(LOAD)  # the first load builds the cache
        figures["imdb, second load"] = [printed_by(LOAD) for _ in range(RUNS)]
    print(f"{'seconds, ' + str(RUNS) + ' runs':<32} {'best':>6} {'median':>7} {'worst':>6} {'limit':>6}")
    for name, times in figures.items():
        best, median, worst = min(times), statistics.median(times), max(times)
        print(f"{name:<32} {best:>6.2f} {median:>7.2f} {worst:>6.2f} {LIMITS_S.get(name, COLD_LIMIT_S):>6.2f}")


if __name__ == "__main__":
    main()
