"""Turn what goes wrong into one line on standard error and an exit code: 2 for an error, 130 for Ctrl-C.

A terminal obeys nothing in such a line, nor in any text of a file or a model that is printed (`plain`).

A bug still shows its traceback. The decision to question: too little memory has many faces. OpenBLAS, when it cannot
start a thread, sends its own process the signal of Ctrl-C; the dynamic linker says that a library cannot be mapped;
Python that no thread can be started. So `lacks_memory` looks at what was raised, and where that could be anything, at
whether there is memory.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec

import typer

from plaudit.app.waiting import waiting_shown
from plaudit.errors import PlauditError

P = ParamSpec("P")
_FAILED, _INTERRUPTED = 2, 130
_PROBE_BYTES = 64 * 2**20  # less than this left is too little for anything here
_TOO_LITTLE_MEMORY = "not enough memory for this; try fewer texts or smaller layers."
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SAYS_MEMORY = ("can't start new thread", "failed to map segment", "cannot allocate memory", "unable to allocate")


def plain(text: str) -> str:
    """Return `text` on one line, with what a terminal would obey (escape sequences, bells) written out."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], " ".join(text.split()))


def errors_as_lines(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that an expected error prints as one line; a bug still shows its traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        with said_in_a_line(), waiting_shown():
            command(*args, **kwargs)
            sys.stdout.flush()  # here, where a full disk or a reader that has left is still told apart from a bug

    return wrapped


@contextlib.contextmanager
def said_in_a_line() -> Iterator[None]:
    """Turn an expected error within the block into a line, and raise `typer.Exit` with its code.

    It raises the same where a reader of our output has left (`| head`), with code 0: that is no error.
    """
    try:
        yield
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit(0) from None
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, typer.Exit):  # a RuntimeError
            raise
        said = _say(error)
        if said is None:
            raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
            _drop_output()  # what is still in the buffer cannot be written at the end either
        code, message = said
        sys.stderr.write(f"plaudit: {plain(message)}\n")  # one line, whatever the message holds
        raise typer.Exit(code) from None


def _say(error: BaseException) -> tuple[int, str] | None:
    """Return the exit code and the line of an expected error; None for a bug."""
    if lacks_memory(error):
        return _FAILED, _TOO_LITTLE_MEMORY
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED, "interrupted."
    if "surrogate" in str(error) and (words := [word for word in sys.argv[1:] if not _is_unicode(word)]):
        return _FAILED, (
            f"the argument {words[0]!a} is not text in this locale's encoding ({sys.getfilesystemencoding()}): set "
            "LC_ALL=C.UTF-8 or PYTHONUTF8=1."
        )
    if isinstance(error, PlauditError):
        return _FAILED, str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return _FAILED, f"{where}{error.strerror or error}."
    from plaudit.plugins import fault_of_plugin

    if (fault := fault_of_plugin(error)) is not None:
        return _FAILED, fault
    return None


def lacks_memory(error: BaseException) -> bool:
    """Say whether too little memory is behind an error, or behind what it was turned into."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if isinstance(error, KeyboardInterrupt):
        return _is_memory_short()
    one: BaseException | None = error
    while one is not None:
        words = str(one).lower()
        if isinstance(one, MemoryError) or any(each in words for each in _SAYS_MEMORY):
            return True
        one = one.__cause__ or one.__context__
    return False


def _is_memory_short() -> bool:
    """Say whether neither a little memory nor a thread is to be had."""
    try:
        probe = bytearray(_PROBE_BYTES)
        thread = threading.Thread(target=probe.clear)
        thread.start()
        thread.join()
    except (MemoryError, RuntimeError):
        return True
    return False


def _is_unicode(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _drop_output() -> None:
    """Send what is still written to nowhere, so that Python's own last flush does not fail too."""
    with Path(os.devnull).open("wb") as nowhere, contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
