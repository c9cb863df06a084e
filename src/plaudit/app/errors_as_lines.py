"""Turn what goes wrong into one line on standard error and an exit code: 2 for an error, 130 for Ctrl-C."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from plaudit.app.plain import plain
from plaudit.errors import PlauditError

P = ParamSpec("P")
_FAILED, _INTERRUPTED = 2, 130


def errors_as_lines(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that an expected error prints as one line; a bug still shows its traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()  # here, where a full disk or a reader that has left is still told apart from a bug
        except PlauditError as error:
            raise _exit(_FAILED, str(error)) from None
        except KeyboardInterrupt:
            raise _exit(_INTERRUPTED, "interrupted.") from None
        except BrokenPipeError:  # the reader of our output has left (`| head`): not an error
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise _exit(_FAILED, f"{where}{error.strerror or error}.") from None
        except MemoryError:
            raise _exit(_FAILED, "not enough memory for this; try fewer texts or smaller layers.") from None

    return wrapped


def _exit(code: int, message: str) -> typer.Exit:
    sys.stderr.write(f"plaudit: {plain(message)}\n")  # one line, whatever the message holds
    return typer.Exit(code)
