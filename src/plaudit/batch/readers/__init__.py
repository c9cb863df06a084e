"""One reader a format: a source's rows in batches of constant columns."""

from plaudit.batch.readers.opening import open_source

__all__ = ["open_source"]
