"""Keep count of how often test texts have been looked at, in the model's own folder."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

from plaudit.budget import read_document
from plaudit.data.dataset import Dataset
from plaudit.data.publish import publish_file
from plaudit.errors import DataError

OPENINGS = "test_openings.json"
_HASHED_TEXTS = 4_096  # held as Python strings at a time


def fingerprint(dataset: Dataset) -> str:
    """Return a hash of texts and labels, whatever their order: the identity of a test set, 32 hexadecimal digits."""
    total = 0
    for start in range(0, len(dataset), _HASHED_TEXTS):
        rows = slice(start, start + _HASHED_TEXTS)
        labels = None if dataset.labels is None else dataset.labels[rows]
        part = Dataset(dataset.texts[rows], labels, dataset.classes, dataset.name)
        names = part.label_names() if part.labels is not None else [""] * len(part)
        for text, label in zip(part.texts.to_pylist(), names, strict=True):
            row = hashlib.blake2b(f"{label}\0{text}".encode(), digest_size=16).digest()
            total = (total + int.from_bytes(row, "little")) % (1 << 128)
    return f"{total:032x}"


def count_opening(folder: Path, dataset: Dataset, *, command: str, identity: str | None = None) -> int:
    """Record in a model's folder that these test texts were looked at; return how often that makes.

    `identity` is their fingerprint, where it is available.

    A test figure is honest once: each further look invites choosing by it. Where the folder cannot be written, the
    count is returned all the same.
    """
    openings = read_openings(folder)
    identity = identity or fingerprint(dataset)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    openings.append({"data": dataset.name, "n": len(dataset), "fingerprint": identity, "at": now, "by": command})
    with contextlib.suppress(DataError):
        publish_file(folder / OPENINGS, (json.dumps(openings, indent=2, ensure_ascii=False) + "\n").encode())
    return sum(entry.get("fingerprint") == identity for entry in openings)


def read_openings(folder: Path) -> list[dict[str, Any]]:
    """Return the recorded openings, oldest first; an unreadable record counts as none."""
    path = folder / OPENINGS
    try:
        entries = json.loads(read_document(path)) if path.is_file() else []
    except (OSError, ValueError, RecursionError):
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
