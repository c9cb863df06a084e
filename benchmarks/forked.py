"""Commands of plaudit as processes of their own that begin at once: forks of one that has imported what they need.

So that kills fall into a command's work, and two hundred of them cost minutes: on two cores the imports alone take
longer than the tiny runs that kills.py makes.
"""

import contextlib
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import traceback
from typing import Any


class Forks:
    """A process that forks itself for each command, one at a time; it has a single thread and runs nothing itself."""

    def __init__(self, *modules: str) -> None:
        """Start it; it imports all commands, and `modules`."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, *modules], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._line() == "ready"

    def start(self, words: list[str], errors: str) -> int:
        """Begin a command, its standard error in a file; return the number of its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([words, errors]) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def wait(self) -> int:
        """Wait for the command that was begun; return its exit code, or the negative number of its signal."""
        return int(self._line())

    def close(self) -> None:
        """End the process that forks."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> Any:  # Any: a word or a number
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def main() -> None:
    """Fork for each line of standard input: a list of words, and where standard error goes."""
    import plaudit.app

    for found in pkgutil.walk_packages(plaudit.app.__path__, "plaudit.app."):
        with contextlib.suppress(ImportError):
            importlib.import_module(found.name)
    for name in sys.argv[1:]:
        importlib.import_module(name)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        words, errors = json.loads(line)
        if (pid := os.fork()) == 0:
            run(words, errors)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def run(words: list[str], errors: str) -> None:
    """Be a command, in a session of its own, and end."""
    from plaudit.app.cli import main as command

    os.setsid()
    for number, place in enumerate((os.devnull, os.devnull, errors)):
        os.dup2(os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["plaudit", *words]
    code: Any = 1
    try:
        command()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
