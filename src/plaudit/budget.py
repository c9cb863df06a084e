"""What bytes of others may cost: columns, labels, dimensions, bytes, expansion, members and time, in one frozen value.

Whoever starts a piece of work says what it may cost, and every reader below asks, without the functions between
having to know:

    with spending(SERVER.until(seconds=30, cancelled=event)):   # the server; a person's own command needs nothing
        dataset = read_file(path)

    budget = current()                                          # a reader, when it begins
    budget.check_columns(len(names), f"{path}:1")               # as soon as the number is known, before work on it
    budget.check_row(len(line), f"{path}:{number}")
    budget.check_time(str(path))                                # once a block of rows: cheap

Compressed files are opened with `expansion.open_expanding`, which checks bytes, ratio and time while it reads. What is
over a limit is a `LimitError`, never a part of the answer: its message names the limit and what to do.

The decision to question: the budget is a context variable, not an argument. A deadline belongs to who asked, and fifty
readers that hand it on would be fifty places to forget it. A thread starts without it: carry it over with
`contextvars.copy_context().run`, as `asyncio.to_thread` does by itself.
"""

from __future__ import annotations

import errno
import functools
import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, LimitError

VARIABLE = "PLAUDIT_LIMITS"
_SETTABLE = (
    "columns", "classes", "dimensions", "row_bytes", "document_bytes", "expanded_bytes", "ratio", "free_bytes",
    "members", "query_seconds", "query_bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """What one piece of work may cost; the defaults are those of a person's own command.

    Attributes:
        columns: Of a table; the default is Excel's most.
        classes: Different labels of data: weights, figures and tables grow with them.
        dimensions: Numbers in a vector; static and sentence vectors have 50 to 8,192.
        row_bytes: Of one row, line or record.
        document_bytes: Of a file that is read whole: settings, a record, a report's facts.
        expanded_bytes: That come out of a compressed file.
        ratio: Of bytes out to bytes in. Text gives 3 to 20, repetitive logs up to 80, a bomb 1,000.
        free_bytes: Bytes out up to which the ratio does not count: they harm nobody.
        members: Files in an archive or a model folder.
        query_seconds: That a database may compute without giving rows.
        query_bytes: Of memory that DuckDB may take for a query.
        deadline: When the time is over, as `time.monotonic` counts; None: never.
        cancelled: Set when nobody waits for the answer any longer.
        is_own: Whether who runs the work may raise the limits, and is told how.
    """

    columns: int = 16_384
    classes: int = 4_096
    dimensions: int = 16_384
    row_bytes: int = 64 * 2**20
    document_bytes: int = 64 * 2**20
    expanded_bytes: int = 2**40
    ratio: int = 100
    free_bytes: int = 256 * 2**20
    members: int = 1_000
    query_seconds: int = 60
    query_bytes: int = 2**30
    deadline: float | None = None
    cancelled: threading.Event | None = None
    is_own: bool = True

    def __post_init__(self) -> None:
        for name in _SETTABLE:
            if getattr(self, name) < 1:
                raise ConfigError(f"the limit {name} must be at least 1, got {getattr(self, name)}.")

    def until(self, *, seconds: float, cancelled: threading.Event | None = None) -> Budget:
        """Return this budget with a time that ends `seconds` from now, or when `cancelled` is set."""
        return replace(self, deadline=time.monotonic() + seconds, cancelled=cancelled)

    def check_columns(self, n: int, where: str) -> None:
        """Refuse a table with more columns than are read; errors as `check`."""
        self.check("columns", n, where, "columns")

    def check_classes(self, names: Collection[str], where: str) -> None:
        """Refuse data with more different labels than are read; errors as `check`."""
        if len(names) > self.classes:
            such = f"different labels, such as {next(iter(names))[:40]!r} (--label-column names another column)"
            self.check("classes", len(names), where, such)

    def check_dimensions(self, n: int, where: str) -> None:
        """Refuse vectors of more numbers than are read; errors as `check`."""
        self.check("dimensions", n, where, "numbers a vector")

    def check_row(self, n_bytes: int, where: str) -> None:
        """Refuse a row of more bytes than are read; errors as `check`."""
        self.check("row_bytes", n_bytes, where, "bytes in a row")

    def check_members(self, n: int, where: str) -> None:
        """Refuse an archive or folder of more files than are read; errors as `check`."""
        self.check("members", n, where, "files")

    def check_expansion(self, n_in: int, n_out: int, where: str) -> None:
        """Refuse `n_out` bytes that come out of `n_in` compressed ones, when they are too many; errors as `check`.

        It may be asked before, with what a file announces, and while reading, with what has come out so far.
        """
        self.check("expanded_bytes", n_out, where, "bytes uncompressed")
        if n_out > self.free_bytes and n_out > self.ratio * max(n_in, 1):
            found = f"{n_out:,} bytes or more out of {n_in:,} compressed ones"
            self._refuse(
                "ratio", where, f"{found}; at most {self.ratio:,} times as many are read", n_out // max(n_in, 1)
            )

    def check_time(self, where: str) -> None:
        """Refuse to go on when the time is over or nobody waits.

        Raises:
            LimitError: It is so; its `limit` is "seconds" or "cancelled".
        """
        if self.cancelled is not None and self.cancelled.is_set():
            raise LimitError(f"{where}: stopped, because the client has disconnected.", limit="cancelled")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise LimitError(f"{where}: out of time; send less.", limit="seconds")

    def check_query(self, seconds: float, where: str) -> None:
        """Refuse to wait longer for a database's next rows; errors as `check`."""
        if seconds >= (most := self.query_seconds):
            self._refuse("query_seconds", where, f"the database gave no rows for {most:,} seconds", 10 * most - 1)

    def check(self, limit: str, n: int, where: str, unit: str) -> None:
        """Refuse a number that is over one of the limits.

        Args:
            limit: The limit's name, one of this class's fields.
            n: What was found.
            where: What is read, to open the message.
            unit: What is counted, as words.

        Raises:
            LimitError: It is over; the message names the limit and what to do.
        """
        most: int = getattr(self, limit)
        if n > most:
            self._refuse(limit, where, f"{n:,} {unit}; at most {most:,} are read", n)

    def _refuse(self, limit: str, where: str, fault: str, needed: int) -> None:
        remedy = f" If that is intended, raise the limit: {VARIABLE}={limit}={needed + 1}." if self.is_own else ""
        raise LimitError(f"{where}: {fault}.{remedy}", limit=limit)


OWN = Budget()
SERVER = Budget(
    columns=1_000,
    dimensions=8_192,
    row_bytes=4 * 2**20,
    document_bytes=16 * 2**20,
    expanded_bytes=128 * 2**20,
    free_bytes=32 * 2**20,
    members=200,
    is_own=False,
)
_spent: ContextVar[Budget | None] = ContextVar("plaudit_budget", default=None)


def current() -> Budget:
    """Return the budget of the current work: what `spending` gave, else a person's own.

    Raises:
        ConfigError: The environment variable PLAUDIT_LIMITS is not "limit=number,…".
    """
    given = _spent.get()
    return given if given is not None else _own(os.environ.get(VARIABLE, ""))


def read_document(path: str | Path) -> str:
    """Return a file that is read whole, in UTF-8.

    Raises:
        OSError: It cannot be read, or is larger than the current budget takes.
        UnicodeDecodeError: It is not UTF-8.
    """
    most = current().document_bytes
    with Path(path).open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most / 2**20:g} MiB", str(path))
    return content.decode()


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """Make `budget` the current one within the block, in this thread or task."""
    token = _spent.set(budget)
    try:
        yield budget
    finally:
        _spent.reset(token)


@functools.lru_cache(maxsize=1)
def _own(setting: str) -> Budget:
    given: dict[str, Any] = {}  # Any: so that `replace` takes it
    for part in filter(None, (each.strip() for each in setting.split(","))):
        name, _, number = part.partition("=")
        if name not in _SETTABLE or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise ConfigError(f"{VARIABLE}: {part[:60]!r}: expected LIMIT=NUMBER, with one of {', '.join(_SETTABLE)}.")
        given[name] = int(number)
    return replace(OWN, **given)
