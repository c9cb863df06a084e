"""How accurate with 50, 200 and 1,000 labelled texts: recipes and TF-IDF with logistic regression, on the same draws.

    .venv/bin/python benchmarks/few_labels.py --recipes network ngram --slow encoder:epochs=5

Each draw takes as many texts of every class from IMDB's training half, by its own seed, and is the same for all.
Recipes under `--slow` are scored on 5,000 of the test reviews (`--some`), always the same, and the others on all and on
those, so that each is compared on equal texts. What results/few_labels.json holds already is not done again.

    PLAUDIT_EVAL_DATA=... .venv/bin/python benchmarks/few_labels.py --set trec --recipes --slow auto --some 500

Another set in place of IMDB; `auto` is what `plaudit train FILE` trains. `--scored validation` draws from four fifths
of the training file and scores the rest, so that no test is opened. Texts with sets of labels are drawn at random.
"""

import argparse
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from beyond_movies import SETS, load, load_training
from measured import RESULTS, Figures, Part, Task, accuracy, as_part, load_task, table
from peers import WordsAndCharacters, WordsAndPairs
from recipes_by_name import Auto, Ours, build
from sklearn.preprocessing import MultiLabelBinarizer

from plaudit.data import hold_out

CONTROLS = {
    "TF-IDF (1,2) and logistic regression": WordsAndPairs,
    "TF-IDF of words and characters and linear SVM": WordsAndCharacters,
}


def draw(train: Part, n: int, seed: int) -> Part:
    """Return n texts, as many of each class as that allows, shuffled; fewer where a class has fewer."""
    random = np.random.default_rng([n, seed])
    if isinstance(train.labels[0], tuple):
        return train.take(random.permutation(len(train.texts))[:n].tolist())
    names = np.array(train.labels)
    shares = np.array_split(np.arange(n), len(set(train.labels)))
    picked = [
        random.choice(found := np.flatnonzero(names == name), min(len(share), len(found)), replace=False)
        for name, share in zip(sorted(set(train.labels)), shares, strict=True)
    ]
    return train.take(random.permutation(np.concatenate(picked)).tolist())


class OfSets:
    """A control that learns sets of labels: each label is a question of its own."""

    def __init__(self, control: Any) -> None:
        self.control, self.binarizer = control, MultiLabelBinarizer()

    def fit(self, texts: list[str], labels: list[Any]) -> None:
        self.control.fit(texts, self.binarizer.fit_transform(labels))

    def predict(self, texts: list[str]) -> list[Any]:
        return list(self.binarizer.inverse_transform(self.control.predict(texts)))


def score(model: Any, part: Part) -> float:
    """Return the share of right answers; of sets of labels, of whole sets."""
    predicted = model.predict(part.texts)
    if not isinstance(part.labels[0], tuple):
        return accuracy(predicted, part.labels)
    if isinstance(model, Ours):
        predicted = [list(compress(model.model.class_names, row)) for row in predicted]
    return float(np.mean([set(a) == set(b) for a, b in zip(predicted, part.labels, strict=True)]))


def fit(name: str, part: Part, seed: int, unlabelled: list[str] | None) -> Any:
    if name in CONTROLS:
        control = CONTROLS[name](seed)
        if isinstance(part.labels[0], tuple):
            control = OfSets(control)
        control.fit(*part)
        return control
    ours = Auto(seed) if name == "auto" else Ours(name, seed)
    ours.fit(*part, unlabelled=unlabelled)
    return ours


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="*", default=["network", "ngram"], metavar="RECIPE[:SETTING=VALUE,...]")
    parser.add_argument("--slow", nargs="*", default=[], metavar="RECIPE[:SETTING=VALUE,...]")
    parser.add_argument("--set", choices=tuple(SETS), default="imdb", help="whose texts")
    parser.add_argument("--sizes", nargs="+", type=int, default=[50, 200, 1000])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--some", type=int, default=5_000, help="how many texts slow recipes are scored on")
    parser.add_argument("--scored", choices=("test", "validation", "sample"), default="test")
    parser.add_argument("--dry", action="store_const", const="sample", dest="scored", help="the built-in sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "few_labels.json")
    return parser.parse_args()


def cell(figures: dict[str, Any], keys: list[str], texts: str) -> str:
    """Write mean and range of the draws, where all of them were scored on these texts."""
    values = [figures.get(key, {}).get(texts) for key in keys]
    if None in values:
        return ""
    return f"{np.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


def main() -> None:
    options = arguments()
    names = [*CONTROLS, *options.recipes, *options.slow]
    ours = [name for name in names[len(CONTROLS) :] if name != "auto"]
    if options.set == "imdb":
        task = load_task(options.scored, needs_unlabelled=any(build(name, 0).uses_unlabelled for name in ours))
    elif options.scored == "validation":
        task = Task(*map(as_part, hold_out(load_training(options.set), 0.2, seed=0)), None)
    else:
        texts = load(options.set, options.scored)
        task = Task(as_part(texts.train), as_part(texts.scored), None)
    size = min(options.some, len(task.scored.texts))
    some = task.scored.take(np.random.default_rng(0).choice(len(task.scored.texts), size, replace=False).tolist())
    figures = Figures(options.output)

    def key(name: str, n: int, seed: int) -> str:
        other = "" if options.set == "imdb" else f"{options.set}, "
        return f"{other}{options.scored}, {name}, {n} labels, draw {seed}"

    for n in options.sizes:
        for seed in range(options.draws):
            part = draw(task.train, n, seed)
            for name in names:
                known = figures.all.get(key(name, n, seed), {})
                if "some" in known and ("all" in known or name in options.slow):
                    continue
                model = fit(name, part, seed, task.unlabelled)
                found = {"some": score(model, some), "n_some": len(some.texts)}
                if name not in options.slow:
                    found["all"] = score(model, task.scored)
                    found["n_all"] = len(task.scored.texts)
                figures.put(key(name, n, seed), found)
                print(f"{key(name, n, seed)}: {found['some']:.4f}", flush=True)
    for texts, count in (("all", len(task.scored.texts)), ("some", len(some.texts))):
        rows = [
            [name, *(cell(figures.all, [key(name, n, s) for s in range(options.draws)], texts) for n in options.sizes)]
            for name in names
            if texts == "some" or name not in options.slow
        ]
        print(f"\nAccuracy on {count:,} texts ({options.scored}), mean and range of {options.draws} draws\n")
        print(table(["", *(f"{n:,} labels" for n in options.sizes)], rows))
        if not options.slow:
            break


if __name__ == "__main__":
    main()
