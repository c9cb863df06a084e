"""Tables that were expensive to make, kept under the cache directory in the storage format.

The one decision to question: a cache that cannot be read or written never stops the work; it is reported to
the log, and the table is built again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from plaudit.data.fetch import cache_dir
from plaudit.data.publish import publish_folder
from plaudit.embeddings.storage import read_table, write_table
from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import EmbeddingError

_log = logging.getLogger(__name__)


def cached_folder(key: str) -> Path:
    """Return where the table of that key is kept, whether or not it is there."""
    return cache_dir() / "embeddings" / key


def cached_table(key: str, build: Callable[[], EmbeddingTable]) -> EmbeddingTable:
    """Return the table kept under `key`, or build it and keep it.

    Args:
        key: A file name that changes whenever `build` would give something else.
        build: Makes the table; called when there is none, or when what is there is damaged.
    """
    folder = cached_folder(key)
    try:
        if folder.exists():
            return read_table(folder)
    except (OSError, EmbeddingError) as error:
        _log.warning("%s It will be built again.", error)
    table = build()
    try:
        if folder.is_file():
            folder.unlink()
        with publish_folder(folder) as new:
            write_table(table, new)
    except (OSError, EmbeddingError) as error:
        _log.warning("The embedding %s cannot be cached in %s: %s", table.name, folder, error)
    return table
