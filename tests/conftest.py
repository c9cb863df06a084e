"""Small real things that many tests share: an embedding, texts with labels, a model trained once."""

import functools
import json
import math
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import numpy as np
import pyarrow as pa
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from plaudit.app.cli import app
from plaudit.app.train.run import Outcome, run_training
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.models import NetworkClassifier
from plaudit.report import ReportFacts, read_facts
from plaudit.text import WordTokenizer

# A busy machine makes the first example slow, and that is no fault; what hangs, the time-out of a test ends.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

_SLOW_WEIGHT = 30  # of a slow test, in quick ones
GOOD, BAD = ("good", "fine", "joy", "warm"), ("bad", "dull", "cold", "grim")


_LEFT_OUT = pytest.StashKey[int]()
_DEADLINE = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seconds", type=float, help="Begin no test after this time: make quick.")


def pytest_configure() -> None:
    """Let the commands that tests start hear Ctrl-C: a shell's job in the background ignores it, and so would they."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    if (seconds := session.config.getoption("--seconds")) is not None:
        session.config.stash[_DEADLINE] = time.monotonic() + seconds
        session.config.stash[_LEFT_OUT] = 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Leave a test out when the time is over."""
    stash = item.config.stash
    if time.monotonic() < stash.get(_DEADLINE, math.inf):
        return None
    stash[_LEFT_OUT] += 1
    return True


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # Any: pytest does not export it
    if left := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(f"{left:,} tests were left out: the time was over. make test runs all.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no process is left alone with one at the end."""
    if config.getoption("--seconds") is not None:
        return  # the nearest to the change first, as they were named
    weights: Counter[Path] = Counter()
    for item in items:
        weights[item.path] += _SLOW_WEIGHT if item.get_closest_marker("slow") else 1
    items.sort(key=lambda item: -weights[item.path])


@pytest.fixture(scope="session", autouse=True)
def _one_tree_of_commands() -> Iterator[None]:
    """Build the command line's parsers once a process, not once a command: 30 ms each."""
    with mock.patch("typer.testing._get_command", functools.cache(get_command)):
        yield


@pytest.fixture(scope="session")
def tiny_table() -> EmbeddingTable:
    """Nine words and a row for unknown ones, four dimensions."""
    vectors = np.random.default_rng(7).normal(scale=0.5, size=(10, 4)).astype(np.float32)
    vocabulary = pa.array([*GOOD, *BAD, "film"], type=pa.large_string())
    return EmbeddingTable("tiny", WordTokenizer(), vocabulary, vectors, provenance={"source": "a test"})


def _texts(n: int, n_classes: int, seed: int) -> Dataset:
    """Return texts whose words tell the class two times out of three."""
    random = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int32) % n_classes
    words = np.array([*GOOD, *BAD])
    sides = np.array_split(words, n_classes)
    texts = []
    for label in labels.tolist():
        own = random.choice(sides[label], 4)
        any_word = random.choice(words, 2)
        texts.append(" ".join([*own.tolist(), *any_word.tolist(), "film"]))
    names = ("liked", "panned") if n_classes == 2 else tuple(f"class {i}" for i in range(n_classes))
    return Dataset(pa.array(texts, type=pa.large_string()), labels, names, "made up")


@pytest.fixture(scope="session")
def reviews() -> Dataset:
    """Eighty texts of two classes."""
    return _texts(80, 2, seed=1)


@pytest.fixture(scope="session")
def more_reviews() -> Dataset:
    """Thirty other texts of the same two classes."""
    return _texts(30, 2, seed=2)


@pytest.fixture(scope="session")
def topics() -> Dataset:
    """Eighty texts of four classes."""
    return _texts(80, 4, seed=3)


@pytest.fixture(scope="session")
def network(tiny_table: EmbeddingTable, reviews: Dataset) -> NetworkClassifier:
    """A network fitted to `reviews`; do not change it."""
    return NetworkClassifier(tiny_table, epochs=4, batch_size=16).fit(reviews.texts, reviews.label_names())


@pytest.fixture(scope="session")
def moods() -> Dataset:
    """Ninety texts, each with none to three of the labels that its words stand for."""
    random = np.random.default_rng(4)
    words = {"calm": "warm", "glad": "joy", "sad": "grim"}
    labels = (random.random((90, 3)) < 0.4).astype(np.uint8)
    rows = [[word for word, has in zip(words.values(), row, strict=True) if has] for row in labels]
    texts = [" ".join([*random.permutation([*row, *row]).tolist(), "film"]) for row in rows]
    return Dataset(pa.array(texts, type=pa.large_string()), labels, tuple(words), "moods")


@pytest.fixture(scope="session")
def mood_network(tiny_table: EmbeddingTable, moods: Dataset) -> NetworkClassifier:
    """A multi-label network fitted to `moods`; do not change it."""
    model = NetworkClassifier(tiny_table, epochs=10, batch_size=8, learning_rate=0.03)
    return model.fit(moods.texts, moods.label_names())


@pytest.fixture(scope="session")
def sample_outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What `plaudit train sample --embedding random --epochs 3` leaves; leave its folder as it is."""
    config = RunConfig(DataConfig("sample"), ModelConfig(embedding="random"), TrainingConfig(epochs=3))
    return run_training(config, tmp_path_factory.mktemp("sample") / "model", say=lambda _: None)


@pytest.fixture
def sample_model(sample_outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder of `sample_outcome`."""
    return Path(shutil.copytree(sample_outcome.folder, tmp_path_factory.mktemp("copy") / "model"))


@pytest.fixture(scope="session")
def sample_facts(sample_outcome: Outcome) -> ReportFacts:
    """What the report of `sample_outcome` says."""
    return read_facts(sample_outcome.folder)


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[[str, Dataset], Path]:
    """Write a data set as CSV into the test's folder."""

    def write(name: str, dataset: Dataset) -> Path:
        rows = [f"{text},{label}" for text, label in zip(dataset.texts.to_pylist(), dataset.label_names(), strict=True)]
        path = tmp_path / name
        path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch computes in one thread: threads that wait for each other cost minutes on a busy machine."""
    torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny encoder of random weights; leave it as it is."""
    pytest.importorskip("transformers", reason="the extra encoder is not installed")
    from encoders import make  # imports torch

    return make(tmp_path_factory.mktemp("encoders") / "bert", "bert")


@dataclass(frozen=True)
class Done:
    """What a command left: what it printed, and what it complained of."""

    out: str
    err: str

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self) -> Any:  # Any: JSON
        return json.loads(self.out)


@pytest.fixture
def no_imdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a local copy nor a cache of imdb is at hand."""
    monkeypatch.delenv("PLAUDIT_IMDB", raising=False)
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def command(no_imdb: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run a `plaudit` command in this process, in the test's folder; an error must be one line and exit code 2."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*words: str | Path, code: int = 0) -> Done:
        result = runner.invoke(app, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        if code == 2:
            assert result.stderr.startswith("plaudit: ")
            assert result.stderr.count("\n") == 1
        return Done(result.stdout, result.stderr)

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", place], check=True)
