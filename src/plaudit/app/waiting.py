"""What is under way, on a terminal: one line on standard error that comes at once and goes when something is printed.

The decision to question: nothing redraws it after a print. What is printed then says itself what is under way.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO

from plaudit.progress import hearing

_CLEAR = "\r\x1b[K"
_shown = False
_stream: TextIO | None = None  # a live bar of Rich's puts itself in the place of `sys.stderr`, and adds line ends


def show(what: str) -> None:
    """Show what is under way in place of what was; "" clears the line."""
    global _shown
    if _stream is None:
        return
    if what:
        width = shutil.get_terminal_size().columns
        _stream.write(f"{_CLEAR}{f'{what} …'[: width - 1]}")
        _shown = True
    elif _shown:
        _stream.write(_CLEAR)
        _shown = False
    _stream.flush()


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
    global _stream
    _stream = sys.stderr
    show("Starting")
    try:
        with hearing(show):
            yield
    finally:
        clear()
        _stream = None
