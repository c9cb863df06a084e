"""Open a source with the reader of its format."""

from __future__ import annotations

from plaudit.config import DataSpec
from plaudit.data.readers.formats import FORMATS
from plaudit.data.readers.json_records import JsonReader
from plaudit.data.readers.rows import Reader
from plaudit.data.readers.sources import Source


def open_source(source: Source, spec: DataSpec | None = None, *, keep_lines: bool = False) -> Reader:
    """Open a source.

    Args:
        source: From `find_sources`.
        spec: What the user says of it.
        keep_lines: Whether rows of JSON come with their records' text, because they go out as JSON Lines.

    Raises:
        DataError: It cannot be opened.
    """
    spec = spec or DataSpec()
    if keep_lines and source.format == "jsonl":
        return JsonReader(source, spec, keep_lines=True)
    return FORMATS[source.format].open(source, spec)
