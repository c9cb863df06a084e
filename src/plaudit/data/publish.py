"""Put a finished folder, or a file, in its place all at once: a kill leaves the old one or the new one, never half.

This module knows nothing of what a folder holds. The one decision to question: a folder cannot be renamed
over another that is not empty, so an old one is first moved aside; for an instant there is none, and a reader
that looks in that instant finds nothing rather than half of something.
"""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plaudit.errors import DataError


@contextmanager
def publish_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends well, it becomes `target`.

    Any folder that is there already is replaced; if the block raises, it stays as it was and what was written
    is removed. Several processes may publish to the same place at once: each succeeds, and one of them stays.

    Raises:
        OSError: The disk is full, a folder cannot be written, or `target` is a file.
    """
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=f".{target.name}-", ignore_cleanup_errors=True
    ) as scratch:
        built = Path(scratch) / "new"
        built.mkdir()
        yield built
        _move(built, target, Path(scratch))


def publish_file(target: Path, contents: bytes) -> None:
    """Write a file whole or not at all; what stood there is replaced, and on an error untouched.

    Raises:
        DataError: It cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(contents)
        temporary.replace(target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _move(built: Path, target: Path, scratch: Path) -> None:
    for n in itertools.count():
        try:
            os.rename(built, target)  # noqa: PTH104 - the system call whose atomicity is meant
            return
        except OSError as error:
            if not _occupied(error):
                raise
        old = scratch / f"old-{n}"
        try:
            with suppress(FileNotFoundError):  # another process has just moved it aside
                target.rename(old)
            os.rename(built, target)  # noqa: PTH104
            return
        except BaseException as error:  # Ctrl-C between the two renames included: a folder must stand there
            _put_back(old, target)
            if not _occupied(error):  # occupied: another process was quicker, and it is its turn to go
                raise


def _put_back(old: Path, target: Path) -> None:
    try:
        with suppress(FileNotFoundError):  # none had been moved aside; a look beforehand may be out of date
            old.rename(target)
    except OSError as error:
        if not _occupied(error):
            raise


def _occupied(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST)
