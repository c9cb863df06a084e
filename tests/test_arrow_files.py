"""A columnar file's size uncompressed is known, and bounded, before it is read."""

import contextlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.arrow_files import check_arrow_file, check_parquet
from plaudit.budget import Budget, spending
from plaudit.errors import DataError, LimitError


def ipc(table: pa.Table, compression: str | None = None, times: int = 1) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        for _ in range(times):
            writer.write_table(table)
    return bytes(sink.getvalue())


ZEROS = pa.table({"n": pa.array([0] * 100_000), "text": pa.array(["a" * 50] * 100_000).dictionary_encode()})
NOISE = pa.table({"bytes": pa.array([os.urandom(100) for _ in range(1_000)]), "none": pa.nulls(1_000)})


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_what_a_file_expands_to_is_known_before_it_is_read(compression: str | None) -> None:
    data = ipc(ZEROS, compression, times=3)
    check_arrow_file(data, name="it")
    with spending(Budget(expanded_bytes=2_000_000)), pytest.raises(LimitError, match="bytes uncompressed"):
        check_arrow_file(data, name="it")
    with spending(Budget(expanded_bytes=3_800_000)):
        check_arrow_file(data, name="it")


def test_a_ratio_is_held_and_what_cannot_be_compressed_passes() -> None:
    with spending(Budget(free_bytes=1, ratio=100)):
        for compression in (None, "zstd", "lz4"):
            check_arrow_file(ipc(NOISE, compression), name="it")
        with pytest.raises(LimitError, match="at most 100 times"):
            check_arrow_file(ipc(ZEROS, "zstd"), name="it")


def test_each_time_that_the_footer_lists_a_batch_counts() -> None:
    table = pa.table({"n": pa.array(range(1_000))})
    for times, most in ((1, 8_000), (20, 160_000)):
        with spending(Budget(expanded_bytes=most)):
            check_arrow_file(ipc(table, times=times), name="it")
        with spending(Budget(expanded_bytes=most - 1)), pytest.raises(LimitError):
            check_arrow_file(ipc(table, times=times), name="it")


@pytest.mark.parametrize("data", [b"", b"ARROW1", b"ARROW1\0\0ARROW1", b"ARROW1\0\0" + bytes(40) + b"ARROW1"])
def test_what_is_no_arrow_file_is_told(data: bytes) -> None:
    with pytest.raises(DataError, match=r"^it: not readable as an Arrow file"):
        check_arrow_file(data, name="it")


WHOLE = ipc(ZEROS.slice(0, 50), "zstd")


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=500, deadline=None)
def test_damage_is_told_or_passes(position: int, replacement: bytes) -> None:
    data = bytearray(WHOLE)
    data[position : position + len(replacement)] = replacement
    with contextlib.suppress(DataError, LimitError):
        check_arrow_file(bytes(data), name="it")


def test_parquet_says_it_in_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "it.parquet"
    pq.write_table(ZEROS, path, compression="zstd")
    metadata, size = pq.ParquetFile(path).metadata, path.stat().st_size
    check_parquet(metadata, size, name="it")
    with spending(Budget(columns=1)), pytest.raises(LimitError, match="2 columns"):
        check_parquet(metadata, size, name="it")
    with spending(Budget(free_bytes=1)), pytest.raises(LimitError, match="at most 100 times"):
        check_parquet(metadata, size, name="it")
