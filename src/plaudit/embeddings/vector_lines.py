"""Lines of "token number number …" to tokens and a matrix, a block of whole lines at a time.

The numbers are the last D fields, since GloVe's tokens may hold spaces; their places are found by counting
separators in the bytes, and Arrow's CSV reader parses them. This module knows nothing of files, headers and
caches.

The decision to question: when Arrow stumbles, the block is read again line by line in Python, which finds the
first fault and names it (or finds none, as with "+0.5", which Arrow does not take for a number).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pyarrow as pa

from plaudit.errors import EmbeddingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPACE, _NEWLINE = 0x20, 0x0A


@dataclass(frozen=True)
class Block:
    """Whole lines of a vector file.

    Attributes:
        content: Bytes; every line ends with a line feed.
        first_line: The number of its first line, from 1.
        where: The file, for messages.
    """

    content: bytes
    first_line: int
    where: str

    def fail(self, row: int, reason: str) -> NoReturn:
        """Raise the EmbeddingError for the block's line `row` (from 0)."""
        raise EmbeddingError(f"{self.where}:{self.first_line + row}: {reason}.")


def tidy(content: bytes) -> bytes:
    """Make tabs spaces; drop word2vec's space and Windows' carriage return before a line feed."""
    content = content.replace(b"\t", b" ").replace(b"\r\n", b"\n")
    return content.replace(b" \n", b"\n") if b" \n" in content else content


def parse_block(block: Block, dimension: int) -> tuple[pa.LargeStringArray, NDArray[np.float32]]:
    """Return n tidy lines' tokens (Arrow ``large_string`` [n]) and vectors (float32 [n, dimension], finite).

    Raises:
        EmbeddingError: A line has another width, something that is not a finite number, or a token that is not
            UTF-8; the message starts with file:line.
    """
    buffer = np.frombuffer(block.content, np.uint8)
    ends = np.flatnonzero(buffer == _NEWLINE)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    spaces = np.flatnonzero(buffer == _SPACE)
    n_before = np.searchsorted(spaces, ends)
    widths = np.diff(n_before, prepend=0)
    _check_widths(block, starts, ends, widths, dimension)
    boundaries = spaces[n_before - dimension]
    lengths = boundaries - starts
    if (lengths <= 0).any():
        block.fail(int(np.argmax(lengths <= 0)), "the line starts with a space, where the token should be")
    is_token = _spans(starts, boundaries, len(buffer))
    tokens = _tokens(block, buffer[is_token], lengths)
    is_token[boundaries] = True
    numbers = buffer[~is_token]
    vectors = _numbers(block, numbers, (len(ends), dimension))
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        value = vectors[row][~np.isfinite(vectors[row])][0]
        block.fail(row, f"{value} is not a finite number in float32")
    return tokens, vectors


def _check_widths(
    block: Block,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    widths: NDArray[np.int64],
    dimension: int,
) -> None:
    for row in np.flatnonzero(widths != dimension).tolist():
        fields = block.content[starts[row] : ends[row]].split(b" ")
        if len(fields) <= dimension:
            found = "an empty line" if fields == [b""] else f"{len(fields) - 1} numbers"
            block.fail(row, f"expected a token and {dimension} numbers, got {found}")
        if _is_number(fields[-dimension - 1]):  # else it is the end of a token with spaces in it
            block.fail(row, f"expected a token and {dimension} numbers, got {len(fields) - 1} numbers")


def _spans(starts: NDArray[np.int64], ends: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """Return bool [size], true from each start up to its end; the spans do not touch."""
    change = np.zeros(size, np.int8)
    change[starts] = 1
    change[ends] = -1
    return np.cumsum(change, dtype=np.int8, out=change).view(np.bool_)


def _tokens(block: Block, content: NDArray[np.uint8], lengths: NDArray[np.int64]) -> pa.LargeStringArray:
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    tokens = pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(content))
    try:
        tokens.validate(full=True)
    except pa.ArrowInvalid:
        raw = content.tobytes()
        for row, (start, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
            try:
                raw[start:end].decode()
            except UnicodeDecodeError:
                block.fail(row, "the token is not valid UTF-8")
        raise
    return tokens


def _numbers(block: Block, content: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32]:
    from pyarrow import csv

    names = [str(column) for column in range(shape[1])]
    try:
        table = csv.read_csv(
            pa.BufferReader(pa.py_buffer(content)),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(delimiter=" ", quote_char=False, double_quote=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32()), null_values=[]),
        )
    except pa.ArrowInvalid:
        return _numbers_by_line(block, content.tobytes().splitlines(), shape)
    vectors = np.empty(shape, np.float32)
    for position, column in enumerate(table.columns):
        vectors[:, position] = column.to_numpy()
    return vectors


def _numbers_by_line(block: Block, lines: list[bytes], shape: tuple[int, int]) -> NDArray[np.float32]:
    vectors = np.empty(shape, np.float32)
    with np.errstate(over="ignore"):  # an infinity is found, and named, afterwards
        for row, line in enumerate(lines):
            for position, field in enumerate(line.split(b" ")):
                if not _is_number(field):
                    block.fail(row, f"expected a number, got {field[:40].decode(errors='replace')!r}")
                vectors[row, position] = float(field)
    return vectors


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python's own, as in 1_000
