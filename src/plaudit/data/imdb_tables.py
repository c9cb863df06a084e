"""Build the Large Movie Review Dataset's tables from its members: labels, stars, films, checks and order.

This module knows nothing of tarballs, folders or caches. The decision to question: the order comes from
hashes, not from a random generator. Rows are sorted by SHA-256 of ``"{seed}:{file id}"``, which no library
version, platform or order of the archive's members can change, and which gives a film's neighbouring files
unrelated places.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from plaudit.errors import DataError

CLASSES = ("neg", "pos")
PARTS = ("train", "test", "unlabelled")
_FOLDERS = {
    "train": ("train/neg", "train/pos"),
    "test": ("test/neg", "test/pos"),
    "unlabelled": ("train/unsup",),
}
_ORDER_SEED = 2011  # the year of the paper; any fixed number serves, but changing it changes every "first 10,000"
_FILM = re.compile(rb"tt\d+")


@dataclass(frozen=True)
class Release:
    """What one release of the data set is, so that a miniature can be read by the same code.

    Attributes:
        url: Where the official tarball lies.
        sha256: Its digest.
        size_bytes: Its size.
        texts_per_class: How many reviews each class has in train, and again in test.
        unlabelled_texts: How many reviews ``train/unsup`` has.
    """

    url: str
    sha256: str
    size_bytes: int
    texts_per_class: int
    unlabelled_texts: int


@dataclass
class _Folder:
    """The reviews of one class folder, in the order in which they came."""

    names: list[str] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    films: list[str] = field(default_factory=list)  # position i belongs to review number i


def build_tables(
    members: Iterable[tuple[str, bytes]], release: Release, *, where: str
) -> Iterator[tuple[str, pa.Table]]:
    """Yield (part, table) for train, test and unlabelled.

    Args:
        members: (name, contents) as `imdb_members.read_members` gives them; each is held until its part is
            built.
        release: The expected counts.
        where: The source's name for messages.

    Yields:
        Tables with columns text (large_string), label (int32, -1 where unlabelled), stars (int8, 1 to 10, 0
        where unlabelled), file (string) and film (string), in the fixed order.

    Raises:
        DataError: A count is not the release's, a review is not UTF-8, or a review's film is not listed.
    """
    folders = _collect(members, where)
    _check_counts(folders, release, where)
    for part in PARTS:
        yield part, _build_part([folders.pop(name) for name in _FOLDERS[part]], part, where)


def _collect(members: Iterable[tuple[str, bytes]], where: str) -> dict[str, _Folder]:
    folders = {name: _Folder() for names in _FOLDERS.values() for name in names}
    for name, contents in members:
        parent, _, base = name.rpartition("/")
        if base.startswith("urls_"):
            folder = folders.get(f"{parent}/{base.removeprefix('urls_').removesuffix('.txt')}")
            if folder:
                folder.films = _films(contents, f"{where}: {name}")
        elif folder := folders.get(parent):
            folder.names.append(name)
            folder.texts.append(contents)
    return folders


def _films(urls: bytes, where: str) -> list[str]:
    films = []
    for line, url in enumerate(urls.splitlines(), start=1):
        match = _FILM.search(url)
        if match is None:
            raise DataError(f"{where}:{line}: expected a URL with a film number such as tt0453418.")
        films.append(match[0].decode("ascii"))
    return films


def _check_counts(folders: dict[str, _Folder], release: Release, where: str) -> None:
    for name, folder in folders.items():
        expected = release.unlabelled_texts if name == "train/unsup" else release.texts_per_class
        if len(set(folder.names)) != expected or len(folder.names) != expected:
            raise DataError(
                f"{where}: expected {expected:,} reviews in {name}, got {len(folder.names):,}: "
                "not the Large Movie Review Dataset, or not all of it."
            )
        if len(folder.films) != expected:
            urls = name.replace("/", "/urls_") + ".txt"
            raise DataError(f"{where}: expected {expected:,} lines in {urls}, got {len(folder.films):,}.")


def _build_part(folders: list[_Folder], part: str, where: str) -> pa.Table:
    names = [name for folder in folders for name in folder.names]
    texts = [text for folder in folders for text in folder.texts]
    films = [film for folder in folders for film in _film_of_each(folder, where)]
    stars = [int(name.rpartition("_")[2].removesuffix(".txt")) for name in names]
    label_of_folder = [-1] if part == "unlabelled" else range(len(CLASSES))
    labels = np.repeat(label_of_folder, [len(folder.names) for folder in folders]).astype(np.int32)
    order = sorted(range(len(names)), key=lambda i: hashlib.sha256(f"{_ORDER_SEED}:{names[i]}".encode()).digest())
    return pa.table(
        {
            "text": _decode([texts[i] for i in order], [names[i] for i in order], where),
            "label": labels[order],
            "stars": pa.array([stars[i] for i in order], type=pa.int8()),
            "file": pa.array([names[i] for i in order], type=pa.string()),
            "film": pa.array([films[i] for i in order], type=pa.string()),
        }
    )


def _film_of_each(folder: _Folder, where: str) -> list[str]:
    numbers = [int(name.rpartition("/")[2].partition("_")[0]) for name in folder.names]
    if numbers and max(numbers) >= len(folder.films):
        name = folder.names[numbers.index(max(numbers))]
        raise DataError(f"{where}: {name} has no line of its own among the {len(folder.films):,} film URLs.")
    return [folder.films[number] for number in numbers]


def _decode(texts: list[bytes], names: list[str], where: str) -> pa.LargeStringArray:
    try:
        return pa.array(texts, type=pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:
        for name, text in zip(names, texts, strict=True):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(f"{where}: {name} is not UTF-8: {error.reason} at byte {error.start}.") from error
        raise
