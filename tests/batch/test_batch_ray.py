"""Ray gives the local engine's answers to the bit, whatever happens to its workers."""

import csv
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.batch import predict_files
from plaudit.models import NetworkClassifier

N = 600
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra ray"),
]


@pytest.fixture(scope="module")
def model(network: NetworkClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "model"
    network.save(folder)
    return folder


def write_part(place: Path, number: int, suffix: str, n: int = N) -> None:
    place.mkdir(exist_ok=True)
    path = place / f"part-{number}{suffix}"
    rows = [{"id": f"{number}-{i}", "text": None if i == 5 else f"good film {i}, dull {i % 7}"} for i in range(n)]
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id", "text"), *(row.values() for row in rows)])
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def predict_on_ray(*words: str | Path) -> subprocess.Popen[str]:
    """Start a run in a process of its own: Ray leaves threads and sockets behind in whoever starts it."""
    code = "from plaudit.app.cli import main; main()"
    command = [sys.executable, "-c", code, "predict", *map(str, words), "--engine", "ray"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], *, code: int = 0) -> str:
    _, err = process.communicate(timeout=500)
    assert process.returncode == code, err
    return err.splitlines()[-1]  # before it, Ray's C++ may warn; nothing silences that but a line of its own


@pytest.mark.parametrize(("suffix", "target"), [(".parquet", "out.parquet"), (".csv", "out")])  # .jsonl: below
def test_ray_gives_what_this_process_gives_to_the_bit(model: Path, tmp_path: Path, suffix: str, target: str) -> None:
    for number in range(4):
        write_part(tmp_path / "in", number, suffix)
    (tmp_path / "here").mkdir()
    assert predict_files(model, str(tmp_path / "in"), tmp_path / "here" / target).rows == 4 * N
    err = finish(predict_on_ray(model, "-i", tmp_path / "in", "-o", tmp_path / target))
    assert err.startswith(f"{4 * N:,} rows, ")
    here, there = tmp_path / "here" / target, tmp_path / target
    for path in sorted(here.rglob("*")) if here.is_dir() else [here]:
        assert (there / path.relative_to(here)).read_bytes() == path.read_bytes()
    assert not list(tmp_path.glob(".*"))


def attempts(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the process and the part of each source that is under way."""
    for part in folder.glob("attempt-*/*.part"):
        yield int(part.parent.name.split("-")[1]), part


def test_a_worker_killed_in_the_middle_loses_nothing(model: Path, tmp_path: Path) -> None:
    for number in range(3):
        write_part(tmp_path / "in", number, ".jsonl", n=60_000)
    process = predict_on_ray(model, "-i", tmp_path / "in", "-o", tmp_path / "out.jsonl")
    killed: set[int] = set()
    while len(killed) < 2 and process.poll() is None:
        for pid, part in attempts(tmp_path / ".out.jsonl.plaudit"):
            if pid not in killed and part.exists() and part.stat().st_size:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                break
        time.sleep(0.02)
    finish(process)
    assert killed, "no worker was met in the middle"
    predict_files(model, str(tmp_path / "in"), tmp_path / "here.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_what_stops_a_worker_is_one_line(model: Path, tmp_path: Path) -> None:
    write_part(tmp_path / "in", 0, ".jsonl")
    err = finish(predict_on_ray(model, "-i", tmp_path / "in", "-o", tmp_path / "out.csv", "--strict"), code=2)
    assert err == f"plaudit: {tmp_path}/in/part-0.jsonl:6: no text"
    assert not list(tmp_path.glob(".*"))


def test_ray_goes_on_where_this_process_was_cut_off(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        write_part(tmp_path / "in", number, ".csv")
    predict_files(model, str(tmp_path / "in"), tmp_path / "here.csv")

    def dies(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("plaudit.batch.run.join_parts", dies)
        with pytest.raises(SystemExit):
            predict_files(model, str(tmp_path / "in"), tmp_path / "out.csv")
    (tmp_path / ".out.csv.plaudit" / "000001.journal").unlink()
    err = finish(predict_on_ray(model, "-i", tmp_path / "in", "-o", tmp_path / "out.csv", "--resume"))
    assert f"{2 * N:,} rows, {N} of them by an earlier run" in err
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_no_cluster_and_no_file_are_one_line(model: Path, tmp_path: Path) -> None:
    write_part(tmp_path / "in", 0, ".csv")
    words = (model, "-i", tmp_path / "in", "-o", tmp_path / "out.csv", "--address", "127.0.0.1:1")
    assert "Ray: no cluster at 127.0.0.1:1" in finish(predict_on_ray(*words), code=2)
    process = predict_on_ray(model, "-i", "-", "--format", "csv", "-o", tmp_path / "out.csv")
    assert "workers cannot read standard input" in finish(process, code=2)
