"""The README's commands for one's own texts, every line as it stands there, on invented tickets."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit.embeddings import EmbeddingTable
from plaudit.text import WordTokenizer

Command = Callable[..., Any]  # the fixture `command`
README = Path(__file__).parents[2] / "README.md"
TEAMS = {
    "billing": ("charged", "twice", "invoice", "refund", "card", "payment"),
    "delivery": ("parcel", "courier", "late", "box", "doorstep", "address"),
    "access": ("password", "login", "locked", "account", "code", "sign"),
}


def lines() -> list[str]:
    """Return the block's commands."""
    section = README.read_text(encoding="utf-8").partition("## Your own texts\n")[2].partition("\n## ")[0]
    return [line.strip() for line in section.split("\n") if line.startswith("    plaudit ")]


def tickets(n: int, seed: int) -> str:
    """Return a table of messages, each with three words of its team among others."""
    random = np.random.default_rng(seed)
    rows = ["message,team"]
    for i in range(n):
        team = list(TEAMS)[i % 3]
        own = random.choice(TEAMS[team], 3).tolist()
        other = random.choice(TEAMS[list(TEAMS)[(i + 1) % 3]], 1).tolist()
        rows.append(f"hello there I write about {' '.join([*own, *other])} number {i},{team}")
    return "\n".join(rows) + "\n"


def small_minilm(*, progress: bool = False) -> EmbeddingTable:
    """Return vectors under that name; to distil the real ones takes a minute and the extra minilm."""
    words = pa.array([*(word for team in TEAMS.values() for word in team), "hello", "write"], type=pa.large_string())
    vectors = np.random.default_rng(1).normal(scale=0.5, size=(len(words) + 1, 8)).astype(np.float32)
    return EmbeddingTable("minilm", WordTokenizer(), words, vectors, provenance={"source": "a test"})


@pytest.mark.slow
def test_the_block_runs_as_it_stands(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plaudit.embeddings.distilled.minilm", small_minilm)
    for number, (name, n) in enumerate({"tickets.csv": 300, "new.csv": 30, "other.csv": 90}.items()):
        (tmp_path / name).write_text(tickets(n, seed=number), encoding="utf-8")
    block = lines()
    assert len(block) == 12
    for line in block:
        words = shlex.split(line, comments=True)
        done = command(*words[1:])
        assert done.out or done.err, line
    assert len((tmp_path / "answered.csv").read_text(encoding="utf-8").splitlines()) == 31
