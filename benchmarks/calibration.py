"""What calibration does to a model's test texts: as trained, with the one temperature alone, and as the model is.

    python benchmarks/calibration.py MODEL=DATA MODEL=DATA … [--label-separator ,]

MODEL is a folder that `plaudit train` wrote, DATA what was its test (`imdb`, a file). The temperature alone is chosen
here again on the validation texts of the model's run. Nothing is chosen by the test texts; they are opened once more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plaudit import load
from plaudit.app.run.own_run import choose_texts, choosing_texts
from plaudit.config import DataSpec
from plaudit.evaluation import Interval, answer, count_opening
from plaudit.models import Classifier
from plaudit.training.temperature import choose_temperature


def raw_logits(model: Classifier, texts: object, known: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return the logits without temperature or scaling by class, float32 [N, K], from those that are known."""
    logits = model.logits(texts) if known is None else known
    raw = model.unscaled(logits)
    return logits if raw is None else raw


def lines(folder: Path, data: str, spec: DataSpec) -> list[str]:
    """Return the rows of the table for one model."""
    model = load(folder)
    names, multi_label = model.class_names, model.multi_label_
    held = choosing_texts(folder, None, classes=names, multi_label=multi_label, spec=spec)
    validation = raw_logits(model, held.dataset.texts, held.logits)  # after a refit those of the model before it
    temperature = choose_temperature(validation, answer(model, held.dataset, logits=validation).labels).temperature
    test = choose_texts(folder, data, classes=names, multi_label=multi_label, every_row=False, spec=spec).dataset
    count_opening(folder, test, command="benchmarks/calibration.py")
    raw = raw_logits(model, test.texts)
    by_class = "" if model.class_scaling_ is None else f", {model.class_scaling_.n_own} classes by themselves"
    forms = {
        "as trained": raw,
        f"temperature {temperature:.4f}": raw / np.float32(temperature),
        f"as it is{by_class}": model.scaled(raw),
    }
    rows = []
    for words, logits in forms.items():
        found = answer(model, test, logits=logits).measure(resamples=200)
        cells = [f"{found.accuracy:.4f}"]
        for name in ("log_loss", "calibration_error", "f1_macro"):
            interval = found.intervals.get(name)
            span = f" ({interval.low:.4f} to {interval.high:.4f})" if isinstance(interval, Interval) else ""
            cells.append(f"{getattr(found, name):.4f}{span}")
        rows.append(f"| {folder.name} ({len(test):,}) | {words} | {' | '.join(cells)} |")
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="MODEL=DATA")
    parser.add_argument("--label-separator")
    options = parser.parse_args()
    print("| model (test texts) | | accuracy | log loss | calibration error | F1, macro |\n|---|---|---|---|---|---|")
    for pair in options.pairs:
        folder, _, data = pair.partition("=")
        spec = DataSpec(label_separator=options.label_separator)
        print("\n".join(lines(Path(folder), data, spec)), flush=True)


if __name__ == "__main__":
    main()
