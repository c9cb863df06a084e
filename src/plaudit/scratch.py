"""Where arrays live that grow with the number of tokens: in memory, or in files whose pages the kernel may evict.

Both are filled by appending and read as one array, so that an algorithm is written once. This module knows nothing of
texts or training. The decision to question: files are written with `write` and only then mapped, never written through
a map, because a full disk is then an error and not a signal that kills the process. A mapped file is removed from its
folder at once; the system frees its space with the last array that reads it, whatever ends the process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

BLOCK_BYTES = 2**30  # of an array on disk that may be read in random order; the same everywhere, for it decides bits


class Scratch:
    """A place for large arrays.

    Attributes:
        folder: Where they are files; None keeps them in memory.
        block_bytes: How much of one is read in random order before going on; None without a bound.
    """

    def __init__(self, folder: Path | None = None, *, block_bytes: int = BLOCK_BYTES) -> None:
        """Use an existing `folder`, or memory."""
        self.folder = folder
        self.block_bytes = None if folder is None else block_bytes
        self._begun: weakref.WeakSet[Growing] = weakref.WeakSet()

    def array(self, dtype: DTypeLike, width: int | None = None) -> Growing:
        """Begin an array of no entries so far, or, given a width, one of no rows, [0, width]."""
        begun = Growing(self.folder, np.dtype(dtype), width)
        self._begun.add(begun)
        return begun

    def texts(self) -> GrowingTexts:
        """Begin a column of texts."""
        return GrowingTexts(self)

    def close(self) -> None:
        """Close the files of arrays that were not finished, because something went wrong."""
        for each in self._begun:
            each.close()


MEMORY = Scratch()


@contextlib.contextmanager
def work_folder(target: Path) -> Iterator[Scratch]:
    """Keep arrays in a folder beside `target` until the block ends, however it ends.

    Raises:
        DataError: It cannot be made, or a file in it cannot be written, as on a full disk.
    """
    folder = target.absolute().with_name(f".{target.name}.{os.getpid()}.streaming")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error
    scratch = Scratch(folder)
    try:
        yield scratch
    finally:
        scratch.close()
        shutil.rmtree(folder, ignore_errors=True)


class Growing:
    """An array that is appended to until it is finished."""

    def __init__(self, folder: Path | None, dtype: np.dtype[Any], width: int | None = None) -> None:
        """Begin it in memory, or in a new file."""
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._dtype = dtype
        self._shape = () if width is None else (width,)
        self._parts: list[NDArray[Any]] = []
        if folder is not None:
            try:
                number, name = tempfile.mkstemp(".array", dir=folder)
            except OSError as error:
                raise _not_written(folder, error) from error
            self._path, self._file = Path(name), open(number, "wb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor

    def __del__(self) -> None:
        """Close the file of an array that nobody finished."""
        self.close()

    def append(self, part: NDArray[Any]) -> None:
        """Put entries, or rows, at the end; they are copied, as the array's type.

        Raises:
            DataError: The file cannot be written.
        """
        if self._path is None:
            self._parts.append(part.astype(self._dtype))
            return
        left = np.ascontiguousarray(part, self._dtype).reshape(-1).view(np.uint8).data
        assert self._file is not None
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.close()
            raise _not_written(self._path.parent, error) from error

    def close(self) -> None:
        """Close the file, if it is one."""
        if self._file is not None:
            self._file.close()

    def finish(self) -> NDArray[Any]:
        """Return the whole array; of a file it is a map, which must not be written to."""
        if self._path is None:
            parts, self._parts = self._parts, []
            return np.concatenate(parts) if parts else np.zeros((0, *self._shape), self._dtype)
        self.close()
        size = self._path.stat().st_size
        whole: NDArray[Any] = np.zeros(0, self._dtype)
        if size:
            # Writable, though nobody writes: compiled kernels are then those of arrays in memory.
            whole = np.asarray(np.memmap(self._path, self._dtype, mode="r+"))
        with contextlib.suppress(OSError):  # a system that keeps open files lets the folder's end remove it
            self._path.unlink()
        return whole.reshape(-1, *self._shape) if self._shape else whole


class GrowingTexts:
    """A column of texts that is appended to until it is finished."""

    def __init__(self, scratch: Scratch) -> None:
        """Begin it where `scratch` says."""
        self._lengths, self._bytes = scratch.array(np.int64), scratch.array(np.uint8)
        self._lengths.append(np.zeros(1, np.int64))
        self._end = 0

    def append(self, texts: pa.LargeStringArray) -> None:
        """Put texts, without nulls, at the end.

        Raises:
            DataError: The files cannot be written.
        """
        offsets = text_offsets(texts)
        data = texts.buffers()[2]
        if data is not None:
            self._bytes.append(np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]])
        self._lengths.append(offsets[1:] - offsets[0] + self._end)
        self._end += int(offsets[-1] - offsets[0])

    def finish(self) -> pa.LargeStringArray:
        """Return the whole column, Arrow ``large_string``."""
        offsets, data = self._lengths.finish(), self._bytes.finish()
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers, 0)


def text_offsets(texts: pa.LargeStringArray) -> NDArray[np.int64]:
    """Return where each of N texts begins in the column's bytes, and the last ends: int64 [N + 1], not copied."""
    buffer = texts.buffers()[1]
    if buffer is None or not len(texts):
        return np.zeros(1, np.int64)
    return np.frombuffer(buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]


def _not_written(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"{folder}: cannot be written: {error.strerror or error}. Streaming keeps texts and tokens there while it "
        "trains, several times the size of the data; name an --output where there is room."
    )
