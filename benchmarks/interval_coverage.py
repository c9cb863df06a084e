"""How often 95 % intervals hold the truth: those of `evaluate` beside plain percentiles of resamples, and `compare`'s.

    python benchmarks/interval_coverage.py [--samples 400] [--sizes 6 20 50 200 1000]

Simulated classifiers give scores whose truth is known from a sample of 400,000: of two classes, balanced and with a
class of a tenth; of five grades; of sets of three labels that half, three tenths and a tenth of the texts have. Of each
size many samples are drawn; printed is, for each figure, of 100 intervals how many hold the truth; a dash where fewer
than a tenth of the samples give an interval. Percentiles are the old method: resamples of the texts. Then a second
classifier answers the same texts, from scores that go with the first one's: nearly the same, or better. Printed is how
often `compare`'s intervals of the difference hold the true one, and on how many of 100 texts one alone is right.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.evaluation import metrics, multilabel
from plaudit.evaluation.bootstrap import bootstrap, percentile_interval
from plaudit.evaluation.intervals import Interval
from plaudit.evaluation.paired import compare_answers
from plaudit.evaluation.scoring import Answers

SHARED = ("roc_auc", "average_precision", "log_loss", "brier", "calibration_error")
FIGURES = ("accuracy", "balanced_accuracy", "f1", "f1_macro", "precision", "recall", *SHARED)
OF_GRADES = (
    "accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "recall_macro", "absolute_error", "within_one",
    "kappa_quadratic", *SHARED,
)  # fmt: skip
OF_SETS = ("accuracy", "f1_micro", "f1_macro", "f1_samples", "precision_macro", "recall_macro", *SHARED)
CLASSES = ("other", "wanted")
GRADES, GRADE_SHARES = ("1", "2", "3", "4", "5"), (0.1, 0.2, 0.4, 0.2, 0.1)
LABELS, LABEL_SHARES = ("a", "b", "c"), (0.5, 0.3, 0.1)
DISTANCE = 2.0  # between the classes' mean scores, in standard deviations
TOO_SURE = 1.3  # by which the logits are too large
TRUTH_TEXTS = 400_000
RESAMPLES = 200
Drawn = tuple[NDArray[np.int64], NDArray[np.float64]]  # labels, class numbers or an indicator, and probabilities


def draw(n: int, share: float, random: np.random.Generator) -> Drawn:
    """Return the labels of N texts, int64 [N], and their probabilities, float64 [N, 2]."""
    labels = (random.random(n) < share).astype(np.int64)
    scores = random.normal(size=n) + DISTANCE * (labels - 0.5)
    logits = TOO_SURE * (DISTANCE * scores + np.log(share / (1 - share)))
    second = 1 / (1 + np.exp(-logits))
    return labels, np.stack([1 - second, second], axis=1)


def draw_grades(n: int, random: np.random.Generator) -> Drawn:
    """Return the grades of N texts, int64 [N], and their probabilities, float64 [N, 5]."""
    labels = random.choice(len(GRADES), size=n, p=GRADE_SHARES)
    scores = DISTANCE * labels + random.normal(size=n)
    off = scores[:, None] - DISTANCE * np.arange(len(GRADES))
    weights = np.exp(TOO_SURE * (np.log(GRADE_SHARES) - off**2 / 2))
    return labels, weights / weights.sum(axis=1, keepdims=True)


def draw_sets(n: int, random: np.random.Generator) -> Drawn:
    """Return the labels of N texts, int64 [N, 3], and their probabilities; the scores of one text go together."""
    shares = np.array(LABEL_SHARES)
    labels = (random.random((n, len(LABELS))) < shares).astype(np.int64)
    noise = 0.6 * random.normal(size=(n, 1)) + 0.8 * random.normal(size=labels.shape)
    logits = TOO_SURE * (DISTANCE * (noise + DISTANCE * (labels - 0.5)) + np.log(shares / (1 - shares)))
    return labels, 1 / (1 + np.exp(-logits))


@dataclass(frozen=True)
class Kind:
    """Texts of a kind: how they are drawn, what their classes are, and which figures they have."""

    draw: Callable[[int, np.random.Generator], Drawn]
    classes: tuple[str, ...]
    figures: tuple[str, ...]
    is_sets: bool = False

    def measure(self, drawn: Drawn, *, resamples: int, seed: int = 0) -> Any:
        """Return what `evaluate` measures."""
        measured = multilabel.measure_sets if self.is_sets else metrics.measure
        return measured(*drawn, self.classes, resamples=resamples, seed=seed)

    def resampled(self, drawn: Drawn, *, seed: int) -> dict[str, NDArray[np.float64]]:
        """Return the figures of resamples of the texts, by name."""
        labels, shares = drawn
        if self.is_sets:
            statistic = multilabel._statistic(labels > 0, shares > 0.5, shares)
            right = ((labels > 0) == (shares > 0.5)).all(axis=1)
        else:
            statistic = metrics._statistic(labels, shares, shares.argmax(axis=1), self.classes)
            right = labels == shares.argmax(axis=1)
        found = bootstrap(statistic, len(labels), resamples=RESAMPLES, seed=seed)
        drawn_right = np.random.default_rng(seed).choice(right.astype(np.float64), (RESAMPLES, len(labels)))
        return {**found, "accuracy": drawn_right.mean(axis=1)}


KINDS = {
    "balanced": Kind(lambda n, random: draw(n, 0.5, random), CLASSES, FIGURES),
    "a tenth": Kind(lambda n, random: draw(n, 0.1, random), CLASSES, FIGURES),
    "five grades": Kind(draw_grades, GRADES, OF_GRADES),
    "sets of labels": Kind(draw_sets, LABELS, OF_SETS, is_sets=True),
}


def one(value: object) -> object:
    """Return a figure, of those by class the second class's."""
    return value[1] if isinstance(value, tuple) else value


def covered(n: int, kind: Kind, samples: int, *, truth_texts: int, seed: int) -> dict[str, dict[str, float | None]]:
    """Return by figure which share of the intervals holds the truth, and for which share of samples one is given."""
    random = np.random.default_rng(seed)
    whole = kind.measure(kind.draw(truth_texts, random), resamples=0)
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for sample in range(samples):
        drawn = kind.draw(n, random)
        found = kind.measure(drawn, resamples=RESAMPLES, seed=sample)
        spread = kind.resampled(drawn, seed=sample)
        for name in kind.figures:
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
        for name in kind.figures
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
    """Return which share of the intervals of a difference holds the true one, of accuracy and of loss (NaN: none).

    Besides, the share of texts that one of the two alone has right.
    """
    random = np.random.default_rng(seed)
    whole = compare_answers(*draw_pair(truth_texts, share, likeness, distance, random))
    found = [compare_answers(*draw_pair(n, share, likeness, distance, random)) for _ in range(samples)]
    accuracy = [each.accuracy_interval for each in found]
    loss = [each.loss_interval for each in found if each.loss_interval is not None]
    held = {
        "accuracy": [each.low <= whole.accuracy_difference <= each.high for each in accuracy],
        "loss": [each.low <= whole.loss_difference <= each.high for each in loss],
    }
    shares = {name: float(np.mean(each)) if each else float("nan") for name, each in held.items()}
    return {**shares, "told apart": (whole.only_a_right + whole.only_b_right) / whole.n}


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
                apart = found.pop("told apart")
                cells.append(", ".join("–" if value != value else f"{100 * value:.0f}" for value in found.values()))
            print(f"| {kind}, {words} ({100 * apart:.0f} of 100 told apart) | " + " | ".join(cells) + " |", flush=True)


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
        name: {n: covered(n, kind, samples, truth_texts=truth_texts, seed=n) for n in sizes}
        for name, kind in KINDS.items()
    }
    for kind, by_size in found.items():
        print(f"\n| {kind} | " + " | ".join(f"{n:,} texts" for n in by_size) + " |")
        print("|---" * (len(by_size) + 1) + "|")
        for name in KINDS[kind].figures:
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
