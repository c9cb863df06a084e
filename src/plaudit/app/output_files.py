"""Write rows into a file of the format that its name tells, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from plaudit.errors import ConfigError, DataError


def check_target(target: Path, suffixes: Sequence[str]) -> str:
    """Return the suffix of a file to write, lower case.

    Raises:
        ConfigError: It is none of `suffixes`, or nothing can stand there.
    """
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        names = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise ConfigError(f"{target}: cannot tell the format; name a file that ends in {names}.")
    if target.is_dir() or not target.parent.is_dir():
        raise ConfigError(f"{target}: {'is a folder' if target.is_dir() else 'its folder does not exist'}.")
    return suffix


def write_whole(target: Path, contents: bytes) -> None:
    """Put a file in its place at once; on an error what stood there is untouched.

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
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
