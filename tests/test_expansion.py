"""One stream opens whatever is compressed, and what comes out of it is bounded."""

import bz2
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pytest

from plaudit.budget import Budget, spending
from plaudit.errors import DataError, EmbeddingError, LimitError
from plaudit.expansion import compression_of, open_expanding

TEXT = "".join(f"line {i} über die Brücke\n" for i in range(50_000)).encode()


def zipped(data: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("one.csv",):
            archive.writestr(name, data)
    return file.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


WRITERS: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd, "zip": zipped,
}  # fmt: skip


@pytest.fixture(params=WRITERS, ids=str)
def kind(request: pytest.FixtureRequest) -> str | None:
    found: str | None = request.param
    return found


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(data)
    return path


def test_the_bytes_are_the_same_however_they_are_compressed(tmp_path: Path, kind: str | None) -> None:
    path = written(tmp_path, WRITERS[kind](TEXT))
    with open_expanding(path, name="it") as stream:
        assert stream.compression == kind == compression_of(path.read_bytes())
        assert stream.peek(4)[:4] == b"line"
        assert stream.readline(1_000) == TEXT.split(b"\n")[0] + b"\n"
        assert stream.read() == TEXT[len(TEXT.split(b"\n")[0]) + 1 :]
        assert 0 < stream.position() <= path.stat().st_size


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_several_compressed_files_behind_each_other_are_one(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, WRITERS[kind](TEXT) + WRITERS[kind](b"more"))
    with open_expanding(path, name="it") as stream:
        assert stream.read() == TEXT + b"more"


def test_zeros_may_stand_between_streams_of_xz(tmp_path: Path) -> None:
    path = written(tmp_path, lzma.compress(b"a") + bytes(8) + lzma.compress(b"b") + bytes(4))
    with open_expanding(path, name="it") as stream:
        assert stream.read() == b"ab"


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd", "zip"])
def test_what_is_cut_off_or_damaged_is_the_readers_error(tmp_path: Path, kind: str) -> None:
    data = WRITERS[kind](os.urandom(2_000_000))
    half = len(data) // 2
    for damaged in (data[:half], data[:half] + bytes(16) + data[half + 16 :]):
        if kind == "zstd" and len(damaged) == len(data):
            continue  # written without a checksum of what cannot be compressed: nothing tells
        path = written(tmp_path, damaged)
        with (
            pytest.raises(EmbeddingError, match=f"^it: the {kind} file is truncated or damaged"),
            open_expanding(path, name="it", damaged=EmbeddingError) as stream,
        ):
            stream.read()


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd", "zip"])
def test_a_bomb_ends_while_it_is_small(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, WRITERS[kind](bytes(16 * 2**20)))
    out: list[int] = []
    with spending(Budget(free_bytes=2**20)), open_expanding(path, name="it") as stream:
        parts = iter(lambda: stream.read(2**16), b"")
        with pytest.raises(LimitError, match="at most 100 times"):
            out.extend(map(len, parts))
    assert sum(out) <= max(2**20, 100 * path.stat().st_size)


def test_plain_bytes_have_no_ratio(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    with spending(Budget(free_bytes=1, ratio=1, expanded_bytes=1)), open_expanding(path, name="it") as stream:
        assert stream.read() == TEXT


def test_reading_ends_with_the_time(tmp_path: Path, kind: str | None) -> None:
    path = written(tmp_path, WRITERS[kind](TEXT))
    with (
        spending(Budget().until(seconds=-1)),
        pytest.raises(LimitError, match="time"),
        open_expanding(path, name="it") as stream,
    ):
        stream.read()


def test_a_zip_of_several_files_is_refused_and_what_a_mac_adds_is_passed_over(tmp_path: Path) -> None:
    for names in (("a.csv", "b.csv"), ("a/",)):
        path = written(tmp_path, zipped(b"", *names))
        with pytest.raises(DataError, match=r"a zip archive of \d files, .*expected one file"):
            open_expanding(path, name="it")
    path = written(tmp_path, zipped(TEXT, "a/", "a/b.csv", "__MACOSX/a/._b.csv"))
    with open_expanding(path, name="it") as stream:
        assert stream.read() == TEXT


def test_a_zip_that_lists_too_many_files_is_refused_before_it_is_listed(tmp_path: Path) -> None:
    path = written(tmp_path, zipped(b"", *(f"{i}.csv" for i in range(50))))
    with spending(Budget(members=40)), pytest.raises(LimitError, match="50 files"):
        open_expanding(path, name="it")
    lies = bytearray(zipped(b"", *(f"{i:0200}.csv" for i in range(12_000))))
    at = lies.rfind(b"PK\x05\x06")
    lies[at + 8 : at + 12] = b"\1\0\1\0"
    with spending(Budget(members=1_000)), pytest.raises(LimitError, match="files"):
        open_expanding(written(tmp_path, bytes(lies)), name="it")


def test_a_dictionary_of_a_gigabyte_is_not_reserved_for_xz(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**30}]
    path = written(tmp_path, lzma.compress(b"small", filters=filters))
    with (
        pytest.raises(DataError, match=r"the xz file is truncated or damaged \(Memory usage limit"),
        open_expanding(path, name="it") as stream,
    ):
        stream.read()


def test_a_pipe_is_read_too_but_no_zip_from_it() -> None:
    for kind in ("gzip", "zip"):
        read_end, write_end = os.pipe()
        with os.fdopen(write_end, "wb") as writing:
            writing.write(WRITERS[kind](b"from a pipe"))
        pipe = cast("BinaryIO", os.fdopen(read_end, "rb", buffering=0))
        if kind == "zip":
            with pytest.raises(DataError, match="cannot be read from a pipe"):
                open_expanding(pipe, name="it")
        else:
            with open_expanding(pipe, name="it") as stream:
                assert stream.read() == b"from a pipe"


def test_what_cannot_be_opened_is_the_readers_error(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"^it: cannot be read: No such file"):
        open_expanding(tmp_path / "none", name="it", damaged=EmbeddingError)
    with pytest.raises(DataError, match=r"^it: cannot be read: Is a directory"):
        open_expanding(tmp_path, name="it")
