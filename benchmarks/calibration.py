"""What ways to calibrate do to texts that chose nothing: validation texts by cross-fitting, and test texts.

    python benchmarks/calibration.py MODEL=DATA MODEL … [--label-separator ,]

MODEL is a folder that `plaudit train` wrote, DATA what was its test (`imdb`, a file); without, no test is opened.
Compared are the logits as trained, one temperature, a scaling of each class, Platt's scale and shift of each label of
sets, and isotonic regression of each class, each fitted on the validation texts of the model's run; of validation texts
each is scaled by what four other fifths chose. What the model itself has is marked. The test texts are opened once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from plaudit import load
from plaudit.app.run.own_run import choose_texts, choosing_texts
from plaudit.config import DataSpec
from plaudit.evaluation import Interval, answer, count_opening
from plaudit.models import Classifier
from plaudit.training.class_scaling import fit_classes, have_enough
from plaudit.training.losses import probabilities
from plaudit.training.temperature import deal, fit_temperature

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]
Scaling = Callable[[Logits], Logits]


def raw_logits(model: Classifier, texts: object, known: Logits | None = None) -> Logits:
    """Return the logits without temperature or scaling by class, float32 [N, K], from those that are known."""
    logits = model.logits(texts) if known is None else known
    raw = model.unscaled(logits)
    return logits if raw is None else raw


def one_temperature(logits: Logits, labels: Labels) -> Scaling:
    """Return the division by the best temperature."""
    temperature = np.float32(fit_temperature(logits, labels))
    return lambda others: others / temperature


def by_class(logits: Logits, labels: Labels) -> Scaling:
    """Return the scaling of each class that has enough texts; of two classes with one logit the temperature."""
    if logits.shape[1] == 1 and labels.ndim == 1:
        return one_temperature(logits, labels)
    return fit_classes(logits, labels, have_enough(labels, logits.shape[1])).apply


def platt(logits: Logits, labels: Labels) -> Scaling:
    """Return a scale and a shift of each label of sets (Platt 1999), fitted without a penalty."""
    fits = [LogisticRegression(C=1e6, max_iter=1000).fit(logits[:, [c]], labels[:, c]) for c in range(logits.shape[1])]
    return lambda others: np.stack(
        [fit.decision_function(others[:, [c]]) for c, fit in enumerate(fits)], axis=1, dtype=np.float32
    )


def isotonic(logits: Logits, labels: Labels) -> Scaling:
    """Return isotonic regression of each class's probability (Zadrozny & Elkan 2002), from 1 / (N + 2) to 1 less that.

    Of one label a text each class is asked against the rest.
    """
    is_sets, n, n_logits = labels.ndim == 2, len(logits), logits.shape[1]
    truth = labels if is_sets else labels[:, None] == (np.ones(1) if n_logits == 1 else np.arange(n_logits))
    shares = _shares(logits, is_sets=is_sets)
    doubt = 1 / (n + 2)
    fits = [
        IsotonicRegression(y_min=doubt, y_max=1 - doubt, out_of_bounds="clip").fit(shares[:, c], truth[:, c])
        for c in range(n_logits)
    ]

    def scaled(others: Logits) -> Logits:
        asked = _shares(others, is_sets=is_sets)
        found = np.stack([fit.predict(asked[:, c]) for c, fit in enumerate(fits)], axis=1)
        is_apart = is_sets or n_logits == 1
        return (np.log(found / (1 - found)) if is_apart else np.log(found)).astype(np.float32)

    return scaled


def _shares(logits: Logits, *, is_sets: bool) -> NDArray[np.float64]:
    """Return the probability that each logit stands for, float64 [N, K]."""
    found = probabilities(logits, multi_label=is_sets)
    return found if is_sets or logits.shape[1] > 1 else found[:, 1:]


WAYS: dict[str, Callable[[Logits, Labels], Scaling]] = {
    "as trained": lambda logits, labels: lambda others: others,
    "one temperature": one_temperature,
    "each class scaled": by_class,
    "isotonic": isotonic,
    "Platt": platt,  # of sets of labels alone
}


def crossed(way: Callable[[Logits, Labels], Scaling], logits: Logits, labels: Labels) -> Logits:
    """Return the logits of each text scaled by what four other fifths chose, float32 [N, K]."""
    folds, found = deal(len(logits), seed=0), np.empty_like(logits)
    for fold in np.unique(folds).tolist():
        found[folds == fold] = way(logits[folds != fold], labels[folds != fold])(logits[folds == fold])
    return found


def lines(folder: Path, data: str, spec: DataSpec) -> list[str]:
    """Return the rows of the table for one model."""
    model = load(folder)
    names, multi_label = model.class_names, model.multi_label_
    held = choosing_texts(folder, None, classes=names, multi_label=multi_label, spec=spec)
    validation = raw_logits(model, held.dataset.texts, held.logits)  # after a refit those of the model before it
    labels = answer(model, held.dataset, logits=validation).labels
    test = None
    if data:
        test = choose_texts(folder, data, classes=names, multi_label=multi_label, every_row=False, spec=spec).dataset
        count_opening(folder, test, command="benchmarks/calibration.py")
        raw = raw_logits(model, test.texts)
    has = "as trained" if model.temperature_ == 1 else "one temperature"
    has = has if model.class_scaling_ is None else "each class scaled"
    rows = []
    for words, way in WAYS.items():
        if way is platt and not multi_label:
            continue
        crossed_logits = crossed(way, validation, labels)
        chosen = answer(model, held.dataset, logits=crossed_logits).measure(resamples=0)
        cells = [f"{chosen.log_loss:.4f}", f"{chosen.calibration_error:.4f}", f"{chosen.accuracy:.4f}"]
        if test is not None:
            found = answer(model, test, logits=way(validation, labels)(raw)).measure(resamples=200)
            cells += [_spanned(found, "log_loss"), _spanned(found, "calibration_error"), f"{found.accuracy:.4f}"]
        mark = " (the model's)" if words == has else ""
        n = f"{len(held.dataset):,}" + ("" if test is None else f", {len(test):,}")
        rows.append(f"| {folder.name} ({n}) | {words}{mark} | {' | '.join(cells)} |" + " – |" * (6 - len(cells)))
    return rows


def _spanned(found: Any, name: str) -> str:
    interval = found.intervals.get(name)
    span = f" ({interval.low:.4f} to {interval.high:.4f})" if isinstance(interval, Interval) else ""
    return f"{getattr(found, name):.4f}{span}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="MODEL[=DATA]")
    parser.add_argument("--label-separator")
    options = parser.parse_args()
    print("| model (validation, test texts) | | validation: log loss | calibration error | accuracy ", end="")
    print("| test: log loss | calibration error | accuracy |\n" + "|---" * 8 + "|")
    for pair in options.pairs:
        folder, _, data = pair.partition("=")
        spec = DataSpec(label_separator=options.label_separator)
        print("\n".join(lines(Path(folder), data, spec)), flush=True)


if __name__ == "__main__":
    main()
