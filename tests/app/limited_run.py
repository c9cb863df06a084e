"""Run `plaudit` in this process with little memory: `python limited_run.py MEBIBYTES WORD...`.

First a small model is trained, so that all is imported, compiled and warm; then the limit is what the process has and
so many MiB more. It bounds anonymous memory (RLIMIT_DATA); pages of files that are mapped to be shared do not count. At
the end a line says how much more of it was resident at most.
"""

import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # another one takes room in advance, which would not be limited

from plaudit.app.cli import app


def status(name: str) -> int:
    """Return a figure of /proc/self/status in bytes."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


def run(words: list[str]) -> int:
    try:
        app(words)
    except SystemExit as done:
        return int(done.code or 0)
    return 0


def main() -> int:
    room, words = int(sys.argv[1]) * 2**20, sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        option = words.index("--recipe")
        quick = ["--epochs", "1", "--embedding", "random"] if words[option + 1] == "network" else []
        kind = ["--streaming"] if "--streaming" in words else []
        run(["train", "sample", *words[option : option + 2], *quick, *kind, "-o", f"{folder}/model"])
    before, most, is_over = status("RssAnon"), [0], threading.Event()
    resource.setrlimit(resource.RLIMIT_DATA, (status("VmData") + room,) * 2)

    def watch() -> None:
        while not is_over.wait(0.02):
            most[0] = max(most[0], status("RssAnon") - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    code = run(words)
    is_over.set()
    watcher.join()
    sys.stdout.write(f"anonymous {most[0] / 2**20:.0f} MiB more, {time.perf_counter() - start:.1f} s\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
