"""What a word on the command line names: a file, a folder or a glob of files, standard input, or a database.

This module knows nothing of rows. The decision to question: a folder is its files of known formats, in the order of
their names; only one whose texts lie in sub-folders is a folder per class. So a folder of another program's output
needs no word, whatever markers (`_SUCCESS`) that program leaves in it.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from plaudit.data.readers.database import database_file
from plaudit.data.readers.formats import FORMATS, format_of, has_known_suffix, is_format
from plaudit.errors import ConfigError, DataError

STANDARD_INPUT = "standard input"
_GLOB = "*?["
_OF_DATASETS = ("dataset_info.json", "dataset_dict.json", "state.json")  # beside Hugging Face's tables
_LOCK = "~$"  # of a file that a spreadsheet has open
_NOTES = ("readme", "read me", "license", "licence", "notes", "changelog", "changes", "citation", "about")


@dataclass(frozen=True)
class Source:
    """One thing to read rows from.

    Attributes:
        path: Where its bytes are; None for standard input as it comes.
        name: What messages call it; of a database the whole address.
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
        place = self.name if self.path is None or self.format == "sql" else str(self.path.resolve())
        return [place, self.format, self.size_bytes, self.mtime_ns]


def find_sources(spec: str, format: str | None = None) -> list[Source]:
    """Return what a word names, one or more, sorted by path.

    Args:
        spec: A file, a folder, a glob ("logs/*.jsonl", "**" for any depth), "-" for standard input, or a database
            ("sqlite:///f.db?query=select …").
        format: One of `FORMATS`; None goes by each file's name and first bytes.

    Raises:
        DataError: Nothing is there, or nothing tells the format.
        ConfigError: Standard input without a format, or a format that does not exist.
    """
    if format is not None and not is_format(format):
        raise ConfigError(f"--format {format}: expected one of {', '.join(FORMATS)}.")
    if spec == "-":
        if format is None or not FORMATS[format].is_stream:
            known = ", ".join(name for name, each in FORMATS.items() if each.is_stream)
            raise ConfigError(f"-i -: name the input's format, --format with one of {known}.")
        return [Source(None, STANDARD_INPUT, format)]
    if (database := database_file(spec)) is not None:
        return [_source(database, "sql", name=spec)]
    path = Path(spec).expanduser()
    if not path.exists() and any(mark in spec for mark in _GLOB):
        found = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - absolute ones too
        files = [each for each in found if each.is_file() and not each.name.startswith(_LOCK)]
        if not files:
            raise DataError(f"{spec}: no file matches.")
        _refuse_further(spec, (each for each in found if each.is_dir()), files)
        return [_source(each, format) for each in files]
    if path.is_dir() and format != "folder":
        files = [each for each in sorted(path.iterdir()) if _is_one_of_many(each, format)]
        if files and not _has_class_folders(path, files):
            _refuse_further(spec, path.iterdir(), files)
            return [_source(each, format) for each in (_without_notes(path, files) if format is None else files)]
    return [_source(path, format)]


def is_many(spec: str, sources: list[Source]) -> bool:
    """Say whether a word that `find_sources` took means any number of files."""
    return spec != "-" and sources[0].format not in ("folder", "sql") and not Path(spec).expanduser().is_file()


def not_empty(sources: list[Source]) -> list[Source]:
    """Return the sources except for files without a byte, which have no rows to add; at least one."""
    return [each for each in sources if each.size_bytes or each.path is None or each.path.is_dir()] or sources[:1]


def _has_class_folders(path: Path, files: list[Path]) -> bool:
    """Say whether the texts of a folder lie in sub-folders, and the files beside these are notes (a README.txt)."""
    if any(file.suffix.lower() not in (".txt", ".ft") for file in files):
        return False
    folders = (each for each in path.iterdir() if each.is_dir() and each.name[0] not in "._")
    return any(next(each.rglob("*.txt"), None) for each in folders)


def _refuse_further(spec: str, entries: Iterable[Path], files: list[Path]) -> None:
    """Refuse folders beside files if they hold further files of columns, which would be left out without a word.

    Raises:
        DataError: They do.
    """
    taken = set(files)
    for folder in sorted(each for each in entries if each.is_dir() and each.name[0] not in "._"):
        inside = (each for each in folder.rglob("*") if each.suffix.lower() != ".txt" and each not in taken)
        if (further := next((each for each in inside if _is_one_of_many(each, None)), None)) is not None:
            base, suffix = folder.parent, files[0].suffix
            raise DataError(
                f"{spec}: {further} is in a folder beside the files. Name '{base}/**/*{further.suffix}' for those at "
                f"any depth, or '{base}/*{suffix}' for those here."
            )


def _without_notes(path: Path, files: list[Path]) -> list[Path]:
    """Return the files of a folder except a README.txt and the like.

    Raises:
        DataError: Other lists of texts lie among files of columns, and may be notes or data.
    """
    lists = [each for each in files if each.suffix.lower() == ".txt"]
    unknown = [each for each in lists if each.stem.lower() not in _NOTES]
    tables = [each for each in files if each not in lists]
    if unknown and tables:
        suffix = tables[0].suffix
        raise DataError(
            f"{path}: {unknown[0].name} may be a note or data, among files of columns ({tables[0].name}). Name "
            f"those to read: '{path}/*{suffix}', or '{path}/*' for all."
        )
    return tables or unknown or files


def _is_one_of_many(path: Path, format: str | None) -> bool:
    is_hidden = path.name.startswith((".", "_", _LOCK)) or path.name in _OF_DATASETS
    return path.is_file() and not is_hidden and (format is not None or has_known_suffix(path))


def _source(path: Path, format: str | None, *, name: str | None = None) -> Source:
    found = format_of(path, format)
    facts = path.stat()
    return Source(path, name or str(path), found, 0 if path.is_dir() else facts.st_size, facts.st_mtime_ns)


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
