"""What is to be scored: a file, a folder or a glob of files, or standard input; and the format of each.

This module knows nothing of rows. The decision to question: a folder is its files of known formats, in the order of
their names; only one without any is a folder per class, as `plaudit train` reads it. So a folder of answers from
another program needs no word, whatever markers (`_SUCCESS`) that program leaves in it.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from plaudit.data.files import FORMATS as TRAINING_FORMATS
from plaudit.data.files import SUFFIXES, format_of, plain_suffix
from plaudit.errors import ConfigError, DataError

FORMATS = (*TRAINING_FORMATS, "text")  # "text": a text a line, whatever stands in it
STANDARD_INPUT = "standard input"
_GLOB = "*?["


@dataclass(frozen=True)
class Source:
    """One thing to read rows from.

    Attributes:
        path: Where its bytes are; None for standard input as it comes.
        name: What messages call it.
        format: One of `FORMATS`.
        size_bytes: How large it was when it was found, 0 where that means nothing.
        mtime_ns: When it was last changed then, likewise.
    """

    path: Path | None
    name: str
    format: str
    size_bytes: int = 0
    mtime_ns: int = 0

    def record(self) -> list[object]:
        """Return what must not change between a run and the one that goes on with it, as JSON values."""
        place = self.name if self.path is None else str(self.path.resolve())
        return [place, self.format, self.size_bytes, self.mtime_ns]


def find_sources(spec: str, format: str | None = None) -> list[Source]:
    """Return what a word on the command line names, one or more, sorted by path.

    Args:
        spec: A file, a folder, a glob ("logs/*.jsonl", "**" for any depth), or "-" for standard input.
        format: One of `FORMATS`; None goes by each file's suffix.

    Raises:
        DataError: Nothing is there, or a suffix tells no format.
        ConfigError: Standard input without a format, or a format that does not exist.
    """
    if format is not None and format not in FORMATS:
        raise ConfigError(f"--format {format}: expected one of {', '.join(FORMATS)}.")
    if spec == "-":
        if format is None or format == "folder":
            known = ", ".join(each for each in FORMATS if each != "folder")
            raise ConfigError(f"-i -: say what comes in, --format with one of {known}.")
        return [Source(None, STANDARD_INPUT, format)]
    path = Path(spec)
    if not path.exists() and any(mark in spec for mark in _GLOB):
        found = [Path(name) for name in sorted(glob.glob(spec, recursive=True))]  # noqa: PTH207 - takes absolute ones
        files = [each for each in found if each.is_file()]
        if not files:
            raise DataError(f"{spec}: no file matches.")
        return [_source(each, format) for each in files]
    if path.is_dir() and format != "folder":
        files = [each for each in sorted(path.iterdir()) if _is_one_of_many(each, format)]
        if files:
            return [_source(each, format) for each in files]
    return [_source(path, format)]


def is_many(spec: str, sources: list[Source]) -> bool:
    """Say whether a word that `find_sources` took means any number of files."""
    return spec != "-" and not Path(spec).is_file() and sources[0].format != "folder"


def not_empty(sources: list[Source]) -> list[Source]:
    """Return the sources but for files without a byte, which have no rows to add; at least one."""
    return [each for each in sources if each.size_bytes or each.path is None or each.path.is_dir()] or sources[:1]


def _is_one_of_many(path: Path, format: str | None) -> bool:
    is_hidden = path.name.startswith((".", "_"))
    return path.is_file() and not is_hidden and (format is not None or plain_suffix(path) in SUFFIXES)


def _source(path: Path, format: str | None) -> Source:
    if format == "text" and path.is_file():
        found = format
    else:
        found = format_of(path, "fasttext" if format == "text" else format)
    facts = path.stat()
    return Source(path, str(path), found, 0 if path.is_dir() else facts.st_size, facts.st_mtime_ns)


@contextmanager
def spooled(source: Source, stream: BinaryIO, folder: Path | None) -> Iterator[Source]:
    """Write what comes in on a stream to a file for as long as the block lasts, for what must be read twice.

    Args:
        source: Standard input.
        stream: Its bytes.
        folder: Where there is room; None for the system's place for temporary files.
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".plaudit-input-") as file:
        while block := stream.read(1 << 20):
            file.write(block)
        file.flush()
        path = Path(file.name)
        yield replace(source, path=path, size_bytes=path.stat().st_size)
