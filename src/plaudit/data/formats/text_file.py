"""Read a text file's bytes and make sure that they are UTF-8 text, or say on which line they are not.

This module knows nothing of columns. The decision to question: UTF-16 is refused, not converted; a message
that names the remedy costs the user one "save as", and everything after it may count lines in bytes.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from plaudit.errors import DataError

_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an office document (export the sheet as CSV)",
    b"PAR1": "a Parquet file (name it .parquet)",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an office document (export the sheet as CSV)",
    b"SQLite format 3": "a database",
}
GZIP = b"\x1f\x8b"


def read_text_bytes(path: Path, *, may_be_empty: bool = False) -> bytes:
    """Return a file's contents: valid UTF-8 without byte-order mark, uncompressed if they are gzip.

    Raises:
        DataError: The file cannot be opened, is empty (white space counts as nothing) unless it may be, is
            not text, holds a null byte or is not UTF-8.
    """
    data = _read_bytes(path)
    refuse_foreign(data, path)
    data = data.removeprefix(codecs.BOM_UTF8)
    if not may_be_empty and not data.strip():
        raise DataError(f"{path}: the file is empty.")
    refuse_null_byte(data, path)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}:{line_at(data, error.start)}: byte 0x{data[error.start]:02x} is not UTF-8 "
            f"({error.reason}). Save the file again with the encoding UTF-8."
        ) from error
    return data


def refuse_foreign(data: bytes, path: Path | str) -> None:
    """Refuse what begins like another kind of file than UTF-8 text.

    Raises:
        DataError: It does.
    """
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise DataError(f"{path}: expected text, got {kind}.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path}: the file is UTF-16; expected UTF-8. Save it again with the encoding UTF-8.")


def refuse_null_byte(data: bytes, path: Path | str) -> None:
    """Refuse bytes that are no text.

    Raises:
        DataError: One of them is null.
    """
    if (position := data.find(b"\0")) >= 0:
        raise DataError(
            f"{path}:{line_at(data, position)}: a null byte; expected UTF-8 text. "
            "The file is binary, damaged, or UTF-16 without its mark."
        )


def line_at(data: bytes, position: int) -> int:
    """Return the line, counted from 1, on which a byte stands."""
    return data.count(b"\n", 0, position) + 1


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(GZIP) else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip file is truncated or damaged ({error}).") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
