# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""An encoder trained by two workers of a Ray cluster on this machine."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")
pytest.importorskip("ray", reason="the extra ray is not installed")

import plaudit
from encoders import make
from plaudit import EncoderClassifier
from plaudit.cluster import connected
from plaudit.cores import usable_cores
from plaudit.data import Dataset
from plaudit.errors import ConfigError
from plaudit.training import EpochResult, History

SETTINGS: dict[str, Any] = {"max_tokens": 16, "batch_size": 16, "learning_rate": 3e-3, "epochs": 3}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(usable_cores() < 2, reason="two workers need two cores"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def cluster() -> Any:
    """Start one cluster for all tests here; a run would start its own."""
    with connected("ray.train.torch") as ray:
        yield ray


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return make(tmp_path / "bert", "bert")


class Watch:
    """A monitor that writes down what it hears, and kills a worker once."""

    def __init__(self, killed: list[int]) -> None:
        self.heard: list[str] = []
        self._killed = killed

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        self.heard.append(f"begin {epochs} {len(done)}")

    def after_step(self, step: int, loss: float, accuracy: float) -> None: ...

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        self.heard.append(f"epoch {epoch}")
        if not self._killed:
            kill_a_worker(self._killed)

    def end(self) -> None:
        self.heard.append("end")


def kill_a_worker(killed: list[int]) -> None:
    """Kill -9 one of the processes that Ray Train works with."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"ray::" in name and b"Train" in name and b"Controller" not in name:
            os.kill(int(folder.name), signal.SIGKILL)
            killed.append(int(folder.name))
            return


def test_two_workers_give_the_curves_of_one_though_one_is_killed(
    cluster: Any, bert: Path, reviews: Dataset, tmp_path: Path
) -> None:
    held = reviews.take(np.arange(0, len(reviews), 5))
    given: dict[str, Any] = {"validation": (held.texts, held.label_names())}
    alone = EncoderClassifier(bert, device="cpu", **SETTINGS).fit(reviews.texts, reviews.label_names(), **given)
    killed: list[int] = []
    watch = Watch(killed)
    both = EncoderClassifier(bert, device="ray:2", **SETTINGS)
    both.fit(reviews.texts, reviews.label_names(), monitors=[watch], checkpoint=tmp_path / "state", **given)
    assert killed
    assert alone.history_ is not None
    assert both.history_ is not None
    for name, curve in alone.history_.history.items():
        np.testing.assert_allclose(both.history_.history[name], curve, rtol=2e-3, err_msg=name)
    np.testing.assert_allclose(both.decision_function(held.texts), alone.decision_function(held.texts), atol=5e-2)
    assert watch.heard[0] == "begin 3 0"
    assert watch.heard[-1] == "end"
    told = dict.fromkeys(line for line in watch.heard if line.startswith("epoch"))  # the first may be trained again
    assert list(told) == ["epoch 1", "epoch 2", "epoch 3"]
    both.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    assert loaded.get_params()["device"] == "auto"
    np.testing.assert_array_equal(loaded.decision_function(held.texts), both.decision_function(held.texts))


def test_what_cannot_be_done_is_said(cluster: Any, bert: Path, reviews: Dataset) -> None:
    with pytest.raises(ConfigError, match=r"--device ray:999: the cluster has \d+ processors"):
        EncoderClassifier(bert, device="ray:999", **SETTINGS).fit(reviews.texts, reviews.label_names())
    with pytest.raises(ConfigError, match="expected ray: and a number of workers"):
        EncoderClassifier(bert, device="ray:two", **SETTINGS).fit(reviews.texts, reviews.label_names())
    with pytest.raises(ConfigError, match="diverged"):
        EncoderClassifier(bert, device="ray:1", **SETTINGS | {"learning_rate": 1e30}).fit(
            reviews.texts, reviews.label_names()
        )
