"""A run that is cut off, by Ctrl-C or by kill -9, goes on with --resume to the very same model."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.models import NetworkClassifier

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
RUN = ("train", "sample", "--embedding", "random", "--epochs", "40", "--no-early-stopping", "--batch-size", "32",
       "--output")  # fmt: skip


def start(*words: str | Path) -> subprocess.Popen[str]:
    code = "from plaudit.app.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def read_until(process: subprocess.Popen[str], start: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.lstrip().startswith(start):
            return lines
    pytest.fail(f"no line {start!r} in {lines}, {process.communicate()}")


def weights(folder: Path) -> list[Any]:
    model = plaudit.load(folder)
    assert isinstance(model, NetworkClassifier)
    return [model.table_.vectors, *model.layers_.tensors().values()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The weights of the run that nothing cuts off."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    process = start(*RUN, folder)
    assert process.communicate(timeout=120)[1] == ""
    assert process.returncode == 0
    return weights(folder)


def check_resumed(folder: Path, whole: list[Any]) -> str:
    process = start(*RUN, folder, "--resume")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert all(np.array_equal(a, b) for a, b in zip(weights(folder), whole, strict=True))
    assert not list(folder.glob("checkpoint*"))
    return out


def test_ctrl_c_ends_with_130_and_can_be_resumed(tmp_path: Path, whole: list[Any]) -> None:
    process = start(*RUN, tmp_path / "model")
    read_until(process, "5/40")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. The same command with --resume continues from the last save." in out
    assert err == "plaudit: interrupted.\n"
    process = start(*RUN, tmp_path / "model", "--resume", "--seed", "5")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "belongs to a run with other settings or data" in err
    assert err.count("\n") == 1
    assert "(going on after epoch " in check_resumed(tmp_path / "model", whole)


@pytest.mark.parametrize("when", ["epoch", "9/40"])
def test_kill_9_at_any_moment_can_be_resumed(tmp_path: Path, whole: list[Any], when: str) -> None:
    process = start(*RUN, tmp_path / "model")
    read_until(process, when)
    time.sleep(0.003)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "model" / "model.json").exists()
    (tmp_path / "model").mkdir(exist_ok=True)
    (tmp_path / "model" / "checkpoint.safetensors.4711").write_bytes(b"half")  # what a kill while saving leaves
    check_resumed(tmp_path / "model", whole)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_old_model_survives_a_run_that_is_killed(sample_model: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_model, tmp_path / "model")
    process = start(*RUN, tmp_path / "model")
    read_until(process, "3/40")
    process.kill()
    process.communicate(timeout=60)
    assert all(np.array_equal(a, b) for a, b in zip(weights(tmp_path / "model"), weights(sample_model), strict=True))
