"""A text embedding in an unpacked SavedModel, as TF Hub's nnlm family has it: vocabulary, matrix, rules to a table.

    saved_model.pb                          the graph: how texts are split
    variables/variables.index, .data-…      the matrix, one row a token, then the rows for unknown tokens
    assets/tokens.txt                       the vocabulary, one token a line

This module knows what a module holds, not how it came to be on this machine.

The decision to question: a vocabulary line that is not UTF-8 is dropped together with its row. No text that reaches
us can hold it, and Arrow's strings cannot either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.embeddings.saved_model_graph import GRAPH_FILE, TextRules, read_rules
from plaudit.embeddings.table import EmbeddingTable
from plaudit.embeddings.tensor_bundle import TensorBundle
from plaudit.errors import EmbeddingError
from plaudit.text import SpaceTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

VARIABLES = "variables"
ASSETS = "assets"
_VOCABULARY = "tokens.txt"
_VARIABLE = "embeddings"
_PART = re.compile(rf"{_VARIABLE}/part_(\d+)")
_NEWLINE, _CARRIAGE_RETURN = ord("\n"), b"\r"


def is_saved_model(folder: Path) -> bool:
    """Whether a folder looks like a SavedModel, perhaps a damaged one."""
    return (folder / GRAPH_FILE).is_file() or (folder / VARIABLES / f"{VARIABLES}.index").is_file()


def module_files(folder: Path) -> list[Path]:
    """Return the files of a SavedModel that `read_saved_model` reads, those that exist, in a fixed order."""
    found = [folder / GRAPH_FILE]
    for name in (VARIABLES, ASSETS):
        found += sorted(path for path in (folder / name).glob("*") if path.is_file())
    return [path for path in found if path.is_file()]


def read_saved_model(
    folder: Path,
    *,
    name: str,
    provenance: Mapping[str, str],
    documented: TextRules | None = None,
    variable: str | None = None,
) -> EmbeddingTable:
    """Read a text embedding of the nnlm kind.

    Args:
        folder: The unpacked SavedModel.
        name: What messages call the table.
        provenance: Where it comes from.
        documented: What a known module's page says of its rules; for a graph that does not tell.
        variable: What the matrix's name begins with, where the module is a part of a model; None for a module.

    Returns:
        A table that gives the module's vectors; texts are split as its graph says.

    Raises:
        EmbeddingError: A file is missing, truncated or damaged, or the SavedModel is something else.
    """
    rules = read_rules(folder, documented=documented)
    vocabulary_path = _vocabulary_path(folder / ASSETS)
    vocabulary, readable = read_vocabulary(vocabulary_path)
    matrix = _read_embeddings(TensorBundle(folder / VARIABLES / VARIABLES), variable)
    n_lines = len(readable)
    n_buckets = max(len(matrix) - n_lines, 0) if rules.n_buckets is None else rules.n_buckets
    if len(matrix) != n_lines + n_buckets:
        raise EmbeddingError(
            f"{vocabulary_path}: {n_lines:,} tokens and {n_buckets:,} rows for unknown ones do not make the "
            f"{len(matrix):,} rows of the matrix."
        )
    if not readable.all():
        matrix = np.concatenate([matrix[:n_lines][readable], matrix[n_lines:]])
    if not np.isfinite(matrix).all():
        raise EmbeddingError(f"{folder}: a vector holds NaN, infinity or a number too large for float32.")
    return EmbeddingTable(
        name=name,
        tokenizer=SpaceTokenizer(delete_punctuation=rules.delete_punctuation, keep_empty=rules.keep_empty),
        vocabulary=vocabulary,
        vectors=matrix,
        combiner=rules.combiner,
        provenance=provenance,
    )


def _read_embeddings(bundle: TensorBundle, variable: str | None = None) -> NDArray[np.float32]:
    """Return the matrix: the variable "embeddings", its parts, or else the only matrix whose name begins so."""
    matrices = {name: shape for name, shape in bundle.matrices().items() if name.startswith(variable or "")}
    if _VARIABLE in matrices:
        return bundle.read_matrix(_VARIABLE)
    parts = sorted((int(match[1]), match[0]) for name in matrices if (match := _PART.fullmatch(name)))
    if parts:
        if [number for number, _ in parts] != list(range(len(parts))):
            raise EmbeddingError(f"{bundle.index_path}: {_VARIABLE} lacks one of its parts: {parts[:10]}.")
        if len({matrices[name][1] for _, name in parts}) > 1:
            raise EmbeddingError(f"{bundle.index_path}: the parts of {_VARIABLE} are of different widths.")
        return np.concatenate([bundle.read_matrix(name) for _, name in parts])
    if len(matrices) != 1:
        raise EmbeddingError(
            f"{bundle.index_path}: expected a variable {_VARIABLE!r}, or a single matrix, got "
            f"{', '.join(matrices)[:200] or 'no matrix'}."
        )
    return bundle.read_matrix(next(iter(matrices)))


def _vocabulary_path(assets: Path) -> Path:
    files = sorted(path for path in assets.glob("*") if path.is_file())
    if len(files) == 1:
        return files[0]
    if (preferred := assets / _VOCABULARY) in files:
        return preferred
    found = ", ".join(path.name for path in files)[:200] or "none"
    raise EmbeddingError(f"{assets}: expected one file, the vocabulary, or {_VOCABULARY} among several; got {found}.")


def read_vocabulary(path: Path) -> tuple[pa.LargeStringArray, NDArray[np.bool_]]:
    """Read a vocabulary file by TensorFlow's rules: a token a line, carriage returns dropped, none empty or twice.

    Returns:
        The tokens that are UTF-8, Arrow ``large_string`` [K], and for each line whether it is, bool [lines].

    Raises:
        EmbeddingError: The file cannot be read, or a line is empty, or a token comes twice.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error.strerror}).") from error
    content = content.replace(_CARRIAGE_RETURN, b"").removesuffix(b"\n") + b"\n"
    buffer = np.frombuffer(content, np.uint8)
    is_end = buffer == _NEWLINE
    ends = np.flatnonzero(is_end)
    lengths = np.diff(ends, prepend=-1) - 1
    if not lengths.all():
        raise EmbeddingError(f"{path}:{int(np.argmin(lengths)) + 1}: an empty line; expected a token.")
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    tokens = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(buffer[~is_end])]
    )
    readable = np.ones(len(tokens), np.bool_)
    try:
        vocabulary = tokens.cast(pa.large_string())
    except pa.ArrowInvalid:
        readable = np.array([_is_utf8(token) for token in tokens.to_pylist()])
        vocabulary = tokens.filter(pa.array(readable)).cast(pa.large_string())
    if n_repeated := len(vocabulary) - pc.count_distinct(vocabulary).as_py():
        raise EmbeddingError(f"{path}: {n_repeated:,} tokens come more than once.")
    return vocabulary, readable


def _is_utf8(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True
