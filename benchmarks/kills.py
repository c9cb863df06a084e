"""Kill -9 again and again: what was finished stands, and what is resumed ends as if nothing had happened.

    .venv/bin/python benchmarks/kills.py [--kills 200] [--seconds 3600] [--seed 0] [--kinds predict audit …]

Commands are forks of a process that has imported what they need (`forked.py`). Each runs once undisturbed and is
timed. Then it is started over and over and killed, half of the times at a random moment of that time, half as soon as
it has changed files for the n-th time, and goes on with --resume where it has that. After each kill, what stands where
the result goes must be whole: nothing, or as an undisturbed run leaves it; a model that is being replaced must open, as
the old one or the new. After a few kills the command is let finish, and its result compared byte for byte. A server is
killed under four clients: every answer that arrived must be whole, the one that belongs to its question, and the server
that is started next must give the same answers.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pyarrow.csv
from forked import Forks
from measured import Figures, table
from serving import serving

import plaudit
from plaudit.config import RunConfig
from plaudit.data import load_dataset

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # a tiny encoder is made there
PLAUDIT = [sys.executable, "-m", "plaudit"]
QUICK = ["--regularisation", "0.05", "--n-max", "1"]  # n-grams whose settings are not searched


@dataclass
class Kind:
    """A command that is killed.

    Attributes:
        name: What the table calls it.
        words: The command without its output.
        output: What its output is called.
        read: Says what stands at the output: "" for nothing, else a digest; it raises on half of something.
        share: Of all kills.
        resumes: Whether it goes on with --resume.
        replaces: Whether the output of an earlier run, of other settings, stands there before.
    """

    name: str
    words: list[str | Path]
    output: str
    read: Callable[[Path], str]
    share: float
    resumes: bool = False
    replaces: list[str | Path] | None = None
    kills: int = 0
    compared: int = 0
    faults: list[str] = field(default_factory=list)

    def command(self, folder: Path, *more: str | Path) -> list[str]:
        return [*PLAUDIT, *map(str, (*self.words, "-o", folder / self.output, *more))]


def digest(paths: list[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def answers_of(folder: Path) -> str:
    """Say what a model answers with: its files, but for records of dates and times; loading it checks every hash."""
    if not (folder / "model.json").is_file():
        return ""
    plaudit.load(folder)
    manifest = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return digest([folder / name for name in sorted(manifest["files"])])


def rows_of(path: Path) -> str:
    return digest([path]) if path.is_file() else ""


def tables_of(folder: Path) -> str:
    """Say what an audit found; its page comes last, and what comes before it must be whole."""
    if (folder / "audit.json").is_file():
        json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    if (folder / "findings.csv").is_file():
        pyarrow.csv.read_csv(folder / "findings.csv", parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
    return digest([folder / "findings.csv"]) if (folder / "audit.html").is_file() else ""


def winner_of(folder: Path) -> str:
    """Say that a search ended whole; which trials fit into its time depends on the clock, so this is no digest."""
    trials = folder / "trials.jsonl"
    if not (folder / "run.toml").is_file():
        return ""
    lines = trials.read_text(encoding="utf-8").splitlines()
    numbers = [json.loads(line)["trial"] for line in lines]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"trials {numbers}")
    RunConfig.from_toml(folder / "run.toml")
    return "a winner"


def kinds(folder: Path, wanted: tuple[str, ...]) -> list[Kind]:
    """Return the kinds whose names begin so, and make what they work on."""
    texts = load_dataset("sample").train.texts.to_pylist()
    labels = load_dataset("sample").train.label_names()
    data, rows = folder / "data.csv", folder / "rows.csv"
    quoted = ['"{}"'.format(text.replace('"', '""')) for text in texts]
    data.write_text("text,label\n" + "".join(f"{q},{n}\n" for q, n in list(zip(quoted, labels, strict=True))[:240]))
    rows.write_text("text,id\n" + "".join(f"{q},{i}-{j}\n" for i in range(8) for j, q in enumerate(quoted)))
    encoder, name = folder / "encoder", "train --resume, encoder"
    if name.startswith(wanted):
        from encoders import make  # imports torch

        make(encoder, "bert", positions=130)
    ngram: list[str | Path] = ["train", data, "--recipe", "ngram", *QUICK]
    subprocess.run([*PLAUDIT, *map(str, ngram), "-o", str(folder / "scorer")], check=True, capture_output=True)
    network = ["train", data, "--recipe", "network", "--embedding", "random", "--batch-size", "8", "--epochs", "12"]
    found = [
        Kind("predict --resume", ["predict", folder / "scorer", "-i", rows], "out.csv", rows_of, 0.25, resumes=True),
        Kind("train --resume, network", network, "out", answers_of, 0.2, resumes=True),
        Kind(name,
             ["train", data, "--recipe", "encoder", "--encoder", encoder, "--epochs", "6", "--batch-size", "16"],
             "out", answers_of, 0.1, resumes=True),
        Kind("train over another model", [*ngram, "--overwrite"], "out", answers_of, 0.1,
             replaces=[*ngram, "--seed", "5"]),
        Kind("audit", ["audit", data], "out", tables_of, 0.1),
        Kind("tune --resume", ["tune", data, "--recipes", "ngram", "--time", "6s"], "out", winner_of, 0.1,
             resumes=True),
        Kind("serve", [], "", rows_of, 0.15),
    ]  # fmt: skip
    return [kind for kind in found if kind.name.startswith(wanted)]


def run_kind(kind: Kind, folder: Path, n_kills: int, until: float, choose: random.Random) -> None:
    """Kill a command `n_kills` times, or until the time is over; count what is wrong."""
    forks = Forks(*(["torch", "transformers.models.bert"] if "encoder" in kind.name else []))
    try:
        _run_kind(forks, kind, folder, n_kills, until, choose)
    finally:
        forks.close()


def _run_kind(forks: Forks, kind: Kind, folder: Path, n_kills: int, until: float, choose: random.Random) -> None:
    whole, place, errors = folder / "whole", folder / "killed", folder / "errors"

    def finished(command: list[str]) -> bool:
        forks.start(command[len(PLAUDIT) :], str(errors))
        return forks.wait() == 0

    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    old = ""
    if kind.replaces is not None:
        assert finished([*PLAUDIT, *map(str, kind.replaces), "-o", str(whole / "old")]), errors.read_text()
        old = kind.read(whole / "old")
    start = time.monotonic()
    assert finished(kind.command(whole)), errors.read_text()
    takes, expected = time.monotonic() - start, kind.read(whole / kind.output)
    assert expected not in ("", old)

    def check(after: str, *allowed: str) -> None:
        try:
            found = kind.read(place / kind.output)
        except Exception as error:  # whatever it is, it is half a result
            kind.faults.append(f"{kind.name}, after {after}: {type(error).__name__}: {error}")
            return
        if found not in allowed:
            kind.faults.append(f"{kind.name}, after {after}: {'something else' if found else 'nothing'} stands there")

    while kind.kills < n_kills and time.monotonic() < until:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if kind.replaces is not None:
            shutil.copytree(whole / "old", place / kind.output)
        for attempt in range(choose.randrange(3, 9)):
            more = ["--resume"] if kind.resumes and attempt else []
            if not is_killed(forks, kind.command(place, *more), place, takes, choose, str(errors)):
                break
            kind.kills += 1
            check("a kill", old, expected)
        if not finished(kind.command(place, *(["--resume"] if kind.resumes else []))):
            kind.faults.append(f"{kind.name}: not finished afterwards: {errors.read_text().strip()[-300:]}")
        check("the end", expected)
        if left := sorted(path.name for path in place.iterdir() if path.name.startswith(".") and "part" in path.name):
            kind.faults.append(f"{kind.name}: {left} stays behind")
        kind.compared += 1
    shutil.rmtree(place, ignore_errors=True)


def is_killed(forks: Forks, command: list[str], place: Path, takes: float, choose: random.Random, errors: str) -> bool:
    """Start a command and kill it: at a moment of its usual time, or at a change of the files it writes."""
    changes = choose.choice([0, choose.randrange(1, 8)])
    until = time.monotonic() + choose.uniform(0.2, 1.0) * takes
    pid = forks.start(command[len(PLAUDIT) :], errors)
    seen = listing(place)
    while is_running(pid):
        if changes:
            now = listing(place)
            changes, seen = changes - (now != seen), now
            is_time = not changes
        else:
            is_time = time.monotonic() > until
        if is_time:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    return forks.wait() == -signal.SIGKILL


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def listing(folder: Path) -> list[tuple[str, int]]:
    """Return the files below a folder with their sizes."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                found.append((f"{root}/{name}", os.stat(f"{root}/{name}").st_size))  # noqa: PTH116 - in the way least
            except OSError:
                continue
    return sorted(found)


def kill_servers(kind: Kind, folder: Path, n_kills: int, until: float, choose: random.Random) -> None:
    """Kill servers under four clients that ask for texts of their own, one by one and in batches."""
    model = plaudit.load(folder / "scorer")
    texts = load_dataset("sample").train.texts.to_pylist()[:200]
    expected = {text: str(label) for text, label in zip(texts, model.predict(texts), strict=True)}
    while kind.kills < n_kills and time.monotonic() < until:
        workers = choose.choice([1, 1, 2])
        with serving(str(folder / "scorer"), "--workers", str(workers)) as server:
            stop = threading.Event()
            seeds = [choose.random() for _ in range(4)]
            clients = [
                threading.Thread(target=client, args=(kind, server.port, texts, expected, random.Random(seed), stop))
                for seed in seeds
            ]
            for each in clients:
                each.start()
            time.sleep(choose.uniform(0.05, 1.0))
            server.kill()
            kind.kills += 1
            stop.set()
            for each in clients:
                each.join(60)
                if each.is_alive():
                    kind.faults.append("server: a client waits for ever")


def client(
    kind: Kind, port: int, texts: list[str], expected: dict[str, str], choose: random.Random, stop: threading.Event
) -> None:
    """Ask until the server is gone; an answer must be whole and of the texts that were sent."""
    while not stop.is_set():
        sent = choose.sample(texts, choose.choice([1, 1, 5, 50]))
        body = json.dumps({"texts": sent}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                received = answer.read()
        except (OSError, HTTPException):  # the connection closed: nothing came, or not all of it, and that is told
            continue
        kind.compared += 1
        labels = [each["label"] for each in json.loads(received)["predictions"]]
        if labels != [expected[text] for text in sent]:
            kind.faults.append(f"server: {labels[:3]}… for {len(sent)} texts of other labels")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of all kinds together")
    parser.add_argument("--seconds", type=float, default=3600, help="when to stop at the latest")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=[""], help="the beginnings of kinds' names")
    parser.add_argument("--dry", action="store_true", help="one kill of each, to see that it runs")
    parser.add_argument("--output", type=Path, default=Path("results/kills.json"))
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        chosen = kinds(folder, tuple(given.kinds))
        whole = sum(kind.share for kind in chosen)
        for i, kind in enumerate(chosen):
            n_kills = 1 if given.dry else round(given.kills * kind.share / whole)
            until = begun + given.seconds * (i + 1) / len(chosen)
            run = kill_servers if kind.name == "serve" else run_kind
            run(kind, folder, n_kills, until, random.Random(f"{kind.name} {given.seed}"))
            print(
                f"{kind.name}: {kind.kills} kills, {kind.compared} compared, {kind.faults}", file=sys.stderr, flush=True
            )
    rows = [[kind.name, f"{kind.kills}", f"{kind.compared:,}", f"{len(kind.faults)}"] for kind in chosen]
    print(table(["what was killed", "kills", "results compared", "lost, doubled or torn"], rows))
    faults = [fault for kind in chosen for fault in kind.faults]
    print(f"{sum(kind.kills for kind in chosen)} kills with seed {given.seed}; faults: {len(faults)}")
    Figures(given.output).put("kills", {"seed": given.seed, "kinds": rows, "faults": faults})
    if faults:
        raise SystemExit("\n".join(faults[:20]))


if __name__ == "__main__":
    main()
