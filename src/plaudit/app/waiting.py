"""What is under way, on a terminal: one line on standard error that comes at once and goes when something is printed.

The decision to question: nothing redraws it after a print. What is printed then says itself what is under way.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator

from plaudit.progress import hearing

_CLEAR = "\r\x1b[K"
_shown = False


def show(what: str) -> None:
    """Show what is under way in place of what was; "" clears the line."""
    global _shown
    if what:
        width = shutil.get_terminal_size().columns
        sys.stderr.write(f"{_CLEAR}{f'{what} …'[: width - 1]}")
        _shown = True
    elif _shown:
        sys.stderr.write(_CLEAR)
        _shown = False
    sys.stderr.flush()


def clear() -> None:
    """Take the line away, where there is one."""
    if _shown:
        show("")


@contextlib.contextmanager
def waiting_shown() -> Iterator[None]:
    """Show on a terminal what is under way within the block; in a pipe nothing."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    show("Starting")
    try:
        with hearing(show):
            yield
    finally:
        clear()
