"""How long a person waits: help, a cold prediction, and IMDB's second load. Each several times; best, median, worst.

    .venv/bin/python benchmarks/startup.py MODEL

Set PLAUDIT_IMDB for the last line; without it that line is left out.
"""

import os
import statistics
import subprocess
import sys
import time

RUNS = 7
LIMITS_S = {"plaudit --help": 0.3, "plaudit predict, cold": 1.5, "imdb, second load": 0.5}
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


def main() -> None:
    plaudit = [sys.executable, "-m", "plaudit"]
    figures = {
        "plaudit --help": [seconds_of([*plaudit, "--help"]) for _ in range(RUNS)],
        "plaudit predict, cold": [seconds_of([*plaudit, "predict", sys.argv[1], "not bad"]) for _ in range(RUNS)],
    }
    if os.environ.get("PLAUDIT_IMDB"):
        printed_by(LOAD)  # the first load builds the cache
        figures["imdb, second load"] = [printed_by(LOAD) for _ in range(RUNS)]
    print(f"{'seconds, ' + str(RUNS) + ' runs':<24} {'best':>6} {'median':>7} {'worst':>6} {'limit':>6}")
    for name, times in figures.items():
        best, median, worst = min(times), statistics.median(times), max(times)
        print(f"{name:<24} {best:>6.2f} {median:>7.2f} {worst:>6.2f} {LIMITS_S[name]:>6.1f}")


if __name__ == "__main__":
    main()
