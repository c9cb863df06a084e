"""From texts to tokens and n-grams: ours beside what one would take, on IMDB's reviews.

    .venv/bin/python benchmarks/text.py

All in the same process, taking turns. That the token ids are Hugging Face's is checked on every text that is timed.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measured import RESULTS, Figures, machine, spread, table

from plaudit.data import load_dataset
from plaudit.embeddings.minilm_package import minilm_folder
from plaudit.text import SpaceTokenizer, WordTokenizer
from plaudit.text.ngrams import NgramVocabulary
from plaudit.text.subwords import SubwordTokenizer

WANTED = {"WordPiece ids": "5"}


def hugging_face(definition: str) -> Callable[[list[str]], Any]:
    """Return Hugging Face's batch encoding, in Rust on all cores."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(definition)
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def ids(texts: list[str]) -> list[list[int]]:
        return [each.ids for each in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    return ids


def seconds_of_loading(data: str) -> float:
    code = f"import time; from plaudit import load_dataset; s = time.perf_counter(); load_dataset({data!r}); "
    code += "print(time.perf_counter() - s)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def pairs(texts: pa.LargeStringArray) -> dict[str, tuple[Callable[[], Any], str, Callable[[], Any]]]:
    """Return for each step: ours, the other's name, the other."""
    from sklearn.feature_extraction.text import CountVectorizer

    definition = (minilm_folder(extra="encoder", purpose="The benchmark") / "tokenizer.json").read_text("utf-8")
    strings, subwords, theirs = texts.to_pylist(), SubwordTokenizer(definition), hugging_face(definition)
    word = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
    vectorizer = CountVectorizer(ngram_range=(1, 3), binary=True, min_df=2, token_pattern=r"\b\w+\b|[!?]")

    def learn() -> Any:
        return NgramVocabulary.learn(WordTokenizer().tokenize(texts), n_max=3, min_texts=2)

    found = subwords.ids(texts)
    for number, ids in enumerate(theirs(strings)):
        if found.values[found.offsets[number] : found.offsets[number + 1]].tolist() != ids:
            raise SystemExit(f"the ids of text {number:,} differ")
    print(f"the ids of {len(texts):,} texts are Hugging Face's")
    return {
        "spaces": (lambda: SpaceTokenizer().tokenize(texts), "str.split", lambda: [s.split(" ") for s in strings]),
        "words": (lambda: WordTokenizer().tokenize(texts), "re", lambda: [word.findall(s.lower()) for s in strings]),
        "WordPiece ids": (lambda: subwords.ids(texts), "tokenizers", lambda: theirs(strings)),
        "n-grams (1 to 3)": (learn, "CountVectorizer", lambda: vectorizer.fit_transform(strings)),
    }  # fmt: skip


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--texts", type=int, default=75_000, help="of the 75,000 that are not for testing")
    parser.add_argument("--dry", action="store_true", help="the built-in sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "text.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    data = "sample" if options.dry else "imdb"
    splits = load_dataset(data, parts=("train", "unlabelled"))
    texts = splits.train.texts
    if splits.unlabelled is not None:
        texts = pa.concat_arrays([texts, splits.unlabelled.texts])
    texts = texts.slice(0, options.texts)
    kept, steps = Figures(options.output), pairs(texts)
    seconds: dict[str, list[list[float]]] = {name: [[], []] for name in steps}
    for number in range(options.turns):
        for name, (ours, _, theirs) in steps.items():
            seconds[name][0].append(timed(ours))
            seconds[name][1].append(timed(theirs))
            print(f"turn {number}, {name}: {seconds[name][0][-1]:.2f} s, {seconds[name][1][-1]:.2f} s", flush=True)
            kept.put("seconds", seconds)
    rows = []
    for name, (ours_s, theirs_s) in seconds.items():
        ratios = [b / a for a, b in zip(ours_s, theirs_s, strict=True)]
        rows.append(
            [
                name,
                spread(ours_s, ".2f"),
                steps[name][1],
                spread(theirs_s, ".2f"),
                spread(ratios, ".1f"),
                WANTED.get(name, ""),
            ]
        )
    if options.dry or os.environ.get("PLAUDIT_IMDB"):
        seconds_of_loading(data)
        loading = [seconds_of_loading(data) for _ in range(options.turns)]
        kept.put("loading", loading)
        rows.insert(0, ["loading all parts from the cache", spread(loading, ".2f"), "", "", "", ""])
    n_bytes = np.sum(texts.nbytes)
    print(f"\n{len(texts):,} texts, {n_bytes / 1e6:,.0f} MB; {machine()}\n")
    print(table(("seconds", "plaudit", "peer", "its seconds", "times as fast", "wanted"), rows))


if __name__ == "__main__":
    main()
