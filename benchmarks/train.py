"""IMDB from the quickest recipe to the most accurate, beside peers in the same sitting.

    .venv/bin/python benchmarks/train.py --peers --repeats 3
    .venv/bin/python benchmarks/train.py --models models/imdb-encoder models/imdb-best

A recipe is trained on all of the training half, as `plaudit train imdb --refit` does; the seconds are those of training
from texts in memory, and of choosing the epochs where there are several. Peers and quick recipes have been imported and
compiled before. With several repeats and seeds, all contestants take turns, and a ratio is of one turn. What
takes an hour is trained once by `plaudit train imdb --refit` and named by `--models`: its accuracy and its seconds
(loading the data included) are read from metrics.json, and its speed is measured here. The interval is Wilson's, 95 %,
of the mean accuracy over the seeds.
"""

import argparse
import json
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from measured import RESULTS, Figures, Task, accuracy, load_task, machine, spread, table
from peers import PEERS, installed_peers
from recipes_by_name import Ours, build, warm_up

import plaudit
from plaudit.evaluation.metrics import wilson_interval

QUICK = ("network", "ngram")
RECIPES = ("network", "network:embedding=random", "ngram")
HEADER = ("", "accuracy", "95 % interval", "seconds to train", "texts a second", "MB", "seconds, times {reference}'s")


def measure(contestant: Any, task: Task) -> dict[str, float]:
    """Train and score once."""
    if isinstance(contestant, Ours):
        n_watched = 10_000 if len(task.train.texts) > 12_500 else len(task.train.texts) // 5
        start = time.perf_counter()
        contestant.fit_on_all(*task.train, n_watched, task.unlabelled)
    else:
        start = time.perf_counter()
        contestant.fit(*task.train)
    trained = time.perf_counter()
    predicted = contestant.predict(task.scored.texts)
    scored = time.perf_counter()
    return {
        "accuracy": accuracy(predicted, task.scored.labels),
        "n": len(task.scored.texts),
        "seconds": trained - start,
        "texts_a_second": len(task.scored.texts) / (scored - trained),
        "size_bytes": contestant.size_bytes(),
    }


def from_folder(folder: Path, task: Task, n_timed: int) -> dict[str, float]:
    """Return what a trained model's metrics.json says, and how quickly it scores some texts now."""
    recorded = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    model, texts = plaudit.load(folder), task.scored.texts[:n_timed]
    model.predict(texts[:8])
    start = time.perf_counter()
    model.predict(texts)
    return {
        "accuracy": recorded["test"]["accuracy"],
        "n": recorded["test"]["n"],
        "seconds": recorded["train"]["seconds"],
        "texts_a_second": len(texts) / (time.perf_counter() - start),
        "size_bytes": recorded["train"]["size_bytes"],
    }


def row(name: str, runs: dict[str, dict[str, float]], reference: dict[str, dict[str, float]]) -> list[str]:
    """Write one contestant's runs, by pass, as a row."""
    values = {key: [run[key] for run in runs.values()] for key in next(iter(runs.values()))}
    mean, n = float(np.mean(values["accuracy"])), int(values["n"][0])
    interval = wilson_interval(round(mean * n), n)
    ratios = [run["seconds"] / reference[turn]["seconds"] for turn, run in runs.items() if turn in reference]
    return [
        name,
        f"{mean:.4f}",
        f"{interval.low:.4f} to {interval.high:.4f}",
        spread(values["seconds"], ",.1f"),
        spread(values["texts_a_second"], ",.0f"),
        f"{values['size_bytes'][0] / 1e6:,.1f}",
        spread(ratios, ".2f") if ratios else "",
    ]


def draw_front(figures: dict[str, dict[str, dict[str, float]]], file: Path) -> None:
    """Draw accuracy against seconds to train; a line joins those that none beats in both (the Pareto front)."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    points = []
    for name, runs in figures.items():
        seconds, right = (np.median([run[key] for run in runs.values()]) for key in ("seconds", "accuracy"))
        points.append((float(seconds), 100 * float(right), name))
    front = [p for p in sorted(points) if all(q[1] < p[1] for q in points if q[0] <= p[0] and q is not p)]
    plot, axes = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    axes.step(*zip(*[point[:2] for point in front], strict=True), where="post", color="#999999", lw=1, zorder=1)
    for seconds, right, name in points:
        colour, marker = ("#D55E00", "s") if name in PEERS else ("#0072B2", "o")
        axes.scatter(seconds, right, color=colour, marker=marker, zorder=2)
        axes.annotate(name, (seconds, right), xytext=(5, -10), textcoords="offset points", fontsize=8)
    axes.set(xscale="log", xlabel="seconds to train, texts in memory", ylabel="accuracy, %")
    axes.margins(x=0.25, y=0.12)
    axes.set_title("Plaudit's recipes (circles) and peers (squares)", fontsize=10)
    file.parent.mkdir(parents=True, exist_ok=True)
    plot.savefig(file)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="*", default=RECIPES, metavar="RECIPE[:SETTING=VALUE,...]")
    peers_help = "fastText, scikit-learn, model2vec: those installed; or these of them"
    parser.add_argument("--peers", nargs="*", choices=PEERS, metavar="NAME", help=peers_help)
    parser.add_argument("--models", nargs="*", type=Path, default=[], help="folders that `plaudit train imdb` left")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--repeats", type=int, default=1, help="turns with each seed, for the seconds")
    parser.add_argument("--timed-texts", type=int, default=2_000, help="texts that a folder's model is timed on")
    parser.add_argument("--reference", default="ngram", help="whose seconds the others' are divided by")
    parser.add_argument("--scored", choices=("test", "validation", "sample"), default="test")
    parser.add_argument("--dry", action="store_const", const="sample", dest="scored", help="the built-in sample")
    parser.add_argument("--plot", type=Path, help="also draw accuracy against seconds (.svg, .png)")
    parser.add_argument("--output", type=Path, default=RESULTS / "train.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    builders = {name: lambda seed, name=name: Ours(name, seed) for name in options.recipes}
    needs_unlabelled = any(build(name, 0).uses_unlabelled for name in builders)
    if options.peers is not None:
        chosen = options.peers or PEERS
        builders |= {name: make for name, make in installed_peers().items() if name in chosen}
    task = load_task(options.scored, needs_unlabelled=needs_unlabelled)
    for name, make in builders.items():
        if name not in options.recipes or name.partition(":")[0] in QUICK:
            warm_up(make(0))
    figures: dict[str, dict[str, dict[str, float]]] = {name: {} for name in builders}
    kept = Figures(options.output)
    for repeat in range(options.repeats):
        for seed in options.seeds:
            for name, make in builders.items():
                turn = f"repeat {repeat}, seed {seed}"
                figures[name][turn] = found = measure(make(seed), task)
                kept.put(name, figures[name])
                print(
                    f"{turn}, {name}: {found['accuracy']:.4f}, {found['seconds']:.1f} s",
                    flush=True,
                )
    for folder in options.models:
        config = tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
        name = f"{config['model']['recipe']} ({folder.name})"
        figures[name] = {"recorded": from_folder(folder, task, options.timed_texts)}
        kept.put(name, figures[name])
    header = [cell.format(reference=options.reference) for cell in HEADER]
    reference = figures.get(options.reference, {})
    print(f"\n{len(task.train.texts):,} texts to train, {options.scored}: {len(task.scored.texts):,}; {machine()}\n")
    print(table(header, [row(name, runs, reference) for name, runs in figures.items()]))
    if options.plot:
        draw_front(figures, options.plot)


if __name__ == "__main__":
    main()
