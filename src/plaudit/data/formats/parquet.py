"""Read Parquet: columns come typed, a missing value is null.

This module knows nothing of which column is the text.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from plaudit.data.formats.raw import RawTable
from plaudit.errors import DataError


def read_parquet(path: Path) -> RawTable:
    """Read a Parquet file.

    Raises:
        DataError: The file cannot be read, has no rows, or has two columns of one name.
    """
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable Parquet file: {reason}") from error
    names = table.column_names
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise DataError(f"{path}: two columns are named {repeated[0]!r}; rename one.")
    if not table.num_rows:
        raise DataError(f"{path}: no rows, only the columns {', '.join(names)}.")
    columns = dict(zip(names, table.columns, strict=True))
    return RawTable(path, columns, "row", range(1, table.num_rows + 1))
