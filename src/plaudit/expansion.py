"""Open a file that may be compressed, gzip, bzip2, xz, Zstandard or a zip of one file, and bound what comes out.

    with open_expanding(path, name=str(path)) as stream:    # an io.BufferedReader, whatever the file is
        for line in stream: ...

How it is compressed is seen in its first bytes, never in its name. While it is read the stream asks the current budget
(`budget.current`, when it is opened) about the bytes that came out, their ratio to those that went in, and the time. So
a bomb ends as a `LimitError` while it is still small, in every reader alike. What is damaged or cut off is one error
of the kind that the reader raises for its files.

This module knows nothing of what the bytes mean. The decision to question: Zstandard is Arrow's, for Python has none
before 3.14, and Arrow is here anyway.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from plaudit.budget import Budget, current
from plaudit.errors import DataError, PlauditError

_BUFFER_BYTES = 2**18
_XZ_MEMORY_BYTES = 2**28  # what a stream's dictionary may take: `xz -9` takes 65 MiB
_ZIP_END, _ZIP_END_BYTES, _ZIP_LONGEST_COMMENT = b"PK\x05\x06", 22, 2**16  # APPNOTE.TXT 4.3.16
_ZIP_DIRECTORY_BYTES = 2**20  # of one that lists a single file
_KINDS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_LONGEST = max(map(len, _KINDS))
DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)


def compression_of(head: bytes) -> str | None:
    """Return how a file that begins with these bytes is compressed: "gzip", "bzip2", "xz", "zstd", "zip" or None."""
    return next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), None)


class ExpandingStream(io.BufferedReader):
    """A file's bytes, uncompressed, within the budget.

    Attributes:
        compression: How the file is compressed, as `compression_of` says.
    """

    def __init__(self, expanded: _Expanded, compression: str | None) -> None:
        super().__init__(expanded, _BUFFER_BYTES)
        self._expanded = expanded
        self.compression = compression

    def position(self) -> int:
        """Return how many bytes of the file itself are used up: compressed ones, if it is compressed."""
        return self._expanded.taken()


def open_expanding(
    source: Path | BinaryIO, *, name: str, damaged: type[PlauditError] = DataError, compressions: bool = True
) -> ExpandingStream:
    """Open a file, or read on in one that is open; close the stream to close either.

    Args:
        source: A path, or an open binary file; one that cannot be searched (a pipe) must not be a zip.
        name: What messages call it.
        damaged: The error that a damaged file or one that cannot be read becomes.
        compressions: Whether a compressed file is uncompressed; without, its own bytes come, within the same budget.

    Raises:
        damaged: It cannot be opened, or is a zip of no file or of several, or one with a password.
        LimitError: It is over the budget, here or while it is read.
    """
    budget = current()
    try:
        file: Any = source.open("rb") if isinstance(source, Path) else source
    except OSError as error:
        raise damaged(f"{name}: cannot be read: {error.strerror or error}.") from error
    try:
        taken = _Taken(file, name, budget)
        head = taken.peek(_LONGEST)
        kind = compression_of(head) if compressions else None
        inner = _OPENERS[kind](taken, name, damaged) if kind else taken
    except PlauditError:
        file.close()
        raise
    except DAMAGE as error:
        file.close()
        raise damaged(_damage(name, error, "a file")) from error
    return ExpandingStream(_Expanded(inner, taken, name, budget, damaged, kind), kind)


def _damage(name: str, error: BaseException, kind: str) -> str:
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200] or type(error).__name__
    if kind == "a file":
        return f"{name}: cannot be read: {reason}."
    return f"{name}: the {kind} file is truncated or damaged ({reason})."


class _Taken(io.BufferedReader):
    """The file itself; knows how far it is read, and looks at the time."""

    def __init__(self, file: Any, name: str, budget: Budget) -> None:  # Any: whatever has readinto
        super().__init__(_Counted(file, name, budget), _BUFFER_BYTES)


class _Counted(io.RawIOBase):
    def __init__(self, file: Any, name: str, budget: Budget) -> None:
        self._file, self._name, self._budget = file, name, budget
        self.n_bytes = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = 0) -> int:
        self.n_bytes = int(self._file.seek(offset, whence))
        return self.n_bytes

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, space: Any) -> int:  # Any: what Python calls a writable buffer
        self._budget.check_time(self._name)
        n = self._file.readinto(space) or 0
        self.n_bytes += n
        return int(n)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _Expanded(io.RawIOBase):
    """What `inner` gives, checked against the budget with every piece."""

    def __init__(
        self, inner: IO[bytes], taken: _Taken, name: str, budget: Budget, damaged: type[PlauditError], kind: str | None
    ) -> None:
        self._inner, self._taken, self._name, self._budget = inner, taken, name, budget
        self._damaged, self._kind = damaged, kind
        self._n_out = 0

    def readable(self) -> bool:
        return True

    def taken(self) -> int:
        """Return how many bytes of the file have been read."""
        return cast("_Counted", self._taken.raw).n_bytes

    def readinto(self, space: Any) -> int:  # Any: what Python calls a writable buffer
        try:
            data = self._inner.read(len(space))
        except PlauditError:
            raise
        except DAMAGE as error:
            raise self._damaged(_damage(self._name, error, self._kind or "a file")) from error
        self._n_out += len(data)
        if self._kind is not None:
            self._budget.check_expansion(self.taken(), self._n_out, self._name)
        space[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed and self._inner is not self._taken:
            self._inner.close()
        self._taken.close()
        super().close()


class _Xz(io.RawIOBase):
    """xz with a bound on the memory of its dictionary, which `lzma.LZMAFile` has not; several streams are one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder, self._rest = self._fresh(), b""

    def _fresh(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_BYTES)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""
        while True:
            if self._decoder.eof:
                # Between two streams zeros may stand, four at a time (the format's description, 2.2).
                rest = (self._decoder.unused_data or self._file.read(_BUFFER_BYTES)).lstrip(b"\0")
                while not rest and (more := self._file.read(_BUFFER_BYTES)):
                    rest = more.lstrip(b"\0")
                if not rest:
                    return b""
                self._decoder, self._rest = self._fresh(), rest
            if not self._rest and self._decoder.needs_input:
                self._rest = self._file.read(_BUFFER_BYTES)
                if not self._rest:
                    raise EOFError("it ends in the middle")
            data, self._rest = self._decoder.decompress(self._rest, size), b""
            if data:
                return data


def _open_zip(taken: _Taken, name: str, damaged: type[PlauditError]) -> IO[bytes]:
    if not taken.seekable():
        raise damaged(f"{name}: a zip archive cannot be read from a pipe; unzip it first.")
    check_zip(taken, name, damaged)
    archive = zipfile.ZipFile(taken)
    found = [each for each in archive.infolist() if not each.is_dir() and not each.filename.startswith("__MACOSX/")]
    if len(found) != 1:
        raise damaged(
            f"{name}: a zip archive of {len(found):,} files, or an office document; expected one file in it: unzip "
            "it and name one (of a sheet: export it as CSV)."
        )
    return archive.open(found[0])


def check_zip(file: BinaryIO, name: str, damaged: type[PlauditError] = DataError) -> None:
    """Look at a zip archive's end before its directory is read: how many files it announces, and their list's size.

    The file stands at its beginning after it.

    Raises:
        damaged: It has no end.
        LimitError: It has more files than the current budget takes, or a list too long for so many.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _ZIP_END_BYTES - _ZIP_LONGEST_COMMENT))
    end = file.read(_ZIP_END_BYTES + _ZIP_LONGEST_COMMENT)
    file.seek(0)
    at = end.rfind(_ZIP_END)
    if at < 0 or at + _ZIP_END_BYTES > len(end):
        raise damaged(f"{name}: the zip file is truncated or damaged (it has no end).")
    n_files, n_bytes = (
        int.from_bytes(end[at + 10 : at + 12], "little"),
        int.from_bytes(end[at + 12 : at + 16], "little"),
    )
    budget = current()
    budget.check_members(max(n_files, n_bytes // _ZIP_DIRECTORY_BYTES * 1024), name)


def _open_zstd(taken: _Taken) -> IO[bytes]:
    import pyarrow as pa

    return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(taken, "r"), "zstd"))


_OPENERS: dict[str, Callable[[_Taken, str, type[PlauditError]], IO[bytes]]] = {
    "gzip": lambda taken, name, damaged: cast("IO[bytes]", gzip.GzipFile(fileobj=taken)),
    "bzip2": lambda taken, name, damaged: cast("IO[bytes]", bz2.BZ2File(taken)),
    "xz": lambda taken, name, damaged: cast("IO[bytes]", _Xz(taken)),
    "zstd": lambda taken, name, damaged: _open_zstd(taken),
    "zip": _open_zip,
}
