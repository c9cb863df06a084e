"""Read Parquet in a stream: columns stay typed, nested ones too.

This module knows nothing of scoring. The decision to question: a dictionary column is handed on as its values, because
batches of one column must be alike, and each row group has a dictionary of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.batch import rows
from plaudit.batch.readers.text_input import too_long
from plaudit.batch.rows import Batch, Reader
from plaudit.batch.sources import Source
from plaudit.data.columns import choose_columns
from plaudit.data.formats.parquet import readable
from plaudit.data.formats.raw import refuse_repeated
from plaudit.errors import DataError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_BUFFER_BYTES = 2**20


def open_parquet(source: Source) -> pq.ParquetFile:
    """Open a file for `record_batches`.

    Raises:
        DataError: It is no Parquet file, or two columns have one name.
    """
    import pyarrow.parquet as pq

    assert source.path is not None
    with readable(source.name):
        file = pq.ParquetFile(source.path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    refuse_repeated(file.schema_arrow.names, source.name)
    return file


def record_batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Yield a file's rows, so many at a time as fill a batch at the mean length of the longest row group."""
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    longest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=0.0)
    n_rows = max(1, min(rows.BATCH_ROWS, int(rows.BATCH_BYTES / max(longest, 1))))
    yield from file.iter_batches(batch_size=n_rows, use_threads=False)


class ParquetReader(Reader):
    """A Parquet file."""

    def __init__(self, source: Source, text_column: str | None) -> None:
        """Read the footer.

        Raises:
            DataError: It is no Parquet file, two columns have one name, or the text's is not found or holds no strings.
        """
        self._source = source
        self._file = open_parquet(source)
        self.schema = pa.schema([_plain(field) for field in self._file.schema_arrow])
        names = self.schema.names
        chosen = choose_columns(names, text=text_column, label=None, is_label_needed=False, where=source.name)
        self._text = names.index(chosen.text)
        kind = self.schema.field(self._text).type
        if not _is_string(kind):
            raise DataError(f"{source.name}: column {chosen.text!r}: expected strings, got {kind}.")

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        done = 0
        with readable(self._source.name), self._file:
            for part in record_batches(self._file):
                if part.num_rows:
                    yield self._batch(part, done)
                    done += part.num_rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _batch(self, part: pa.RecordBatch, done: int) -> Batch:
        reasons: dict[int, str] = {}
        columns = []
        for field, column in zip(self.schema, part.columns, strict=True):
            column = column.cast(field.type) if column.type != field.type else column
            columns.append(self._mended(column, field.name, done, reasons) if _is_string(field.type) else column)
        texts = columns[self._text].cast(pa.large_string())
        for i in pc.indices_nonzero(texts.is_null()).to_pylist():
            reasons.setdefault(i, self._reason(done + i, "no text"))
        long = pc.greater(pc.binary_length(texts), rows.MOST_BYTES).fill_null(False)
        for i in pc.indices_nonzero(long).to_pylist():
            reasons.setdefault(i, self._reason(done + i, too_long()))
        if reasons:
            is_kept = pa.array([i not in reasons for i in range(part.num_rows)])
            texts = pc.if_else(is_kept, texts, pa.scalar(None, pa.large_string()))
        share = (done + part.num_rows) / max(self._file.metadata.num_rows, 1)
        return Batch(
            pa.RecordBatch.from_arrays(columns, schema=self.schema),
            texts,
            reasons,
            int(share * self._source.size_bytes),
        )

    def _mended(self, column: pa.Array, name: str, done: int, reasons: dict[int, str]) -> pa.Array:
        """Return a column of strings in which what is not UTF-8 is null: the format does not check."""
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            values = column.cast(pa.large_binary()).to_pylist()
            for i, value in enumerate(values):
                try:
                    if value is not None:
                        value.decode("utf-8")
                except UnicodeDecodeError as error:
                    values[i] = None
                    fault = f"column {name!r}: byte 0x{value[error.start]:02x} is not UTF-8"
                    reasons.setdefault(i, self._reason(done + i, fault))
            return pa.array(values, pa.large_binary()).cast(column.type)
        return column

    def _reason(self, row: int, fault: str) -> str:
        return f"{self._source.name}, row {row + 1}: {fault}"


def _plain(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _is_string(kind: pa.DataType) -> bool:
    return any(kind == each for each in (pa.string(), pa.large_string(), pa.string_view()))
