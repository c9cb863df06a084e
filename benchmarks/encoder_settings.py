"""What tokens, epochs and learning rate cost and bring: the encoder recipe on part of IMDB's training half.

    .venv/bin/python benchmarks/encoder_settings.py --texts 4000 --scored 2000

A row differs from three epochs, windows of 90 tokens and a learning rate of 1e-4 in what its first column says. Trained
and scored are reviews of other films; the test half stays closed. Processor seconds are of all cores together, and so
hold on a busy machine too. What results/encoder_settings.json holds already is not done again.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from measured import RESULTS, Figures, accuracy, load_task, table

from plaudit import EncoderClassifier
from plaudit.training.losses import cross_entropy

DEFAULT = {"max_tokens": 90, "epochs": 3, "learning_rate": 1e-4}
TRIED: tuple[dict[str, Any], ...] = (
    *({"epochs": n} for n in (1, 2, 3)),
    *({"max_tokens": n} for n in (64, 128)),
    *({"long_texts": "head_tail", "max_tokens": n, "epochs": 1} for n in (90, 128, 192, 256)),
    *({"learning_rate": rate} for rate in (3e-5, 2e-4)),
    {"layer_decay": 0.8},
    {"label_smoothing": 0.1},
    {"epochs": 5},
)


def measure(settings: dict[str, Any], task: Any) -> dict[str, float]:
    model = EncoderClassifier(**settings, early_stopping=False)
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(task.train.texts, task.train.labels)
    trained, trained_processor = time.perf_counter(), time.process_time()
    logits = model.logits(task.scored.texts)
    labels = np.searchsorted(model.classes_, task.scored.labels)
    return {
        "accuracy": accuracy(logits[:, 0] > 0, labels == 1),
        "loss": float(cross_entropy(logits, labels)[0].mean()),
        "seconds": trained - wall,
        "processor_seconds": trained_processor - processor,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=4_000, help="how many to train on")
    parser.add_argument("--scored", type=int, default=2_000)
    parser.add_argument("--dry", action="store_const", const="sample", default="validation", help="the built-in sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "encoder_settings.json")
    options = parser.parse_args()
    task, figures, random = load_task(options.dry), Figures(options.output), np.random.default_rng(0)
    some = {
        side: getattr(task, side).take(random.permutation(len(getattr(task, side).texts))[:n].tolist())
        for side, n in (("train", options.texts), ("scored", options.scored))
    }
    task, rows = task._replace(**some), []
    for changes in TRIED[: 1 if options.dry == "sample" else None]:
        settings = {**DEFAULT, **changes}
        key = ", ".join(f"{name} {value}" for name, value in settings.items()) + f"; {options.texts} texts"
        if key not in figures.all:
            figures.put(key, measure(settings, task))
            print(key, figures.all[key], flush=True)
        found = figures.all[key]
        cells = (f"{found[name]:{form}}" for name, form in (("accuracy", ".4f"), ("loss", ".4f")))
        said = ", ".join(f"{name} {value}" for name, value in changes.items())
        rows.append([said, *cells, f"{found['processor_seconds']:,.0f}"])
    print(f"\n{len(task.train.texts):,} texts to train, {len(task.scored.texts):,} scored\n")
    print(table(["", "accuracy", "log loss", "processor seconds"], rows))


if __name__ == "__main__":
    main()
