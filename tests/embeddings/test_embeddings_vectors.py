"""GloVe, word2vec and fastText text files: what is read, and what is said of a fault."""

import bz2
import gzip
import io
import logging
import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.budget import Budget, spending
from plaudit.embeddings import EmbeddingTable, read_vectors
from plaudit.embeddings import vectors as vectors_module
from plaudit.errors import EmbeddingError, LimitError
from plaudit.text import WordTokenizer

GLOVE = "the 0.418 0.24968 -0.41242\n, 0.013441 0.23682 -0.16899\nof 0.70853 0.57088 -0.4716\n"
NUMBERS = np.array(
    [[0.418, 0.24968, -0.41242], [0.013441, 0.23682, -0.16899], [0.70853, 0.57088, -0.4716]], dtype=np.float32
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(folder: Path, content: str | bytes, name: str = "vectors.txt") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        GLOVE,
        "3 3\n" + GLOVE,
        GLOVE.replace("\n", " \n"),
        "3 3\n" + GLOVE.replace("\n", " \n"),
        GLOVE.replace("\n", "\r\n"),
        "3 3\r\n" + GLOVE.replace("\n", " \r\n"),
        GLOVE.replace(" ", "\t"),
        GLOVE.rstrip("\n"),
        GLOVE + "\n \n\n",
        "\ufeff" + GLOVE,
        "\ufeff3 3\n" + GLOVE,
        GLOVE.replace("0.418 ", "+4.18e-1 "),
        gzip.compress(GLOVE.encode(), mtime=0),
    ],
    ids=[
        *("glove", "header", "word2vec", "fastText", "windows", "windows fastText", "tabs", "no last line feed"),
        *("blank end", "byte order mark", "mark and header", "plus and exponent", "gzip"),
    ],
)
def test_every_form_of_the_same_vectors_gives_the_same_table(tmp_path: Path, content: str | bytes) -> None:
    table = read_vectors(write(tmp_path, content))
    assert table.vocabulary.to_pylist() == ["the", ",", "of"]
    assert table.vectors.dtype == np.float32
    np.testing.assert_array_equal(table.vectors, NUMBERS)
    assert (table.name, table.n_buckets, table.combiner) == ("vectors.txt", 0, "sqrtn")


def test_tokens_may_hold_spaces_and_anything_but_a_line_feed(tmp_path: Path) -> None:
    tokens = [".", ". . .", "at name@domain.com", "\u0085", "\u00a0", "👍🏽", '"', "'", "#", "\\", "NA", "null", "1.5"]
    path = write(tmp_path, "".join(f"{token} {i} {-i}\n" for i, token in enumerate(tokens)))
    table = read_vectors(path)
    assert table.vocabulary.to_pylist() == tokens
    assert table.vectors.tolist() == [[i, -i] for i in range(len(tokens))]


def test_vectors_of_one_number_can_be_read(tmp_path: Path) -> None:
    assert read_vectors(write(tmp_path, "a 1\nb 2\n")).vectors.tolist() == [[1], [2]]


def test_a_token_that_comes_twice_keeps_its_first_vector(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        table = read_vectors(write(tmp_path, "4 1\nb 1\na 2\nb 3\na 4\n"))
    assert table.vocabulary.to_pylist() == ["b", "a"]
    assert table.vectors.tolist() == [[1], [2]]
    assert "2 tokens come more than once" in caplog.text


@pytest.mark.parametrize("header", ["", "3 3\n"])
@pytest.mark.parametrize("limit", [1, 2, 3, 9])
def test_a_limit_reads_the_first_lines_only(tmp_path: Path, header: str, limit: int) -> None:
    table = read_vectors(write(tmp_path, header + GLOVE), limit=limit)
    np.testing.assert_array_equal(table.vectors, NUMBERS[:limit])


def test_what_follows_the_limit_is_not_looked_at(tmp_path: Path) -> None:
    assert len(read_vectors(write(tmp_path, GLOVE + "a broken line\n"), limit=3).vocabulary) == 3


def test_a_limit_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="limit is 0, expected at least 1"):
        read_vectors(write(tmp_path, GLOVE), limit=0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (GLOVE, WordTokenizer(lower_case=True, unspaced="words")),
        (GLOVE + "The 1 2 3\n", WordTokenizer(lower_case=False, unspaced="words")),
        (GLOVE + "n't 1 2 3\n", WordTokenizer(lower_case=True, split_clitics=True, unspaced="words")),
        ("".join(f"w{i} 1\n" for i in range(1_000)) + "Ⅳ 1\n", WordTokenizer(lower_case=True, unspaced="words")),
        ("".join(f"w{i} 1\n" for i in range(998)) + "Ⅳ 1\nX 1\n", WordTokenizer(lower_case=False, unspaced="words")),
    ],
    ids=["lower case", "an upper-case token", "clitics", "one in a thousand", "two in a thousand"],
)
def test_the_tokenizer_is_guessed_from_the_vocabulary(tmp_path: Path, content: str, expected: WordTokenizer) -> None:
    assert read_vectors(write(tmp_path, content)).tokenizer == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there are no vectors in this file"),
        ("\n\n \n", "there are no vectors in this file"),
        ("2 3\n", "there are no vectors in this file"),
        ("0 3\n", "there are no vectors in this file"),
        ("2 0\na\nb\n", ":1: the first line promises vectors of 0 numbers"),
        ("word\nword\n", ":1: expected a token and its numbers"),
        ("a 1 2\nb 1 2\nc 1\n", ":3: expected a token and 2 numbers, got 1 numbers"),
        ("a 1 2\nb 1 2 3\nc 1 2\n", ":2: expected a token and 2 numbers, got 3 numbers"),
        ("2 2\na 1 2\nb 1\n", ":3: expected a token and 2 numbers, got 1 numbers"),
        ("a 1 2\n\nb 1 2\n", ":2: expected a token and 2 numbers, got an empty line"),
        ("a 1 2\n 1 2\n", ":2: the line starts with a space"),
        ("a 1 2\nb 1 two\n", ":2: expected a number, got 'two'"),
        ("a 1 2\nb 1 1_0\n", ":2: expected a number, got '1_0'"),
        ("a 1 2\nb 1  2\nc 1 2\n", ":2: expected a token and 2 numbers, got 3 numbers"),
        ("a 1 2\nb 1 nan\n", ":2: nan is not a finite number"),
        ("a 1 2\nb -inf 1\n", ":2: -inf is not a finite number"),
        ("a 1 2\nb 1e39 1\n", ":2: inf is not a finite number"),
        ("a 1 2\nb 1e999 1\n", ":2: inf is not a finite number"),
        ("3 2\na 1 2\nb 1 2\n", "its first line promises 3 vectors, got 2"),
        ("1 2\na 1 2\nb 1 2\n", "its first line promises 1 vectors, got 2"),
        (b"a 1 2\n\xff 1 2\n", "not a text file in UTF-8"),
        (b"a 1 2\nb\0 1 2\n", "not a text file in UTF-8|a file of vectors|NUL"),
        (b"a 1 2\n" * 20_000 + b"\xff 1 2\n", ":20001: the token is not valid UTF-8"),
        (b"PK\x03\x04" + bytes(99), "the zip file is truncated or damaged"),
        (gzip.compress(GLOVE.encode(), mtime=0)[:-12], "the gzip file is truncated or damaged"),
        (gzip.compress(GLOVE.encode(), mtime=0)[:-8] + bytes(8), "the gzip file is truncated or damaged"),
        (b"\x1f\x8b\x08", "the gzip file is truncated or damaged"),
        (struct.pack("<ii", 793712314, 12) + bytes(range(256)), "not a text file in UTF-8. The binary formats of"),
    ],
)
def test_a_fault_is_one_line_that_names_the_place(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(EmbeddingError, match=message) as caught:
        read_vectors(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_line_of_millions_of_numbers_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    """15.6 KB that took 13 GB of memory."""
    path = write(tmp_path, gzip.compress(b"word" + b" 0" * 8_000_000 + b"\n"), "w.txt.gz")
    with pytest.raises(LimitError, match=r"w\.txt\.gz:1: 8,000,000 numbers a vector; at most 16,384 are read"):
        read_vectors(path)


def test_vectors_that_expand_too_far_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"word 0 0 0\n" * 2_000_000), "w.txt.gz")
    with spending(Budget(free_bytes=2**20)), pytest.raises(LimitError, match="at most 100 times"):
        read_vectors(path)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_other_compressions_are_read_too(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert np.array_equal(read_vectors(write(tmp_path, pack(GLOVE.encode()))).vectors, NUMBERS)


def test_word2vecs_binary_format_is_recognised(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    buffer.write(b"2 3\n")
    for word in (b"the", b"of"):
        buffer.write(word + b" " + np.array([0.1, -0.2, 0.3], dtype="<f4").tobytes() + b"\n")
    with pytest.raises(EmbeddingError, match=r"binary formats of word2vec and fastText \(.bin\) are not read"):
        read_vectors(write(tmp_path, buffer.getvalue(), "vectors.bin"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"none\.txt: cannot be read \(No such file or directory\)"):
        read_vectors(tmp_path / "none.txt")
    with pytest.raises(EmbeddingError, match="expected a file of vectors, and this is not one"):
        read_vectors(tmp_path)


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "_BLOCK_BYTES", 1_000)
    with pytest.raises(EmbeddingError, match="a line is longer than 1,000 bytes"):
        read_vectors(write(tmp_path, "a " + "1 " * 9_999))


word = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t\0 \ufeff"), min_size=1, max_size=4)
number = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(word, st.tuples(number, number)), min_size=1, max_size=12, unique_by=lambda row: row[0]),
    st.integers(150, 400),
    st.booleans(),
)
def test_any_tokens_and_numbers_come_back_whatever_the_block(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, tuple[float, float]]], block: int, has_header: bool
) -> None:
    lines = [f"{token} {a!r} {b!r}\n" for token, (a, b) in rows]
    header = f"{len(rows)} 2\n" if has_header else ""
    path = write(tmp_path_factory.mktemp("any"), header + "".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_module, "_BLOCK_BYTES", block)
        table = vectors_module._parse(path, None)
    assert table.vocabulary.to_pylist() == [token for token, _ in rows]
    np.testing.assert_array_equal(table.vectors, np.array([pair for _, pair in rows], dtype=np.float32))


class ParsedError(Exception):
    """Raised instead of parsing, to see whether a table came from the cache."""


def forbid_parsing(patch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, limit: int | None) -> EmbeddingTable:
        raise ParsedError(path)

    patch.setattr(vectors_module, "_parse", refuse)


def test_a_second_read_comes_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, GLOVE)
    first = read_vectors(path)
    forbid_parsing(monkeypatch)
    second = read_vectors(path)
    assert second.vectors.tobytes() == first.vectors.tobytes()
    assert second.vocabulary.equals(first.vocabulary)
    assert second.tokenizer == first.tokenizer
    assert not second.vectors.flags.writeable


def test_another_limit_and_a_changed_file_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, GLOVE)
    read_vectors(path)
    with monkeypatch.context() as patch:
        forbid_parsing(patch)
        with pytest.raises(ParsedError, match=r"vectors\.txt"):
            read_vectors(path, limit=2)
    write(tmp_path, GLOVE.replace("the", "The"))
    assert read_vectors(path).vocabulary[0].as_py() == "The"


@pytest.mark.parametrize("name", ["embedding.json", "vectors.safetensors", "vocabulary.arrow"])
def test_a_damaged_cache_entry_is_built_again(
    tmp_path: Path, cache: Path, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, GLOVE)
    read_vectors(path)
    (entry,) = (cache / "embeddings").iterdir()
    (entry / name).write_bytes((entry / name).read_bytes()[:-7])
    np.testing.assert_array_equal(read_vectors(path).vectors, NUMBERS)
    assert "It will be built again" in caplog.text
    forbid_parsing(monkeypatch)
    np.testing.assert_array_equal(read_vectors(path).vectors, NUMBERS)
    assert list((cache / "embeddings").iterdir()) == [entry]


def test_a_file_where_the_cache_entry_should_be_is_replaced(tmp_path: Path, cache: Path) -> None:
    path = write(tmp_path, GLOVE)
    read_vectors(path)
    (entry,) = (cache / "embeddings").iterdir()
    for file in entry.iterdir():
        file.unlink()
    entry.rmdir()
    entry.write_text("in the way")
    read_vectors(path)
    assert entry.is_dir()


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file where the folder should be")
    np.testing.assert_array_equal(read_vectors(write(tmp_path, GLOVE)).vectors, NUMBERS)
    assert "cannot be cached" in caplog.text
