"""What an Arrow or a Parquet file says that it expands to, known before anything of it is uncompressed.

    check_arrow_file(buffer, name=str(path))        # before `pa.ipc.open_file(buffer)`
    check_parquet(file.metadata, n_bytes, name=…)   # after `pq.ParquetFile(path)`, before it reads

Arrow uncompresses a buffer into as many bytes as the eight bytes before it say, and reads a batch as often as the
footer lists it. So both are added up first, from the file's own flatbuffers, and held against the current budget. This
module knows nothing of columns. The decision to question: forty lines of flatbuffers by hand, because PyArrow tells
neither a batch's compression nor its size before it has read it.

The format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format, File.fbs and Message.fbs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from plaudit.budget import Budget, current
from plaudit.errors import DataError, PlauditError

_MAGIC = b"ARROW1"
_DICTIONARIES, _BATCHES = 2, 3  # fields of File.fbs's Footer
_HEADER_TYPE, _HEADER = 1, 2  # of Message
_IS_DICTIONARY, _IS_BATCH = 2, 3  # values of its union MessageHeader
_DATA = 1  # of DictionaryBatch
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3  # of RecordBatch
_CELL_BYTES = 8  # what a cell takes in memory at least, whatever a file packs it into


def check_arrow_file(content: Any, *, name: str, damaged: type[PlauditError] = DataError) -> None:
    """Refuse an Arrow IPC file (Feather version 2) that expands beyond the current budget.

    Args:
        content: The file's bytes: what has Python's buffer protocol, a map too.
        name: What messages call it.
        damaged: The error that a file becomes that is none.

    Raises:
        damaged: It is no Arrow file.
        LimitError: It expands too far.
    """
    data, budget = memoryview(content).cast("B"), current()
    total = 0
    try:
        for size in _batch_sizes(data, budget, name):
            total += size
            budget.check_expansion(len(data), total, name)
    except (struct.error, IndexError, ValueError) as error:
        if isinstance(error, PlauditError):
            raise
        raise damaged(f"{name}: not readable as an Arrow file (its footer is damaged).") from error


def check_arrow_stream(messages: Iterable[Any], n_bytes: int, *, name: str) -> None:
    """Refuse an Arrow stream that expands beyond the current budget.

    Args:
        messages: A `pyarrow.ipc.MessageReader`.
        n_bytes: The file's size.
        name: What messages call it.

    Raises:
        DataError: It is damaged.
        LimitError: It expands too far.
    """
    total, budget = 0, current()
    try:
        for message in messages:
            if message.type in ("dictionary", "record batch"):
                budget.check_time(name)
                total += _of_batch(_Table.root(memoryview(message.metadata)), memoryview(message.body or b""))
                budget.check_expansion(n_bytes, total, name)
    except (struct.error, IndexError, ValueError) as error:  # PyArrow's, too
        if isinstance(error, PlauditError):
            raise
        raise DataError(f"{name}: not readable as an Arrow stream ({' '.join(str(error).split())}).") from error


def check_parquet(metadata: Any, n_bytes: int, *, name: str) -> None:
    """Refuse a Parquet file that expands beyond the current budget, by what its footer says.

    Args:
        metadata: A `pyarrow.parquet.FileMetaData`.
        n_bytes: The file's size.
        name: What messages call it.

    Raises:
        LimitError: It has too many columns, or expands too far.
    """
    budget = current()
    budget.check_columns(metadata.num_columns, name)
    total = cells = 0
    for i in range(metadata.num_row_groups):
        group = metadata.row_group(i)
        total += max(0, group.total_byte_size)
        cells += sum(max(0, group.column(j).num_values) for j in range(group.num_columns))  # those within lists, too
    budget.check_expansion(n_bytes, max(total, cells * _CELL_BYTES), name)


def _batch_sizes(data: memoryview, budget: Budget, name: str) -> Iterator[int]:
    """Yield each batch's size once it is uncompressed, as often as the footer lists it."""
    if bytes(data[: len(_MAGIC)]) != _MAGIC or bytes(data[-len(_MAGIC) :]) != _MAGIC:
        raise ValueError("no magic bytes")
    end = len(data) - len(_MAGIC) - 4
    (length,) = struct.unpack_from("<i", data, end)
    if not 0 < length <= end:
        raise ValueError("no footer")
    footer = _Table.root(data[end - length : end])
    for field in (_DICTIONARIES, _BATCHES):
        for offset, metadata_length, body_length in footer.structs(field, "<qi4xq"):
            budget.check_time(name)
            if min(offset, metadata_length, body_length) < 0 or offset + metadata_length + body_length > len(data):
                raise ValueError("a batch outside the file")
            head = data[offset : offset + metadata_length]
            at = 8 if bytes(head[:4]) == b"\xff\xff\xff\xff" else 4  # before version 0.15 there was no such mark
            yield _of_batch(_Table.root(head[at:]), data[offset + metadata_length :][:body_length])


def _of_batch(message: _Table, body: memoryview) -> int:
    """Return a batch's size once it is uncompressed: its buffers, and no less than its rows, which may need none."""
    kind, batch = message.byte(_HEADER_TYPE), message.table(_HEADER)
    if kind == _IS_DICTIONARY and batch is not None:
        batch = batch.table(_DATA)
    if batch is None or kind not in (_IS_DICTIONARY, _IS_BATCH):
        raise ValueError("no batch")
    is_compressed = batch.table(_COMPRESSION) is not None
    total = 0
    for offset, length in batch.structs(_BUFFERS, "<qq"):
        size = length
        if is_compressed and length >= 8:
            (size,) = struct.unpack_from("<q", body, offset)
        total += length if size < 0 else size  # -1: this one is not compressed
    return max(total, batch.long(_LENGTH) * _CELL_BYTES)


class _Table:
    """A table of a flatbuffer: its fields by number."""

    def __init__(self, data: memoryview, at: int) -> None:
        self._data, self._at = data, at
        (back,) = struct.unpack_from("<i", data, at)
        self._fields = at - back
        if self._fields < 0:
            raise ValueError("a table outside the buffer")
        (self._n_bytes,) = struct.unpack_from("<H", data, self._fields)

    @classmethod
    def root(cls, data: memoryview) -> _Table:
        (at,) = struct.unpack_from("<I", data, 0)
        return cls(data, at)

    def _place(self, field: int) -> int | None:
        if 4 + 2 * field + 2 > self._n_bytes:
            return None
        (offset,) = struct.unpack_from("<H", self._data, self._fields + 4 + 2 * field)
        return self._at + offset if offset else None

    def byte(self, field: int) -> int:
        place = self._place(field)
        return 0 if place is None else self._data[place]

    def long(self, field: int) -> int:
        place = self._place(field)
        number = 0 if place is None else struct.unpack_from("<q", self._data, place)[0]
        return int(number)

    def table(self, field: int) -> _Table | None:
        place = self._place(field)
        if place is None:
            return None
        (offset,) = struct.unpack_from("<I", self._data, place)
        return _Table(self._data, place + offset)

    def structs(self, field: int, form: str) -> Iterator[tuple[int, ...]]:
        place = self._place(field)
        if place is None:
            return
        (offset,) = struct.unpack_from("<I", self._data, place)
        (n,) = struct.unpack_from("<I", self._data, place + offset)
        first, size = place + offset + 4, struct.calcsize(form)
        if first + n * size > len(self._data):
            raise ValueError("a list outside the buffer")
        for i in range(n):
            yield struct.unpack_from(form, self._data, first + i * size)
