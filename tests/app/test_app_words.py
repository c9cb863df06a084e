"""What goes wrong on a machine is one line that names it, with the right exit code, and never a traceback."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
INTERRUPTED = """
import resource, signal, os, sys, time
from plaudit.app.errors_as_lines import said_in_a_line
import typer

size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
if sys.argv[1] == "little":
    resource.setrlimit(resource.RLIMIT_AS, (size + 2**23, size + 2**23))
try:
    with said_in_a_line():
        os.kill(os.getpid(), signal.SIGINT)  # as OpenBLAS does when it cannot start a thread
        while True:  # not signal.pause(), which would wait for ever where another thread took the signal
            time.sleep(0.01)
except typer.Exit as ended:
    sys.exit(ended.exit_code)
"""


def plaudit(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **{name: str(value) for name, value in more.items() if name.isupper()}}
    return subprocess.run(
        [sys.executable, "-m", "plaudit", *words], capture_output=True, text=True, env=environment, timeout=120
    )


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["train", "--help"], ["doctor"]], ids=" ".join)
def test_a_full_disk_is_one_line_also_for_help(words: list[str]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "plaudit", *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120
        )
    assert (done.returncode, done.stderr) == (2, "plaudit: No space left on device.\n")


def test_a_reader_that_has_left_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run([sys.executable, "-m", "plaudit", "--help"], stdout=nobody, stderr=subprocess.PIPE)
    assert (done.returncode in (0, 1), done.stderr) == (True, b"")  # 1 where the reader left within the help


@pytest.mark.parametrize(("room", "code", "line"), [
    ("much", 130, "plaudit: interrupted.\n"),
    ("little", 2, "plaudit: not enough memory for this; try fewer texts or smaller layers.\n"),
])  # fmt: skip
def test_too_little_memory_is_not_called_an_interruption(room: str, code: int, line: str) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, room], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (code, line)


@pytest.mark.parametrize("mebibytes", [200, 350])
def test_libraries_that_find_no_memory_are_one_line(mebibytes: int, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes * 2**20,) * 2)

    done = subprocess.run(
        [sys.executable, "-m", "plaudit", "train", "sample", "-o", str(tmp_path / "m")],
        capture_output=True, text=True, timeout=120, preexec_fn=limit,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("plaudit: not enough memory for this; try fewer texts or smaller layers.\n")
    assert done.returncode == 2


@pytest.mark.parametrize("words", [["train", "sample", "--text-column", "é"], ["embeddings", "show", "random", "é"]])
def test_an_argument_that_the_locale_cannot_spell_is_named(words: list[str]) -> None:
    done = plaudit(*words, LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 2
    assert "is not text in this locale's encoding (ascii): set LC_ALL=C.UTF-8 or PYTHONUTF8=1." in done.stderr
    assert "Traceback" not in done.stderr
