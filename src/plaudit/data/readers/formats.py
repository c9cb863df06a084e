"""The formats that are read: one table of names, suffixes, first bytes and readers.

A further format is a line here and a `Reader`, or an installed package's entry point `plaudit.readers` that names a
`Format`. The decision to question: a file's name tells its format, since the first bytes of CSV, TSV and a list of
texts are alike; only formats with bytes of their own are known without a name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from plaudit.config import DataSpec
from plaudit.data.readers.columnar import ArrowReader, ParquetReader
from plaudit.data.readers.database import open_database
from plaudit.data.readers.delimited import DelimitedReader
from plaudit.data.readers.dialect import NAMES, column_delimiter
from plaudit.data.readers.excel import ExcelReader
from plaudit.data.readers.fasttext import FastTextReader, find_prefix
from plaudit.data.readers.folder import FolderReader
from plaudit.data.readers.json_records import JsonReader, is_one_document
from plaudit.data.readers.lines import LineReader
from plaudit.data.readers.rows import Reader
from plaudit.data.readers.text_input import TextInput
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

_DATABASES = (".sqlite", ".sqlite3", ".duckdb")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


@dataclass(frozen=True)
class Format:
    """How files of one format are known, and who reads them.

    Attributes:
        open: Makes the reader, given a source and what the user says of it.
        suffixes: Of names, lower case, without a compression's.
        magic: What a file begins with, where that is no other format's.
        is_stream: Whether it can come in on standard input.
        is_read_twice: Whether its columns' types are known only at its end.
        package: The package that it is from.
    """

    open: Callable[[Source, DataSpec], Reader]
    suffixes: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()
    is_stream: bool = True
    is_read_twice: bool = False
    package: str = "plaudit"

    def __post_init__(self) -> None:
        if wrong := [each for each in self.suffixes if not each.startswith(".") or each != each.lower()]:
            raise ValueError(f"Format: expected suffixes in lower case that begin with a dot, got {wrong[0]!r}")


def _open_text(source: Source, spec: DataSpec) -> Reader:
    """Open a .txt file: fastText's format; or what its lines show where none has a label: columns, or JSON."""
    file = TextInput(source, spec.encoding)
    with file.kept_open():
        lines = [line for line in file.head.split("\n")[:1000] if line.strip()]
        if spec.label_prefix is not None or find_prefix(file.head) is not None:
            return FastTextReader(source, spec, file=file)
        is_list = file.head.lstrip().startswith("[") and is_one_document(file.head, is_whole=file.is_whole)
        if lines and (is_list or all(map(_is_record, lines))):
            file.close()
            if source.path is None:
                raise DataError(f"{source.name}: holds JSON; give --format jsonl.")
            return _said(JsonReader(source, spec), "a text file of JSON: read as records")
        if (own := spec.delimiter or column_delimiter(lines)) is not None:
            return _said(
                DelimitedReader(source, spec, own=own, file=file),
                f"a text file with {'spaces' if own == ' ' else NAMES.get(own, own)}: read as columns",
            )
        return FastTextReader(source, spec, file=file)


def _is_record(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _said(reader: Reader, line: str) -> Reader:
    reader.said = (line, *reader.said)
    return reader


FORMATS: dict[str, Format] = {
    "csv": Format(partial(DelimitedReader, own=","), (".csv",)),
    "tsv": Format(partial(DelimitedReader, own="\t"), (".tsv", ".tab")),
    "jsonl": Format(JsonReader, (".jsonl", ".ndjson", ".json"), is_read_twice=True),
    "parquet": Format(ParquetReader, (".parquet", ".pq"), (b"PAR1",), is_read_twice=True),
    "arrow": Format(ArrowReader, (".arrow", ".arrows", ".feather", ".ipc"), (b"ARROW1",), is_read_twice=True),
    "excel": Format(ExcelReader, (".xlsx", ".xlsm"), is_stream=False),
    "sql": Format(
        open_database, (".sqlite", ".sqlite3", ".duckdb"), (b"SQLite format 3\0",), is_stream=False, is_read_twice=True
    ),
    "fasttext": Format(_open_text, (".txt", ".ft"), is_read_twice=True),
    "folder": Format(FolderReader, is_stream=False),
    "text": Format(LineReader),
}
SUFFIXES = {suffix: name for name, each in FORMATS.items() for suffix in each.suffixes}


def is_format(name: str) -> bool:
    """Say whether `FORMATS` has a format, and put into it what installed packages add, where it has not."""
    if name not in FORMATS:
        _add_plugins()
    return name in FORMATS


@cache
def _add_plugins() -> None:
    """Put the formats that installed packages add into the table, once a process; what is built in stays.

    Raises:
        PluginError: A package cannot be imported.
    """
    from plaudit.plugins import load_plugins, plugin_package

    for name, found in load_plugins("plaudit.readers", Format, besides=FORMATS).items():
        package = plugin_package("plaudit.readers", name) or "?"
        FORMATS[name] = replace(found, open=partial(_open_asking, package, found.open), package=package)
        for suffix in found.suffixes:
            SUFFIXES.setdefault(suffix, name)


def _open_asking(package: str, opens: Callable[[Source, DataSpec], Reader], source: Source, spec: DataSpec) -> Reader:
    """Return the reader that a plugin makes; whatever else it returns or raises is said with its package's name."""
    from plaudit.plugins import asking

    with asking(package, f"a reader of {source.name}"):
        reader = opens(source, spec)
        if not isinstance(reader, Reader):
            raise TypeError(f"expected a Reader, got {reader!r:.100}")
        return reader


def _is_suffix(suffix: str) -> bool:
    """Say whether a suffix tells a format, and ask installed packages, where none is built in."""
    if suffix and suffix not in SUFFIXES:
        _add_plugins()
    return suffix in SUFFIXES


def format_of(path: Path, format: str | None = None) -> str:
    """Return the name of a path's format: the one given, else by what it is, its name and its first bytes.

    Raises:
        DataError: Nothing is there, or nothing tells the format.
    """
    if format is not None and not is_format(format):
        raise DataError(f"{path}: unknown format {format!r}; expected one of {', '.join(FORMATS)}.")
    if not path.exists():
        raise DataError(f"{path}: no such file or folder (looked in {path.absolute().parent}).")
    if format is not None and path.is_dir() != (format == "folder"):
        raise DataError(f"{path}: a {'folder' if path.is_dir() else 'file'} cannot be read as {format}.")
    if path.is_dir():
        return "folder"
    found = format or (SUFFIXES[plain] if _is_suffix(plain := plain_suffix(path)) else None) or _by_magic(path)
    if found is None and path.name.lower().endswith(".zip"):
        raise DataError(
            f"{path}: expected a zip archive of one file whose name tells the format; unzip it, and name the file or "
            "its folder."
        )
    if found is None:
        known = ", ".join(SUFFIXES)
        raise DataError(
            f"{path}: its name does not tell the format; rename it to end in one of {known}, or name it with --format."
        )
    return found


def plain_suffix(path: Path) -> str:
    """Return a file name's suffix in lower case, without a compression's: ``".csv"`` for ``Reviews.CSV.gz``."""
    name = path.name.lower()
    packed = next((suffix for suffix in PACKED if name.endswith(suffix)), "")
    plain = Path(name.removesuffix(packed)).suffix
    if packed == ".zip" and not _is_suffix(plain):
        return _suffix_of_member(path)
    return plain


def has_known_suffix(path: Path) -> bool:
    """Say whether a file's name tells its format."""
    return _is_suffix(plain_suffix(path))


def _by_magic(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return None
    return next((name for name, each in FORMATS.items() if any(head.startswith(mark) for mark in each.magic)), None)


def _suffix_of_member(path: Path) -> str:
    """Return the suffix of the one file in a zip archive, "" where there is none or several."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return ""
    names = [name for name in names if not name.startswith("__MACOSX/")]
    return Path(names[0].lower()).suffix if len(names) == 1 else ""
