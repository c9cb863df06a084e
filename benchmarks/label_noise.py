"""How well wrong labels are found, and what leaving them out gains: ours beside cleanlab as its tutorial uses it.

    python benchmarks/label_noise.py NOISY.tsv TRUTH.tsv [TEST.tsv]

NOISY and TRUTH hold the same texts, row for row, with the labels as given and as they should be. Printed: the average
precision of the ranking (a wrong label is a hit), precision and recall of what is flagged; with TEST, the accuracy of
the n-gram recipe trained on all rows, without those that each flags, and without all that are truly wrong.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plaudit.audit import load_corpus, review
from plaudit.data import Dataset, read_file
from plaudit.evaluation import evaluate
from plaudit.models import NgramClassifier


def tutorial(train: Dataset, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return each label's quality and whether it is flagged: TF-IDF, logistic regression, five folds, the defaults."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    rows = TfidfVectorizer().fit_transform(train.texts.to_pylist())
    model = LogisticRegression(max_iter=400)
    probabilities = cross_val_predict(model, rows, labels, cv=5, method="predict_proba")
    return get_label_quality_scores(labels, probabilities), find_label_issues(labels, probabilities, n_jobs=1)


def average_precision(is_hit: NDArray[np.bool_], quality: NDArray[np.float64]) -> float:
    """Return scikit-learn's average precision of the ranking by ascending quality."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(is_hit, -quality))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("noisy", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("test", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3, help="Seeds of our search.")
    options = parser.parse_args()
    train = read_file(options.noisy)
    truth = read_file(options.truth, classes=train.classes)
    assert train.labels is not None
    assert truth.labels is not None
    assert train.texts.equals(truth.texts), "the two files hold different texts"
    labels, is_wrong = train.labels.astype(np.int64), train.labels != truth.labels
    print(f"{len(train):,} rows, {100 * is_wrong.mean():.1f} % of the labels wrong\n")
    print("| | average precision | flagged | of these wrong | of the wrong found | seconds |")
    print("|---|---|---|---|---|---|")
    found: dict[str, NDArray[np.bool_]] = {}

    def line(name: str, quality: NDArray[np.float64], flagged: NDArray[np.bool_], started: float) -> None:
        right = int((flagged & is_wrong).sum())
        found[name] = flagged
        print(
            f"| {name} | {average_precision(is_wrong, quality):.4f} | {flagged.sum():,} | {right / flagged.sum():.3f} "
            f"| {right / is_wrong.sum():.3f} | {time.perf_counter() - started:.1f} |",
            flush=True,
        )

    started = time.perf_counter()
    line("cleanlab's tutorial: TF-IDF, logistic regression", *tutorial(train, labels), started)
    corpus = load_corpus(str(options.noisy))
    for seed in range(options.seeds):
        started = time.perf_counter()
        noise = review(corpus, seed=seed).noise
        assert noise is not None
        line(f"plaudit audit --seed {seed}", noise.quality, noise.flagged, started)
    if options.test is None:
        return
    test = read_file(options.test, classes=train.classes)
    print("\n| n-grams trained on | texts | test accuracy | 95 % interval |\n|---|---|---|---|")
    for name, left_out in {
        "all rows": np.zeros(len(train), np.bool_),
        **found,
        "no wrong label at all": is_wrong,
    }.items():
        part = train.take(np.flatnonzero(~left_out))
        figures = evaluate(NgramClassifier().fit(part.texts, part.label_names()), test)
        low, high = figures.accuracy_interval.low, figures.accuracy_interval.high
        kept = name if name in ("all rows", "no wrong label at all") else f"without what is flagged by {name}"
        print(f"| {kept} | {len(part):,} | {figures.accuracy:.4f} | {low:.4f} to {high:.4f} |", flush=True)


if __name__ == "__main__":
    main()
