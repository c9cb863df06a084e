"""Open a source with the reader of its format."""

from __future__ import annotations

from collections.abc import Callable

from plaudit.batch.readers.columnar import ParquetReader
from plaudit.batch.readers.delimited import CsvReader, TsvReader
from plaudit.batch.readers.json_lines import JsonColumnReader, JsonLineReader
from plaudit.batch.readers.plain_text import FastTextReader, FolderReader, LineReader
from plaudit.batch.rows import Reader
from plaudit.batch.sources import Source

_READERS: dict[str, Callable[[Source, str | None], Reader]] = {
    "csv": CsvReader,
    "tsv": TsvReader,
    "jsonl": JsonColumnReader,
    "parquet": ParquetReader,
    "fasttext": FastTextReader,
    "folder": FolderReader,
    "text": LineReader,
}


def open_source(source: Source, *, text_column: str | None = None, keep_lines: bool = False) -> Reader:
    """Open a source; its rows have constant columns, and what `plaudit.read_file` reads as a text is the same text.

    Args:
        source: From `find_sources`.
        text_column: The column of the texts; None finds it by name.
        keep_lines: Whether JSON Lines are handed on as they stand, because they go out as JSON Lines.

    Raises:
        DataError: It cannot be opened, or its text is not found.
    """
    if keep_lines and source.format == "jsonl":
        return JsonLineReader(source, text_column)
    return _READERS[source.format](source, text_column)


def is_read_twice(source: Source, *, keep_lines: bool) -> bool:
    """Say whether a source must be a file: one whose columns only its end tells, or whose description stands there."""
    return source.format in ("parquet", "fasttext") or (source.format == "jsonl" and not keep_lines)
