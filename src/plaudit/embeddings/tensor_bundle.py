"""TensorFlow's checkpoint format, read without TensorFlow: matrices by name from an index and its data files.

``variables.index`` maps each name to a type, a shape, a place in one of the files ``variables.data-00000-of-00001``
and a checksum (tensorflow/core/protobuf/tensor_bundle.proto). A partitioned variable has an entry of its own that
lists its slices, and one entry a slice. This module knows nothing of embeddings.

The decision to question: what is returned is a copy, not a map of the data file. A checkpoint's numbers may start at
any byte, and whoever reads them here keeps them in another format.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.embeddings.crc32c import masked_crc32c
from plaudit.embeddings.protobuf import Message, WireError
from plaudit.embeddings.tensor_table import TableError, read_entries
from plaudit.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# tensorflow/core/framework/types.proto. float64 is what TF Hub's example exporter writes.
_TYPES: dict[int, np.dtype[np.float32] | np.dtype[np.float64]] = {1: np.dtype("<f4"), 2: np.dtype("<f8")}
_LITTLE_ENDIAN = 0
_MAX_INDEX_BYTES = 1 << 28
_MAX_SHARDS = 100_000
_OBJECT_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"  # behind an object's path in TensorFlow 2's checkpoints
_SLICE_PREFIX, _STRING_END = b"\x00", b"\x00\x01"  # tensorflow/core/util/saved_tensor_slice_util.cc, OrderedCode


@dataclass(frozen=True)
class _Entry:
    """One line of the index.

    Attributes:
        type_number: TensorFlow's number of the type.
        shape: Of the whole tensor.
        shard: Which data file.
        start: First byte in it.
        size: In bytes.
        checksum: Masked CRC-32C of those bytes.
        n_slices: How many parts hold the numbers; 0 if they are here.
    """

    type_number: int
    shape: tuple[int, ...]
    shard: int
    start: int
    size: int
    checksum: int
    n_slices: int

    @classmethod
    def parse(cls, content: bytes) -> _Entry:
        message = Message(content)
        return cls(
            type_number=message.integer(1),
            shape=tuple(size.integer(1) for size in message.message(2).messages(2)),
            shard=message.integer(3),
            start=message.integer(4),
            size=message.integer(5),
            checksum=message.integer(6),
            n_slices=len(message.strings(7)),
        )

    @property
    def is_matrix(self) -> bool:
        """Whether it is a matrix of a type that can be read."""
        return self.type_number in _TYPES and len(self.shape) == 2


@dataclass(frozen=True)
class TensorBundle:
    """A checkpoint.

    Attributes:
        prefix: The path of its files up to ".index" and ".data-…".
    """

    prefix: Path

    @property
    def index_path(self) -> Path:
        """The file that lists the tensors."""
        return self.prefix.with_name(f"{self.prefix.name}.index")

    @cached_property
    def _table(self) -> dict[bytes, bytes]:
        try:
            if self.index_path.stat().st_size > _MAX_INDEX_BYTES:
                raise EmbeddingError(f"{self.index_path}: larger than {_MAX_INDEX_BYTES:,} bytes; not an index.")
            return read_entries(self.index_path.read_bytes())
        except TableError as error:
            raise EmbeddingError(f"{self.index_path}: not readable as a checkpoint's index ({error}).") from error
        except OSError as error:
            raise EmbeddingError(f"{self.index_path}: cannot be read ({error.strerror}).") from error

    @cached_property
    def _n_shards(self) -> int:
        try:
            header = Message(self._table.get(b"", b""))
            n_shards, endianness = header.integer(1), header.integer(2)
        except WireError as error:
            raise self._damaged(error) from error
        if not 1 <= n_shards <= _MAX_SHARDS or endianness != _LITTLE_ENDIAN:
            raise EmbeddingError(
                f"{self.index_path}: expected a checkpoint of at least one little-endian data file, got {n_shards:,} "
                f"of endianness {endianness}."
            )
        return n_shards

    @cached_property
    def _entries(self) -> dict[str, _Entry]:
        try:
            return {
                key.decode(errors="replace"): _Entry.parse(value)
                for key, value in self._table.items()
                if key and not key.startswith(_SLICE_PREFIX)
            }
        except WireError as error:
            raise self._damaged(error) from error

    def matrices(self) -> dict[str, tuple[int, int]]:
        """Return the names of the matrices of float32 or float64, without the suffix of TensorFlow 2, and shapes."""
        return {
            name.removesuffix(_OBJECT_SUFFIX): (entry.shape[0], entry.shape[1])
            for name, entry in self._entries.items()
            if entry.is_matrix
        }

    def read_matrix(self, name: str) -> NDArray[np.float32]:
        """Return a matrix that `matrices` lists, float32, its checksum verified; float64 is rounded.

        Raises:
            EmbeddingError: A data file is missing or too short, or the numbers are not those of the checksum.
        """
        full_name = name if name in self._entries else name + _OBJECT_SUFFIX
        entry = self._entries[full_name]
        if not entry.n_slices:
            return self._read(entry, full_name)
        prefix = _SLICE_PREFIX + full_name.encode() + _STRING_END
        try:
            # The keys' encoding keeps the order of the numbers in it: rows ascend, and so do columns.
            parts = [_Entry.parse(value) for key, value in self._table.items() if key.startswith(prefix)]
        except WireError as error:
            raise self._damaged(error) from error
        widths = {part.shape[1:] for part in parts}
        if len(parts) != entry.n_slices or widths != {entry.shape[1:]}:
            raise EmbeddingError(
                f"{self.index_path}: {name} is kept in {entry.n_slices} parts; only parts that are whole rows are read."
            )
        matrix = np.concatenate([self._read(part, full_name) for part in parts])
        if matrix.shape != entry.shape:
            raise EmbeddingError(f"{self.index_path}: {name} should be {entry.shape}, its parts make {matrix.shape}.")
        return matrix

    def read(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return a tensor that is kept in one piece, float32, its checksum verified.

        Args:
            name: Without the suffix of TensorFlow 2.
            shape: What it must have.

        Raises:
            EmbeddingError: It is not there or of another shape, or as `read_matrix`.
        """
        full_name = name + _OBJECT_SUFFIX
        entry = self._entries.get(full_name)
        if entry is None or entry.n_slices or entry.shape != shape:
            found = "none" if entry is None else f"one of shape {entry.shape}, in {entry.n_slices or 1} parts"
            raise EmbeddingError(f"{self.index_path}: expected {name} of shape {shape}, got {found}.")
        return self._read(entry, full_name)

    def _read(self, entry: _Entry, name: str) -> NDArray[np.float32]:
        path = self.prefix.with_name(f"{self.prefix.name}.data-{entry.shard:05d}-of-{self._n_shards:05d}")
        dtype = _TYPES.get(entry.type_number)
        if dtype is None:
            raise EmbeddingError(f"{self.index_path}: {name} has the type number {entry.type_number}, expected float.")
        if entry.size != math.prod(entry.shape) * dtype.itemsize:
            raise EmbeddingError(f"{self.index_path}: damaged: {name} of shape {entry.shape} in {entry.size:,} bytes.")
        content = _read_bytes(path, entry.start, entry.size)
        if (found := masked_crc32c(content)) != entry.checksum:
            raise EmbeddingError(
                f"{path}: damaged: {name} has the checksum {found:08x}, expected {entry.checksum:08x}; "
                "fetch or export the module again."
            )
        with np.errstate(over="ignore"):  # an infinity is found, and named, by whoever looks at the numbers
            numbers: NDArray[np.float32] = content.view(dtype).reshape(entry.shape).astype(np.float32, copy=False)
        return numbers

    def _damaged(self, error: WireError) -> EmbeddingError:
        return EmbeddingError(f"{self.index_path}: damaged: {error}.")


def _read_bytes(path: Path, start: int, size: int) -> NDArray[np.uint8]:
    try:
        with path.open("rb") as file:
            file_size = path.stat().st_size
            if start + size > file_size:
                raise EmbeddingError(
                    f"{path}: truncated: expected at least {start + size:,} bytes, got {file_size:,}; "
                    "fetch or export the module again."
                )
            return np.fromfile(file, np.uint8, size, offset=start)
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error.strerror}).") from error
