"""How well texts of another kind are told from those that a model was trained for.

    python benchmarks/out_of_scope.py MODEL TEST OTHER ...

MODEL is a folder that `plaudit train` wrote, TEST further texts of its own kind, each OTHER a file of other texts, or
imdb for its training reviews. Printed: how often texts of its own kind are taken for others, at each rate of false
alarms that was asked for on the validation texts; and for each OTHER the area under the ROC curve (0.5 is chance, 1
perfect) of the score that Plaudit uses, beside the model's largest probability (Hendrycks & Gimpel 2017, "A Baseline
for Detecting Misclassified and Out-of-Distribution Examples"), and the share that is found at each rate.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import plaudit
from plaudit.config import DataSpec
from plaudit.data import has_test_part, load_dataset
from plaudit.evaluation import wilson_interval
from plaudit.evaluation.ranking import ranking

RATES = (0.01, 0.05)


def area(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    """Return the probability that a text of its own kind has the greater score, ties counted half."""
    is_inside = np.arange(len(inside) + len(outside)) < len(inside)
    return float(ranking(is_inside, np.concatenate([inside, outside]))(np.ones((1, len(is_inside)))).roc_auc[0])


def texts_of(source: str, separator: str | None) -> pa.LargeStringArray:
    """Return the texts of a file, all of them; of IMDB those of its training half."""
    found = load_dataset(source, parts=("train",), spec=DataSpec(label_separator=separator)).train
    return found.texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("test")
    parser.add_argument("others", nargs="+")
    parser.add_argument("--label-separator", help="Of files whose rows have several labels.")
    parser.add_argument("--texts", type=int, default=5_000, help="Of each OTHER at most, evenly spaced.")
    options = parser.parse_args()
    model = plaudit.load(options.model)
    scope = model.scope_
    assert scope is not None, "the model was trained by an older Plaudit"
    test = texts_of(options.test, options.label_separator)
    inside, sure = scope.scores(test), model.predict_proba(test).max(axis=1)
    print(
        f"{options.model.name}: {scope.n_validation:,} validation texts, {len(test):,} of {Path(options.test).name}\n"
    )
    print("| asked for | false alarms on TEST |")
    print("|---|---|")
    for rate in RATES:
        found = int(scope.is_unlike(test, rate).sum())
        span = wilson_interval(found, len(test))
        print(f"| {rate:g} | {found / len(test):.4f} ({span.low:.4f} to {span.high:.4f}) |")
    print(
        f"\n| other texts | AUROC | of the largest probability | {' | '.join(f'found at {rate:g}' for rate in RATES)} |"
    )
    print("|---|---|---|" + "---|" * len(RATES))
    for source in options.others:
        other = texts_of(source, options.label_separator if not has_test_part(source) else None)
        other = other.take(pa.array(np.unique(np.linspace(0, len(other) - 1, options.texts).astype(np.int64))))
        ours, plain = area(inside, scope.scores(other)), area(sure, model.predict_proba(other).max(axis=1))
        shares = " | ".join(f"{scope.is_unlike(other, rate).mean():.3f}" for rate in RATES)
        name = "/".join(Path(source).parts[-2:])
        print(f"| {name} ({len(other):,}) | {ours:.3f} | {plain:.3f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
