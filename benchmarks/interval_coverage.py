"""How often 95 % intervals hold the truth: those of `evaluate` beside plain percentiles of resamples, and `compare`'s.

    python benchmarks/interval_coverage.py [--samples 400] [--sizes 6 20 50 200 1000]

A simulated classifier of two classes gives scores whose truth is known from a sample of 400,000. Of each size many
samples are drawn, balanced and with a class of a tenth; printed is, for each figure, of 100 intervals how many hold the
truth, and how many of the samples give an interval at all. Percentiles are the old method: resamples of the texts.
Then a second classifier answers the same texts, from scores that go with the first one's: nearly the same, or better.
Printed is how often `compare`'s intervals of the difference hold the true one.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plaudit.evaluation.bootstrap import bootstrap, percentile_interval
from plaudit.evaluation.intervals import Interval
from plaudit.evaluation.metrics import _statistic, measure
from plaudit.evaluation.paired import compare_answers
from plaudit.evaluation.scoring import Answers

FIGURES = (
    "accuracy", "balanced_accuracy", "f1", "f1_macro", "precision", "recall", "roc_auc", "average_precision",
    "log_loss", "brier", "calibration_error",
)  # fmt: skip
CLASSES = ("other", "wanted")
DISTANCE = 2.0  # between the classes' mean scores, in standard deviations
TOO_SURE = 1.3  # by which the logits are too large
TRUTH_TEXTS = 400_000
RESAMPLES = 200


def draw(n: int, share: float, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the labels of N texts, int64 [N], and their probabilities, float64 [N, 2]."""
    labels = (random.random(n) < share).astype(np.int64)
    scores = random.normal(size=n) + DISTANCE * (labels - 0.5)
    logits = TOO_SURE * (DISTANCE * scores + np.log(share / (1 - share)))
    second = 1 / (1 + np.exp(-logits))
    return labels, np.stack([1 - second, second], axis=1)


def one(value: object) -> object:
    """Return a figure, of those by class the second class's."""
    return value[1] if isinstance(value, tuple) else value


def covered(n: int, share: float, samples: int, *, truth_texts: int, seed: int) -> dict[str, dict[str, float | None]]:
    """Return by figure which share of the intervals holds the truth, and for which share of samples one is given."""
    random = np.random.default_rng(seed)
    whole = measure(*draw(truth_texts, share, random), CLASSES, resamples=0)
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for sample in range(samples):
        labels, probabilities = draw(n, share, random)
        found = measure(labels, probabilities, CLASSES, resamples=RESAMPLES, seed=sample)
        statistic = _statistic(labels, probabilities, probabilities.argmax(axis=1), CLASSES)
        spread = bootstrap(statistic, n, resamples=RESAMPLES, seed=sample)
        right = (labels == probabilities.argmax(axis=1)).astype(np.float64)
        spread["accuracy"] = np.random.default_rng(sample).choice(right, (RESAMPLES, n)).mean(axis=1)
        for name in FIGURES:
            truth, values = one(getattr(whole, name)), spread[name]
            percentiles = percentile_interval(values[:, 1] if values.ndim == 2 else values)
            for how, interval in (("ours", one(found.intervals.get(name))), ("percentiles", percentiles)):
                if isinstance(interval, Interval):
                    assert isinstance(truth, float)
                    hits[name, how].append(interval.low <= truth <= interval.high)
    return {
        name: {
            how: float(np.mean(held)) if len(held := hits[name, how]) >= samples / 10 else None
            for how in ("ours", "percentiles")
        }
        | {"given": len(hits[name, "ours"]) / samples}
        for name in FIGURES
    }


def answers(labels: NDArray[np.int64], scores: NDArray[np.float64], share: float, distance: float) -> Answers:
    """Return a classifier's answers from normal scores, float64 [N], whose means are `distance` apart."""
    logits = TOO_SURE * (distance * scores + np.log(share / (1 - share)))
    second = 1 / (1 + np.exp(-logits))
    probabilities = np.stack([1 - second, second], axis=1)
    return Answers(labels, probabilities, probabilities.argmax(axis=1), CLASSES, multi_label=False)


def draw_pair(
    n: int, share: float, likeness: float, distance: float, random: np.random.Generator
) -> tuple[Answers, Answers]:
    """Return two classifiers' answers to N texts; their scores correlate by `likeness`, the second's means differ."""
    labels = (random.random(n) < share).astype(np.int64)
    noise = random.normal(size=(2, n))
    noise[1] = likeness * noise[0] + (1 - likeness**2) ** 0.5 * noise[1]
    first, second = (noise[i] + apart * (labels - 0.5) for i, apart in enumerate((DISTANCE, distance)))
    return answers(labels, first, share, DISTANCE), answers(labels, second, share, distance)


def compared(
    n: int, share: float, likeness: float, distance: float, samples: int, *, truth_texts: int, seed: int
) -> dict[str, float]:
    """Return which share of the intervals of a difference holds the true one, of accuracy and of loss (NaN: none)."""
    random = np.random.default_rng(seed)
    whole = compare_answers(*draw_pair(truth_texts, share, likeness, distance, random))
    found = [compare_answers(*draw_pair(n, share, likeness, distance, random)) for _ in range(samples)]
    accuracy = [each.accuracy_interval for each in found]
    loss = [each.loss_interval for each in found if each.loss_interval is not None]
    held = {
        "accuracy": [each.low <= whole.accuracy_difference <= each.high for each in accuracy],
        "loss": [each.low <= whole.loss_difference <= each.high for each in loss],
    }
    return {name: float(np.mean(each)) if each else float("nan") for name, each in held.items()}


def print_compared(sizes: list[int], samples: int, *, truth_texts: int) -> None:
    """Print the table of two models on the same texts."""
    pairs = (("alike", 0.95, DISTANCE), ("unlike, equally good", 0.5, DISTANCE), ("better", 0.8, 1.2 * DISTANCE))
    print("\n| `compare`: accuracy, loss | " + " | ".join(f"{n:,} texts" for n in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    for kind, share in (("balanced", 0.5), ("a tenth", 0.1)):
        for words, likeness, distance in pairs:
            cells = []
            for n in sizes:
                found = compared(n, share, likeness, distance, samples, truth_texts=truth_texts, seed=n)
                cells.append(", ".join("–" if value != value else f"{100 * value:.0f}" for value in found.values()))
            print(f"| {kind}, {words} | " + " | ".join(cells) + " |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[6, 20, 50, 200, 1000])
    parser.add_argument("--output", type=Path, help="Where the figures go as JSON.")
    parser.add_argument("--dry", action="store_true", help="Ten samples of 20 texts, to see that it runs.")
    options = parser.parse_args()
    samples, sizes = (10, [20]) if options.dry else (options.samples, options.sizes)
    truth_texts = 5_000 if options.dry else TRUTH_TEXTS
    found = {
        kind: {n: covered(n, share, samples, truth_texts=truth_texts, seed=n) for n in sizes}
        for kind, share in (("balanced", 0.5), ("a tenth", 0.1))
    }
    for kind, by_size in found.items():
        print(f"\n| {kind} | " + " | ".join(f"{n:,} texts" for n in by_size) + " |")
        print("|---" * (len(by_size) + 1) + "|")
        for name in FIGURES:
            cells = []
            for by_figure in by_size.values():
                ours, old = (by_figure[name][how] for how in ("ours", "percentiles"))
                shown = ["–" if share is None else f"{100 * share:.0f}" for share in (ours, old)]
                cells.append(f"{shown[0]} ({shown[1]})")
            print(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    print_compared(sizes, samples, truth_texts=truth_texts)
    if options.output is not None:
        options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
