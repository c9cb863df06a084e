"""Read a folder per class: ``DIR/pos/*.txt``, ``DIR/neg/*.txt``, one text a file.

This module knows nothing of train and test folders. The decision to question: only files named .txt are
texts, since a folder on a real disk also holds notes, thumbnails and hidden files.
"""

from __future__ import annotations

from pathlib import Path

from plaudit.data.formats.raw import RawTable
from plaudit.data.formats.text_file import read_text_bytes
from plaudit.errors import DataError


def read_folder(path: Path) -> RawTable:
    """Read a folder per class into the columns text, label (the sub-folder's name) and file.

    Sub-folders, then files, are in the order of their names; hidden ones are skipped. `file` is relative to
    `path`. An empty file is an empty text.

    Raises:
        DataError: There is no sub-folder, one has no .txt file, or a file is not UTF-8 text.
    """
    paths = list_texts(path)
    texts: list[object] = [_read_text(each) for each in paths]
    labels: list[object] = [each.parent.name for each in paths]
    files = [each.relative_to(path).as_posix() for each in paths]
    return RawTable(path, {"text": texts, "label": labels, "file": list(files)}, "file", files)


def list_texts(path: Path) -> list[Path]:
    """Return the files of a folder per class, in the order in which they are read.

    Raises:
        DataError: There is no sub-folder, or one has no .txt file.
    """
    try:
        folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if not folders:
        raise DataError(
            f"{path}: expected a sub-folder a class with .txt files in it (pos/1.txt, neg/1.txt), got none."
        )
    files: list[Path] = []
    for folder in folders:
        found = sorted(entry for entry in folder.glob("*.txt") if entry.is_file() and not entry.name.startswith("."))
        if not found:
            raise DataError(f"{folder}: no .txt files; expected one text a file.")
        files.extend(found)
    return files


def _read_text(path: Path) -> str:
    return read_text_bytes(path, may_be_empty=True).decode("utf-8")
