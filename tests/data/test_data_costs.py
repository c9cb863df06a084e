"""What small files of data may cost: keys without end, and values that a file keeps once for many rows."""

import contextlib
import io
import json
import re
import sqlite3
import struct
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.audit.corpus import corpus_of
from plaudit.budget import OWN, SERVER, Budget, spending
from plaudit.data import column_facts, columns, load_dataset
from plaudit.data.column_facts import Facts, look
from plaudit.errors import DataError, LimitError
from plaudit.evaluation.slices import divide
from plaudit.report.measuring import _divisions

LONG = "a" * 500_000


def write_arrow(table: pa.Table, path: Path, *, compression: str | None = None) -> Path:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with new(str(path), table.schema, options=options) as writer:
        writer.write_table(table)
    return path


def repeated() -> pa.Table:
    return pa.table({"text": [LONG] * 1_000, "label": ["x", "y"] * 500})


def shared() -> pa.Table:
    """A long value once, and many rows that point to it."""
    zeros = pa.array(np.zeros(20_000, np.int8))
    columns = {"text": [LONG], "label": ["x"]}
    return pa.table({name: pa.DictionaryArray.from_arrays(zeros, pa.array(one)) for name, one in columns.items()})


def of_nothing() -> pa.Table:
    return pa.table({"text": pa.nulls(2**26), "label": pa.nulls(2**26)})


@pytest.mark.parametrize("suffix", [".arrow", ".arrows"])
@pytest.mark.parametrize(
    ("make", "compression"), [(repeated, "zstd"), (shared, None), (of_nothing, None)], ids=["zstd", "shared", "nulls"]
)
def test_a_small_arrow_file_is_not_read_into_gigabytes(
    tmp_path: Path, make: Callable[[], pa.Table], compression: str | None, suffix: str
) -> None:
    path = write_arrow(make(), tmp_path / f"data{suffix}", compression=compression)
    before = pa.total_allocated_bytes()
    with spending(Budget(free_bytes=2**20)), pytest.raises(LimitError, match="at most 100 times as many are read"):
        load_dataset(str(path))
    assert pa.total_allocated_bytes() - before < 2**20


def test_a_value_that_parquet_keeps_once_is_not_read_for_every_row(tmp_path: Path) -> None:
    pq.write_table(repeated(), tmp_path / "data.parquet", compression="zstd")
    with spending(Budget(free_bytes=2**20)), pytest.raises(LimitError, match="at most 100 times as many are read"):
        load_dataset(str(tmp_path / "data.parquet"))


@pytest.mark.parametrize("name", ["data.parquet", "data.arrow", "data.arrows"])
def test_compressed_and_shared_values_are_read_as_they_are(tmp_path: Path, name: str) -> None:
    texts = [f"text {i % 7} {'long ' * (i % 3)}".strip() for i in range(3_000)]
    table = pa.table({"text": pa.array(texts).dictionary_encode(), "label": ["x", "y", "z"] * 1_000})
    if name.endswith(".parquet"):
        pq.write_table(table, tmp_path / name, row_group_size=700)
    else:
        write_arrow(table, tmp_path / name, compression="lz4")
    splits = load_dataset(str(tmp_path / name))
    assert splits.train.texts.to_pylist() == texts


def test_a_key_named_twice_among_very_many_is_found_at_once(tmp_path: Path) -> None:
    keys = ",".join(f'"k{i}":1' for i in range(100_000))
    (tmp_path / "data.jsonl").write_text(f'{{"text":"a","label":"x"}}\n{{{keys},"k99999":2}}\n', encoding="utf-8")
    start = time.process_time()
    with pytest.raises(DataError, match="names the key 'k99999' twice"):
        load_dataset(str(tmp_path / "data.jsonl"))
    assert time.process_time() - start < 5


@pytest.mark.parametrize("name", ["data.jsonl", "data.json"])
def test_records_whose_keys_are_all_others_are_too_many_columns(tmp_path: Path, name: str) -> None:
    records = [{"text": "a", "label": "x", **{f"k{i}_{j}": 1 for j in range(100)}} for i in range(50)]
    lines = ("\n" if name.endswith("l") else ",").join(map(json.dumps, records))
    (tmp_path / name).write_text(lines if name.endswith("l") else f"[{lines}]", encoding="utf-8")
    with spending(SERVER), pytest.raises(LimitError, match=r"data\.jsonl?:\d+: 1,002 columns; at most 1,000 are read"):
        load_dataset(str(tmp_path / name))


@pytest.mark.parametrize("kind", ["one a text", "sets"])
def test_more_labels_than_any_task_has_are_refused_before_anything_grows_with_them(tmp_path: Path, kind: str) -> None:
    rows = [
        {"text": f"text {i}", "label": [f"{i}-{j}" for j in range(50)] if kind == "sets" else f"{i // 2}"}
        for i in range(200 if kind == "sets" else 10_000)
    ]
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(LimitError, match=r"labels, such as .*at most 4,096 are read.*PLAUDIT_LIMITS=classes="):
        load_dataset(str(tmp_path / "data.jsonl"))


def test_a_very_wide_table_is_judged_by_fewer_rows(tmp_path: Path) -> None:
    n = 16_000
    header = ",".join(["note", "kind", *(f"c{i}" for i in range(n))])
    rows = [f"what row {i} says,{'xy'[i % 2]}" + ",1" * n for i in range(100)]
    (tmp_path / "data.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    looked_at: list[int] = []

    def counted(values: Sequence[Any]) -> Facts:
        looked_at.append(len(values))
        return look(values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "look", counted)
        dataset = load_dataset(str(tmp_path / "data.csv")).train
    assert dataset.classes == ("x", "y")
    assert sum(looked_at) <= 500_000 + 2 * n


def test_arrow_whose_offsets_lead_elsewhere_is_refused_before_they_are_followed(tmp_path: Path) -> None:
    path = write_arrow(pa.table({"text": ["some words"] * 40, "label": ["x", "y"] * 20}), tmp_path / "data.arrow")
    content, offsets = path.read_bytes(), struct.pack("<4i", 0, 10, 20, 30)
    assert content.count(offsets) == 1
    for wrong in ((0, 10, 5, 30), (0, 10, 2**31 - 1, 30), (0, -10, 20, 30)):
        path.write_bytes(content.replace(offsets, struct.pack("<4i", *wrong)))
        with pytest.raises(DataError, match="not a readable Arrow file"):
            load_dataset(str(path))


def test_a_database_whose_view_never_ends_is_refused_and_an_error_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite"
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c)"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"create view v as {endless} select printf('%.900c', 'a') as text, x % 2 as label from c")
    with spending(replace(OWN, free_bytes=2**20)), pytest.raises(LimitError, match="bytes or more out of"):
        load_dataset(str(path))
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("drop view v")
        database.execute("create table t as select cast(x'ff0aff' as text) as text, 'x' as label")
    with pytest.raises(DataError, match=r"^[^\n]+$"):
        load_dataset(str(path))


_COUNTING = "with recursive t(n) as (select 1 union all select n + 1 from t) select 'a' as text, n as label from t"


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_a_database_that_computes_without_end_is_given_up(tmp_path: Path, engine: str) -> None:
    database: Any = sqlite3 if engine == "sqlite" else pytest.importorskip("duckdb", reason="duckdb is not installed")
    path = tmp_path / f"data.{engine}"
    with contextlib.closing(database.connect(str(path))) as connection:
        connection.execute(f"create view v as {_COUNTING} where n < 0")
        connection.commit()
    match = "gave no rows for 1 seconds.*query_seconds=10"
    with spending(Budget(query_seconds=1)), pytest.raises(LimitError, match=match):
        load_dataset(str(path))


def test_ctrl_c_is_heard_while_sqlite_computes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Budget, "check_query", interrupted)
    with contextlib.closing(sqlite3.connect(tmp_path / "data.sqlite")) as connection:
        connection.execute(f"create view v as {_COUNTING} where n < 0")
    with pytest.raises(KeyboardInterrupt):
        load_dataset(str(tmp_path / "data.sqlite"))


def test_a_workbook_whose_sheet_is_damaged_within_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.xlsx"
    name, held = "xl/worksheets/sheet1.xml", io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "".join(f'<row r="{i}"><c>words {i * i}</c></row>' for i in range(200)))
    content = bytearray(held.getvalue())
    with zipfile.ZipFile(held) as archive:
        found = archive.getinfo(name)
    start = found.header_offset + 30 + len(found.filename)
    content[start + 20 : start + 120] = b"\xff" * 100
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a readable Excel file"):
        load_dataset(str(path))


def test_a_string_that_a_workbook_keeps_once_counts_for_each_cell(tmp_path: Path) -> None:
    path = tmp_path / "data.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        cells = (f'<row r="{i}"><c r="A{i}" t="s"><v>1</v></c></row>' for i in range(2, 40_000))
        archive.writestr("xl/worksheets/sheet1.xml", "".join(cells))  # before the strings, which is allowed
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>text</t></si><si><t>{'word ' * 600}</t></si></sst>")
    with spending(replace(OWN, free_bytes=2**24)), pytest.raises(LimitError, match=r"bytes or more out of [\d,]+ comp"):
        load_dataset(str(path))
    with pytest.raises(DataError, match="not a readable Excel file"):  # within the limits it is opened
        load_dataset(str(path))


def test_duckdb_takes_no_more_memory_and_gives_no_more_rows_than_its_limits(tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb", reason="duckdb is not installed")
    numbers = "from range(100000000000) t(i)"
    for name, select in {
        "list": f"select list(i)::varchar as text, 1 as label {numbers}",
        "rows": f"select 'text ' || i as text, i % 2 as label {numbers}",
    }.items():
        with contextlib.closing(duckdb.connect(str(tmp_path / f"{name}.duckdb"))) as connection:
            connection.execute(f"create view v as {select}")
    memory = spending(replace(OWN, query_bytes=2**26))
    with memory, pytest.raises(LimitError, match=r"bytes of memory or more.*query_bytes="):
        load_dataset(str(tmp_path / "list.duckdb"))
    with spending(replace(OWN, free_bytes=2**25)), pytest.raises(LimitError, match="bytes or more out of"):
        load_dataset(str(tmp_path / "rows.duckdb"))


def test_each_of_very_many_columns_is_found_at_once(tmp_path: Path) -> None:
    """As the report of a model asks of them: the time must not grow with the square of their number."""
    n = 6_000
    head, row = ",".join(f"c{i}" for i in range(n)), "," * (n - 1)
    lines = (f"text,label,{head}", *(f"{text},{label},{row}" for text in ("joy", "sad") for label in "ab"))
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    dataset = load_dataset(str(tmp_path / "data.csv")).train
    start = time.process_time()
    assert corpus_of({"train": dataset}).parts[0].table.num_columns == n + 2
    for name in dataset.extra.column_names:
        divide(dataset, name)
    assert time.process_time() - start < 10
    start = time.process_time()
    assert len(_divisions(dataset, np.ones(len(dataset), np.bool_))[1]) == n
    assert time.process_time() - start < 1.5  # columns of one value are not divided


ODD_CELLS = st.sampled_from(["", "1.0", " 2", "3 %", "1e5", "٣", "1.2.3", "x", "1\n2", "0", "-.5"])
NUMBERS = st.from_regex(r"[+-]?[0-9]{1,17}([.,][0-9]{1,16})?", fullmatch=True)


@given(st.lists(st.none() | ODD_CELLS | NUMBERS))
def test_plain_numbers_are_looked_at_alike_the_quick_way(values: list[str | None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_facts, "_PLAIN_NUMBERS", re.compile("(?!)"))
        expected = look(values)
    assert look(values) == expected
