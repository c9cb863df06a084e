"""Keep tables as a folder of uncompressed Arrow files that are memory-mapped when read.

The folder is written beside its place and moved there whole; its manifest holds each file's size and CRC-32,
and a table whose file does not match is treated as absent. This module knows nothing of what the tables hold.

The decision to question: a checksum on every read. It costs about 0.4 s a gigabyte, and without it a flipped
bit in an offset would let Arrow read outside its buffers. CRC-32 guards against accidents, not against an
enemy.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from plaudit.budget import read_document
from plaudit.data.publish import publish_folder
from plaudit.errors import DataError

_log = logging.getLogger(__name__)
_MANIFEST = "tables.json"
_FORMAT_VERSION = 1


def write_tables(folder: Path, tables: Iterable[tuple[str, pa.Table]]) -> None:
    """Write named tables as `folder`, replacing what is there.

    Args:
        folder: Where they are to be; its parent is made if need be.
        tables: (name, table) pairs, taken one at a time, so that a generator holds only one in memory.

    Raises:
        DataError: The folder cannot be written.
    """
    try:
        with publish_folder(folder) as built:
            files = {name: _write_table(built / f"{name}.arrow", table) for name, table in tables}
            manifest = {"format": _FORMAT_VERSION, "files": files}
            (built / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"Cannot write the cache folder {folder}: {error}. "
            "Free space there, or name another folder with $PLAUDIT_CACHE."
        ) from error


def read_table(folder: Path, name: str) -> pa.Table | None:
    """Return a table over memory-mapped buffers, one chunk a column; None if it is absent or damaged.

    Opens no other table's file.
    """
    path = folder / f"{name}.arrow"
    expected = _entry(folder, name)
    if expected is None:
        return None
    try:
        if _measure(path) != expected:
            _log.warning("The cached file %s is damaged; it will be built again.", path)
            return None
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        _log.warning("The cached file %s cannot be read (%s); it will be built again.", path, error)
        return None


def has_table(folder: Path, name: str) -> bool:
    """Say whether the table is there in its full size, without reading it."""
    expected = _entry(folder, name)
    path = folder / f"{name}.arrow"
    return expected is not None and path.is_file() and path.stat().st_size == expected["size_bytes"]


def _entry(folder: Path, name: str) -> dict[str, int] | None:
    try:
        manifest = json.loads(read_document(folder / _MANIFEST))
        if manifest["format"] != _FORMAT_VERSION:
            return None
        entry = manifest["files"][name]
        return {"size_bytes": int(entry["size_bytes"]), "crc32": int(entry["crc32"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_table(path: Path, table: pa.Table) -> dict[str, int]:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return _measure(path)


def _measure(path: Path) -> dict[str, int]:
    """Return size and CRC-32, read in pieces: faulting in a memory map's pages takes longer."""
    size_bytes = crc32 = 0
    buffer = memoryview(bytearray(1 << 20))
    with path.open("rb", buffering=0) as file:
        while n := file.readinto(buffer):
            size_bytes += n
            crc32 = zlib.crc32(buffer[:n], crc32)
    return {"size_bytes": size_bytes, "crc32": crc32}
