"""A text file as a stream: uncompressed, past its byte-order mark, in lines of bounded length.

This module knows nothing of rows. The decision to question: only the first bytes can tell that a file is no text at
all, which ends the run; what is broken further on is a broken row.
"""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, cast

from plaudit.batch import rows
from plaudit.batch.sources import Source
from plaudit.data.formats.text_file import GZIP, refuse_foreign, refuse_null_byte
from plaudit.errors import DataError

_BUFFER_BYTES = 2**18


class TextInput:
    """An open text source.

    Attributes:
        stream: Its bytes, uncompressed, after the byte-order mark.
        is_empty: Whether there are none.
    """

    def __init__(self, source: Source) -> None:
        """Open it and look at its beginning.

        Raises:
            DataError: It cannot be opened, or is no UTF-8 text.
        """
        self.source = source
        with reading(source):
            self._file: io.RawIOBase = _Borrowed() if source.path is None else source.path.open("rb", buffering=0)
        with self.kept_open(), reading(source):
            self.stream = _buffered(self._file)
            if self.stream.peek(2).startswith(GZIP):
                self.stream = _buffered(gzip.GzipFile(fileobj=self.stream))
            head = self.stream.peek(_BUFFER_BYTES)
            refuse_foreign(head, source.name)
            if head.startswith(codecs.BOM_UTF8):
                self.stream.read(len(codecs.BOM_UTF8))
                head = head.removeprefix(codecs.BOM_UTF8)
            refuse_null_byte(head, source.name)
        self.is_empty = not head.strip() and len(head) < _BUFFER_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._file.close()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Close the file if the block raises."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def position(self) -> int:
        """Return how many bytes of the file are used up; compressed ones, if it is."""
        return 0 if self.source.path is None else self._file.tell()

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        r"""Yield each line's number, from 1, and its bytes without the "\n"; None for one that is too long.

        Raises:
            DataError: The file cannot be read on.
        """
        number, most = 0, rows.MOST_BYTES
        with reading(self.source):
            while line := self.stream.readline(most):
                number += 1
                if line.endswith(b"\n"):
                    yield number, line[:-1]
                elif len(line) < most:
                    yield number, line
                else:
                    while line and not line.endswith(b"\n"):
                        line = self.stream.readline(most)
                    yield number, None


class _Borrowed(io.RawIOBase):
    """Standard input as a file that may be closed: standard input stays open."""

    def readable(self) -> bool:
        return True

    def readinto(self, space: Any) -> int:  # Any: what Python calls a writable buffer
        data = cast(io.BufferedReader, sys.stdin.buffer).read1(len(space))
        space[: len(data)] = data
        return len(data)


def standard_input() -> io.BufferedReader:
    """Return the bytes that come in."""
    return _buffered(_Borrowed())


def _buffered(file: Any) -> io.BufferedReader:  # Any: what has readinto, a gzip file too
    return io.BufferedReader(file, _BUFFER_BYTES)


def too_long() -> str:
    """Return why a row is not scored that is longer than any text."""
    return f"longer than {rows.MOST_BYTES // 2**20} MiB"


@contextmanager
def reading(source: Source) -> Iterator[None]:
    """Turn what goes wrong while reading into a `DataError`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{source.name}: the gzip file is truncated or damaged ({error}).") from error
    except OSError as error:
        raise DataError(f"{source.name}: cannot be read: {error.strerror or error}.") from error
