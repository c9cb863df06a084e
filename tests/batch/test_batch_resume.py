"""Killed at any moment, a run goes on with nothing lost or doubled; what stood there before stays until the end."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.batch import predict_files, work
from plaudit.batch.plan import Plan
from plaudit.batch.work import Part, Progress, Work
from plaudit.data.readers import rows
from plaudit.errors import ConfigError, DataError
from plaudit.models import NetworkClassifier

Command = Callable[..., Any]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and locks as POSIX has them")
N, KILLS = 4_000, 12
SMALL = (
    "import plaudit.data.readers.rows as rows, plaudit.batch.work as work; rows.BATCH_ROWS, work.JOURNAL_S = 25, 0.0"
)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 25)
    monkeypatch.setattr(work, "JOURNAL_S", 0.0)


@pytest.fixture(scope="module")
def model(network: NetworkClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "model"
    network.save(folder)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two files, so that the end of one is a moment too."""
    place = tmp_path / "in"
    place.mkdir()
    for name in ("a", "b"):
        texts = (f"good film {i}, dull {i % 7}" for i in range(N // 2))
        lines = (json.dumps({"id": f"{name}{i}", "text": text}) + "\n" for i, text in enumerate(texts))
        (place / f"{name}.jsonl").write_text("".join(lines))
    return place


def attempt(model: Path, source: Path, target: Path, dies_after_s: float | None) -> None:
    """Go on with a run in a process of its own, and die in the middle of it."""
    rows.BATCH_ROWS, work.JOURNAL_S = 25, 0.0
    if dies_after_s is not None:
        threading.Timer(dies_after_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
    predict_files(model, str(source), target, resume=True)


def contents(target: Path) -> dict[str, bytes]:
    files = sorted(target.rglob("*")) if target.is_dir() else [target]
    return {path.name: path.read_bytes() for path in files if path.is_file()}


def clear(target: Path) -> None:
    for path in list(target.iterdir()) if target.is_dir() else [target]:
        path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.jsonl", "out.parquet", "out"])
def test_kill_9_at_any_moment_loses_and_doubles_nothing(model: Path, source: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "one").mkdir()
    start = time.perf_counter()
    predict_files(model, str(source), tmp_path / "one" / name)
    seconds = time.perf_counter() - start
    whole, target = contents(tmp_path / "one" / name), tmp_path / name
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["plaudit.batch.run", "plaudit.models.network", "pyarrow.parquet"])
    moments, ends = random.Random(name), []
    for _ in range(KILLS):
        process = context.Process(target=attempt, args=(model, source, target, moments.uniform(0, seconds / 4)))
        process.start()
        process.join(60)
        ends.append(process.exitcode)
        if process.exitcode != -signal.SIGKILL:  # it came to its end first, or found a folder that is whole
            assert contents(target) == whole
            clear(target)
        elif target.is_file():  # whole, or not there: the kill came between the rename and the clearing away
            assert contents(target) == whole
    if contents(target) != whole:
        process = context.Process(target=attempt, args=(model, source, target, None))
        process.start()
        process.join(60)
        assert process.exitcode == 0
    assert contents(target) == whole
    shutil.rmtree(tmp_path / f".{name}.plaudit", ignore_errors=True)  # after a kill while it was being removed
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in", "one", name])
    assert ends.count(-signal.SIGKILL) >= KILLS // 2  # how many come too late, the machine's load decides


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out"])
def test_a_run_that_is_cut_off_at_each_step_goes_on(
    model: Path, source: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every rename, removal and line of the journal is followed by an attempt that dies there, as after a kill."""
    for path in source.iterdir():
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:60]))
    predict_files(model, str(source), tmp_path / f"whole-{name}")
    whole = list(contents(tmp_path / f"whole-{name}").values())

    class Dead(BaseException):
        pass

    def dies_at(step: int) -> None:
        left = [step]

        def counted(function: Any) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    raise Dead
                return function(*args, **kwargs)

            return call

        for owner, method in ((Path, "replace"), (Path, "unlink"), (os, "replace"), (shutil, "rmtree")):
            patched.setattr(owner, method, counted(getattr(owner, method)))

    for step in range(1, 40):
        target = tmp_path / name
        with monkeypatch.context() as patched:
            dies_at(step)
            try:
                predict_files(model, str(source), target, resume=True)
            except Dead:
                pass
            else:
                break
        if name != "out" or not contents(target) or (tmp_path / f".{name}.plaudit" / "job.json").exists():
            predict_files(model, str(source), target, resume=True)
            assert not (tmp_path / f".{name}.plaudit").exists()
        assert list(contents(target).values()) == whole
        clear(target)
    assert 3 < step < 39


def cut_off(model: Path, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Leave a run that was killed after some batches; return its scored rows."""

    class Dead(BaseException):
        pass

    append, calls = Part.append, []

    def dies(self: Part, data: bytes, progress: Progress) -> None:
        calls.append(progress)
        if len(calls) == 5:
            raise Dead
        append(self, data, progress)

    with monkeypatch.context() as patched:
        patched.setattr(Part, "append", dies)
        with pytest.raises(Dead):
            predict_files(model, str(source), target)
    return 4 * 25


def test_a_run_is_never_begun_anew_in_silence(
    command: Command, model: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_rows = cut_off(model, source, Path("out.csv"), monkeypatch)
    words = ("predict", model, "-i", "in", "-o", "out.csv")
    done = command(*words, code=2)
    assert (
        f"out.csv: a run that was cut off left {n_rows} scored rows in .out.csv.plaudit: --resume continues" in done.err
    )
    assert "an option has changed" in command(*words, "--resume", "--strict", code=2).err
    with (source / "a.jsonl").open("a") as file:
        file.write('{"text": "one more"}\n')
    assert "--resume: the input has changed" in command(*words, "--resume", code=2).err
    assert Path(".out.csv.plaudit").is_dir()


def test_another_model_is_refused(model: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(model, source, tmp_path / "out.csv", monkeypatch)
    import plaudit

    other = plaudit.load(model)
    other.temperature_ = 1.5
    other.save(tmp_path / "other")
    with pytest.raises(ConfigError, match="--resume: the model has changed"):
        predict_files(tmp_path / "other", str(source), tmp_path / "out.csv", resume=True)


def test_what_was_scored_is_said(
    command: Command, model: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_rows = cut_off(model, source, Path("out.csv"), monkeypatch)
    done = command("predict", model, "-i", "in", "-o", "out.csv", "--resume")
    assert f"{N:,} rows, {n_rows} of them by an earlier run, " in done.err


def test_without_anything_to_go_on_with_resume_begins(model: Path, source: Path, tmp_path: Path) -> None:
    assert predict_files(model, str(source), tmp_path / "out.csv", resume=True).rows == N


@pytest.mark.parametrize("rest", [b"", b'{"batches": 2, "by', b"\x00\x00"])
def test_a_torn_journal_line_counts_for_nothing(
    model: Path, source: Path, tmp_path: Path, rest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict_files(model, str(source), tmp_path / "whole.csv")
    cut_off(model, source, tmp_path / "out.csv", monkeypatch)
    journal, part = (tmp_path / ".out.csv.plaudit" / f"000000.{kind}" for kind in ("journal", "part"))
    journal.write_bytes(journal.read_bytes() + rest)
    part.write_bytes(part.read_bytes() + b"half a row")
    predict_files(model, str(source), tmp_path / "out.csv", resume=True)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_two_runs_do_not_write_one_output(model: Path, source: Path, tmp_path: Path) -> None:
    first = Work(tmp_path / "out.csv", 1)
    with first.open({}, resume=False), pytest.raises(ConfigError, match=r"out\.csv: another run is writing it"):
        predict_files(model, str(source), tmp_path / "out.csv")


def test_a_full_disk_keeps_what_is_scored(model: Path, source: Path, small_disk: Path, tmp_path: Path) -> None:
    target = small_disk / "out.csv"
    target.write_text("old")
    with pytest.raises(DataError, match=r"No space left on device\. [\d,]+ scored rows are kept: make room"):
        predict_files(model, str(source), target)
    assert target.read_text() == "old"
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    assert 0 < predict_files(model, str(source), target, resume=True).earlier_rows < N
    predict_files(model, str(source), tmp_path / "whole.csv")
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert [path.name for path in small_disk.iterdir()] == ["out.csv"]


def test_an_engine_that_cannot_start_costs_nothing(
    model: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoCluster:
        def run(self, plan: Plan, watch: Callable[[int, int], None]) -> None:
            raise ConfigError("no cluster")

    n_rows = cut_off(model, source, tmp_path / "out.csv", monkeypatch)
    with pytest.raises(ConfigError, match="no cluster"):
        predict_files(model, str(source), tmp_path / "out.csv", resume=True, engine=NoCluster())
    assert predict_files(model, str(source), tmp_path / "out.csv", resume=True).earlier_rows == n_rows


def start(*words: str | Path) -> subprocess.Popen[bytes]:
    code = f"{SMALL}; from plaudit.app.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_ctrl_c_says_how_to_go_on(model: Path, source: Path, tmp_path: Path) -> None:
    (source / "a.jsonl").write_text((source / "a.jsonl").read_text() * 40)
    journal = tmp_path / ".out.csv.plaudit" / "000000.journal"
    for _ in range(4):  # a run may be over before it is interrupted
        (tmp_path / "out.csv").unlink(missing_ok=True)
        process = start("predict", model, "-i", source, "-o", tmp_path / "out.csv")
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= 2):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        if process.returncode == 130:
            break
    assert (process.returncode, err.decode().splitlines()) == (
        130,
        ["Stopped. The same command with --resume continues.", "plaudit: interrupted."],
    )
    assert predict_files(model, str(source), tmp_path / "out.csv", resume=True).earlier_rows > 0


def test_a_reader_that_leaves_ends_the_run_quietly(model: Path, source: Path) -> None:
    process = start("predict", model, "-i", source)
    assert process.stdout is not None
    assert process.stdout.readline() == b'"id","text","prediction","probability","reason"\n'
    process.stdout.close()
    assert process.stderr is not None
    assert (process.wait(60), process.stderr.read()) == (0, b"")
    process.stderr.close()
