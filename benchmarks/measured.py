"""What the benchmarks share: parts of IMDB, figures kept in JSON so that a run can be resumed, Markdown tables."""

import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from plaudit.data import Dataset, hold_out, load_dataset

RESULTS = Path("results")


class Part(NamedTuple):
    """Texts with labels, as a Python list each."""

    texts: list[str]
    labels: list[Any]

    def take(self, positions: Sequence[int]) -> "Part":
        return Part([self.texts[i] for i in positions], [self.labels[i] for i in positions])


class Task(NamedTuple):
    """What is learned from, what is scored, and IMDB's further texts."""

    train: Part
    scored: Part
    unlabelled: list[str] | None


def as_part(dataset: Dataset) -> Part:
    return Part(dataset.texts.to_pylist(), dataset.label_names())


def load_task(scored: str, *, needs_unlabelled: bool = False) -> Task:
    """Load movie reviews.

    Args:
        scored: "test": IMDB's test half. "validation": a fifth of its training half, by films; for choosing.
            "sample": the built-in sample's test part, to see that a benchmark runs.
        needs_unlabelled: Whether a recipe learns from texts without labels.
    """
    if scored == "sample":
        splits = load_dataset("sample")
        return Task(as_part(splits.train), as_part(splits.test), splits.train.texts.to_pylist())
    parts = ["train", *(["unlabelled"] if needs_unlabelled else []), *(["test"] if scored == "test" else [])]
    splits = load_dataset("imdb", parts=parts)
    sides = (splits.train, splits.test) if scored == "test" else hold_out(splits.train, 0.2, seed=0, group_by="film")
    unlabelled = splits.unlabelled.texts.to_pylist() if needs_unlabelled else None
    return Task(*map(as_part, sides), unlabelled)


class Figures:
    """A JSON file of figures by key; each is written when it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.all: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def put(self, key: str, figures: object) -> None:
        self.all[key] = figures
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".part")
        beside.write_text(json.dumps(self.all, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(self.path)
        self.path.with_suffix(".machine.txt").write_text(
            f"{machine()}, {time.strftime('%Y-%m-%d')}\n", encoding="utf-8"
        )


def accuracy(predicted: Any, labels: Any) -> float:
    """Return the share of right answers; of sets of labels, of whole sets."""
    right = np.asarray(predicted) == np.asarray(labels)
    return float((right.all(axis=1) if right.ndim == 2 else right).mean())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: Sequence[float], form: str) -> str:
    """Return the median and, of several, the least and the greatest."""
    middle = format(float(np.median(values)), form)
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}} to {max(values):{form}})"


def machine() -> str:
    """Say where this runs: the processor, what it has for arithmetic, cores, Python."""
    names, flags = "", ""
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
        flags = next((line for line in lines if line.startswith("flags")), "")
    units = "+".join(unit for unit in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {unit}" in flags)
    parts = (names or platform.processor() or platform.machine(), units, f"{os.cpu_count()} cores")
    return ", ".join(part for part in (*parts, f"Python {platform.python_version()}") if part)
