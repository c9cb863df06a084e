"""How often models of films' reviews follow a small change that turns the meaning round.

    .venv/bin/plaudit train imdb --recipe ngram -o models/ngram
    .venv/bin/plaudit train imdb --recipe encoder -o models/encoder
    .venv/bin/python benchmarks/contrast.py models/ngram models/encoder

`contrast_pairs.tsv` holds 100 pairs of sentences written for this purpose, the good one and the bad one of nearly the
same words (contrast sets: Gardner et al. 2020, https://aclanthology.org/2020.findings-emnlp.117). Who counts words
cannot tell them apart; a guess is right in half of the texts, and in both texts of a quarter of the pairs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from measured import RESULTS, Figures, table

import plaudit
from plaudit.evaluation import wilson_interval

PAIRS = Path(__file__).with_name("contrast_pairs.tsv")


def share(right: int, n: int) -> str:
    interval = wilson_interval(right, n)
    return f"{right / n:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="folders of models of two classes")
    parser.add_argument("--good", default="pos", help="the class of good reviews")
    parser.add_argument("--output", type=Path, default=RESULTS / "contrast.json")
    options = parser.parse_args()
    pairs = [line.split("\t") for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    figures, rows = Figures(options.output), []
    for folder in options.models:
        model = plaudit.load(folder)
        # Which of the two is likelier, whatever rule the model answers by.
        good = model.predict_proba([text for pair in pairs for text in pair])[
            :, list(model.classes_).index(options.good)
        ]
        is_right = (good > 0.5).reshape(-1, 2) == [True, False]
        found = {
            "texts": is_right.size,
            "right": int(is_right.sum()),
            "pairs": len(pairs),
            "both_right": int(is_right.all(axis=1).sum()),
            "ordered": int(np.count_nonzero(np.subtract(*good.reshape(-1, 2).T) > 0)),
        }
        figures.put(str(folder), found)
        rows.append([folder.name, share(found["right"], found["texts"]), share(found["both_right"], len(pairs)),
                     share(found["ordered"], len(pairs))])  # fmt: skip
    print(table(["model", "texts right", "both of a pair right", "the good one likelier"], rows))


if __name__ == "__main__":
    main()
