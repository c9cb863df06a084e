"""A source's rows in one table, in memory: for a file of something other than texts and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.faults import BLANK, BROKEN, Faults, is_blank
from plaudit.data.readers.opening import open_source
from plaudit.data.readers.sources import find_sources
from plaudit.errors import DataError


@dataclass(frozen=True, eq=False)
class WholeTable:
    """N rows.

    Attributes:
        path: What messages call the source.
        columns: Values by column name, each N long; a missing value is None.
        places: Where each row begins, in words that open a message, [N].
    """

    path: str
    columns: Mapping[str, list[Any]]  # Any: as the source has them
    places: Sequence[str]

    def __len__(self) -> int:
        return len(self.places)

    def where(self, row: int) -> str:
        """Return where a row begins, to open a message."""
        return self.places[row]

    def texts(self, name: str) -> pa.LargeStringArray:
        """Return a column as texts, Arrow ``large_string`` [N].

        Raises:
            DataError: A value is no string, or blank.
        """
        values = self.columns[name]
        for row, value in enumerate(values):
            if value is not None and not isinstance(value, str):
                raise DataError(f"{self.where(row)}: expected a string as {name!r}, got {type(value).__name__}.")
        texts = pa.array(["" if value is None else value for value in values], pa.large_string())
        blank = np.flatnonzero(is_blank(texts)).tolist()
        if blank:
            faults = Faults("row")
            for row in blank:
                faults.add(BLANK, self.where(row), row + 1)
            raise faults.error(text=name, label="", n=len(values))
        return texts


def read_whole(path: str, spec: DataSpec | None = None) -> WholeTable:
    """Read all rows of a file.

    Raises:
        DataError: It cannot be read, or a row is broken.
    """
    spec = spec or DataSpec()
    columns: dict[str, list[Any]] = {}
    places: list[str] = []
    faults = Faults()
    for source in find_sources(path, spec.format):
        reader = open_source(source, spec)
        for rows in reader.batches():
            for i, message in rows.faults.items():
                faults.add(BROKEN, reader.where(rows.places[i]), rows.places[i], message)
            n = len(places)
            for name in dict.fromkeys((*columns, *reader.names, *rows.columns)):
                columns.setdefault(name, [None] * n).extend(rows.values(name))
            places += map(reader.where, rows.places)
    if faults:
        raise faults.error(text="", label="", n=len(places))
    if not places:
        raise DataError(f"{path}: no rows, only the columns {', '.join(columns)[:80]}.")
    return WholeTable(path, columns, places)
