"""Turn what a user names, a data set, a file, a folder, a glob or a database, into its parts.

This module knows nothing of how a format is parsed.
"""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from plaudit.config import DataSpec
from plaudit.data.dataset import Dataset, Splits
from plaudit.data.frames import Names, as_setting, has_tables, load_tables, warn_of
from plaudit.data.named import DATASET_NAMES, find_named
from plaudit.data.part_marks import divide_by_marks
from plaudit.data.readers.database import database_file
from plaudit.data.readers.formats import has_known_suffix
from plaudit.data.readers.sources import Source, find_sources, not_empty
from plaudit.data.reading import read_dataset
from plaudit.data.spill import spill
from plaudit.errors import DataError
from plaudit.progress import doing
from plaudit.scratch import MEMORY, Scratch

PARTS = ("train", "test", "validation", "unlabelled")  # the fields of `Splits`
_PART_NAMES = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("validation", "valid", "val", "dev"),
}
_PART_WORD = re.compile(rf"(?<![^-_ ])({'|'.join(itertools.chain(*_PART_NAMES.values()))})(?![^-_ ])")


def load_dataset(
    source: Any,  # Any: a name, a path, or a table of another library
    *,
    text: Names = None,
    label: Names = None,
    spec: DataSpec | None = None,
    progress: bool = False,
    parts: Sequence[str] = PARTS,
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
    remembered: DataSpec | None = None,
    scratch: Scratch = MEMORY,
    group_by: str | None = None,
    **given: Any,  # Any: settings of `DataSpec`
) -> Splits:
    """Load a data set by name, what a path names, or a table that is in memory.

    A folder is read as parts if it holds train (and test, and validation, valid, val or dev) as files of any format or
    as folders per class; else as its files, or as a folder per class. A file is all train, and so are the files of a
    folder or a glob together. The classes are those of train; a further part may lack some, and has the same
    `classes`. If train is multi-label, so are they.

    Args:
        source: One of `DATASET_NAMES`, a path, a glob, a database ("sqlite:///f.db?query=select …"), or a table: a
            pandas or polars frame, an Arrow table or stream, a Hugging Face data set, a DuckDB relation, whatever
            speaks Arrow's stream protocol. A table is all train; tables by the name of their part (a `DatasetDict`, a
            dict of frames) are the parts.
        text: The column of texts, or several, joined in this order, if nothing tells.
        label: The column of labels, or several of 0 and 1, if nothing tells.
        spec: How it is read; None finds everything by looking, and warns of what is odd about the labels
            (`LabelWarning`). Whoever gives one finds that in `Dataset.origin`.
        progress: Show a bar while downloading.
        parts: Which of `PARTS` to load where the source has them; train always comes. A part left out is not opened,
            so that a test part stays sealed until it is asked for.
        classes: For a source without parts: as in `read_dataset`.
        multi_label: Likewise.
        remembered: As in `read_dataset`.
        scratch: As in `read_dataset`.
        group_by: As in `read_dataset`.
        **given: Settings of `DataSpec` by name, such as ``text_column="message"``.

    Raises:
        DataError: The name is unknown, the path does not exist, a part cannot be read, or a test or validation text
            has a class that train has not.
        FetchError: A download failed.
    """
    if spec is None:
        splits = load_dataset(
            source, text=text, label=label, spec=DataSpec(), progress=progress, parts=parts, classes=classes,
            multi_label=multi_label, remembered=remembered, scratch=scratch, group_by=group_by, **given,
        )  # fmt: skip
        warn_of(splits)
        return splits
    spec = replace(spec, **given)
    if text is not None:
        spec = replace(spec, text_column=as_setting(text))
    if label is not None:
        spec = replace(spec, label_column=as_setting(label))
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise DataError(f"{source}: there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}.")
    if has_tables(source):
        return load_tables(source, spec, parts=parts, classes=classes, multi_label=multi_label, remembered=remembered)
    if not isinstance(source, str | Path):
        raise DataError(
            f"{type(source).__name__}: not a data set: expected a name, a path or a table with its columns."
        )
    if (named := find_named(source, spec.data_dir)) is not None:
        known, place = named
        with doing(f"Reading {source}"):
            splits = known.load(place, progress, parts)
        if scratch is MEMORY:
            return splits
        return Splits(**{name: spill(part, scratch) for name, part in vars(splits).items() if part is not None})

    def read(place: str | Path, memory: DataSpec | None = remembered, **more: Any) -> Dataset:  # Any: `read_dataset`'s
        return read_path(place, spec, remembered=memory, scratch=scratch, group_by=group_by, **more)

    path = Path(source).expanduser()
    found = find_parts(path) if path.is_dir() and spec.format != "folder" else {}
    if "train" not in found:
        return divide_by_marks(read(source, classes=classes, multi_label=multi_label)).only(parts)
    train = read(found.pop("train"))
    own = None if train.origin is None else train.origin.spec.alike()
    alike = partial(read, memory=remembered or own, classes=train.classes, multi_label=train.multi_label)
    return Splits(train, **{part: alike(found[part]) for part in found if part in parts})


def read_path(source: str | Path, spec: DataSpec, **more: Any) -> Dataset:  # Any: as `read_dataset` has them
    """Read what a path, a glob or a database's address names as one data set; further arguments are `read_dataset`'s.

    Raises:
        DataError: Nothing is there, or as `read_dataset`.
    """
    path = Path(source).expanduser()
    name = str(path) if path.exists() else str(source)
    return read_dataset(find_path(source, spec), spec, name=name, **more)


def find_path(source: str | Path, spec: DataSpec) -> list[Source]:
    """Return the sources that a path, a glob or a database's address names.

    Raises:
        DataError: Nothing is there, or nothing tells the format.
    """
    place, path = str(source), Path(source).expanduser()
    if not path.exists() and not any(mark in place for mark in "*?[") and database_file(place) is None:
        raise DataError(
            f"{source}: no such data set, file or folder (looked in {path.absolute().parent}); "
            f"the data sets are {' and '.join(DATASET_NAMES)}."
        )
    return not_empty(find_sources(place, spec.format))


def read_file(path: str | Path, *, spec: DataSpec | None = None, **given: Any) -> Dataset:
    """Read labelled texts, or texts alone, from a file, a folder or a glob of files, or a database.

    The data set is multi-label (`Dataset.labels` is an indicator) when some text has a list of labels (a list in JSON
    or Parquet, several ``__label__`` on a line of fastText's format), when the spec's `label_separator` says how a
    cell holds several, or when `multi_label` says so. A cell without a label is then the empty set; beside lists, where
    an empty list says so, it is a missing label.

    Columns are found by name, then by what they hold (`data.columns`); `Dataset.origin` says what was found. The
    remaining columns are kept in `extra`. Rows keep the file's order.

    Args:
        path: What to read.
        spec: How; None finds everything by looking.
        **given: Settings of `DataSpec` by name (``text_column="message"``), and arguments of `read_dataset`
            (``require_labels=False``, ``classes=…``).

    Raises:
        DataError: As `read_dataset`.
    """
    settings = {name: given.pop(name) for name in list(given) if name in DataSpec.__dataclass_fields__}
    return read_path(path, replace(spec or DataSpec(), **settings), **given)


def has_test_part(source: str | Path) -> bool:
    """Say whether a data set comes with a test part of its own, without opening it."""
    if find_named(source) is not None:
        return True
    path = Path(source).expanduser()
    return path.is_dir() and {"train", "test"} <= find_parts(path).keys()


def has_parts(source: str | Path) -> bool:
    """Say whether a data set comes in parts, so that a model may have been trained on one of them alone."""
    if find_named(source) is not None:
        return True
    path = Path(source).expanduser()
    return path.is_dir() and "train" in find_parts(path)


def find_parts(folder: Path) -> dict[str, Path]:
    """Return the parts that a folder holds, by the field of `Splits`: a sub-folder or file named for each.

    Named alone ("train.csv"), or alike except for the part ("reviews_train.csv", "reviews_test.csv"); pieces of one
    part ("train-00000-of-00002.parquet") are a glob.
    """
    groups: dict[str, dict[str, list[Path]]] = {}
    for entry in sorted(folder.iterdir()):
        stem = entry.name.partition(".")[0].lower()
        found = _PART_WORD.search(stem)
        if found is None or not (entry.is_dir() or has_known_suffix(entry)):
            continue
        part = next(part for part, names in _PART_NAMES.items() if found[0] in names)
        rest = re.sub(r"\d+", "#", f"{stem[: found.start()]}*{stem[found.end() :]}")
        groups.setdefault(rest, {}).setdefault(part, []).append(entry)
    whole = groups.pop("*", {})
    alike = [group for group in groups.values() if "train" in group and len(group) > 1]
    chosen = whole if "train" in whole or len(alike) != 1 else alike[0]
    parts: dict[str, Path] = {}
    for part, entries in chosen.items():
        pieces = entries[0].name.partition("-of-")[0].rstrip("0123456789")
        if len(entries) == 1:
            parts[part] = entries[0]
        elif all(each.name.startswith(pieces) and "-of-" in each.name for each in entries):
            parts[part] = folder / f"{glob.escape(pieces)}*{entries[0].suffix}"
        else:
            raise DataError(
                f"{folder}: both {entries[0].name} and {entries[1].name} could be the {part} part; keep one."
            )
    return parts
