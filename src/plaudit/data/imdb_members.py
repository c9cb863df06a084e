"""Walk the Large Movie Review Dataset where it lies: its tarball, in one pass, or its extracted folder.

Both give the same thing: (name, bytes) of each review and each list of URLs, the name counted from the top
folder, ``"train/pos/0_9.txt"``. This module knows nothing of labels, counts or order.

The decision to question: the tarball's 512-byte headers are read by hand instead of with `tarfile`. Measured
on 100,016 members, two cores: tarfile in stream mode 4.2 to 5.2 s, the walk 1.2 to 1.5 s, checksums verified.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from plaudit.errors import DataError

_REVIEW = re.compile(r"(?:^|/)((?:train|test)/(?:neg|pos|unsup)/\d+_\d+\.txt)$")
_URLS = re.compile(r"(?:^|/)((?:train|test)/urls_(?:neg|pos|unsup)\.txt)$")
_CLASS_FOLDERS = ("train/neg", "train/pos", "train/unsup", "test/neg", "test/pos")
_URL_LISTS = tuple(folder.replace("/", "/urls_") + ".txt" for folder in _CLASS_FOLDERS)
_BLOCK = 512  # POSIX.1-2024, pax interchange format: headers and contents come in blocks of 512 bytes


def read_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (name, contents) of every review and URL list under `path`, a tarball or a folder, in any order.

    Raises:
        DataError: `path` does not exist, or is neither such a folder nor a readable tarball.
    """
    if path.is_dir():
        yield from _read_folder(find_root(path))
    elif path.is_file():
        yield from _read_tarball(path)
    else:
        raise DataError(f"{path}: no such file or folder. Expected aclImdb_v1.tar.gz or its extracted folder.")


def find_root(folder: Path) -> Path:
    """Return the release's top folder: `folder` itself or its ``aclImdb``.

    Raises:
        DataError: Neither holds the release's five folders of reviews.
    """
    for root in (folder, folder / "aclImdb"):
        if is_root(root):
            return root
    missing = [name for name in _CLASS_FOLDERS if not (folder / name).is_dir()]
    raise DataError(
        f"{folder}: not the extracted Large Movie Review Dataset: it has no {missing[0]}. "
        "Expected the folder aclImdb, or the one that holds it."
    )


def is_root(folder: Path) -> bool:
    """Say whether `folder` has the release's five folders of reviews."""
    return all((folder / name).is_dir() for name in _CLASS_FOLDERS)


def identify(path: Path) -> str:
    """Return a string that changes when the tarball or folder does.

    Path, size and time of the tarball. For a folder, the times of its class folders (files added, removed or
    renamed) and of its URL lists; a review edited in place is not seen: looking at 100,000 files would cost
    more than the cache saves.
    """
    if not path.is_dir():
        stat = path.stat()
        return f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"
    root = find_root(path)
    watched = [root / name for name in (*_CLASS_FOLDERS, *_URL_LISTS)]
    times = [str(entry.stat().st_mtime_ns) for entry in watched if entry.exists()]
    return "|".join([str(root.resolve()), *times])


def _read_folder(root: Path) -> Iterator[tuple[str, bytes]]:
    for name in _URL_LISTS:
        if (root / name).is_file():
            yield name, (root / name).read_bytes()
    for folder in _CLASS_FOLDERS:
        for entry in (root / folder).iterdir():
            name = f"{folder}/{entry.name}"
            if _REVIEW.search(name):
                yield name, entry.read_bytes()


def _read_tarball(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"  # RFC 1952, section 2.3.1
            file.seek(0)
            if is_gzip:
                with gzip.open(file) as stream:
                    yield from _walk(stream, path)
            else:
                yield from _walk(file, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the archive is truncated or damaged ({error}). Fetch it again.") from error


def _walk(stream: BinaryIO | gzip.GzipFile, path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the members of interest from a tar stream.

    Names longer than a header holds (GNU's and pax's extension headers) are not put together: the release has
    none.
    """
    position = 0
    while header := stream.read(_BLOCK):
        if len(header) < _BLOCK:
            raise DataError(f"{path}: the archive is truncated: it ends within a header. Fetch it again.")
        if not header.strip(b"\0"):
            return  # the end mark
        if not _is_header(header):
            raise DataError(f"{path}: not a tar archive, or damaged: no header at byte {position:,}.")
        size = int(_octal(header[124:136]), 8)
        padded = -(-size // _BLOCK) * _BLOCK
        name = _name_of(header)
        match = name.endswith(".txt") and (_REVIEW.search(name) or _URLS.search(name))
        if match and header[156] in b"0\0":  # a regular file
            contents = stream.read(padded)
            complete = len(contents) == padded
            if complete:
                yield match[1], contents[:size]
        else:
            complete = _skip(stream, padded)
        if not complete:
            raise DataError(f"{path}: the archive is truncated: it ends within {name}. Fetch it again.")
        position += _BLOCK + padded
    raise DataError(f"{path}: the archive is truncated: it has no end mark. Fetch it again.")


def _is_header(header: bytes) -> bool:
    """Say whether the checksum holds: the sum of all bytes, its own eight counted as blanks."""
    try:
        stated = int(_octal(header[148:156]), 8)
        int(_octal(header[124:136]), 8)
    except ValueError:
        return False
    return stated == sum(header) - sum(header[148:156]) + 8 * ord(" ")


def _octal(field: bytes) -> bytes:
    return field.partition(b"\0")[0].strip()


def _name_of(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0" and (prefix := header[345:500].partition(b"\0")[0]):
        name = prefix + b"/" + name
    return name.decode("utf-8", errors="replace")


def _skip(stream: BinaryIO | gzip.GzipFile, n_bytes: int) -> bool:
    """Read past `n_bytes` in pieces, since bag-of-words files have tens of megabytes; False at the end."""
    while n_bytes:
        piece = len(stream.read(min(n_bytes, 1 << 20)))
        if not piece:
            return False
        n_bytes -= piece
    return True
