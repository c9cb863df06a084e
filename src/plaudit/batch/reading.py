"""A source's rows as scoring takes them: columns of constant types, texts, and why a row has none.

The policy of scoring: a row that cannot be used is noted, and costs no other. This module knows nothing of formats.
The decision to question: where JSON goes out as JSON again, a record is handed on as its text, not as typed columns,
so that no number is rounded, no missing key becomes a null and no order is lost. Only where columns are wanted and
their types are known at the end alone is the source read twice.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.config import DataSpec
from plaudit.data.intake import Intake, Taken
from plaudit.data.readers import Rows, Source, open_source
from plaudit.data.readers.formats import FORMATS
from plaudit.data.readers.rows import Column, fault_of

LINE = "record"  # the column of a reader that keeps records' text
_LOOKED_AT = 1_024  # values whose types are put together at a time


@dataclass(frozen=True)
class Batch:
    """Some rows that follow each other, N.

    Attributes:
        rows: Their columns, [N], in the reader's schema.
        texts: ``large_string`` [N], null where there is nothing to score.
        reasons: Why there is not, by row; the same rows that are null in `texts`.
        position: How many bytes of the source are used up.
        keys: Of a reader that keeps records' text, all names seen so far in them.
    """

    rows: pa.RecordBatch
    texts: pa.LargeStringArray
    reasons: dict[int, str]
    position: int = 0
    keys: Collection[str] = ()


class BatchReader:
    """An open source.

    Attributes:
        schema: Its columns, the same for all of its batches.
        keeps_lines: Whether the one column is each record's JSON, as it stands in the file.
        intake: The source with its columns chosen.
    """

    def __init__(
        self, source: Source, spec: DataSpec, *, remembered: DataSpec | None = None, keep_lines: bool = False
    ) -> None:
        """Open it; where its columns' types are known only at its end, read it once for them.

        Args:
            source: From `find_sources`.
            spec: What the user says of it.
            remembered: How the data were read that the model was made of.
            keep_lines: Whether records of JSON are handed on as they stand.

        Raises:
            DataError: It cannot be opened, or its text is not found.
        """
        self.keeps_lines = keep_lines and source.format == "jsonl"
        self.intake = Intake(source, spec, is_label_needed=False, remembered=remembered, keep_lines=self.keeps_lines)
        self._mixed: set[str] = set()
        self._keys: set[str] = set()
        known = self.intake.reader.schema
        if self.keeps_lines:
            self.schema = pa.schema([(LINE, pa.large_string())])
        elif known is not None:
            self.schema = known
        else:
            try:
                kinds = _column_types(open_source(source, self.intake.spec).batches())
            except BaseException:
                self.close()
                raise
            self._mixed = {name for name, kind in kinds.items() if kind is None}
            self.schema = pa.schema([(name, kind or pa.large_string()) for name, kind in kinds.items()])

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order; call it once.

        Raises:
            DataError: The source cannot be read on.
        """
        for taken in self.intake:
            yield self._batch(taken)

    def close(self) -> None:
        """Close the source."""
        self.intake.close()

    def _batch(self, taken: Taken) -> Batch:
        rows, texts, intake = taken.rows, taken.texts, self.intake
        faults = dict(taken.faults)
        if self.keeps_lines:
            self._keys.update(rows.columns)
            columns = [pa.array(list(rows.lines or ()), pa.large_string())]
        else:
            columns = [self._column(rows, field, faults) for field in self.schema]
        for i in pc.indices_nonzero(texts.is_null()).to_pylist():
            faults.setdefault(i, "no text.")
        reasons = {i: f"{intake.where(rows, i)}: {faults[i].removesuffix('.')}" for i in sorted(faults)}
        if len(reasons) > texts.null_count:
            is_kept = pa.array([i not in reasons for i in range(len(rows))])
            texts = pc.if_else(is_kept, texts, pa.scalar(None, pa.large_string()))
        whole = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        return Batch(whole, texts, reasons, rows.position, frozenset(self._keys))

    def _column(self, rows: Rows, field: pa.Field, faults: dict[int, str]) -> pa.Array:
        column = rows.column(field.name)
        if not isinstance(column, list):
            return column
        if field.name in self._mixed:
            return pa.array([None if value is None else json.dumps(value, default=str) for value in column], field.type)
        return _as_column(column, field, faults)


def sentence(reason: str) -> str:
    """Return why a row has no text as a sentence, which ends in one mark."""
    return reason if reason.endswith("?") else f"{reason}."


def _as_column(values: list[Any], field: pa.Field, faults: dict[int, str]) -> pa.Array:  # Any: what a cell holds
    if pa.types.is_list(field.type):
        values = [value if value is None or isinstance(value, list) else [value] for value in values]
    try:
        return pa.array(values, field.type)
    except UnicodeEncodeError:
        kept = list(values)
        for i, value in enumerate(values):
            if isinstance(value, str) and (fault := fault_of(value)):
                kept[i] = None
                faults.setdefault(i, f"column {field.name!r}: {fault}.")
        return pa.array(kept, field.type)
    except (pa.ArrowInvalid, OverflowError):  # a whole number beyond 2**53 among numbers with a fraction
        return pa.array([float(value) if isinstance(value, int) else value for value in values], field.type)


def is_read_twice(source: Source, *, keep_lines: bool) -> bool:
    """Say whether a source must be a file: one whose columns only its end tells, or whose description stands there."""
    return FORMATS[source.format].is_read_twice and not (keep_lines and source.format == "jsonl")


def _column_types(batches: Iterator[Rows]) -> dict[str, pa.DataType | None]:
    """Return the type of each column's values by its name, in the order of these; None if they have none in common."""
    kinds: dict[str, pa.DataType | None] = {}
    for rows in batches:
        for name, column in rows.columns.items():
            if kinds.setdefault(name, pa.null()) is not None:
                for part in _parts(column):
                    kinds[name] = None if kinds[name] is None else _common_type(kinds[name], part)
    return {name: pa.large_string() if kind == pa.null() else kind for name, kind in kinds.items()}


def _parts(column: Column) -> Iterator[list[Any]]:  # Any: what a cell holds
    values = iter(column if isinstance(column, list) else column.to_pylist())
    while part := list(itertools.islice(values, _LOOKED_AT)):
        yield part


def _common_type(kind: pa.DataType, values: list[Any]) -> pa.DataType | None:
    is_of_strings = pa.types.is_list(kind) and pa.types.is_string(kind.value_type)
    lists = any(isinstance(value, list) for value in values)
    if lists or is_of_strings:  # a label here and several there are lists of labels
        values = [[value] if isinstance(value, str) else value for value in values]
        kind = pa.list_(pa.string()) if kind in (pa.string(), pa.large_string()) else kind
    try:
        found = pa.array(values).type
        if pa.types.is_struct(found) and not found.num_fields:
            return None  # {} and nothing else, which no column of records can hold
        schemas = [pa.schema([("", each)]) for each in (kind, found)]
        common = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
        pa.array(values, common)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None
    return pa.large_string() if common == pa.string() else common
