"""What is not a kill: a full disk, a second process, folders that nothing can be written into. Nothing is lost or torn.

    .venv/bin/python benchmarks/mishaps.py [--steps 8]

Needs Linux and root, to mount small disks. Each command writes to a disk that is full after more and more bytes, from
none to what it needs: it must succeed, or end in one line with exit code 2 and leave what stood there as it was, here
the result of an earlier run. Two processes that write to one place must each succeed or say it in one line, and one
whole result stands there. A model and a home that are read-only are enough to predict, explain and evaluate.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kills import PLAUDIT, Kind, kinds
from measured import Figures, table


@contextmanager
def disk(place: Path, *options: str) -> Iterator[None]:
    """Mount a disk in memory, or what the options say, on an empty folder."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def ended_well(done: "subprocess.CompletedProcess[str]") -> bool:
    """Say whether a command succeeded, or failed in one line of ours."""
    return not done.returncode or (
        done.returncode == 2 and done.stderr.startswith("plaudit: ") and done.stderr.count("\n") == 1
    )


def run(command: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def fill_disks(kind: Kind, folder: Path, steps: int) -> tuple[int, list[str]]:
    """Run a command on disks that are full sooner and later; return how many, and what went wrong."""
    whole, faults, n_full = folder / "whole", list[str](), 0
    whole.mkdir(exist_ok=True)
    done = run(kind.command(whole))
    assert not done.returncode, done.stderr
    expected = kind.read(whole / kind.output)
    needed = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    for step in range(steps):
        place = folder / "disk"
        size = 4096 * (4 + (needed // 4096 + 8) * step // max(1, steps - 1))
        with disk(place, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
            done = run(kind.command(place), TMPDIR=str(folder))
            n_full += done.returncode != 0
            found = read(kind, place)
            if not ended_well(done):
                faults.append(f"{kind.name}, {size:,} bytes: {done.returncode} {done.stderr.strip()[-200:]}")
            if found not in ("", expected) or (not done.returncode and not found):
                faults.append(f"{kind.name}, {size:,} bytes: {found or 'nothing'} stands there")
    with disk(place, "-t", "tmpfs", "-o", f"size={2 * needed + 2**16}", "tmpfs"):  # an earlier result, and no room
        shutil.copytree(whole, place, dirs_exist_ok=True)
        room = shutil.disk_usage(place).free - 8192
        (place / "filled").write_bytes(b"x" * max(0, room))
        done = run(kind.command(place), TMPDIR=str(folder))
        if not ended_well(done) or read(kind, place) != expected:
            faults.append(f"{kind.name} over an earlier result: {done.stderr.strip()[-200:]}; {read(kind, place)!r}")
    shutil.rmtree(whole)
    return steps + 1, faults


def read(kind: Kind, place: Path) -> str:
    try:
        return kind.read(place / kind.output)
    except Exception as error:  # whatever it is, it is half a result
        return f"half: {type(error).__name__}: {error}"


def run_two(kind: Kind, folder: Path) -> tuple[int, list[str]]:
    """Run a command twice at once, to one place."""
    whole, place = folder / "whole", folder / "two"
    for each in (whole, place):
        each.mkdir()
    assert not run(kind.command(whole)).returncode
    both = [subprocess.Popen(kind.command(place), stdout=-1, stderr=-1, text=True) for _ in range(2)]
    ends = [subprocess.CompletedProcess("", each.wait(), *each.communicate()) for each in both]
    faults = [f"{kind.name} twice: {each.stderr.strip()[-300:]}" for each in ends if not ended_well(each)]
    if read(kind, place) != kind.read(whole / kind.output):
        faults.append(f"{kind.name} twice: {read(kind, place) or 'nothing'} stands there")
    shutil.rmtree(whole)
    shutil.rmtree(place)
    return 2, faults


def read_only(folder: Path) -> tuple[int, list[str]]:
    """Predict, explain and evaluate with a model, a home and a cache that are read-only."""
    model, data = folder / "scorer", folder / "data.csv"
    words = [["predict", model, "A good film."], ["explain", model, "A good film."], ["evaluate", model, data],
             ["predict", model, "-i", data, "-o", folder / "answers.csv"]]  # fmt: skip
    home, faults = folder / "home", list[str]()
    home.mkdir()
    with disk(home, "-t", "tmpfs", "-o", "ro", "tmpfs"), disk(model, "-o", "bind,ro", str(model)):
        places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PLAUDIT_CACHE": str(home / "cache")}
        for each in words:
            done = run([*PLAUDIT, *map(str, each)], **places)
            is_told = each[0] == "evaluate"  # which notes in the model's folder that the test was opened
            if not (ended_well(done) and (is_told or not done.returncode)):
                faults.append(f"read-only: {each[0]}: {done.returncode} {done.stderr.strip()[-300:]}")
    return len(words), faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=8, help="sizes of disks for each command")
    parser.add_argument(
        "--kinds", nargs="+", default=["predict", "train --resume, network", "train over", "audit", "tune"]
    )
    parser.add_argument("--output", type=Path, default=Path("results/mishaps.json"))
    given = parser.parse_args()
    rows, faults = [], list[str]()
    with tempfile.TemporaryDirectory(prefix="mishaps-") as name:
        folder = Path(name)
        chosen = kinds(folder, tuple(given.kinds))
        for title, found in [
            *((f"full disk: {kind.name}", lambda kind=kind: fill_disks(kind, folder, given.steps)) for kind in chosen),
            *((f"two at once: {kind.name}", lambda kind=kind: run_two(kind, folder)) for kind in chosen),
            ("read-only model, home and cache", lambda: read_only(folder)),
        ]:
            n, wrong = found()
            rows.append([title, str(n), str(len(wrong))])
            faults += wrong
            print(*rows[-1], wrong, file=sys.stderr, flush=True)
    print(table(["mishap", "runs", "lost, torn or not told in a line"], rows))
    Figures(given.output).put("mishaps", json.loads(json.dumps({"rows": rows, "faults": faults})))
    if faults:
        raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    main()
