"""Read Parquet and Arrow files in a stream: columns stay typed, nested ones too, and a missing value is null.

The decision to question: a dictionary column is handed on as its values, because batches of one column must be alike,
and each row group has a dictionary of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plaudit.budget import current
from plaudit.config import DataSpec
from plaudit.data.readers import rows
from plaudit.data.readers.rows import Reader, Rows, refuse_repeated
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

_BUFFER_BYTES = 2**20


class ColumnarReader(Reader):
    """A file of Arrow's record batches."""

    unit = "row"
    _kind: str

    def __init__(self, source: Source, spec: DataSpec) -> None:
        """Read the columns' names and types.

        Raises:
            DataError: It is no such file, or two columns have one name.
            LimitError: There are more columns than the current budget takes.
        """
        assert source.path is not None
        self.name, self._size = source.name, source.size_bytes
        with self._readable():
            found = self._open(source)
        current().check_columns(len(found), self.name)
        refuse_repeated(found.names, self.name)
        self.names = tuple(found.names)
        self.schema = pa.schema([plain_field(field) for field in found])

    def _open(self, source: Source) -> pa.Schema:
        """Open the file and return its columns."""
        raise NotImplementedError

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Yield the rows, small batches at a time, each with the share of the file that is used up."""
        raise NotImplementedError

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        assert self.schema is not None
        done = 0
        with self._readable(), contextlib.closing(self):
            for part, share in self._parts():
                if part.num_rows:
                    faults: dict[int, str] = {}
                    columns = {
                        field.name: _plain(column, field, faults)
                        for field, column in zip(self.schema, part.columns, strict=True)
                    }
                    places = range(done + 1, done + part.num_rows + 1)
                    yield Rows(columns, places, faults, int(share * self._size))
                    done += part.num_rows

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{self.name}: not a readable {self._kind} file: {reason}") from error


class ParquetReader(ColumnarReader):
    """A Parquet file, so many rows at a time as fill a batch at the mean length of the longest row group."""

    _kind = "Parquet"

    def _open(self, source: Source) -> pa.Schema:
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(source.path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        return self._file.schema_arrow

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        facts = self._file.metadata
        found = [facts.row_group(i) for i in range(facts.num_row_groups)]
        longest = max((group.total_byte_size / max(group.num_rows, 1) for group in found), default=0.0)
        n_rows = max(1, min(rows.BATCH_ROWS, int(rows.BATCH_BYTES / max(longest, 1))))
        done = 0
        for part in self._file.iter_batches(batch_size=n_rows, use_threads=False):
            done += part.num_rows
            yield part, done / max(facts.num_rows, 1)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ArrowReader(ColumnarReader):
    """An Arrow IPC file (Feather version 2) or stream."""

    _kind = "Arrow"

    def _open(self, source: Source) -> pa.Schema:
        self._map = pa.OSFile(str(source.path))
        if self._map.read(6) == b"ARROW1":
            self._map.seek(0)
            self._file: Any = pa.ipc.open_file(self._map)  # Any: pyarrow has no types
            self._found: Iterator[Any] = (self._file.get_batch(i) for i in range(self._file.num_record_batches))
        else:
            self._map.seek(0)
            self._file = pa.ipc.open_stream(self._map)
            self._found = iter(self._file)
        return self._file.schema

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        for whole in self._found:
            mean = whole.nbytes / max(whole.num_rows, 1)
            n_rows = max(1, min(rows.BATCH_ROWS, int(rows.BATCH_BYTES / max(mean, 1))))
            for start in range(0, whole.num_rows, n_rows):
                yield whole.slice(start, n_rows), self._map.tell() / max(self._map.size(), 1)

    def close(self) -> None:
        """Close the file."""
        self._map.close()


def plain_field(field: pa.Field) -> pa.Field:
    """Return a field whose type is that of its values where it is a dictionary."""
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def is_string(kind: pa.DataType) -> bool:
    """Say whether a type is one of Arrow's strings."""
    return any(kind == each for each in (pa.string(), pa.large_string(), pa.string_view()))


def _plain(column: pa.Array, field: pa.Field, faults: dict[int, str]) -> pa.Array:
    """Return a column as its values; one of strings in which what is not UTF-8 is null: the formats do not check."""
    column = column.cast(field.type) if column.type != field.type else column
    if not is_string(field.type):
        return column
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
                faults.setdefault(i, f"column {field.name!r}: byte 0x{value[error.start]:02x} is not UTF-8.")
        return pa.array(values, pa.large_binary()).cast(column.type)
    return column
