"""The data sets that have a name: one table of what they are and how they are loaded.

A further data set is a line here. The decision to question: a known name wins over a file of that name in the working
directory, so that ``imdb`` means one thing everywhere; ``./imdb`` is the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plaudit.data.dataset import Splits
from plaudit.data.imdb import load_imdb
from plaudit.data.imdb_members import is_root
from plaudit.data.imdb_tables import PARTS as IMDB_PARTS
from plaudit.data.sample import load_sample
from plaudit.errors import DataError


@dataclass(frozen=True)
class NamedDataset:
    """A data set that Plaudit knows; each comes with a test part of its own.

    Attributes:
        load: Given where it lies (or None), whether to show progress, and the parts that are wanted, returns these.
        has_place: Whether it can be said where it lies.
        is_place: Says whether a folder is this data set.
    """

    load: Callable[[str | Path | None, bool, Sequence[str]], Splits]
    has_place: bool = False
    is_place: Callable[[Path], bool] = lambda folder: False


def _imdb(place: str | Path | None, progress: bool, parts: Sequence[str]) -> Splits:
    return load_imdb(data_dir=place, progress=progress, parts=[part for part in parts if part in IMDB_PARTS])


def _sample(place: str | Path | None, progress: bool, parts: Sequence[str]) -> Splits:
    sample = load_sample()
    return sample if "test" in parts else Splits(sample.train)


NAMED: dict[str, NamedDataset] = {
    "imdb": NamedDataset(_imdb, has_place=True, is_place=is_root),
    "sample": NamedDataset(_sample),
}
DATASET_NAMES = tuple(NAMED)


def find_named(source: str | Path, place: str | Path | None = None) -> tuple[NamedDataset, str | Path | None] | None:
    """Return the data set that a name, or the folder in which it lies, stands for, and where it lies.

    Args:
        source: A name or a path.
        place: Where a data set lies, as the user says.

    Raises:
        DataError: `place` is given, and `source` is no data set that takes one.
    """
    known = NAMED.get(str(source))
    if place is not None and (known is None or not known.has_place):
        raise DataError(f"{source}: --data-dir says where imdb is; name a file or folder of your own directly.")
    if known is not None:
        return known, place
    path = Path(source).expanduser()
    if path.is_dir():
        found = next((each for each in NAMED.values() if each.is_place(path)), None)
        return None if found is None else (found, path)
    return None
