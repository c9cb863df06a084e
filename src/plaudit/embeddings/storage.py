"""An embedding as a folder: a description in JSON, vectors in safetensors, the vocabulary in Arrow.

Reading treats the folder as written by a stranger: everything is checked before a table is built, and
whatever is wrong is one EmbeddingError. The checksums find accidents; against an enemy stand the checks of
each part. Nothing is pickled, and neither torch nor numba is needed.

The decision to question: the vectors are memory-mapped, so they are read-only and a folder must not be
changed in place while a table of it lives: a file that is cut short under a map kills the process. `publish_folder`
replaces folders whole, which leaves the old files to those who still read them. Who cannot rely on that, as a server
cannot, reads within `held_in_memory`.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import safetensors
import safetensors.numpy

from plaudit.arrow_files import check_arrow_file
from plaudit.embeddings.table import COMBINERS, EmbeddingTable
from plaudit.errors import EmbeddingError
from plaudit.setting_values import Combiner
from plaudit.text import build_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text import Tokenizer

FORMAT_VERSION = 1
DESCRIPTION_FILE = "embedding.json"
VECTORS_FILE = "vectors.safetensors"
VOCABULARY_FILE = "vocabulary.arrow"
_TENSOR = "vectors"
_COLUMN = "token"
_SCHEMA = pa.schema([pa.field(_COLUMN, pa.large_string())])
_MAX_DESCRIPTION_BYTES = 1 << 26  # a WordPiece definition takes 0.7 MB
_MAX_TEXT = 1_000  # characters in a name or a line of provenance
_MAX_HEADER_BYTES = 1 << 16  # of the vectors' file: it describes one tensor
_is_held: ContextVar[bool] = ContextVar("plaudit_held_in_memory", default=False)


@contextmanager
def held_in_memory() -> Iterator[None]:
    """Within the block, read files into memory instead of mapping them."""
    token = _is_held.set(True)
    try:
        yield
    finally:
        _is_held.reset(token)


def contents(path: Path) -> pa.Buffer:
    """Return a file's bytes: a map of it, or within `held_in_memory` a copy.

    Raises:
        OSError: It cannot be read.
    """
    if _is_held.get():
        return pa.py_buffer(path.read_bytes())
    with pa.memory_map(str(path)) as file:  # the buffer keeps the map
        return file.read_buffer()


def write_table(table: EmbeddingTable, folder: Path) -> None:
    """Write a table's three files into an existing folder, over any of the same names; not atomic.

    Raises:
        EmbeddingError: A file cannot be written, or the table's name or provenance is no plain text.
    """
    _check_texts({"name": table.name} | dict(table.provenance), folder / DESCRIPTION_FILE)
    try:
        safetensors.numpy.save_file({_TENSOR: np.ascontiguousarray(table.vectors)}, folder / VECTORS_FILE)
        write_vocabulary(table.vocabulary, folder / VOCABULARY_FILE)
        description = {
            "format_version": FORMAT_VERSION,
            "name": table.name,
            "combiner": table.combiner,
            "tokens": len(table.vocabulary),
            "rows": len(table.vectors),
            "dimension": table.dimension,
            "provenance": dict(table.provenance),
            "crc32": {name: _checksum(folder / name) for name in (VECTORS_FILE, VOCABULARY_FILE)},
            "tokenizer": {"kind": table.tokenizer.kind, "settings": table.tokenizer.settings()},
        }
        text = json.dumps(description, ensure_ascii=False, indent=1)
        (folder / DESCRIPTION_FILE).write_text(text, encoding="utf-8")
        shutil.copymode(folder / DESCRIPTION_FILE, folder / VECTORS_FILE)  # safetensors lets only the owner read
    except (OSError, safetensors.SafetensorError, pa.ArrowException) as error:
        raise EmbeddingError(f"{folder}: the embedding cannot be written ({_one_line(error)}).") from error


def read_table(folder: Path) -> EmbeddingTable:
    """Read a table that `write_table` wrote.

    Returns:
        The same table to the bit; its vectors are read-only, and memory-mapped except for `held_in_memory`.

    Raises:
        EmbeddingError: The folder or a file in it is missing, damaged, foreign or of another format version.
    """
    description = _read_description(folder / DESCRIPTION_FILE)
    read = {name: _checked(folder / name, expected) for name, expected in description.checksums.items()}
    shape = (description.n_rows, description.dimension)
    return EmbeddingTable(
        name=description.name,
        tokenizer=description.tokenizer,
        vocabulary=_vocabulary(read[VOCABULARY_FILE], folder / VOCABULARY_FILE, description.n_tokens),
        vectors=_vectors(read[VECTORS_FILE], folder / VECTORS_FILE, shape),
        combiner=description.combiner,
        provenance=description.provenance,
    )


def _checked(path: Path, expected: int) -> pa.Buffer:
    """Return a file's bytes, whose CRC-32 is the expected one."""
    _check_file(path)
    try:
        content = contents(path)
        # Of what is held the checksum is that of the bytes that are used. A map is read through the file, piece by
        # piece, so that its pages do not count as this process's.
        found = zlib.crc32(content) if _is_held.get() else _checksum(path)
    except OSError as error:
        raise EmbeddingError(f"{path}: not readable ({_one_line(error)}).") from error
    if found != expected:
        raise EmbeddingError(f"{path}: damaged; expected CRC-32 {expected}, got {found}.")
    return content


@dataclass(frozen=True)
class _Description:
    """What embedding.json says, checked."""

    name: str
    combiner: Combiner
    tokenizer: Tokenizer
    provenance: dict[str, str]
    checksums: dict[str, int]
    n_tokens: int
    n_rows: int
    dimension: int


def _read_description(path: Path) -> _Description:
    content = _read_json(path)
    version = content.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise EmbeddingError(
            f"{path}: format version {str(version)[:40]!r}, but this Plaudit reads version {FORMAT_VERSION}; "
            "update Plaudit, or write the embedding again."
        )
    for key, kind in (
        ("name", str),
        ("combiner", str),
        ("provenance", dict),
        ("crc32", dict),
        ("tokenizer", dict),
    ):
        if not isinstance(content.get(key), kind):
            raise EmbeddingError(f"{path}: {key!r} is missing or no {kind.__name__}.")
    if content["combiner"] not in COMBINERS:
        raise EmbeddingError(f"{path}: the combiner is not one of {', '.join(COMBINERS)}.")
    _check_texts({"name": content["name"]} | content["provenance"], path)
    try:
        tokenizer = build_tokenizer(content["tokenizer"].get("kind"), content["tokenizer"].get("settings"))
    except EmbeddingError as error:
        raise EmbeddingError(f"{path}: {error}") from error
    return _Description(
        name=content["name"],
        combiner=cast("Combiner", content["combiner"]),
        tokenizer=tokenizer,
        provenance=dict(content["provenance"]),
        checksums={name: _count(content["crc32"], name, path) for name in (VECTORS_FILE, VOCABULARY_FILE)},
        n_tokens=_count(content, "tokens", path),
        n_rows=_count(content, "rows", path),
        dimension=_count(content, "dimension", path),
    )


def _read_json(path: Path) -> dict[str, Any]:  # Any: parsed JSON
    _check_file(path)
    try:
        if path.stat().st_size > _MAX_DESCRIPTION_BYTES:
            raise EmbeddingError(
                f"{path}: larger than {_MAX_DESCRIPTION_BYTES:,} bytes; not an embedding's description."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, EmbeddingError):
            raise
        raise EmbeddingError(f"{path}: not readable as JSON ({_one_line(error)}).") from error
    if not isinstance(content, dict):
        raise EmbeddingError(f"{path}: expected a JSON object, got {type(content).__name__}.")
    return content


def _vectors(content: pa.Buffer, path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """View the one tensor of a safetensors file, float32 of `shape`, all numbers finite."""
    data = memoryview(content)
    header_bytes = int.from_bytes(data[:8], "little")
    start = 8 + header_bytes
    if len(data) < 8 or header_bytes > _MAX_HEADER_BYTES or start > len(data):
        raise EmbeddingError(f"{path}: not readable as safetensors (its header is damaged).")
    try:
        header = json.loads(bytes(data[8:start]))
    except (ValueError, RecursionError) as error:
        raise EmbeddingError(f"{path}: not readable as safetensors ({_one_line(error)}).") from error
    names = [name for name in header if name != "__metadata__"] if isinstance(header, dict) else None
    if names != [_TENSOR]:
        raise EmbeddingError(f"{path}: expected one tensor {_TENSOR!r}, got {str(names)[:80]}.")
    found = header[_TENSOR] if isinstance(header[_TENSOR], dict) else {}
    if (found.get("dtype"), found.get("shape")) != ("F32", list(shape)):
        kind, size = str(found.get("dtype"))[:20], str(found.get("shape"))[1:80].rstrip("]")
        raise EmbeddingError(f"{path}: expected float32 (F32) {shape}, got {kind} ({size}).")
    n_bytes = 4 * shape[0] * shape[1]
    if found.get("data_offsets") != [0, n_bytes] or len(data) != start + n_bytes:  # no room around a lone tensor
        raise EmbeddingError(f"{path}: not readable as safetensors ({len(data):,} bytes for {shape}).")
    vectors = np.frombuffer(data, np.dtype("<f4"), shape[0] * shape[1], start).reshape(shape)
    flat = vectors.reshape(-1)
    with np.errstate(all="ignore"):
        squares = float(
            flat @ flat
        )  # NaN and infinity go through a sum; an isfinite() of the matrix takes six times as long
    if not np.isfinite(squares):
        raise EmbeddingError(f"{path}: a vector holds NaN, infinity or a number too large to be one.")
    return vectors if vectors.flags.aligned else vectors.copy()


def write_vocabulary(tokens: pa.LargeStringArray, path: Path) -> None:
    """Write tokens as the one column of an Arrow IPC file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer:
        writer.write_batch(pa.record_batch([tokens], schema=_SCHEMA))


def read_vocabulary(path: Path) -> pa.LargeStringArray:
    """Read the one column of an Arrow IPC file: distinct strings in valid UTF-8; mapped except for `held_in_memory`.

    Raises:
        EmbeddingError: It is not that.
    """
    _check_file(path)
    try:
        content = contents(path)
    except OSError as error:
        raise EmbeddingError(f"{path}: not readable ({_one_line(error)}).") from error
    return _vocabulary(content, path)


def _vocabulary(content: pa.Buffer, path: Path, n_tokens: int | None = None) -> pa.LargeStringArray:
    """View the column; `n_tokens` long unless it is None."""
    check_arrow_file(content, name=str(path), damaged=EmbeddingError)
    try:
        reader = pa.ipc.open_file(content)
        if not reader.schema.equals(_SCHEMA):
            found = ", ".join(f"{field.name}: {field.type}" for field in reader.schema)
            raise EmbeddingError(f"{path}: expected one column {_COLUMN}: large_string, got {found[:80] or 'none'}.")
        column = reader.read_all()[_COLUMN]
        column.validate(full=True)
    except (OSError, pa.ArrowException) as error:
        raise EmbeddingError(f"{path}: not readable as an Arrow file ({_one_line(error)}).") from error
    if n_tokens is not None and len(column) != n_tokens:
        raise EmbeddingError(f"{path}: expected {n_tokens:,} tokens, got {len(column):,}.")
    if column.null_count:
        raise EmbeddingError(f"{path}: {column.null_count:,} tokens are missing (null).")
    if (n_distinct := pc.count_distinct(column).as_py()) != len(column):
        raise EmbeddingError(f"{path}: {len(column) - n_distinct:,} tokens occur more than once.")
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays([pa.array([], pa.large_string()), *column.chunks])


def _check_texts(texts: Mapping[str, object], path: Path) -> None:
    """See that names and provenance are plain printable text, since they reach terminals and model cards."""
    for key, text in texts.items():
        for part in (key, text):
            if not isinstance(part, str) or not part.isprintable() or len(part) > _MAX_TEXT:
                raise EmbeddingError(
                    f"{path}: name and provenance must be printable text of at most {_MAX_TEXT:,} characters."
                )


def _count(content: Mapping[str, object], key: str, path: Path) -> int:
    value = content.get(key)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise EmbeddingError(f"{path}: {key!r} is missing or not a count.")
    return value


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise EmbeddingError(f"{path}: there is no such file; expected an embedding's folder with it.")


def _checksum(path: Path) -> int:
    """Return a file's CRC-32, read in pieces."""
    crc32 = 0
    buffer = memoryview(bytearray(1 << 20))
    with path.open("rb", buffering=0) as file:
        while n := file.readinto(buffer):
            crc32 = zlib.crc32(buffer[:n], crc32)
    return crc32


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
