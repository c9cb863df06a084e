"""Scoring: texts a second, one short text's latency, memory. Ours and the peers, each in a process of its own.

    .venv/bin/python benchmarks/score.py                        IMDB's 25,000 training reviews, from Arrow strings
    .venv/bin/python benchmarks/score.py --only encoder sentence-transformers

Every contestant is trained once, on a few reviews where training is slow, for its speed does not depend on how good it
is; contestants then take turns, and each turn is a new process that loads the model, scores a few texts and is then
timed. Memory is the greatest resident size while loading and scoring, less what it was with the data loaded (Linux).
"""

import argparse
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measured import RESULTS, Figures, machine, spread, table

import plaudit
from plaudit.data import Dataset, load_dataset
from plaudit.models import Classifier

SHORT = "Not a bad film at all, and the music is lovely."
N_ROWS = 963_812
ENCODER_TEXTS = 1_000
AS_THE_PEER: Any = {"trainable": False, "max_tokens": 256, "long_texts": "head_tail"}  # as much text of each review
WANTED = {"network, split at spaces": 50_000, "network, minilm": 20_000, "ngram, 1 to 3": 15_000}


def space_table(train: Dataset) -> Any:
    """Return an embedding that splits at spaces, of nnlm-en-dim50's shape."""
    from plaudit.embeddings import EmbeddingTable
    from plaudit.text import SpaceTokenizer

    words = SpaceTokenizer().tokenize(train.texts).dictionary.to_pylist()
    vocabulary = pa.array([*words, *(f"filler{i}" for i in range(N_ROWS))][: N_ROWS - 24_000], pa.large_string())
    vectors = np.random.default_rng(0).standard_normal((N_ROWS, 50), np.float32) * np.float32(0.2)
    return EmbeddingTable("spaces", SpaceTokenizer(), vocabulary, vectors)


def plaudit_model(make: Callable[[Dataset], Classifier], few: int | None = None) -> Callable[..., None]:
    def train(data: Dataset, folder: Path) -> None:
        some = data if few is None else data.take(np.random.default_rng(0).permutation(len(data))[:few])
        make(data).fit(some.texts, some.label_names()).save(folder)

    return train


def peer(name: str) -> Callable[..., None]:
    def train(data: Dataset, folder: Path) -> None:
        from peers import PEERS

        contestant = PEERS[name](0)
        contestant.fit(data.texts.to_pylist(), data.label_names())
        folder.mkdir(parents=True)
        if name.startswith("fastText"):
            contestant.model.save_model(str(folder / "model.bin"))
            contestant.model = None
        (folder / "peer.pickle").write_bytes(pickle.dumps(contestant))

    return train


def nothing(_: Dataset, folder: Path) -> None:
    folder.mkdir(parents=True)


def network(**settings: Any) -> Any:
    return plaudit.NetworkClassifier(epochs=1, early_stopping=False, **settings)


CONTESTANTS: dict[str, Callable[[Dataset, Path], None]] = {
    "network, split at spaces": plaudit_model(lambda data: network(embedding=space_table(data))),
    "network, random": plaudit_model(lambda _: network(embedding="random")),
    "network, minilm": plaudit_model(lambda _: network(embedding="minilm")),
    "ngram, 1 to 3": plaudit_model(lambda _: plaudit.NgramClassifier(n_max=3)),
    "ngram, 1 to 4": plaudit_model(lambda _: plaudit.NgramClassifier()),
    "fastText, words, 5 epochs": peer("fastText, words, 5 epochs"),
    "fastText, 1 to 3 words, 10 epochs": peer("fastText, 1 to 3 words, 10 epochs"),
    "TF-IDF (1,2) and logistic regression": peer("TF-IDF (1,2) and logistic regression"),
    "model2vec": peer("model2vec"),
    "encoder": plaudit_model(lambda _: plaudit.EncoderClassifier(**AS_THE_PEER), few=64),
    "sentence-transformers": nothing,
}
SLOW = ("encoder", "sentence-transformers")


def open_contestant(name: str, folder: Path) -> Callable[[Any], Any]:
    """Load a trained contestant; return what scores an Arrow array (a peer: a list)."""
    if (folder / "model.json").exists():
        return plaudit.load(folder).predict
    if name == "sentence-transformers":  # the same weights and length; its vectors, without even a head on them
        from sentence_transformers import SentenceTransformer

        from plaudit.embeddings.minilm_package import minilm_folder

        encoder = SentenceTransformer(str(minilm_folder(extra="encoder", purpose="The peer")), device="cpu")
        encoder.max_seq_length = AS_THE_PEER["max_tokens"]
        return lambda texts: encoder.encode(texts, batch_size=32, show_progress_bar=False)
    contestant = pickle.loads((folder / "peer.pickle").read_bytes())
    if name.startswith("fastText"):
        import fasttext

        contestant.model = fasttext.load_model(str(folder / "model.bin"))
    return contestant.predict  # type: ignore[no-any-return]


def resident_kib(*, anew: bool = False) -> int:
    """Return this process's greatest resident size so far; `anew` first forgets what was."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def measure_here(name: str, folder: Path, data: str, n: int) -> dict[str, float]:
    """Time one contestant in this process."""
    texts = load_dataset(data, parts=("train",)).train.texts.slice(0, n)
    given = texts if (folder / "model.json").exists() else texts.to_pylist()
    before = resident_kib(anew=True)
    predict = open_contestant(name, folder)
    one = pa.array([SHORT], pa.large_string()) if given is texts else [SHORT]
    predict(given[:64])
    start = time.perf_counter()
    predict(given)
    seconds = time.perf_counter() - start
    after = resident_kib()
    latencies = []
    for _ in range(200):
        begun = time.perf_counter()
        predict(one)
        latencies.append(time.perf_counter() - begun)
    return {
        "texts_a_second": len(texts) / seconds,
        "latency_ms": 1e3 * float(np.median(latencies)),
        "memory_mib": (after - before) / 1024,
        "imports_torch": float("torch" in sys.modules),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--here", nargs=4, metavar=("NAME", "FOLDER", "DATA", "N"), help=argparse.SUPPRESS)
    parser.add_argument("--dry", action="store_const", const="sample", default="imdb", dest="data")
    parser.add_argument("--output", type=Path, default=RESULTS / "score.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.here:
        name, folder, data, n = options.here
        print(json.dumps(measure_here(name, Path(folder), data, int(n))))
        return
    kept, models = Figures(options.output), options.output.parent / "models"
    train = load_dataset(options.data, parts=("train",)).train
    folders = {name: models / f"{options.data}-{number}" for number, name in enumerate(CONTESTANTS)}
    for name in options.only:
        if not folders[name].exists():
            CONTESTANTS[name](train, folders[name])
    found: dict[str, list[dict[str, float]]] = {name: [] for name in options.only}
    for number in range(options.turns):
        for name in options.only:
            n = min(ENCODER_TEXTS if name in SLOW else len(train), len(train))
            command = [sys.executable, __file__, "--here", name, str(folders[name]), options.data, str(n)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"turn {number}, {name}: {found[name][-1]}", flush=True)
            kept.put(name, found[name])
    rows = []
    for name, runs in found.items():
        values = {key: [run[key] for run in runs] for key in runs[0]}
        wanted = f"{WANTED[name]:,}" if name in WANTED else ""
        cells = (spread(values[key], form) for key, form in (("texts_a_second", ",.0f"), ("latency_ms", ".2f")))
        torch = "yes" if any(values["imports_torch"]) else "no"
        rows.append([name, *cells, wanted, f"{max(values['memory_mib']):,.0f}", torch])
    print(f"\n{len(train):,} texts ({ENCODER_TEXTS:,} for encoders), {machine()}\n")
    print(table(("", "texts a second", "one text, ms", "wanted", "memory, MiB", "torch"), rows))
    if set(SLOW) <= set(options.only):
        ours, theirs = ([run["texts_a_second"] for run in found[name]] for name in SLOW)
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        print(f"\nencoder: {spread(ratios, '.2f')} times sentence-transformers' texts a second; wanted 1.5")


if __name__ == "__main__":
    main()
