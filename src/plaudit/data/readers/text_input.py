"""A text file as a stream: uncompressed, as UTF-8 without its byte-order mark, in lines of bounded length.

This module knows nothing of rows. The decisions to question: only the first bytes can tell that a file is no text at
all, which ends the reading; what is broken further on is a broken row. And an encoding is found by looking only where
it cannot be another one (`data.readers.encodings`), and then said; a file that begins in ASCII is searched for the
first bytes that can tell, which costs a hundredth of reading its rows.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

from plaudit.budget import current
from plaudit.data.readers import rows
from plaudit.data.readers.encodings import Encoding, find_encoding
from plaudit.errors import DataError
from plaudit.expansion import open_expanding

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

HEAD_BYTES = 2**18  # that is looked at before the first row is read

_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an office document (name a workbook .xlsx)",
    b"PAR1": "a Parquet file (name it .parquet)",
    b"ARROW1": "an Arrow file (name it .arrow)",
    b"FEA1": "a Feather file of version 1 (write it again with a newer pyarrow or pandas)",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an office document of before 2007 (save it as .xlsx or CSV)",
    b"SQLite format 3": "a database (give sqlite:///FILE?query=select …)",
    b"Obj\x01": "an Avro file (write Parquet or CSV)",
    b"ORC": "an ORC file (write Parquet or CSV)",
    b"\x89HDF": "an HDF5 file (write Parquet or CSV)",
    b"\x80\x04\x95": "a pickle, which is not opened because it can run code (write Parquet or CSV)",
    b"7z\xbc\xaf": "a 7-Zip archive (unpack it)",
    b"Rar!": "a RAR archive (unpack it)",
    b"version https://git-lfs": "a pointer of Git LFS, and not the file (git lfs pull fetches it)",
}
_MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|head|rss|svg)\b", re.IGNORECASE)


class TextInput:
    """An open text source.

    Attributes:
        stream: Its bytes, uncompressed, UTF-8, after the byte-order mark.
        head: The first of them, as text; a byte that could not be decoded is a surrogate.
        is_whole: Whether `head` is all.
        is_empty: Whether there is nothing but white space.
        encoding: In which it is written.
    """

    def __init__(self, source: Source, encoding: str | None = None, *, is_unicode: bool = False) -> None:
        """Open it and look at its beginning.

        Args:
            source: A file, or standard input.
            encoding: As the user names it; None looks.
            is_unicode: Whether the format allows no other encoding than Unicode's, as JSON does.

        Raises:
            DataError: It cannot be opened, or is no text.
        """
        self.source = source
        self._budget = current()
        self._file = open_expanding(source.path or cast("BinaryIO", _Borrowed()), name=source.name)
        with self.kept_open():
            head = _filled(self._file)
            refuse_foreign(head, source.name)
            is_whole = len(head) < HEAD_BYTES
            is_told = encoding is not None and "," not in encoding
            telling = head if is_told or is_whole or not head.isascii() else _beyond_ascii(source) or head
            self.encoding: Encoding = find_encoding(telling, encoding, is_unicode=is_unicode, is_whole=is_whole)
            stream = _buffered(_Chained(head[self.encoding.mark_bytes :], self._file))
            said = self.encoding.said
            if not self.encoding.is_utf8:
                stream = _buffered(_Recoded(stream, self.encoding, source.name))
            head = _filled(stream)
            if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
                said = (*said, "lines end with only a carriage return")
                stream = _buffered(_WithLineFeeds(_Chained(head, stream)))
                head = _filled(stream)
            refuse_null_byte(head, source.name)
            self.stream = _buffered(_Chained(head, stream))
        self.said = said
        self.is_whole = len(head) < HEAD_BYTES
        self.is_empty = self.is_whole and not head.strip()
        cut = len(head) if self.is_whole else head.rfind(b"\n") + 1 or len(head)
        self.head = head[:cut].decode("utf-8", "surrogateescape")

    @property
    def most_bytes(self) -> int:
        """How long a row may be."""
        return min(rows.MOST_BYTES, self._budget.row_bytes)

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
        return 0 if self.source.path is None else self._file.position()

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        r"""Yield each line's number, from 1, and its bytes without the "\n"; None for one that is too long.

        Raises:
            DataError: The file cannot be read on.
        """
        number, most = 0, self.most_bytes
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


class _Piped(io.RawIOBase):
    """A stream made of another one, a piece at a time."""

    def __init__(self) -> None:
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, space: Any) -> int:  # Any: what Python calls a writable buffer
        while not self._ready:
            piece = self._next()
            if piece is None:
                return 0
            self._ready = piece
        given = self._ready[: len(space)]
        self._ready = self._ready[len(given) :]
        space[: len(given)] = given
        return len(given)

    def _next(self) -> bytes | None:
        """Return further bytes, none for now, or None at the end."""
        raise NotImplementedError


class _Chained(_Piped):
    """Bytes that were read already, then the rest."""

    def __init__(self, head: bytes, rest: Any) -> None:  # Any: what has `read1`
        super().__init__()
        self._ready, self._rest = head, rest

    def _next(self) -> bytes | None:
        return self._rest.read1(HEAD_BYTES) or None


class _Recoded(_Piped):
    """Text of another encoding as UTF-8; a byte that cannot be decoded comes out as it is."""

    def __init__(self, stream: io.BufferedReader, encoding: Encoding, name: str) -> None:
        super().__init__()
        self._stream, self._encoding, self._name = stream, encoding, name
        self._decoder, self._is_over = encoding.decoder(), False

    def _next(self) -> bytes | None:
        if self._is_over:
            return None
        data = self._stream.read1(HEAD_BYTES)
        self._is_over = not data
        try:
            return bytes(self._decoder.decode(data, self._is_over).encode("utf-8", "surrogateescape"))
        except UnicodeDecodeError as error:
            fault = f"not {self._encoding.shown}: {error.reason}. The file is damaged."
            raise DataError(f"{self._name}: {fault}") from error


class _WithLineFeeds(_Piped):
    """Lines that end in a carriage return alone, as lines that end in a line feed."""

    def __init__(self, stream: _Chained) -> None:
        super().__init__()
        self._stream = _buffered(stream)

    def _next(self) -> bytes | None:
        return self._stream.read1(HEAD_BYTES).replace(b"\r", b"\n") or None


def standard_input() -> io.BufferedReader:
    """Return the bytes that come in."""
    return _buffered(_Borrowed())


def refuse_foreign(data: bytes, name: str) -> None:
    """Refuse what begins like another kind of file than text.

    Raises:
        DataError: It does.
    """
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise DataError(f"{name}: expected text, got {kind}.")
    if data[257:262] == b"ustar":
        raise DataError(f"{name}: expected text, got a tar archive (unpack it, and name the file or folder in it).")
    if match := _MARKUP.match(data):
        kind = "XML" if match[1].lower() in (b"?xml", b"rss", b"svg") else "a web page"
        raise DataError(f"{name}: expected text, got {kind} (write its texts to CSV or JSON Lines).")


def refuse_null_byte(data: bytes, name: str) -> None:
    """Refuse bytes that are no text.

    Raises:
        DataError: One of them is null.
    """
    if (position := data.find(b"\0")) >= 0:
        raise DataError(
            f"{name}:{line_at(data, position)}: a null byte; expected text. The file is binary or damaged, or of an "
            "encoding that --encoding must name."
        )


def line_at(data: bytes, position: int) -> int:
    """Return the line, counted from 1, on which a byte stands."""
    return data.count(b"\n", 0, position) + 1


def _beyond_ascii(source: Source) -> bytes:
    """Return the first piece of a file that is not all ASCII, from the beginning of a line; empty if there is none.

    Standard input, which cannot be read twice, has none.
    """
    if source.path is None:
        return b""
    with open_expanding(source.path, name=source.name) as stream:
        before = b""
        while piece := stream.read(HEAD_BYTES):
            if not piece.isascii():
                return before[before.rfind(b"\n") + 1 :] + piece
            before = piece
    return b""


def _buffered(file: Any) -> io.BufferedReader:  # Any: what has readinto
    return io.BufferedReader(file, HEAD_BYTES)


def _filled(stream: Any) -> bytes:  # Any: a binary stream
    """Return the first bytes of a stream: so many that a look at them says the same for a file and for a pipe."""
    return bytes(stream.read(HEAD_BYTES))
