"""The tutorial's network in tf.keras with a TF Hub layer, and ours: the same table, data, batches and epochs.

    .venv/bin/python benchmarks/tutorial.py               an epoch of 15,000 reviews, evaluating 25,000
    .venv/bin/python benchmarks/tutorial.py --whole       and 40 epochs, from the archive on disk to the plots

The embedding has nnlm-en-dim50's shape, 963,812 x 50, trainable; its vocabulary is IMDB's tokens and made-up words, its
vectors are random, for speed does not depend on them. It is exported by TensorFlow as TF Hub's public exporter does.
Both sides take turns; an epoch's seconds are the median of a turn's epochs but the first, in which TensorFlow traces
its graph. Evaluating starts from texts. Needs the extras `tensorflow` and `dev`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measured import RESULTS, Figures, machine, spread, table

import plaudit
from plaudit.data import Dataset, load_dataset
from plaudit.text import SpaceTokenizer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "embeddings"))
import tensorflow_modules

N_ROWS, DIMENSION, N_BUCKETS = 963_812, 50, 24_000
N_TRAIN, BATCH = 15_000, 512
TARGETS = {"an epoch": 25, "evaluating": 100, "the whole": 20}


def export(folder: Path, train: Dataset, n_rows: int) -> str:
    """Write the module and return its folder."""
    words = SpaceTokenizer().tokenize(train.texts).dictionary.to_pylist()
    words = [word for word in words if word and "\n" not in word and "\r" not in word]
    n_words = n_rows - N_BUCKETS
    vocabulary = [*words, *(f"filler{i}" for i in range(n_words))][:n_words]
    vectors = np.random.default_rng(0).standard_normal((n_rows, DIMENSION), np.float32) * np.float32(0.2)
    return tensorflow_modules.export_module(folder / "module", vocabulary, vectors, normalize=False)


class Theirs:
    """The tutorial's code, with the layer it names."""

    def __init__(self, module: str) -> None:
        self.tf, hub, self.keras = map(tensorflow_modules.load, ("tensorflow", "tensorflow_hub", "tf_keras"))
        self.model = self.keras.Sequential(
            [
                hub.KerasLayer(module, input_shape=[], dtype=self.tf.string, trainable=True),
                self.keras.layers.Dense(16, activation="relu"),
                self.keras.layers.Dense(1),
            ]
        )
        loss = self.keras.losses.BinaryCrossentropy(from_logits=True)
        self.model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])

    def fit(self, data: Dataset, epochs: int, validation: Dataset | None = None) -> Any:
        watched = None if validation is None else as_arrays(validation)
        return self.model.fit(*as_arrays(data), epochs=epochs, batch_size=BATCH, validation_data=watched, verbose=0)

    def seconds_of_epochs(self, data: Dataset, epochs: int) -> list[float]:
        seconds: list[float] = []
        watch = self.keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: seconds.append(-time.perf_counter()),
            on_epoch_end=lambda *_: seconds.append(seconds.pop() + time.perf_counter()),
        )
        self.model.fit(*as_arrays(data), epochs=epochs, batch_size=BATCH, callbacks=[watch], verbose=0)
        return seconds

    def evaluate(self, data: Dataset) -> float:
        return float(self.model.evaluate(*as_arrays(data), batch_size=BATCH, verbose=0)[1])


class Ours:
    def __init__(self, module: str) -> None:
        self.table = plaudit.load_embedding(module)

    def seconds_of_epochs(self, data: Dataset, epochs: int) -> list[float]:
        self.model = plaudit.NetworkClassifier(self.table, batch_size=BATCH, epochs=epochs, early_stopping=False)
        self.model.fit(data.texts, data.label_names())
        assert self.model.history_ is not None
        return self.model.history_.seconds

    def evaluate(self, data: Dataset) -> float:
        return plaudit.evaluate(self.model, data, resamples=0).accuracy  # theirs has no intervals


def as_arrays(data: Dataset) -> tuple[Any, Any]:
    return np.array(data.texts.to_pylist(), dtype=object), np.asarray(data.labels, np.float32)


def turn(side: Theirs | Ours, train: Dataset, scored: Dataset, epochs: int) -> dict[str, float]:
    seconds = side.seconds_of_epochs(train, epochs)
    side.evaluate(scored.take(np.arange(100)))
    start = time.perf_counter()
    accuracy = side.evaluate(scored)
    return {
        "an epoch": float(np.median(seconds[1:])),
        "evaluating": time.perf_counter() - start,
        "accuracy": accuracy,
    }


def whole_tutorial(module: str, folder: Path, epochs: int) -> None:
    """Read the archive, train, evaluate and plot as the tutorial does."""
    import tarfile

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    texts: dict[str, tuple[list[str], list[int]]] = {"train": ([], []), "test": ([], [])}
    with tarfile.open(os.environ["PLAUDIT_IMDB"]) as archive:
        for member in archive:
            parts = member.name.split("/")
            if len(parts) == 4 and parts[1] in texts and parts[2] in ("neg", "pos"):
                file = archive.extractfile(member)
                assert file is not None
                texts[parts[1]][0].append(file.read().decode())
                texts[parts[1]][1].append(int(parts[2] == "pos"))
    order = np.random.default_rng(0).permutation(len(texts["train"][0]))
    x, y = np.array(texts["train"][0], dtype=object)[order], np.array(texts["train"][1], np.float32)[order]
    side = Theirs(module)
    held = len(x) - N_TRAIN
    history = side.model.fit(
        x[held:], y[held:], epochs=epochs, batch_size=BATCH, validation_data=(x[:held], y[:held]), verbose=0
    ).history
    test = np.array(texts["test"][0], dtype=object), np.array(texts["test"][1], np.float32)
    print(side.model.evaluate(*test, batch_size=BATCH, verbose=0))
    for name in ("loss", "accuracy"):
        plt.figure()
        plt.plot(history[name])
        plt.plot(history[f"val_{name}"])
        plt.savefig(folder / f"{name}.png")


def seconds_of_whole(module: str, place: Path, epochs: int) -> dict[str, float]:
    """Run both from the archive to the plots, each in a process of its own and with an empty cache."""
    environment = os.environ | {"PLAUDIT_CACHE": tempfile.mkdtemp(dir=place)}
    ours = [
        *(sys.executable, "-m", "plaudit", "train", "imdb", "--embedding", module, "--validation", "10000"),
        *("--epochs", str(epochs), "--no-early-stopping", "--batch-size", str(BATCH), "-o", str(place / "ours")),
    ]
    theirs = [sys.executable, __file__, "--their-whole", module, str(place), "--whole-epochs", str(epochs)]
    found = {}
    for name, command in (("ours", ours), ("theirs", theirs)):
        start = time.perf_counter()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found[name] = time.perf_counter() - start
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4, help="of a turn, the first not counted")
    parser.add_argument("--whole", action="store_true", help="also 40 epochs from the archive to the plots, once")
    parser.add_argument("--whole-epochs", type=int, default=40)
    parser.add_argument("--their-whole", nargs=2, metavar=("MODULE", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--dry", action="store_true", help="the built-in sample, and a small table")
    parser.add_argument("--output", type=Path, default=RESULTS / "tutorial.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.their_whole:
        whole_tutorial(options.their_whole[0], Path(options.their_whole[1]), options.whole_epochs)
        return
    splits = load_dataset("sample" if options.dry else "imdb", parts=("train", "test"))
    assert splits.test is not None
    train = splits.train.take(np.random.default_rng(0).permutation(len(splits.train))[:N_TRAIN])
    kept = Figures(options.output)
    with tempfile.TemporaryDirectory() as folder:
        module = export(Path(folder), splits.train, N_BUCKETS + 5_000 if options.dry else N_ROWS)
        sides = {"theirs": Theirs(module), "ours": Ours(module)}
        turns = []
        for number in range(options.turns):
            turns.append({name: turn(side, train, splits.test, options.epochs) for name, side in sides.items()})
            print(f"turn {number}: {json.dumps(turns[-1])}", flush=True)
            kept.put("turns", turns)
        rows = []
        for what in ("an epoch", "evaluating"):
            values = {side: [each[side][what] for each in turns] for side in sides}
            ratios = [theirs / ours for theirs, ours in zip(values["theirs"], values["ours"], strict=True)]
            rows.append([what, *(spread(values[side], ".2f") for side in sides), spread(ratios, ".0f")])
        if options.whole:
            del sides
            seconds = seconds_of_whole(module, Path(folder), options.whole_epochs)
            kept.put("the whole", seconds)
            ratio = seconds["theirs"] / seconds["ours"]
            rows.append(["the whole", f"{seconds['theirs']:.1f}", f"{seconds['ours']:.1f}", f"{ratio:.0f}"])
    print(f"\n{len(train):,} reviews an epoch, {len(splits.test):,} evaluated; {machine()}\n")
    header = ("seconds", "tf.keras + TF Hub", "plaudit", "times as fast", "wanted")
    print(table(header, [[*row, f"{TARGETS[row[0]]}"] for row in rows]))


if __name__ == "__main__":
    main()
