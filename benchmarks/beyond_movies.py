"""Other tasks with the same defaults: questions, spam, noisy news, emotions, Chinese reviews, Spanish tweets.

    PLAUDIT_EVAL_DATA=... .venv/bin/python benchmarks/beyond_movies.py --recipes network ngram encoder

Each recipe has its own defaults on every set, and nothing is tuned for one. A set's dev.tsv, where there is one, is
what early stopping watches. The encoder inside `best` answers alone too, as a row of its own. What
results/beyond_movies.json holds already is not done again.
"""

import argparse
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measured import RESULTS, Figures, accuracy, as_part, table
from peers import WordsAndCharacters, WordsAndPairs
from recipes_by_name import Ours

from plaudit.data import Dataset, load_sample, read_file
from plaudit.models import BlendClassifier

CONTROLS = {
    "TF-IDF (1,2) and logistic regression": WordsAndPairs,
    "TF-IDF of words and characters and linear SVM": WordsAndCharacters,
}
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
}


class Texts(NamedTuple):
    train: Dataset
    validation: Dataset | None
    scored: Dataset


def load(name: str, scored: str) -> Texts:
    """Load one set; the test file only to be scored."""
    if name == "sample":
        sample = load_sample()
        return Texts(sample.train, None, sample.test)  # type: ignore[arg-type]
    folder, source = Path(os.environ["PLAUDIT_EVAL_DATA"]) / name, SETS[name]
    train = read_file(folder / source.train, label_separator=source.label_separator)
    parts = {}
    for file in {"dev.tsv", f"{scored}.tsv"}:
        if (folder / file).exists():
            more = {"classes": train.classes, "multi_label": train.multi_label}
            parts[file] = read_file(folder / file, label_separator=source.label_separator, **more)
    return Texts(train, parts.get("dev.tsv"), parts[f"{scored}.tsv"])


def answers(name: str, seed: int, texts: Texts) -> dict[str, Any]:
    """Train and return the predictions, names or an indicator matrix of sets, by whose they are."""
    train, scored = as_part(texts.train), texts.scored.texts.to_pylist()
    if name in CONTROLS:
        control = CONTROLS[name](seed)
        control.fit(train.texts, texts.train.labels if texts.train.multi_label else train.labels)
        return {name: control.predict(scored)}
    ours = Ours(name, seed)
    validation = None if texts.validation is None else tuple(as_part(texts.validation))
    ours.fit(*train, validation=validation)
    models = {name: ours.model}
    if isinstance(ours.model, BlendClassifier) and ours.model.trainable:
        models[INSIDE.format(name)] = ours.model.encoder_
    found = {whose: model.predict(scored) for whose, model in models.items()}
    if not texts.train.multi_label:
        return found
    columns = [ours.model.class_names.index(label) for label in texts.train.classes]
    return {whose: predicted[:, columns] for whose, predicted in found.items()}


def measure(predicted: Any, scored: Dataset) -> dict[str, float]:
    from sklearn.metrics import f1_score

    true = scored.labels if scored.multi_label else scored.label_names()
    f1 = {mean: float(f1_score(true, predicted, average=mean, zero_division=0)) for mean in ("micro", "macro")}
    return {"n": len(scored), "accuracy": accuracy(predicted, true), "f1_micro": f1["micro"], "f1_macro": f1["macro"]}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="*", default=["network", "ngram"], metavar="RECIPE[:SETTING=VALUE,...]")
    parser.add_argument("--sets", nargs="+", choices=(*SETS, "sample"), default=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--scored", choices=("test", "dev"), default="test", help="dev while something is being chosen")
    parser.add_argument("--dry", action="store_const", const=["sample"], dest="sets", help="the built-in sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "beyond_movies.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    figures = Figures(options.output)
    header = ["set", "task", "", "accuracy", "macro-F1", "micro-F1"]
    rows = []
    names = (*CONTROLS, *options.recipes)
    for each in options.sets:
        texts = None

        def key(whose: str, seed: int, each: str = each) -> str:
            return f"{each}, {options.scored}, {whose}, seed {seed}"

        for name in names:
            for seed in options.seeds:
                if key(name, seed) in figures.all:
                    continue
                texts = texts or load(each, options.scored)
                for whose, predicted in answers(name, seed, texts).items():
                    figures.put(key(whose, seed), measure(predicted, texts.scored))
                    print(f"{key(whose, seed)}: {figures.all[key(whose, seed)]['accuracy']:.4f}", flush=True)
        for whose in (*names, *map(INSIDE.format, names)):
            runs = [figures.all[key(whose, seed)] for seed in options.seeds if key(whose, seed) in figures.all]
            if len(runs) == len(options.seeds):
                mean = {k: float(np.mean([run[k] for run in runs])) for k in ("accuracy", "f1_macro", "f1_micro")}
                task = SETS[each].task if each in SETS else "the built-in sample"
                rows.append([each, task, whose, *(f"{mean[k]:.4f}" for k in ("accuracy", "f1_macro", "f1_micro"))])
    seeds = ", ".join(map(str, options.seeds))
    print(f"\n{options.scored} texts, mean of seeds {seeds}; the accuracy of sets of labels is of whole sets\n")
    print(table(header, rows))


if __name__ == "__main__":
    main()
