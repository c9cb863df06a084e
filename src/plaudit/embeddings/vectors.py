"""Pre-trained vectors from text files: GloVe, word2vec's and fastText's text format, plain or compressed.

One line a token: the token, then D numbers; word2vec and fastText start with a line "V D". What is parsed
once is kept in the cache, so that a second load is a memory map.

The decision to question: how texts are split is guessed from the vocabulary, because the files do not say. If
fewer than one token in a thousand changes under lower-casing, texts are lower-cased; if "n't" is a token,
clitics are split ("do n't"). Texts in scripts without spaces stay whole, because the vocabularies hold whole
words of them: whoever uses such vectors segments the texts first, as the vectors' makers did.
"""

from __future__ import annotations

import hashlib
import logging
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.budget import current
from plaudit.embeddings.cache import cached_table
from plaudit.embeddings.storage import FORMAT_VERSION
from plaudit.embeddings.table import EmbeddingTable
from plaudit.embeddings.vector_lines import Block, parse_block, tidy
from plaudit.errors import EmbeddingError
from plaudit.expansion import open_expanding
from plaudit.text import WordTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)
_BLOCK_BYTES = 1 << 24
_SAMPLE_BYTES = 1 << 16  # of the beginning, to tell text from binary
_SAMPLE_LINES = 100  # of the beginning, to learn D
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_CASED_SHARE = 0.001
_VERSIONS = (1, FORMAT_VERSION)  # of this parser and of what it is kept in; part of the cache's key


def read_vectors(path: str | Path, *, limit: int | None = None) -> EmbeddingTable:
    """Read a file of token vectors.

    A token that comes twice keeps its first vector. There is no vector for unknown tokens: they are left out.

    Args:
        path: The file; how it is compressed is recognised by its content.
        limit: Read only the first so many lines, which in these files are the most frequent tokens; at least
            1.

    Returns:
        A table named after the file, in the file's order, with a `WordTokenizer`.

    Raises:
        EmbeddingError: The file is missing, empty, binary or damaged, or a line has another width, no token,
            or something that is not a finite number; such a message starts with file:line.
        LimitError: It is over the budget (`plaudit.budget`).
    """
    path = Path(path)
    if limit is not None and limit < 1:
        raise EmbeddingError(f"{path}: limit is {limit}, expected at least 1.")
    try:
        status = path.stat()
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error.strerror}).") from error
    if not path.is_file():
        raise EmbeddingError(f"{path}: expected a file of vectors, and this is not one.")
    identity = "\n".join(map(str, (path.resolve(), status.st_size, status.st_mtime_ns, limit, *_VERSIONS)))
    key = f"vectors-{hashlib.sha256(identity.encode(errors='surrogateescape')).hexdigest()[:32]}"
    return cached_table(key, lambda: _parse(path, limit))


def _parse(path: Path, limit: int | None) -> EmbeddingTable:
    tokens: list[pa.LargeStringArray] = []
    vectors: list[NDArray[np.float32]] = []
    n_rows, form = 0, None
    budget = current()
    for content in _blocks(path):
        budget.check_time(str(path))
        if form is None:
            form = _recognise(content, path)
            budget.check_dimensions(form.dimension, f"{path}:1")
            content = content[form.header_bytes :]
        if limit is not None:
            content = _first_lines(content, limit - n_rows)
        if content:
            block = Block(content, n_rows + 1 + bool(form.header_bytes), str(path))
            block_tokens, block_vectors = parse_block(block, form.dimension)
            tokens.append(block_tokens)
            vectors.append(block_vectors)
            n_rows += len(block_tokens)
        if n_rows == limit:
            break
    if form is None or not n_rows:
        raise EmbeddingError(f"{path}: there are no vectors in this file.")
    if form.n_promised is not None and n_rows != form.n_promised and n_rows != limit:
        raise EmbeddingError(f"{path}: its first line promises {form.n_promised:,} vectors, got {n_rows:,}.")
    return _table(path, pa.concat_arrays(tokens), np.concatenate(vectors))


def _table(path: Path, tokens: pa.LargeStringArray, vectors: NDArray[np.float32]) -> EmbeddingTable:
    encoded = tokens.dictionary_encode()
    vocabulary = encoded.dictionary
    if n_repeated := len(tokens) - len(vocabulary):
        _log.info("%s: %s tokens come more than once; the first vector of each counts.", path, f"{n_repeated:,}")
        vectors = vectors[np.unique(encoded.indices.to_numpy(), return_index=True)[1]]
    n_cased = pc.sum(pc.not_equal(pc.utf8_lower(vocabulary), vocabulary)).as_py()
    tokenizer = WordTokenizer(
        lower_case=n_cased <= _MAX_CASED_SHARE * len(vocabulary),
        split_clitics=bool(pc.any(pc.equal(vocabulary, "n't")).as_py()),
        unspaced="words",
    )
    name = "".join(letter if letter.isprintable() else "?" for letter in path.name)
    return EmbeddingTable(name, tokenizer, vocabulary, vectors, provenance={"source": f"the file {name}"})


@dataclass(frozen=True)
class _Form:
    """What the beginning of a file says: D, and if its first line is "V D", that V and the line's length."""

    dimension: int
    n_promised: int | None
    header_bytes: int


def _recognise(content: bytes, path: Path) -> _Form:
    lines = content[: content.rfind(b"\n", 0, _BLOCK_BYTES)].split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    header = lines[0].split(b" ")
    if len(header) == 2 and all(field.isdigit() and len(field) < 12 for field in header):
        n_promised, dimension = map(int, header)
        if not dimension:
            raise EmbeddingError(f"{path}:1: the first line promises vectors of 0 numbers.")
        return _Form(dimension, n_promised, len(lines[0]) + 1)
    dimension = statistics.mode(line.count(b" ") for line in lines)  # a token with spaces makes its line wider
    if not dimension:
        raise EmbeddingError(f"{path}:1: expected a token and its numbers, with spaces between.")
    return _Form(dimension, None, 0)


def _first_lines(content: bytes, n_lines: int) -> bytes:
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
    return content[: ends[n_lines - 1] + 1] if len(ends) > n_lines else content


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the file in tidy blocks of whole lines, without a byte order mark and blank lines at the end."""
    is_first, rest = True, b""
    with open_expanding(path, name=str(path), damaged=EmbeddingError) as file:
        while chunk := file.read(_BLOCK_BYTES):
            if is_first:
                _check_text(chunk[:_SAMPLE_BYTES], path)
                chunk, is_first = chunk.removeprefix(_BYTE_ORDER_MARK), False
            if b"\0" in chunk:
                raise _binary(path)
            data = rest + chunk
            # Two line feeds stay behind, so that blank lines at the end can be told from those in the
            # middle.
            cut = data.rfind(b"\n", 0, len(data.rstrip())) + 1
            rest = data[cut:]
            if cut:
                yield tidy(data[:cut])
            elif len(data) > _BLOCK_BYTES:
                raise EmbeddingError(f"{path}: a line is longer than {_BLOCK_BYTES:,} bytes; not a file of vectors.")
    if last := rest.rstrip():
        yield tidy(last + b"\n")


def _check_text(sample: bytes, path: Path) -> None:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        if len(sample) - error.start > 3:  # else a character that the sample's end cut in two
            raise _binary(path) from error


def _binary(path: Path) -> EmbeddingError:
    return EmbeddingError(
        f"{path}: not a text file in UTF-8. The binary formats of word2vec and fastText (.bin) are not read; "
        "save the vectors as text first, for instance with gensim's save_word2vec_format(path, binary=False)."
    )
