"""Other tasks with the same defaults: questions, spam, noisy news, emotions, Chinese reviews, Spanish tweets.

    PLAUDIT_EVAL_DATA=... .venv/bin/python benchmarks/beyond_movies.py --recipes auto network ngram encoder

Each recipe has its own defaults on every set, and nothing is tuned for one; `auto` is the whole of `plaudit train FILE
--test T`. A set's dev.tsv, where there is one, is what early stopping watches; `auto` holds its own texts out. Peers
learn from the whole training file. The encoder inside `best` answers alone too, as a row of its own. `--sets imdb` is
the movies themselves. What results/beyond_movies.json holds already is not done again.
"""

import argparse
import importlib.util
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measured import RESULTS, Figures, accuracy, as_part, table
from peers import FastText, WordsAndCharacters, WordsAndPairs
from recipes_by_name import Ours

from plaudit.app.train.run import run_training
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.data import Dataset, load_dataset, load_sample, read_file
from plaudit.models import BlendClassifier

CONTROLS: dict[str, Callable[[int], Any]] = {
    "TF-IDF (1,2) and logistic regression": WordsAndPairs,
    "TF-IDF of words and characters and linear SVM": WordsAndCharacters,
    "fastText, 1 and 2 words, 25 epochs": lambda _: FastText(2, 25, 1.0),
}
AUTO = "auto"
INSIDE = "encoder, of {}"


class Source(NamedTuple):
    """A folder's files; what it was published for."""

    task: str
    train: str = "train.tsv"
    label_separator: str | None = None


SETS = {
    "trec": Source("questions, 6 classes"),
    "sms_spam": Source("text messages, spam or not"),
    "ag_news_noisy": Source("news, 4 classes, a fifth of the training labels wrong"),
    "goemotions": Source("comments, sets of 28 emotions", label_separator=","),
    # a quarter of the test texts are in train.tsv word for word; this file is without them
    "chnsenticorp_zh": Source("Chinese reviews", train="train_unseen.tsv"),
    "umsab_es": Source("Spanish tweets, 3 classes"),
    "imdb": Source("movie reviews"),
}


class Texts(NamedTuple):
    train: Dataset
    validation: Dataset | None
    scored: Dataset


def load_training(name: str) -> Dataset:
    """Load the texts that one set is learned from."""
    source = SETS[name]
    return read_file(
        Path(os.environ["PLAUDIT_EVAL_DATA"]) / name / source.train, label_separator=source.label_separator
    )


def load(name: str, scored: str) -> Texts:
    """Load one set; the test file only to be scored."""
    if name == "sample":
        sample = load_sample()
        return Texts(sample.train, None, sample.test)  # type: ignore[arg-type]
    if name == "imdb":
        movies = load_dataset("imdb", parts=("train", "test"))
        return Texts(movies.train, None, movies.test)  # type: ignore[arg-type]
    folder, source = Path(os.environ["PLAUDIT_EVAL_DATA"]) / name, SETS[name]
    train, parts = load_training(name), {}
    for file in {"dev.tsv", f"{scored}.tsv"}:
        if (folder / file).exists():
            more = {"classes": train.classes, "multi_label": train.multi_label}
            parts[file] = read_file(folder / file, label_separator=source.label_separator, **more)
    return Texts(train, parts.get("dev.tsv"), parts[f"{scored}.tsv"])


class Answered(NamedTuple):
    """Predictions, names or an indicator matrix of sets, by whose they are; and what they cost."""

    predictions: dict[str, Any]
    seconds: float
    size_bytes: int
    note: str = ""


def end_to_end(set_name: str, seed: int, scored: str) -> Answered:
    """Run `plaudit train FILE --test T` with all defaults, and let its model answer."""
    source = Source("", "") if set_name in ("sample", "imdb") else SETS[set_name]
    folder = Path(os.environ.get("PLAUDIT_EVAL_DATA", "")) / set_name
    file, test = (set_name, None) if not source.train else (str(folder / source.train), str(folder / f"{scored}.tsv"))
    data = DataConfig(source=file, test=test, label_separator=source.label_separator)
    run, said = RunConfig(data, ModelConfig(recipe="ngram"), TrainingConfig(seed=seed)), list[str]()
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        outcome = run_training(run, Path(place) / "model", say=said.append, is_open=True)
        seconds = time.perf_counter() - started
        size = sum(path.stat().st_size for path in outcome.folder.rglob("*.safetensors"))
    texts = load(set_name, scored)
    predicted = outcome.model.predict(texts.scored.texts)
    if texts.train.multi_label:
        predicted = predicted[:, [outcome.model.class_names.index(label) for label in texts.train.classes]]
    return Answered({AUTO: predicted}, seconds, size, outcome.config.model.recipe)


def answers(name: str, seed: int, texts: Texts, set_name: str, options: argparse.Namespace) -> Answered:
    """Train and answer."""
    if name == AUTO:
        return end_to_end(set_name, seed, options.scored)
    train, scored = as_part(texts.train), texts.scored.texts.to_pylist()
    started = time.perf_counter()
    if name in CONTROLS:
        control = CONTROLS[name](seed)
        control.fit(train.texts, texts.train.labels if texts.train.multi_label else train.labels)
        seconds = time.perf_counter() - started
        return Answered({name: control.predict(scored)}, seconds, control.size_bytes())
    ours = Ours(name, seed)
    validation = None if texts.validation is None else tuple(as_part(texts.validation))
    ours.fit(*train, validation=validation)
    seconds = time.perf_counter() - started
    models = {name: ours.model}
    if isinstance(ours.model, BlendClassifier) and ours.model.trainable:
        models[INSIDE.format(name)] = ours.model.encoder_
    found = {whose: model.predict(scored) for whose, model in models.items()}
    if texts.train.multi_label:
        columns = [ours.model.class_names.index(label) for label in texts.train.classes]
        found = {whose: predicted[:, columns] for whose, predicted in found.items()}
    return Answered(found, seconds, ours.size_bytes())


def measure(predicted: Any, scored: Dataset) -> dict[str, float]:
    from sklearn.metrics import f1_score

    true = scored.labels if scored.multi_label else scored.label_names()
    f1 = {mean: float(f1_score(true, predicted, average=mean, zero_division=0)) for mean in ("micro", "macro")}
    return {"n": len(scored), "accuracy": accuracy(predicted, true), "f1_micro": f1["micro"], "f1_macro": f1["macro"]}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="*", default=["network", "ngram"], metavar="RECIPE[:SETTING=VALUE,...]")
    parser.add_argument("--peers", nargs="*", choices=tuple(CONTROLS), default=list(CONTROLS))
    parser.add_argument(
        "--sets", nargs="+", choices=(*SETS, "sample"), default=[each for each in SETS if each != "imdb"]
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--scored", choices=("test", "dev"), default="test", help="dev while something is being chosen")
    parser.add_argument("--dry", action="store_const", const=["sample"], dest="sets", help="the built-in sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "beyond_movies.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    figures = Figures(options.output)
    header = ["set", "task", "", "accuracy", "macro-F1", "micro-F1", "seconds", "MB"]
    rows = []
    here = [each for each in options.peers if "fastText" not in each or importlib.util.find_spec("fasttext")]
    names = (*here, *options.recipes)
    for each in options.sets:
        texts = None

        def key(whose: str, seed: int, each: str = each) -> str:
            return f"{each}, {options.scored}, {whose}, seed {seed}"

        for name in names:
            for seed in options.seeds:
                if key(name, seed) in figures.all:
                    continue
                texts = texts or load(each, options.scored)
                if "fastText" in name and texts.train.multi_label:
                    continue  # its Python package answers with one label
                found = answers(name, seed, texts, each, options)
                cost = {"seconds": round(found.seconds, 2), "size_bytes": found.size_bytes}
                for whose, predicted in found.predictions.items():
                    more = cost | ({"recipe": found.note} if found.note else {})
                    figures.put(key(whose, seed), measure(predicted, texts.scored) | more)
                    print(f"{key(whose, seed)}: {figures.all[key(whose, seed)]['accuracy']:.4f}", flush=True)
        for whose in (*names, *map(INSIDE.format, names)):
            runs = [figures.all[key(whose, seed)] for seed in options.seeds if key(whose, seed) in figures.all]
            if len(runs) == len(options.seeds):
                mean = {k: float(np.mean([run[k] for run in runs])) for k in ("accuracy", "f1_macro", "f1_micro")}
                task = SETS[each].task if each in SETS else "the built-in sample"
                seconds, size = (np.mean([run.get(k, np.nan) for run in runs]) for k in ("seconds", "size_bytes"))
                shown = [f"{seconds:.1f}", f"{size / 1e6:.1f}"]  # of an encoder inside a blend, the blend's
                if "recipe" in runs[0]:
                    whose = f"{whose} ({runs[0]['recipe']})"
                rows.append(
                    [each, task, whose, *(f"{mean[k]:.4f}" for k in ("accuracy", "f1_macro", "f1_micro")), *shown]
                )
    seeds = ", ".join(map(str, options.seeds))
    print(f"\n{options.scored} texts, mean of seeds {seeds}; the accuracy of sets of labels is of whole sets\n")
    print(table(header, rows))


if __name__ == "__main__":
    main()
