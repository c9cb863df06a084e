"""What every reader yields: numbered batches of rows, where each row stands, and what is wrong with it.

This module knows nothing of formats, nor of which column is the text. The decisions to question: a broken row is a row
whose values are all missing, so that whoever reads on decides what it costs (`data.reading`); and a batch is closed
after a fixed number of bytes or rows, whatever machine reads it, so that a run that is cut off and continued, or spread
over a cluster, scores the very same batches and gives the same bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.budget import current
from plaudit.data.places import describe_place
from plaudit.errors import DataError

BATCH_BYTES = 2**20  # small: scoring n-grams takes some fifty times as much memory, and several are under way
BATCH_ROWS = 16_384
MOST_BYTES = 64 * 2**20  # of one row: what is longer is no text, but a file whose lines or quotes never end

Column: TypeAlias = list[Any] | pa.Array  # Any: the values of JSON, a spreadsheet, a database
Unit = Literal["line", "row", "file"]
R = TypeVar("R")


@dataclass(frozen=True)
class Rows:
    """Some rows that follow each other, N.

    Attributes:
        columns: Values by column name, each N long; a missing value is None. A name that no row of this batch has may
            be left out.
        places: Where each row begins, N long: its line or row, counted from 1, or its file's name.
        faults: What is wrong, by row; the values of such a row are None.
        position: How many bytes of the source are used up.
        lines: Of JSON that goes out again as it came in: each record's text, N long, None where it is broken.
    """

    columns: Mapping[str, Column]
    places: Sequence[int | str]
    faults: Mapping[int, str]
    position: int = 0
    lines: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.places)

    def column(self, name: str) -> Column:
        """Return a column's values, N long; of one that no row has, None for each.

        "data.text" is what the records in the column "data" hold as "text".
        """
        if name in self.columns:
            return self.columns[name]
        outer, _, key = name.partition(".")
        if not key or outer not in self.columns:
            return [None] * len(self)
        return [cell.get(key) if isinstance(cell, dict) else None for cell in self.values(outer)]

    def values(self, name: str) -> list[Any]:  # Any: as in `Column`
        """Return a column as Python values, N long."""
        column = self.column(name)
        return column if isinstance(column, list) else column.to_pylist()


class Reader(ABC):
    """An open source.

    Attributes:
        name: What messages call it.
        unit: What `Rows.places` counts.
        names: Its columns; of records the keys of the first batch, and further ones may follow.
        said: What was found by looking, a line each: "fields are separated by ';'".
        decided: The same as settings of `DataSpec`, by name, so that the source is read in the same way again.
        schema: The columns' types where they are known before the rows are read, else None.
        splits_last_field: Whether text was cut at tabs except in the last column, which may hold some.
        may_lack_header: Whether the names were found by looking, and may be a first row of data.
        hint: What to try where the columns are not found, a sentence.
    """

    name: str
    unit: Unit = "line"
    names: tuple[str, ...]
    said: tuple[str, ...] = ()
    decided: Mapping[str, Any] = {}  # Any: a setting's value
    schema: pa.Schema | None = None
    splits_last_field: bool = False
    may_lack_header: bool = False
    hint: str = ""

    @abstractmethod
    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order; call it once.

        Raises:
            DataError: The source cannot be read on.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing open before `batches`
        """Close the source; `batches` does it at its end."""

    def where(self, place: int | str) -> str:
        """Return where a row begins, to open a message: ``"reviews.csv:12"``."""
        return describe_place(self.name, self.unit, place)


class Parsed(NamedTuple):
    """One row of a text format: its fields, or what is wrong with it; its place; how many bytes it took, roughly."""

    fields: Sequence[object] | None
    place: int | str
    size_bytes: int
    fault: str | None = None


def groups(rows: Iterable[R], size_bytes: Callable[[R], int]) -> Iterator[list[R]]:
    """Yield the rows of a batch at a time, given how much of the input each one took."""
    group: list[R] = []
    size = 0
    for row in rows:
        group.append(row)
        size += size_bytes(row)
        if size >= BATCH_BYTES or len(group) >= BATCH_ROWS:
            yield group
            group, size = [], 0
    if group:
        yield group


def string_rows(
    names: Sequence[str],
    rows: Iterable[Parsed],
    position: Callable[[], int],
    encoding: str = "UTF-8",
    advice: str = "",
) -> Iterator[Rows]:
    """Yield rows of strings in batches; a string with bytes that are not text makes its row a broken one.

    Args:
        names: C columns.
        rows: Each with C strings; a byte that could not be decoded stands in them as a surrogate.
        position: How many bytes of the source are used up.
        encoding: In which it is written, for messages.
        advice: What to do about bytes that are not, a sentence.
    """
    empty = (None,) * len(names)
    for group in groups(rows, lambda row: row.size_bytes):
        faults = {i: row.fault for i, row in enumerate(group) if row.fault is not None}
        columns = list(zip(*(row.fields or empty for row in group), strict=True))
        arrays: list[Column] = []
        for name, values in zip(names, columns, strict=True):
            try:
                column = pa.array(values, pa.large_string())
                if any("\0" in value for value in values if value):
                    for i in pc.indices_nonzero(pc.match_substring(column, "\0").fill_null(False)).to_pylist():
                        faults.setdefault(i, f"column {name!r}: a null byte; expected text.")
                arrays.append(column)
            except UnicodeEncodeError:
                kept = list(values)
                for i, value in enumerate(values):
                    if value is not None and (fault := fault_of(str(value), encoding)):
                        kept[i] = None
                        faults.setdefault(i, f"column {name!r}: {fault}. {advice}".strip())
                arrays.append(pa.array(kept, pa.large_string()))
        yield Rows(dict(zip(names, arrays, strict=True)), [row.place for row in group], faults, position())


def fault_of(value: str, encoding: str = "UTF-8") -> str | None:
    """Return what is wrong with a string in which bytes that could not be decoded stand as surrogates."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"byte 0x{ord(value[error.start]) & 0xFF:02x} is not {encoding}"
    return None


def named_columns(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Return columns' names without outer white space; an unnamed one gets a number for a name.

    Raises:
        DataError: Two have the same name.
        LimitError: There are more than the current budget takes.
    """
    current().check_columns(len(names), where)
    named = tuple(name.strip() or f"column {number}" for number, name in enumerate(names, start=1))
    refuse_repeated(named, where)
    return named


def refuse_repeated(names: Sequence[str], where: str) -> None:
    """Raise `DataError` when two columns have the same name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{where}: two columns are named {name!r}; rename one.")
        seen.add(name)


def too_long() -> str:
    """Return what is wrong with a row that is longer than any text, or than the current budget takes."""
    return f"longer than {min(MOST_BYTES, current().row_bytes) / 2**20:g} MiB."
