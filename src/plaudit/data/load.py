"""Turn what a user names, a data set or a path, into its parts.

This module knows nothing of how a format is parsed. The decision to question: a known name wins over a file
of that name in the working directory, so that ``imdb`` means one thing everywhere; ``./imdb`` is the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from plaudit.data.dataset import Splits
from plaudit.data.files import SUFFIXES, plain_suffix, read_file
from plaudit.data.frames import has_tables, load_tables
from plaudit.data.imdb import load_imdb
from plaudit.data.imdb_members import is_root
from plaudit.data.imdb_tables import PARTS as IMDB_PARTS
from plaudit.data.sample import load_sample
from plaudit.errors import DataError

DATASET_NAMES = ("imdb", "sample")
PARTS = ("train", "test", "validation", "unlabelled")  # the fields of `Splits`
_PART_NAMES = {"train": ("train",), "test": ("test",), "validation": ("validation", "valid", "val", "dev")}


def load_dataset(
    source: Any,  # Any: a name, a path, or a table of another library
    *,
    text: str | Sequence[str] | None = None,
    label: str | Sequence[str] | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    label_separator: str | None = None,
    data_dir: str | Path | None = None,
    format: str | None = None,
    progress: bool = False,
    parts: Sequence[str] = PARTS,
) -> Splits:
    """Load a data set by name, a file or folder by path, or a table that is in memory.

    A folder is read as parts if it holds train (and test, and validation, valid, val or dev) as files of any
    format or as folders per class; else as a folder per class. A file is all train. The classes are those of
    train; a further part may lack some, and has the same `classes`. If train is multi-label, so are they.

    Args:
        source: One of `DATASET_NAMES`, a path, or a table: a pandas or polars frame, an Arrow table or stream, a
            Hugging Face data set, a DuckDB relation, whatever speaks Arrow's stream protocol. A table is all train;
            tables by the name of their part (a `DatasetDict`, a dict of frames) are the parts.
        text: The column of texts, or several, joined in this order, if names do not tell; of a table.
        label: The column of labels, or several of 0 and 1 (a label each), if names do not tell; of a table.
        text_column: For files, see `read_file`.
        label_column: For files, see `read_file`.
        label_separator: For files, see `read_file`.
        data_dir: For imdb, see `load_imdb`.
        format: For files, see `read_file`.
        progress: Show a bar while downloading.
        parts: Which of `PARTS` to load where the source has them; train always comes. A part left out is not
            opened, so that a test part stays sealed until it is asked for.

    Raises:
        DataError: The name is unknown, the path does not exist, a part cannot be read, or a test or
            validation text has a class that train has not.
        FetchError: A download failed.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise DataError(f"{source}: there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}.")
    if has_tables(source):
        return load_tables(
            source, text=text or text_column, label=label or label_column, label_separator=label_separator, parts=parts
        )
    if not isinstance(source, str | Path):
        raise DataError(f"{type(source).__name__}: no data set: expected a name, a path or a table with its columns.")
    text_column, label_column = _one_name(text) or text_column, _one_name(label) or label_column
    if data_dir is not None and source != "imdb":
        raise DataError(f"{source}: --data-dir says where imdb lies; name a file or folder of your own directly.")
    if source == "imdb":
        return _load_imdb(data_dir, progress, parts)
    if source == "sample":
        sample = load_sample()
        return sample if "test" in parts else Splits(sample.train)
    path = Path(source).expanduser()
    if not path.exists():
        raise DataError(
            f"{source}: no such data set, file or folder (looked in {path.absolute().parent}); "
            f"the data sets are {' and '.join(DATASET_NAMES)}."
        )
    if path.is_dir() and is_root(path):
        return _load_imdb(path, progress, parts)
    read = partial(
        read_file, text_column=text_column, label_column=label_column, label_separator=label_separator, format=format
    )
    found = find_parts(path) if path.is_dir() else {}
    if "train" not in found:
        return Splits(read(path))
    train = read(found.pop("train"))
    further = partial(read, classes=train.classes, multi_label=train.multi_label)
    return Splits(train, **{part: further(found[part]) for part in found if part in parts})


def _one_name(names: str | Sequence[str] | None) -> str | None:
    if names is None or isinstance(names, str):
        return names
    if len(names) != 1:
        raise DataError("a file has one column of texts and one of labels: give one name.")
    return names[0]


def has_test_part(source: str | Path) -> bool:
    """Say whether a data set comes with a test part of its own, without opening it."""
    if source in DATASET_NAMES:
        return True
    path = Path(source).expanduser()
    return path.is_dir() and (is_root(path) or {"train", "test"} <= find_parts(path).keys())


def _load_imdb(path: str | Path | None, progress: bool, parts: Sequence[str]) -> Splits:
    return load_imdb(data_dir=path, progress=progress, parts=[part for part in parts if part in IMDB_PARTS])


def find_parts(folder: Path) -> dict[str, Path]:
    """Return the parts that a folder holds, by the field of `Splits`: a sub-folder or file named for each."""
    parts: dict[str, Path] = {}
    for entry in sorted(folder.iterdir()):
        stem = entry.name.partition(".")[0].lower()
        part = next((part for part, names in _PART_NAMES.items() if stem in names), None)
        if part is None or not (entry.is_dir() or SUFFIXES.get(plain_suffix(entry))):
            continue
        if part in parts:
            raise DataError(f"{folder}: both {parts[part].name} and {entry.name} could be the {part} part; keep one.")
        parts[part] = entry
    return parts
