"""Ten thousand hostile files and folders: each is opened or refused in one line, within 5 seconds and 1 GiB.

    .venv/bin/python benchmarks/hostile_files.py [--cases 10000] [--seed 0] [--kinds network ngram …]

Models' folders, encoders' folders, modules' archives, vectors, Arrow, data files, reports: each case takes a good one,
damages it as its number says (bits flipped, cut, repeated, grown, numbers made extreme, JSON of other types, names that
lead elsewhere) and, most of the time, makes sizes and checksums right again, as an enemy would. Then it is opened and,
when that succeeds, used. What ends in anything but an answer of finite numbers or one line of ours is a failure, and so
is what takes longer (processor time, which says the same on a busy machine), takes more memory or ends the process.
Encoders, which are slow to build, get a quarter as many cases as other kinds. A case is its kind, the seed and its
number: run one again with --kinds KIND --first NUMBER --cases 1.
"""

import argparse
import contextlib
import faulthandler
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hostile_bytes import CASES, WARM, prepare
from measured import Figures, table

MOST_S, MOST_BYTES = 5.0, 2**30
HARD_S = 60.0  # of waiting: after so long a case's process is ended
SLOW = {"encoder", "pretrained"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000, help="of all kinds together")
    parser.add_argument("--first", type=int, default=0, help="the number of each kind's first case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--dry", action="store_true", help="few of them, to see that it runs")
    parser.add_argument("--output", type=Path, default=Path("results/hostile.json"))
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work, given.seed)
        return
    shares = {kind: 1 if kind in SLOW else 4 for kind in given.kinds}
    cases = 100 if given.dry else given.cases
    counts = {kind: -(-cases * share // sum(shares.values())) for kind, share in shares.items()}
    rows, failures, figures = [], list[str](), {}
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        print("preparing good ones", file=sys.stderr, flush=True)
        prepare(Path(folder), given.kinds)
        for kind in given.kinds:
            found = run(kind, Path(folder), given.first, counts[kind], given.seed)
            failures += found.failures
            rows.append(found.row())
            figures[kind] = {
                "cases": counts[kind],
                **found.counts,
                "slowest_s": found.slowest_s,
                "most_mib": found.most_mib,
            }
            print(" ".join(rows[-1]), *found.failures, sep="\n  ", file=sys.stderr, flush=True)
    print(table(["kind", "cases", "opened", "refused", "failed", "slowest, s", "most memory, MiB"], rows))
    print(f"{sum(counts.values()):,} cases with seed {given.seed}; failures: {len(failures)}")
    Figures(given.output).put("hostile files", {"seed": given.seed, "kinds": figures, "failures": failures})
    if failures:
        raise SystemExit("\n".join(failures[:30]))


class Found:
    """What became of a kind's cases."""

    def __init__(self, kind: str) -> None:
        self.kind, self.counts, self.failures = kind, Counter[str](), list[str]()
        self.slowest_s = self.most_mib = 0.0

    def take(self, number: int, outcome: str, seconds: float, n_bytes: float, what: str) -> None:
        self.slowest_s, self.most_mib = max(self.slowest_s, seconds), max(self.most_mib, n_bytes / 2**20)
        if outcome != "failed" and seconds > MOST_S:
            outcome, what = "failed", f"took {seconds:.1f} s ({what})"
        if outcome != "failed" and n_bytes > MOST_BYTES:
            outcome, what = "failed", f"took {n_bytes / 2**20:,.0f} MiB ({what})"
        self.counts[outcome] += 1
        if outcome == "failed":
            self.failures.append(f"{self.kind} {number}: {what}")

    def row(self) -> list[str]:
        counts = [f"{self.counts[name]:,}" for name in ("opened", "refused", "failed")]
        return [self.kind, f"{self.counts.total():,}", *counts, f"{self.slowest_s:.1f}", f"{self.most_mib:,.0f}"]


def run(kind: str, folder: Path, first: int, n: int, seed: int) -> Found:
    """Run cases in a process of their own, which is replaced when one ends it or takes too long."""
    found, number = Found(kind), first
    while number < first + n:
        command = [sys.executable, __file__, "--work", str(folder), "--seed", str(seed)]
        with (folder / "errors").open("wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=lambda out, put: [put(line) for line in out] + [put("")],
                         args=(process.stdout, answers.put), daemon=True).start()  # fmt: skip
        process.stdin.write(f"{kind}\n")
        process.stdin.flush()
        answers.get(timeout=1200)  # it says when it has imported what it needs
        try:
            for number in range(number, first + n):  # noqa: B020 - goes on where the last process ended
                process.stdin.write(f"{number}\n")
                process.stdin.flush()
                line = answers.get(timeout=HARD_S)
                if not line:
                    process.wait()
                    last = (folder / "errors").read_text(errors="replace").strip().splitlines()[-1:] or [""]
                    found.take(number, "failed", 0, 0, f"the process ended with {process.returncode}: {last[0][:200]}")
                    break
                found.take(number, *json.loads(line))
        except queue.Empty:
            errors_of = (folder / "errors").read_text(errors="replace")
            frames = [line.split('"')[1].rsplit("/", 1)[-1] + line.split('"')[2] for line in errors_of.splitlines()
                      if line.startswith("  File ")]  # fmt: skip
            spent = f"{processor_s(process.pid):.0f} s of processor time since the process began"
            found.take(number, "failed", HARD_S, 0, f"no end ({spent}; in {' < '.join(frames[:6])})")
        finally:
            process.kill()
            process.wait()
        number += 1
    return found


def processor_s(pid: int) -> float:
    """Return the processor time of a process: little where it waits, much where it computes."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def work(folder: Path, seed: int) -> None:
    """Answer case after case, as they come in on standard input."""
    os.environ["PLAUDIT_CACHE"] = str(folder / "cache")
    kind = sys.stdin.readline().strip()
    if kind in WARM:
        WARM[kind](folder / "good" / kind)
    for _ in range(3):  # so that what is imported and compiled at first is
        answer_case(kind, "warm", folder, seed)
    print("ready", flush=True)
    for line in sys.stdin:
        faulthandler.dump_traceback_later(HARD_S - 5)  # into the file of errors: where it waits or computes
        print(json.dumps(answer_case(kind, line.strip(), folder, seed)), flush=True)
        faulthandler.cancel_dump_traceback_later()


def answer_case(kind: str, number: str, folder: Path, seed: int) -> tuple[str, float, float, str]:
    place = folder / "case"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return tried(CASES[kind](random.Random(f"{kind} {seed} {number}"), folder / "good" / kind, place))


def tried(use: Callable[[], object]) -> tuple[str, float, float, str]:
    """Return what became of a case: "opened", "refused" or "failed", seconds, bytes of memory more, and why."""
    from plaudit.errors import PlauditError

    before = memory("VmRSS")
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # begin VmHWM again
    start = time.process_time()
    try:
        use()
        outcome, what = "opened", ""
    except PlauditError as error:
        what = str(error)
        outcome = "failed" if "\n" in what or not what else "refused"
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome, what = "failed", f"{type(error).__name__} {error} at {Path(place.filename).name}:{place.lineno}"
    return outcome, time.process_time() - start, memory("VmHWM") - before, " ".join(what.split())[:300]


def memory(name: str) -> int:
    """Return a figure of /proc/self/status in bytes."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


if __name__ == "__main__":
    main()
