"""Read a folder per class: ``DIR/pos/*.txt``, ``DIR/neg/*.txt``, one text a file, at any depth.

This module knows nothing of train and test folders. The decision to question: only files named .txt are texts, since a
folder on a real disk also holds notes, thumbnails and hidden files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.readers.encodings import Encoding
from plaudit.data.readers.rows import Parsed, Reader, Rows, string_rows, too_long
from plaudit.data.readers.text_input import TextInput
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source


_SHOWN = 3  # names of files
_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".xlsx", ".gz")


class FolderReader(Reader):
    """A folder per class: columns text, label (the sub-folder's name) and file, relative to the folder.

    Sub-folders, then files, are in the order of their names; hidden ones are skipped. An empty file is an empty text.
    """

    unit = "file"
    names = ("text", "label", "file")
    schema = pa.schema([(name, pa.large_string()) for name in names])

    def __init__(self, source: Source, spec: DataSpec) -> None:
        """List the files.

        Raises:
            DataError: There is no sub-folder, or one without a .txt file.
        """
        assert source.path is not None
        self._source, self._spec, self._path = source, spec, source.path
        self.name = source.name
        self._files, others = list_texts(self._path)
        self.said = _left_out(self._path, others)

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        yield from string_rows(self.names, self._rows(), lambda: 0)

    def _rows(self) -> Iterator[Parsed]:
        for path in self._files:
            place = path.relative_to(self._path).as_posix()
            source = replace(self._source, path=path, name=str(path))
            try:
                text, encoding = read_text(source, self._spec)
                fault = None
                if not encoding.is_utf8 and "encoding" not in self.decided:
                    self.said, self.decided = (*self.said, *encoding.said), {"encoding": encoding.name}
            except DataError as error:
                fault = re.sub(r"^(\d+): ", r"line \1: ", str(error).removeprefix(f"{path}").lstrip(":, "))
                text = None
            size = path.stat().st_size
            label = place.partition("/")[0]
            yield Parsed([text, label, place] if fault is None else None, place, size, fault)


def read_text(source: Source, spec: DataSpec) -> tuple[str, Encoding]:
    """Return the text that a file holds, and in which encoding it is written.

    Raises:
        DataError: It cannot be read, is no text or is too long.
    """
    with TextInput(source, spec.encoding) as file:
        data = file.stream.read(file.most_bytes + 1)
        if len(data) > file.most_bytes:
            raise DataError(f"{source.name}: {too_long()}")
        if (position := data.find(b"\0")) >= 0:
            raise DataError(f"{source.name}: a null byte at byte {position + 1}; expected text.")
        try:
            return data.decode("utf-8"), file.encoding
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise DataError(
                f"{source.name}:{line}: byte 0x{data[error.start]:02x} is not {file.encoding.shown}. "
                f"{file.encoding.advice}"
            ) from error


def list_texts(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of a folder per class, in the order in which they are read, and those beside them, no texts.

    Raises:
        DataError: There is no sub-folder, or one has no .txt file.
    """
    try:
        folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if not folders:
        files = sorted(each.name for each in path.iterdir() if each.name[0] not in "._~" and each.is_file())
        got = (
            f"files whose names tell no format ({', '.join(files[:3])}); name it with --format" if files else "neither"
        )
        raise DataError(
            f"{path}: expected a sub-folder a class with .txt files in it (pos/1.txt, neg/1.txt), or files of texts "
            f"and labels; got {got}."
        )
    texts: list[Path] = []
    others = [each for each in path.iterdir() if each.is_file() and not each.name.startswith(".")]
    for folder in folders:
        inside = sorted(_files(folder, path))
        bare = [each for each in inside if not each.suffix]  # as the 20 Newsgroups lie
        found = [each for each in inside if each.suffix.lower() == ".txt"] or bare
        if not found:
            table = next((each for each in inside if each.suffix.lower() in _TABLES), None)
            advice = " Save its texts as .txt." if inside else ""
            if table is not None:
                advice = f" To read what is there as columns: '{path}/**/*{table.suffix}'."
            raise DataError(f"{folder}: no .txt files; expected one text a file.{advice}")
        texts += found
        taken = set(found)
        others += [each for each in inside if each not in taken]
    return texts, others


def _files(folder: Path, root: Path) -> list[Path]:
    """Return the files at any depth that are not hidden."""
    found = (entry for entry in folder.rglob("*") if entry.is_file())
    return [each for each in found if not any(part.startswith(".") for part in each.relative_to(root).parts)]


def _left_out(path: Path, others: Sequence[Path]) -> tuple[str, ...]:
    """Say which files beside the texts are not read."""
    if not others:
        return ()
    shown = ", ".join(sorted(str(each.relative_to(path)) for each in others)[:_SHOWN])
    more = ", …" if len(others) > _SHOWN else ""
    count = "1 file that is" if len(others) == 1 else f"{len(others):,} files that are"
    return (f"left out: {count} not .txt ({shown}{more})",)
