"""Unpack the tar archive that TF Hub hands a module over in, trusting nothing in it.

This module knows which files a SavedModel of a text embedding has, and writes those and no others, under names of its
own. What it may unpack to, and from how many bytes, the budget says. The decision to question: one link, device or path
that leads out of the archive, and the whole of it is refused: nobody packs a module so.
"""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Self, cast

from plaudit.budget import Budget, current
from plaudit.embeddings.saved_model import ASSETS, VARIABLES
from plaudit.embeddings.saved_model_graph import GRAPH_FILE
from plaudit.errors import EmbeddingError, LimitError, PlauditError
from plaudit.expansion import open_expanding

_WANTED = re.compile(rf"{GRAPH_FILE}|{VARIABLES}/variables\.(index|data-\d{{5}}-of-\d{{5}})|{ASSETS}/[^/\\]+")
_NAMED = re.compile(r"\.(tgz|tar(\.\w{2,4})?)$")
_MAX_BYTES = 1 << 34  # unpacked; the largest of the family, 128 numbers a token, is half a gigabyte
_MAX_HEADER_BYTES = 1 << 20  # of a member's long name or further facts, which are read into memory whole
_BLOCK_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 20


class _Member(tarfile.TarInfo):
    """A member whose further headers are bounded: tarfile reads them whole, whatever size they say they have."""

    def _proc_member(self, tar: tarfile.TarFile) -> Self:
        if self.size > _MAX_HEADER_BYTES and not (self.isfile() or self.isdir()):
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return cast("Self", super()._proc_member(tar))  # type: ignore[misc]  # the one place that all headers pass


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive as a stream within the budget; whatever tarfile makes of hostile bytes is one error."""
    try:
        with open_expanding(path, name=str(path), damaged=EmbeddingError) as stream:
            source = cast("IO[bytes]", stream)
            with tarfile.open(fileobj=source, mode="r|", bufsize=_BLOCK_BYTES, tarinfo=_Member) as archive:
                yield archive
    except PlauditError:
        raise
    except Exception as error:  # tarfile raises ReadError, ValueError, RecursionError and others
        reason = " ".join(str(error).split()) or type(error).__name__
        raise EmbeddingError(f"{path}: truncated, or not a tar archive ({reason[:200]}).") from error


def is_archive(path: Path) -> bool:
    """Whether a file is a tar archive, compressed or not; by its content, and by its name where that is damaged."""
    try:
        with _opened(path) as archive:
            return archive.next() is not None
    except LimitError:
        return True
    except PlauditError:
        return _NAMED.search(path.name) is not None


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Yield a temporary folder with the SavedModel that a tar archive holds, at its root or in one folder.

    Raises:
        EmbeddingError: It is no tar archive, truncated, unsafe, or holds no SavedModel.
        LimitError: It is over the budget.
    """
    with tempfile.TemporaryDirectory(prefix="plaudit-module-") as scratch:
        with _opened(path) as archive:
            _unpack(archive, Path(scratch), path, current())
        roots = sorted(found.parent for found in Path(scratch).rglob(GRAPH_FILE))
        if len(roots) != 1:
            raise EmbeddingError(f"{path}: expected one SavedModel ({GRAPH_FILE}) in the archive, got {len(roots)}.")
        yield roots[0]


def _unpack(archive: tarfile.TarFile, target: Path, path: Path, budget: Budget) -> None:
    n_bytes = 0
    for number, member in enumerate(archive, start=1):
        budget.check_members(number, str(path))
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()) or member.issparse():
            raise EmbeddingError(f"{path}: unsafe: the archive's member {member.name[:100]!r} is a link or leads out.")
        n_bytes += member.size
        if n_bytes > _MAX_BYTES:
            raise EmbeddingError(f"{path}: more than {_MAX_BYTES:,} bytes; not a module.")
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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    except OSError as error:
        raise _not_written(target, error) from error
    with source:
        for chunk in iter(lambda: source.read(_CHUNK_BYTES), b""):
            try:
                with target.open("ab") as file:
                    file.write(chunk)
            except OSError as error:  # apart from what goes wrong with reading, which is the archive's fault
                raise _not_written(target, error) from error


def _not_written(target: Path, error: OSError) -> EmbeddingError:
    return EmbeddingError(f"{target.name}: cannot be unpacked to {target.parent}: {error.strerror or error}.")
