"""Read Parquet: columns come typed, a missing value is null.

This module knows nothing of which column is the text.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from plaudit.data.formats.raw import RawTable, refuse_repeated
from plaudit.errors import DataError


@contextlib.contextmanager
def readable(name: str) -> Iterator[None]:
    """Say of a file that cannot be opened or read on that it is no Parquet, as a `DataError`."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{name}: not a readable Parquet file: {' '.join(str(error).split())}") from error


def read_parquet(path: Path) -> RawTable:
    """Read a Parquet file.

    Raises:
        DataError: The file cannot be read, has no rows, or has two columns of one name.
    """
    import pyarrow.parquet as pq

    with readable(str(path)), pq.ParquetFile(path) as file:
        table = file.read()
    names = table.column_names
    refuse_repeated(names, str(path))
    if not table.num_rows:
        raise DataError(f"{path}: no rows, only the columns {', '.join(names)}.")
    columns = dict(zip(names, table.columns, strict=True))
    return RawTable(path, columns, "row", range(1, table.num_rows + 1))
