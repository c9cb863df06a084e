"""One reader a format: a source's rows in batches, as they stand there, with what is wrong with a row as a value."""

from plaudit.data.readers.formats import FORMATS
from plaudit.data.readers.opening import open_source
from plaudit.data.readers.rows import Reader, Rows
from plaudit.data.readers.sources import Source, find_sources

__all__ = ["FORMATS", "Reader", "Rows", "Source", "find_sources", "open_source"]
