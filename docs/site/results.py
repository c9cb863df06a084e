"""Write docs/results.md from results/*.json: `python docs/site/results.py`.

`results.template` beside this file is the page with a mark in double braces for each table; a mark is a function of
`MARKS` here, which reads the JSON that a benchmark wrote. Single runs, which no benchmark makes, are in
results/recorded.json. A test holds docs/results.md to what this writes: a new measurement is one file and one command.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE, TEMPLATE = ROOT / "docs" / "results.md", Path(__file__).with_name("results.template")
TF_IDF = "TF-IDF (1,2) and logistic regression"
_MARK = re.compile(r"\{\{([\w .,()-]+)\}\}")


def read(name: str) -> Any:  # Any: JSON
    """Return what a benchmark wrote."""
    return json.loads((ROOT / "results" / f"{name}.json").read_text(encoding="utf-8"))


def few_labels() -> str:
    """Return accuracy for 50, 200 and 1,000 labels: the mean, and each draw."""
    found = read("few_labels")
    recipes = {
        "TF-IDF (1,2), logistic regression": TF_IDF, "`network`": "network", "`ngram`": "ngram",
        "`best --frozen`": "best:trainable=false", "`encoder --epochs 5`": "encoder:epochs=5",
    }  # fmt: skip
    numbers = (50, 200, 1000)
    draws = {
        (title, n): [found[f"test, {recipe}, {n} labels, draw {draw}"]["some"] for draw in range(3)]
        for title, recipe in recipes.items()
        for n in numbers
    }
    rows = []
    for title in recipes:
        cells = []
        for n in numbers:
            mean = statistics.mean(draws[title, n])
            best = max(statistics.mean(draws[other, n]) for other in recipes)
            cells.append(f"{_bold(mean, best)} ({', '.join(f'{draw:.3f}' for draw in draws[title, n])})")
        rows.append([title, *cells])
    return table(["labels", "50", "200", "1,000"], rows)


def few_labels_elsewhere() -> str:
    """Return the mean accuracy of few labels on other sets, and how far `auto` is from the best of the others."""
    found = read("few_labels")
    recipes = {
        "words and characters, SVM": "TF-IDF of words and characters and linear SVM",
        "TF-IDF, logistic regression": TF_IDF, "frozen MiniLM, linear head": "encoder:trainable=false",
        "`auto`": "auto",
    }  # fmt: skip
    rows = []
    for name in ("trec", "sms_spam", "ag_news_noisy", "chnsenticorp_zh", "umsab_es"):
        for n in (50, 200, 1000):

            def draws_of(texts: str, name: str = name, n: int = n) -> list[list[float]]:
                keys = [
                    [f"{name}, {texts}, {recipe}, {n} labels, draw {draw}" for draw in range(5)]
                    for recipe in recipes.values()
                ]
                return [[found[key]["some"] for key in each if key in found] for each in keys]

            texts = max(("validation", "test"), key=lambda each: len(draws_of(each)[-1]))
            draws = draws_of(texts)
            if not draws[-1]:
                continue
            means = [statistics.mean(each[: len(draws[-1])]) if each else None for each in draws]
            others = max(mean for mean in means[:-1] if mean is not None)
            cells = ["" if mean is None else f"{mean:.3f}" for mean in means]
            judged = "training, held out" if texts == "validation" else "test"
            rows.append([name, f"{n:,}", judged, str(len(draws[-1])), *cells, f"{100 * (means[-1] - others):+.1f}"])
    return table(["set", "labels", "texts", "draws", *recipes, "points above"], rows)


def beyond_movies() -> str:
    """Return accuracy and mean F1 of every recipe on every other data set."""
    found = read("beyond_movies")
    sets = {
        "trec": "questions, 6 classes", "sms_spam": "imbalanced",
        "ag_news_noisy": "a fifth of the training labels wrong",
        "goemotions": "sets of 28 labels, all of a set right", "chnsenticorp_zh": "Chinese",
        "umsab_es": "Spanish tweets, 3 classes",
    }  # fmt: skip
    recipes = {
        "TF-IDF (1,2), logistic regression": TF_IDF,
        "TF-IDF of words and characters, linear SVM": "TF-IDF of words and characters and linear SVM",
        "fastText": "fastText, 1 and 2 words, 25 epochs", "`network`": "network",
        "`network --embedding random`": "network:embedding=random", "`ngram`": "ngram",
        "`encoder`": "encoder, of best", "`best`": "best", "`auto`": "auto",
    }  # fmt: skip
    rows = []
    for name, what in sets.items():
        given = [found.get(f"{name}, test, {recipe}, seed 0") for recipe in recipes.values()]
        best = max(each["accuracy"] for each in given if each)
        cells = [f"{_bold(each['accuracy'], best)} ({each['f1_macro']:.3f})" if each else "" for each in given]
        rows.append([f"{name}: {what}", *cells])
    return table(["set", *recipes], rows)


def peers() -> str:
    """Return the peers of one sitting in a sentence's middle."""
    found = read("train")

    def said(name: str) -> str:
        runs = list(found[name].values())
        accuracy = statistics.mean(run["accuracy"] for run in runs)
        return f"{accuracy:.4f} in {statistics.mean(run['seconds'] for run in runs):.1f} s"

    return (
        f"`ngram` {said('ngram')}; TF-IDF (1,2) with logistic regression {said(TF_IDF)}, naive-Bayes-weighted TF-IDF "
        f"(1,3) {said('naive-Bayes-weighted TF-IDF (1,3)')}, fastText {said('fastText, words, 5 epochs')} (words) and "
        f"{said('fastText, 1 to 3 words, 10 epochs')} (1 to 3 words), model2vec {said('model2vec')}"
    )


def speed() -> str:
    """Return how fast the parts are beside those of others."""
    turns, whole = read("tutorial")["turns"], read("tutorial")["the whole"]
    ours, theirs = ([turn[who]["an epoch"] for turn in turns] for who in ("ours", "theirs"))
    score, texts, train = read("score"), read("text")["seconds"], read("train")

    def rates(name: str) -> list[float]:
        return [run["texts_a_second"] for run in score[name]]

    ids, grams = texts["WordPiece ids"], texts["n-grams of 25,000"]
    words, three = "fastText, words, 5 epochs", "fastText, 1 to 3 words, 10 epochs"
    spaces, to_three = "network, split at spaces", "ngram, 1 to 3"
    rows = [
        [
            "the tutorial's network, an epoch of 15,000 reviews, 963,812 x 50",
            f"{_spread(ours, 2)} s",
            f"tf.keras + TF Hub {_spread(theirs, 1)} s",
            _times(theirs, ours),
            "`python benchmarks/tutorial.py --epochs 3 --whole`",
        ],
        [
            "the same from IMDB's archive on disk to the evaluated model with its plots, 40 epochs",
            f"{whole['ours']:,.1f} s",
            f"{whole['theirs']:,.1f} s",
            f"{whole['theirs'] / whole['ours']:.0f}, once",
            "the same",
        ],
        [
            "WordPiece ids of 75,000 reviews, the same ids",
            f"{_spread(ids[0], 1)} s",
            f"tokenizers {_spread(ids[1], 1)} s",
            _times(ids[1], ids[0]),
            "`python benchmarks/text.py`",
        ],
        [
            "n-grams (1 to 3) of 25,000 reviews",
            f"{_spread(grams[0], 1)} s",
            f"CountVectorizer {_spread(grams[1], 1)} s",
            _times(grams[1], grams[0]),
            "the same",
        ],
        [
            "reviews scored a second, n-grams (1 to 3)",
            _spread(rates(to_three), 0),
            f"fastText, 1 to 3 words {_spread(rates(three), 0)}",
            f"{statistics.median(rates(to_three)) / statistics.median(rates(three)):.1f}",
            "`python benchmarks/score.py`",
        ],
        [
            "the same, the network on space-separated tokens",
            _spread(rates(spaces), 0),
            f"fastText, words {_spread(rates(words), 0)}",
            f"{statistics.median(rates(spaces)) / statistics.median(rates(words)):.1f}",
            "the same",
        ],
        [
            "n-grams (1 to 4), 25,000 reviews to a model",
            _seconds(train["ngram"]),
            f"fastText, 1 to 3 words {_seconds(train[three])}",
            _times(_all_seconds(train[three]), _all_seconds(train["ngram"])),
            "`python benchmarks/train.py --recipes network ngram --peers --repeats 2`",
        ],
    ]
    return table(["", "plaudit", "beside it", "times as fast", "command"], rows)


def recorded(name: str) -> str:
    """Return a table of single runs, as results/recorded.json has it."""
    found = read("recorded")[name]
    return table(found["columns"], found["rows"])


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(line) + " |" if line is not lines[1] else "|" + "|".join(line) + "|" for line in lines
    )


def _bold(value: float, best: float) -> str:
    return f"**{value:.3f}**" if value == best else f"{value:.3f}"


def _spread(values: Sequence[float], digits: int) -> str:
    low, median, high = min(values), statistics.median(values), max(values)
    return f"{median:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def _times(slow: Sequence[float], fast: Sequence[float]) -> str:
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    digits = 0 if min(ratios) >= 20 else 1
    return _spread(ratios, digits)


def _all_seconds(runs: dict[str, dict[str, float]]) -> list[float]:
    return [run["seconds"] for run in runs.values()]


def _seconds(runs: dict[str, dict[str, float]]) -> str:
    return ", ".join(f"{seconds:.1f}" for seconds in _all_seconds(runs)) + " s"


MARKS: dict[str, Callable[[], str]] = {
    "few labels": few_labels, "few labels elsewhere": few_labels_elsewhere, "beyond movies": beyond_movies,
    "peers": peers, "speed": speed,
}  # fmt: skip


def page() -> str:
    """Return docs/results.md."""

    def filled(match: re.Match[str]) -> str:
        return MARKS[match[1]]() if match[1] in MARKS else recorded(match[1])

    made = "Made by `python docs/site/results.py` from results/*.json and docs/site/results.template: change those."
    note = f"<!-- {made} -->\n"
    return note + _MARK.sub(filled, TEMPLATE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
