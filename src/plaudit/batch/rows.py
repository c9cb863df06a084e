"""A source as a sequence of numbered batches: what every reader yields and the scorer takes.

This module knows nothing of formats. The decision to question: a batch is closed after a fixed number of bytes or rows,
whatever machine reads it, so that a run that is cut off and continued, or spread over a cluster, scores the very same
batches and gives the same bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple, TypeVar

import pyarrow as pa

BATCH_BYTES = 2**20  # small: scoring n-grams takes some fifty times as much memory, and several are under way
BATCH_ROWS = 16_384
MOST_BYTES = 64 * 2**20  # of one row: what is longer is no text, but a file whose lines or quotes never end
R = TypeVar("R")


class Row(NamedTuple):
    """One row of a text format.

    Attributes:
        values: A value for each column of the reader's schema; None where there is none.
        text: What is to be scored, or None.
        size_bytes: How much of the input it took, roughly.
        reason: Why it cannot be scored, or None.
    """

    values: Sequence[object]
    text: str | None
    size_bytes: int
    reason: str | None = None


@dataclass(frozen=True)
class Batch:
    """Some rows that follow each other.

    Attributes:
        rows: Their columns, [N], in the reader's schema.
        texts: ``large_string`` [N], null where there is nothing to score.
        reasons: Why there is not, by row; the same rows that are null in `texts`.
        position: How many bytes of the source are used up.
        keys: Of a reader that keeps lines, all names seen so far in its records.
    """

    rows: pa.RecordBatch
    texts: pa.LargeStringArray
    reasons: dict[int, str]
    position: int = 0
    keys: Collection[str] = ()


class Reader(ABC):
    """An open source.

    Attributes:
        schema: Its columns, the same for all of its batches.
        keeps_lines: Whether the one column is each record's JSON, as it stands in the file.
    """

    schema: pa.Schema
    keeps_lines: bool = False

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order; call it once.

        Raises:
            DataError: The source cannot be read on.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing open before `batches`
        """Close the source; `batches` does it at its end."""


def groups(rows: Iterable[R], size_bytes: Callable[[R], int] = attrgetter("size_bytes")) -> Iterator[list[R]]:
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


def make_batch(group: Sequence[Row], schema: pa.Schema, position: int) -> Batch:
    """Return rows as a batch; a string that is not Unicode becomes null, and its row is not scored."""
    reasons = {i: row.reason for i, row in enumerate(group) if row.reason is not None}
    columns = [
        _as_column(list(values), field, reasons)
        for field, values in zip(schema, zip(*(row.values for row in group), strict=True), strict=True)
    ]
    texts = [row.text for row in group]
    for i in reasons:
        texts[i] = None
    return Batch(
        pa.RecordBatch.from_arrays(columns, schema=schema), pa.array(texts, pa.large_string()), reasons, position
    )


def _as_column(values: list[object], field: pa.Field, reasons: dict[int, str]) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except UnicodeEncodeError:
        for i, value in enumerate(values):
            if isinstance(value, str) and (fault := _fault_of(value)):
                values[i] = None
                reasons.setdefault(i, f"column {field.name!r}: {fault}")
        return pa.array(values, field.type)
    except (pa.ArrowInvalid, OverflowError):  # a whole number beyond 2**53 among numbers with a fraction
        return pa.array([float(value) if isinstance(value, int) else value for value in values], field.type)


def _fault_of(value: str) -> str | None:
    """Return what is wrong with a string in which bytes that are not UTF-8 stand as surrogates."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"byte 0x{ord(value[error.start]) & 0xFF:02x} is not UTF-8"
    return None
