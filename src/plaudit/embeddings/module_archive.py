"""Unpack the tar archive that TF Hub hands a module over in, trusting nothing in it.

This module knows which files a SavedModel of a text embedding has, and writes those and no others, under names of its
own. The decision to question: one link, device or path that leads out of the archive, and the whole of it is refused:
nobody packs a module so.
"""

from __future__ import annotations

import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path, PurePosixPath

from plaudit.embeddings.saved_model import ASSETS, VARIABLES
from plaudit.embeddings.saved_model_graph import GRAPH_FILE
from plaudit.errors import EmbeddingError

_WANTED = re.compile(rf"{GRAPH_FILE}|{VARIABLES}/variables\.(index|data-\d{{5}}-of-\d{{5}})|{ASSETS}/[^/\\]+")
_MAX_MEMBERS = 10_000
_MAX_BYTES = 1 << 34  # unpacked; the largest of the family, 128 numbers a token, is half a gigabyte
_CHUNK_BYTES = 1 << 20
_READ_ERRORS = (tarfile.TarError, zlib.error, LZMAError, EOFError, OSError, ValueError)


def is_archive(path: Path) -> bool:
    """Whether a file is a tar archive, compressed or not; by its content."""
    try:
        with tarfile.open(path, "r:*") as archive:
            return archive.next() is not None
    except _READ_ERRORS:
        return False


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Yield a temporary folder with the SavedModel that a tar archive holds, at its root or in one folder.

    Raises:
        EmbeddingError: It is no tar archive, truncated, unsafe, too large, or holds no SavedModel.
    """
    with tempfile.TemporaryDirectory(prefix="plaudit-module-") as scratch:
        try:
            with tarfile.open(path, "r:*") as archive:
                _unpack(archive, Path(scratch), path)
        except EmbeddingError:
            raise
        except _READ_ERRORS as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise EmbeddingError(f"{path}: truncated, or not a tar archive ({reason[:200]}).") from error
        roots = sorted(found.parent for found in Path(scratch).rglob(GRAPH_FILE))
        if len(roots) != 1:
            raise EmbeddingError(f"{path}: expected one SavedModel ({GRAPH_FILE}) in the archive, got {len(roots)}.")
        yield roots[0]


def _unpack(archive: tarfile.TarFile, target: Path, path: Path) -> None:
    n_bytes = 0
    for number, member in enumerate(archive):
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
            raise EmbeddingError(f"{path}: unsafe: the archive's member {member.name[:100]!r} is a link or leads out.")
        n_bytes += member.size
        if number >= _MAX_MEMBERS or n_bytes > _MAX_BYTES:
            raise EmbeddingError(f"{path}: more than {_MAX_MEMBERS:,} files or {_MAX_BYTES:,} bytes; not a module.")
        if member.isfile() and (relative := _wanted(name)):
            _write(archive, member, target / relative)


def _wanted(name: PurePosixPath) -> Path | None:
    """Return where a member goes: its path if a SavedModel has such a file, at the root or one folder down."""
    for depth in (0, 1):
        if _WANTED.fullmatch("/".join(name.parts[depth:])):
            return Path(*name.parts)
    return None


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = archive.extractfile(member)
    if source is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            file.write(chunk)
