"""A table written and read is the same to the bit, and a stranger's folder gives one clear error."""

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy

from plaudit.embeddings import EmbeddingTable, read_table, write_table
from plaudit.errors import EmbeddingError
from plaudit.text import SpaceTokenizer, WordTokenizer

DESCRIPTION, VECTORS, VOCABULARY = "embedding.json", "vectors.safetensors", "vocabulary.arrow"
WORDS = ["the", "", "naïve", "👍🏽", "a b"]


def small_table() -> EmbeddingTable:
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    vocabulary = pa.array(WORDS, type=pa.large_string())
    return EmbeddingTable("small", WordTokenizer(False), vocabulary, vectors, "mean", {"source": "a test"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_table(small_table(), tmp_path)
    return tmp_path


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:  # Any: JSON
    content = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    change(content)
    (folder / DESCRIPTION).write_text(json.dumps(content), encoding="utf-8")


def reseal(folder: Path) -> None:
    """Do what an enemy would: make the checksums right again."""
    sums = {name: zlib.crc32((folder / name).read_bytes()) for name in (VECTORS, VOCABULARY)}
    edit(folder, lambda content: content.update(crc32=sums))


def write_vocabulary(folder: Path, **columns: pa.Array) -> None:
    table = pa.table(columns)
    with pa.OSFile(str(folder / VOCABULARY), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    reseal(folder)


def write_vectors(folder: Path, **tensors: np.ndarray[Any, Any]) -> None:  # Any: shapes and types that must not be
    (folder / VECTORS).write_bytes(safetensors.numpy.save(tensors))
    reseal(folder)


def strings(*words: str | None) -> pa.LargeStringArray:
    return pa.array(words, type=pa.large_string())


def test_a_table_comes_back_to_the_bit(folder: Path) -> None:
    table, again = small_table(), read_table(folder)
    assert again.vectors.tobytes() == table.vectors.tobytes()
    assert again.vectors.dtype == np.float32
    assert again.vocabulary.equals(table.vocabulary)
    assert (again.name, again.tokenizer, again.combiner) == (table.name, table.tokenizer, table.combiner)
    assert (again.provenance, again.n_buckets) == (table.provenance, 1)
    texts = strings("the naïve 👍🏽", "", "other")
    assert again.embed(texts).tobytes() == table.embed(texts).tobytes()


def test_what_is_read_is_mapped_and_cannot_be_changed(folder: Path) -> None:
    vectors = read_table(folder).vectors
    assert type(vectors) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 0


def test_the_files_are_json_safetensors_and_arrow_that_others_may_read(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [DESCRIPTION, VECTORS, VOCABULARY]
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1
    assert json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))["format_version"] == 1


def test_writing_the_same_table_twice_gives_the_same_bytes(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    write_table(small_table(), other)
    assert [(other / path.name).read_bytes() == path.read_bytes() for path in folder.iterdir()] == [True] * 3


@pytest.mark.parametrize(("n_tokens", "n_rows"), [(0, 0), (0, 1)])
def test_a_table_without_tokens_can_be_kept(tmp_path: Path, n_tokens: int, n_rows: int) -> None:
    table = EmbeddingTable("none", SpaceTokenizer(), strings(), np.ones((n_rows, 2), np.float32))
    write_table(table, tmp_path)
    again = read_table(tmp_path)
    assert again.vectors.shape == (n_rows, 2)
    assert len(again.vocabulary) == n_tokens


def test_a_vocabulary_in_several_batches_is_joined(folder: Path) -> None:
    schema = pa.schema([("token", pa.large_string())])
    with pa.OSFile(str(folder / VOCABULARY), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for part in (WORDS[:2], WORDS[2:]):
            writer.write_batch(pa.record_batch([strings(*part)], schema=schema))
    reseal(folder)
    assert read_table(folder).vocabulary.to_pylist() == WORDS


def test_a_name_that_would_garble_a_terminal_is_not_written(tmp_path: Path) -> None:
    table = EmbeddingTable("\x1b[31mred", SpaceTokenizer(), strings(), np.ones((0, 2), np.float32))
    with pytest.raises(EmbeddingError, match="must be printable"):
        write_table(table, tmp_path)


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="the embedding cannot be written"):
        write_table(small_table(), tmp_path / "missing")


def _set(*keys: str, to: object) -> Callable[[Path], None]:
    def attack(folder: Path) -> None:
        def change(content: dict[str, Any]) -> None:  # Any: JSON
            for key in keys[:-1]:
                content = content[key]
            content[keys[-1]] = to

        edit(folder, change)

    return attack


def _drop(key: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder, lambda content: content.pop(key))


def _bytes(name: str, content: bytes, *, sealed: bool = True) -> Callable[[Path], None]:
    def attack(folder: Path) -> None:
        (folder / name).write_bytes(content)
        if sealed:
            reseal(folder)

    return attack


def _cut(name: str, *, sealed: bool) -> Callable[[Path], None]:
    return lambda folder: _bytes(name, (folder / name).read_bytes()[:-9], sealed=sealed)(folder)


def _flip(name: str, position: int) -> Callable[[Path], None]:
    def attack(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[position] ^= 1
        (folder / name).write_bytes(content)

    return attack


def _vectors(**tensors: np.ndarray[Any, Any]) -> Callable[[Path], None]:  # Any: as in write_vectors
    return lambda folder: write_vectors(folder, **tensors)


def _words(**columns: pa.Array) -> Callable[[Path], None]:
    return lambda folder: write_vocabulary(folder, **columns)


def _replace_by_folder(name: str) -> Callable[[Path], None]:
    def attack(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return attack


def _replace_by_pipe(folder: Path) -> None:
    (folder / VECTORS).unlink()
    os.mkfifo(folder / VECTORS)


NOT_UTF8 = pa.LargeStringArray.from_buffers(5, pa.py_buffer(np.arange(6, dtype=np.int64)), pa.py_buffer(b"ab\xffde"))
BAD_OFFSETS = pa.LargeStringArray.from_buffers(
    5, pa.py_buffer(np.array([0, 1, 99_999, 2, 3, 4], dtype=np.int64)), pa.py_buffer(b"abcde")
)
ONES = np.ones((6, 3), np.float32)
NAN, INFINITE = ONES.copy(), ONES.copy()
NAN[2, 1], INFINITE[5, 2] = np.nan, -np.inf
HUGE_HEADER = struct.pack("<Q", 1 << 60) + b"{}"
LYING_HEADER = json.dumps({"vectors": {"dtype": "F32", "shape": [1 << 40, 3], "data_offsets": [0, 72]}}).encode()

ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no description": (lambda folder: (folder / DESCRIPTION).unlink(), "there is no such file"),
    "no vectors": (lambda folder: (folder / VECTORS).unlink(), "there is no such file"),
    "no vocabulary": (lambda folder: (folder / VOCABULARY).unlink(), "there is no such file"),
    "vectors are a folder": (_replace_by_folder(VECTORS), "there is no such file"),
    "vectors are a pipe": (_replace_by_pipe, "there is no such file"),
    "empty JSON": (_bytes(DESCRIPTION, b"", sealed=False), "not readable as JSON"),
    "not UTF-8": (_bytes(DESCRIPTION, b'{"name": "\xff"}', sealed=False), "not readable as JSON"),
    "deep JSON": (_bytes(DESCRIPTION, b"[" * 200_000, sealed=False), "not readable as JSON"),
    "endless number": (_bytes(DESCRIPTION, b'{"rows": ' + b"9" * 9_999 + b"}", sealed=False), "not readable as JSON"),
    "JSON list": (_bytes(DESCRIPTION, b"[1]", sealed=False), "expected a JSON object, got list"),
    "JSON of another kind": (_bytes(DESCRIPTION, b'{"a": 1}', sealed=False), "format version 'None'"),
    "newer format": (_set("format_version", to=2), "format version '2', but this Plaudit reads version 1"),
    "format is true": (_set("format_version", to=True), "format version 'True'"),
    "format is text": (_set("format_version", to="x" * 9_999), "format version 'x{40}'"),
    "no name": (_drop("name"), "'name' is missing or no str"),
    "name is a list": (_set("name", to=["a"]), "'name' is missing or no str"),
    "name with an escape": (_set("name", to="\x1b[2J"), "must be printable text"),
    "name with a surrogate": (_set("name", to="\ud800"), "must be printable text"),
    "endless name": (_set("name", to="a" * 9_999), "must be printable text"),
    "provenance of numbers": (_set("provenance", "source", to=3), "must be printable text"),
    "provenance is text": (_set("provenance", to="web"), "'provenance' is missing or no dict"),
    "unknown combiner": (_set("combiner", to="product"), "the combiner is not one of sqrtn, mean, sum"),
    "unknown tokenizer": (_set("tokenizer", "kind", to="os.system"), "expected space, word or wordpiece"),
    "foreign setting": (_set("tokenizer", "settings", "shell", to=True), "expected true or false"),
    "no settings": (_set("tokenizer", to={"kind": "word"}), "expected a JSON object, got NoneType"),
    "negative rows": (_set("rows", to=-6), "'rows' is missing or not a count"),
    "fractional rows": (_set("rows", to=6.0), "'rows' is missing or not a count"),
    "astronomical rows": (_set("rows", to=1 << 70), "'rows' is missing or not a count"),
    "no checksum": (_set("crc32", to={}), "'vectors.safetensors' is missing or not a count"),
    "other dimension": (_set("dimension", to=4), r"expected float32 \(F32\) \(6, 4\), got F32 \(6, 3\)"),
    "other number of rows": (_set("rows", to=5), r"expected float32 \(F32\) \(5, 3\), got F32 \(6, 3\)"),
    "other number of tokens": (_set("tokens", to=6), "expected 6 tokens, got 5"),
    "one bit in the vectors": (_flip(VECTORS, -5), "vectors.safetensors: damaged; expected CRC-32"),
    "one bit in the vocabulary": (_flip(VOCABULARY, 400), "vocabulary.arrow: damaged; expected CRC-32"),
    "vectors cut off": (_cut(VECTORS, sealed=False), "vectors.safetensors: damaged"),
    "vectors cut off, resealed": (_cut(VECTORS, sealed=True), "not readable as safetensors"),
    "vocabulary cut off, resealed": (_cut(VOCABULARY, sealed=True), "not readable as an Arrow file"),
    "vectors empty": (_bytes(VECTORS, b""), "not readable as safetensors"),
    "vectors with a huge header": (_bytes(VECTORS, HUGE_HEADER), "not readable as safetensors"),
    "vectors with a lying header": (
        _bytes(VECTORS, struct.pack("<Q", len(LYING_HEADER)) + LYING_HEADER + bytes(72)),
        "expected float32",
    ),
    "vectors are a pickle": (_bytes(VECTORS, b"\x80\x04cos\nsystem\n(S'true'\ntR."), "not readable as safetensors"),
    "another tensor": (_vectors(weights=ONES), r"expected one tensor 'vectors', got \['weights'\]"),
    "two tensors": (_vectors(vectors=ONES, more=ONES), "expected one tensor 'vectors', got"),
    "float64": (_vectors(vectors=ONES.astype(np.float64)), r"got F64 \(6, 3\)"),
    "integers": (_vectors(vectors=ONES.astype(np.int32)), r"got I32 \(6, 3\)"),
    "three dimensions": (_vectors(vectors=np.ones((6, 3, 1), np.float32)), r"got F32 \(6, 3, 1\)"),
    "NaN": (_vectors(vectors=NAN), "a vector holds NaN, infinity"),
    "infinity": (_vectors(vectors=INFINITE), "a vector holds NaN, infinity"),
    "vocabulary is no Arrow file": (_bytes(VOCABULARY, b"the\na\n"), "not readable as an Arrow file"),
    "another column": (_words(word=strings(*WORDS)), "expected one column token: large_string, got word"),
    "another type": (_words(token=pa.array(WORDS)), "expected one column token: large_string, got token: string"),
    "numbers": (_words(token=pa.array(range(5))), "got token: int64"),
    "two columns": (_words(token=strings(*WORDS), more=strings(*WORDS)), "got token: large_string, more"),
    "too few tokens": (_words(token=strings("a", "b")), "expected 5 tokens, got 2"),
    "a null": (_words(token=strings("a", "b", None, "d", "e")), "1 tokens are missing"),
    "a token twice": (_words(token=strings("a", "b", "a", "d", "e")), "1 tokens occur more than once"),
    "invalid UTF-8": (_words(token=NOT_UTF8), "not readable as an Arrow file"),
    "offsets outside the buffer": (_words(token=BAD_OFFSETS), "not readable as an Arrow file"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_folder_gives_one_clear_line(folder: Path, name: str) -> None:
    attack, message = ATTACKS[name]
    attack(folder)
    with pytest.raises(EmbeddingError, match=message) as caught:
        read_table(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_huge_description_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plaudit.embeddings.storage._MAX_DESCRIPTION_BYTES", 100)
    with pytest.raises(EmbeddingError, match="larger than 100 bytes"):
        read_table(folder)


def test_a_file_instead_of_a_folder_is_refused(folder: Path) -> None:
    with pytest.raises(EmbeddingError, match="there is no such file"):
        read_table(folder / DESCRIPTION)


@pytest.mark.parametrize("name", [VECTORS, VOCABULARY, DESCRIPTION])
def test_a_file_cut_off_anywhere_is_found(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    for size in range(0, len(content) - 1, 13):
        (folder / name).write_bytes(content[:size])
        with pytest.raises(EmbeddingError, match=name.replace(".", r"\.")):
            read_table(folder)
