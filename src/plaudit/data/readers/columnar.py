"""Read Parquet and Arrow files in a stream: columns stay typed, nested ones too, and a missing value is null.

The decision to question: a dictionary column is handed on as its values, because batches of one column must be alike,
and each row group has a dictionary of its own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.arrow_files import check_arrow_file, check_arrow_stream, check_parquet
from plaudit.budget import current
from plaudit.config import DataSpec
from plaudit.data.readers import rows
from plaudit.data.readers.rows import Reader, Rows, refuse_repeated
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

_BUFFER_BYTES = 2**20
_MOST_SHARED_BYTES = 64 * 2**20  # of a batch, by values that are kept once for many rows


class ColumnarReader(Reader):
    """A file of Arrow's record batches."""

    unit = "row"
    _kind: str
    _row_bytes = 0  # that a row counts at least, where rows may have no end

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
        self._names = _class_names(found)
        fields = (field.with_type(pa.string()) if field.name in self._names else plain_field(field) for field in found)
        self.schema = pa.schema(fields)

    def _open(self, source: Source) -> pa.Schema:
        """Open the file and return its columns."""
        raise NotImplementedError

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Yield the rows, small batches at a time, each with the share of the file that is used up."""
        raise NotImplementedError

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        assert self.schema is not None
        done = n_bytes = 0
        with self._readable(), contextlib.closing(self):
            for part, share in self._parts():
                if part.num_rows:
                    faults: dict[int, str] = {}
                    columns = {
                        field.name: _plain(column, field, faults, self._names.get(field.name))
                        for field, column in zip(self.schema, part.columns, strict=True)
                    }
                    n_bytes += sum(column.nbytes for column in columns.values()) + self._row_bytes * part.num_rows
                    current().check_expansion(self._size, n_bytes, self.name)
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
        check_parquet(self._file.metadata, self._size, name=self.name)
        self._path = source.path
        return self._file.schema_arrow

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        facts = self._file.metadata
        found = [facts.row_group(i) for i in range(facts.num_row_groups)]
        longest = max((group.total_byte_size / max(group.num_rows, 1) for group in found), default=0.0)
        shared = max((self._longest_shared(i) for i in range(len(found))), default=0)
        n_rows = _rows_at_a_time(longest, shared)
        done = 0
        for part in self._file.iter_batches(batch_size=n_rows, use_threads=False):
            done += part.num_rows
            yield part, done / max(facts.num_rows, 1)

    def _longest_shared(self, number: int) -> int:
        """Return how many bytes a row can take that a row group's dictionaries hold once for all rows.

        A file of a kilobyte can hold a long value and a thousand rows that point to it. A dictionary is read with the
        first row; it is not looked at where all rows together stay small.
        """
        import pyarrow.parquet as pq

        group = self._file.metadata.row_group(number)
        chunks = [group.column(j) for j in range(group.num_columns)]
        n_rows = min(group.num_rows, rows.BATCH_ROWS)
        risky = [
            chunk.path_in_schema
            for chunk in chunks
            if chunk.has_dictionary_page and chunk.physical_type == "BYTE_ARRAY"
            and chunk.total_uncompressed_size * n_rows > _MOST_SHARED_BYTES
        ]  # fmt: skip
        if not risky:
            return 0
        with pq.ParquetFile(self._path, read_dictionary=risky, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            names = list(dict.fromkeys(path.partition(".")[0] for path in risky))
            first = next(file.iter_batches(1, row_groups=[number], columns=names, use_threads=False), None)
        return 0 if first is None else sum(map(_longest_value, first.columns))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ArrowReader(ColumnarReader):
    """An Arrow IPC file (Feather version 2) or stream."""

    _kind = "Arrow"

    def _open(self, source: Source) -> pa.Schema:
        self._map = pa.OSFile(str(source.path))
        head = self._map.read(6)
        if head.startswith(b"FEA1"):
            raise DataError(f"{self.name}: a Feather file of version 1; write it again with a newer pyarrow or pandas.")
        if head == b"ARROW1":
            with pa.memory_map(str(source.path)) as content:
                check_arrow_file(content.read_buffer(), name=self.name)
            self._map.seek(0)
            self._file: Any = pa.ipc.open_file(self._map)  # Any: pyarrow has no types
            self._found: Iterator[Any] = (self._file.get_batch(i) for i in range(self._file.num_record_batches))
        else:
            with pa.OSFile(str(source.path)) as content:
                check_arrow_stream(pa.ipc.MessageReader.open_stream(content), self._size, name=self.name)
            self._map.seek(0)
            self._file = pa.ipc.open_stream(self._map)
            self._found = iter(self._file)
        return self._file.schema

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        for whole in self._found:
            whole.validate(full=True)  # offsets that lead elsewhere would be followed
            n_rows = _rows_at_a_time(whole.nbytes / max(whole.num_rows, 1), sum(map(_longest_value, whole.columns)))
            for start in range(0, whole.num_rows, n_rows):
                yield whole.slice(start, n_rows), self._map.tell() / max(self._map.size(), 1)

    def close(self) -> None:
        """Close the file."""
        self._map.close()


def _rows_at_a_time(mean_bytes: float, shared_bytes: int) -> int:
    """Return how many rows fill a batch, and never so many that values kept once for all rows become too much."""
    n_rows = min(rows.BATCH_BYTES / max(mean_bytes, 1), _MOST_SHARED_BYTES / max(shared_bytes, 1))
    return max(1, min(rows.BATCH_ROWS, int(n_rows)))


def _longest_value(column: pa.Array) -> int:
    """Return the bytes of a dictionary's longest string; 0 of other columns."""
    kind = column.type
    if not pa.types.is_dictionary(kind) or not (is_string(kind.value_type) or pa.types.is_binary(kind.value_type)):
        return 0
    return pc.max(pc.binary_length(column.dictionary)).as_py() or 0


def plain_field(field: pa.Field) -> pa.Field:
    """Return a field whose type is that of its values where it is a dictionary.

    What pandas stores as a number, a period of 2024 as 54, is a record of that name, which is no label.
    """
    if (meaning := (field.metadata or {}).get(b"ARROW:extension:name", b"").decode()).startswith("pandas."):
        return field.with_type(pa.struct([(meaning, field.type)]))
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def is_string(kind: pa.DataType) -> bool:
    """Say whether a type is one of Arrow's strings."""
    return any(kind == each for each in (pa.string(), pa.large_string(), pa.string_view()))


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the names that columns of whole numbers stand for, as Hugging Face's data sets write them beside."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        named = {name: each["names"] for name, each in features.items() if each.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    is_sound = {name for name, names in named.items() if isinstance(names, list) and all(map(_is_name, names))}
    return {
        field.name: named[field.name] for field in schema if field.name in is_sound and pa.types.is_integer(field.type)
    }


def _is_name(name: object) -> bool:
    return isinstance(name, str)


def name_of(value: Any, classes: list[str]) -> Any:  # Any: a number, a list of such, None
    """Return the name of a class number, or of each in a list; -1 is Hugging Face's for a missing one."""
    if isinstance(value, list):
        return [name_of(each, classes) for each in value]
    return classes[value] if value is not None and 0 <= value < len(classes) else None


def _plain(column: pa.Array, field: pa.Field, faults: dict[int, str], classes: list[str] | None) -> pa.Array:
    """Return a column as its values; one of strings in which what is not UTF-8 is null: the formats do not check."""
    if classes is not None:
        return pa.array([name_of(value, classes) for value in column.to_pylist()], pa.string())
    if pa.types.is_struct(field.type) and not pa.types.is_struct(column.type):
        return pa.StructArray.from_arrays([column], fields=list(field.type), mask=column.is_null())
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
