"""Training with far less memory than the data take: with `--streaming` it succeeds, without it fails."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

LIMITED = Path(__file__).with_name("limited_run.py")
SIZE = 480 * 2**20
ROOM_MIB = 128  # about a quarter of it
SHARES = ("--validation", "0.02", "--test", "0.02")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="Linux counts anonymous memory")]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """480 MiB of texts whose words are long and few, so that reading them is quick."""
    path = tmp_path_factory.mktemp("large") / "large.tsv"
    random = np.random.default_rng(0)
    words = np.array([f"{'word' * 12}{i}" for i in range(3_000)])
    sides = [[" ".join(words[row]) for row in random.integers(a, a + 1_600, (200, 12))] for a in (0, 1_400)]
    with path.open("w", encoding="ascii") as file:
        file.write("label\ttext\n")
        while file.tell() < SIZE:
            drawn = zip(
                random.integers(0, 2, 1_000).tolist(), random.integers(0, 200, (1_000, 8)).tolist(), strict=True
            )
            file.writelines(f"{'ny'[side]}\t{' '.join(sides[side][i] for i in row)}\n" for side, row in drawn)
    return path


def run(large: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LIMITED), str(ROOM_MIB), "train", str(large), *SHARES, *options, "-o", str(output)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500)


@pytest.mark.parametrize(
    "options",
    [
        ("--recipe", "ngram", "--n-max", "2", "--regularisation", "0.05"),
        ("--recipe", "network", "--embedding", "random", "--epochs", "1"),
    ],
)
def test_a_quarter_of_the_data_s_size_is_enough_on_disk_alone(
    large: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    streamed = run(large, tmp_path / "model", *options, "--streaming")
    assert streamed.returncode == 0, streamed.stderr
    assert (tmp_path / "model" / "model.json").is_file()


def test_it_is_not_enough_for_reading_all_of_them(large: Path, tmp_path: Path) -> None:
    """No recipe has begun by then."""
    in_memory = run(large, tmp_path / "model", "--recipe", "ngram", "--n-max", "2")
    assert in_memory.returncode == 2
    assert "not enough memory" in in_memory.stderr
    assert not (tmp_path / "model" / "model.json").exists()
