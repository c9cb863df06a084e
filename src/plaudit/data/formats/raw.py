"""What a format's reader returns: columns as they stand in the file, and where each row is.

This module knows nothing of which column is the text and which the label. The decision to question: columns
may be plain Python lists, because the text formats' own parsers produce those, and a message needs the value
as it was read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from plaudit.budget import current
from plaudit.errors import DataError

Column: TypeAlias = list[object] | pa.ChunkedArray


@dataclass(frozen=True)
class RawTable:
    """The rows of one file or folder.

    Attributes:
        path: The file or folder.
        columns: Values by column name, each N long; a missing value is None.
        unit: What `places` counts: "line", "row" or "file".
        places: Where each row begins, N long: the line or row counted from 1, or the file's name.
        splits_last_field: Whether text was cut at tabs except in the last column (TSV), which may hold some.
    """

    path: Path
    columns: Mapping[str, Column]
    unit: str
    places: Sequence[int] | Sequence[str]
    splits_last_field: bool = False

    def __len__(self) -> int:
        return len(self.places)

    def where(self, row: int) -> str:
        """Return where a row begins, to open a message: ``"reviews.csv:12"``."""
        if self.unit == "line":
            return f"{self.path}:{self.places[row]}"
        if self.unit == "row":
            return f"{self.path}, row {self.places[row]}"
        return str(self.path / str(self.places[row]))

    def list_places(self, rows: Sequence[int], most: int = 5) -> str:
        """Return some rows' places in words: ``"lines 4, 9, 12, …"``."""
        shown = ", ".join(str(self.places[row]) for row in rows[:most])
        return f"{self.unit}{'s' if len(rows) > 1 else ''} {shown}{', …' if len(rows) > most else ''}"


def to_columns(names: Sequence[str], rows: Sequence[Sequence[object]], where: str) -> dict[str, Column]:
    """Turn rows of equal length into named columns; unnamed columns get a number for a name.

    Raises:
        DataError: Two columns have the same name.
    """
    named = [name.strip() or f"column {number}" for number, name in enumerate(names, start=1)]
    refuse_repeated(named, where)
    if not rows:
        return {name: [] for name in named}
    return {name: list(values) for name, values in zip(named, zip(*rows, strict=True), strict=True)}


def refuse_repeated(names: Sequence[str], where: str) -> None:
    """Raise `DataError` when two columns have the same name."""
    current().check_columns(len(names), where)
    counted = Counter(names)
    if repeated := [name for name in names if counted[name] > 1]:
        raise DataError(f"{where}: two columns are named {repeated[0]!r}; rename one.")
