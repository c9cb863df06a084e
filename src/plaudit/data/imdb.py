"""The Large Movie Review Dataset ("IMDB"): where it comes from, and how to load it.

Source: https://ai.stanford.edu/~amaas/data/sentiment/, `aclImdb_v1.tar.gz`, see `IMDB`. No licence is stated;
the page asks for a citation: Andrew L. Maas, Raymond E. Daly, Peter T. Pham, Dan Huang, Andrew Y. Ng and
Christopher Potts, "Learning Word Vectors for Sentiment Analysis", ACL 2011.

What the parts mean (the release's README): 25,000 reviews to train on and 25,000 to test on, half of each
negative (at most 4 stars of 10), half positive (at least 7); at most 30 reviews of a film; no film in both.
Counted here, one is: tt0406816, with 2 training and 23 test reviews. 50,000 more reviews of any verdict are
unlabelled. The parts are the authors'; accuracy is reported on the test part.

This module knows nothing of file formats of one's own. The decision to question: a local copy is not held to
the official hash, since a folder has none and a tarball without the bag-of-words files is as good; its counts
are checked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from plaudit.data.arrow_cache import has_table, read_table, write_tables
from plaudit.data.dataset import Dataset, Splits
from plaudit.data.fetch import cache_dir, download_path, fetch
from plaudit.data.imdb_members import identify, read_members
from plaudit.data.imdb_tables import CLASSES, PARTS, Release, build_tables
from plaudit.errors import DataError

IMDB = Release(
    url="http://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
    size_bytes=84_125_825,
    texts_per_class=12_500,
    unlabelled_texts=50_000,
)
_CACHE_VERSION = 1  # raise it when the tables' columns or order change
_REMEDY = "Get aclImdb_v1.tar.gz another way and name it, or its folder, with --data-dir or $PLAUDIT_IMDB."


def load_imdb(
    *,
    data_dir: str | Path | None = None,
    progress: bool = False,
    parts: Sequence[str] = PARTS,
    release: Release = IMDB,
) -> Splits:
    """Load the Large Movie Review Dataset.

    Taken from the first of: `data_dir`, ``$PLAUDIT_IMDB``, the cache of an earlier fetch, a fetch. The first
    load from any source builds a cache of Arrow files under `cache_dir`; later ones map it into memory. Texts
    are the files' own, ``<br />`` included. Each part has the extra columns stars (int8; 0 where unlabelled),
    file (``"train/pos/0_9.txt"``) and film (``"tt0453418"``). The order is a fixed shuffle, the same on every
    machine.

    Args:
        data_dir: The tarball, its extracted folder ``aclImdb``, or the folder that holds that one.
        progress: Show a bar while downloading.
        parts: Which of "train", "test" and "unlabelled" to load; train always comes. The files of the others
            are not opened, unless there is no cache yet and the whole has to be read.
        release: What is expected; tests name a smaller one.

    Raises:
        DataError: The source is missing, foreign, truncated, or has other counts than the release.
        FetchError: There is no local copy and the download failed.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise DataError(f"imdb has no part {unknown[0]!r}; its parts are {', '.join(PARTS)}.")
    wanted = [part for part in PARTS if part == "train" or part in parts]
    local = _local_source(data_dir)
    folder = _cache_folder(local, release)
    tables = _read_tables(folder, wanted)
    if tables is None:
        path = local or _fetch(release, progress)
        write_tables(folder, build_tables(read_members(path), release, where=str(path)))
        tables = _read_tables(folder, wanted)
    if tables is None:
        raise DataError(f"{folder}: what was just written cannot be read back. Check the disk, or set $PLAUDIT_CACHE.")
    loaded = {part: _dataset(tables[part], part) for part in wanted}
    return Splits(loaded["train"], test=loaded.get("test"), unlabelled=loaded.get("unlabelled"))


def imdb_at_hand(data_dir: str | Path | None = None) -> bool:
    """Say whether `load_imdb` needs no download.

    That is so if a local copy is named and exists, or if none is named and an earlier fetch is cached.
    """
    named = data_dir or os.environ.get("PLAUDIT_IMDB")
    if named:
        return Path(named).expanduser().exists()
    folder = _cache_folder(None, IMDB)
    download = _download_path(IMDB)
    return all(has_table(folder, part) for part in PARTS) or (
        download.is_file() and download.stat().st_size == IMDB.size_bytes
    )


def _local_source(data_dir: str | Path | None) -> Path | None:
    named = data_dir or os.environ.get("PLAUDIT_IMDB")
    if not named:
        return None
    path = Path(named).expanduser()
    if not path.exists():
        origin = "--data-dir" if data_dir else "$PLAUDIT_IMDB"
        raise DataError(
            f"{path} (from {origin}): no such file or folder. Expected aclImdb_v1.tar.gz or its extracted folder."
        )
    return path


def _cache_folder(local: Path | None, release: Release) -> Path:
    source = identify(local) if local else "official"
    key = hashlib.sha256(f"{_CACHE_VERSION}|{release}|{source}".encode()).hexdigest()[:16]
    return cache_dir() / "imdb" / key


def _read_tables(folder: Path, parts: Sequence[str]) -> dict[str, pa.Table] | None:
    tables = {}
    for part in parts:
        table = read_table(folder, part)
        if table is None:
            return None
        tables[part] = table
    return tables


def _download_path(release: Release) -> Path:
    return download_path(release.url.rpartition("/")[2])


def _fetch(release: Release, progress: bool) -> Path:
    return fetch(
        release.url,
        sha256=release.sha256,
        file_name=_download_path(release).name,
        size_bytes=release.size_bytes,
        progress=progress,
        remedy=_REMEDY,
    )


def _dataset(table: pa.Table, part: str) -> Dataset:
    is_labelled = part != "unlabelled"
    return Dataset(
        texts=table["text"].chunk(0),
        # A copy: the mapped file is read-only, and not every consumer takes a read-only array.
        labels=table["label"].to_numpy().copy() if is_labelled else None,
        classes=CLASSES if is_labelled else (),
        name=f"imdb ({part})",
        extra=table.select(["stars", "file", "film"]),
    )
