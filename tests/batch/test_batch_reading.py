"""What `train` reads, `predict` reads in the same way; a broken row is a row with a reason."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plaudit.batch.reading import BatchReader
from plaudit.config import DataSpec
from plaudit.data import read_file
from plaudit.data.readers import find_sources, rows
from plaudit.errors import DataError

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
ROWS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 3)


def read(path: Path, **options: Any) -> tuple[list[str | None], list[dict[str, Any]], list[str]]:
    """Return the texts, the rows and the reasons of a file."""
    (source,) = find_sources(str(path), options.pop("format", None))
    keep_lines = options.pop("keep_lines", False)
    texts, records, reasons = [], [], []
    for batch in BatchReader(source, DataSpec(**options), keep_lines=keep_lines).batches():
        assert len(batch.texts) == batch.rows.num_rows <= 3
        texts += batch.texts.to_pylist()
        records += batch.rows.to_pylist()
        assert [i for i, text in enumerate(batch.texts.to_pylist()) if text is None] == sorted(batch.reasons)
        reasons += [batch.reasons[i] for i in sorted(batch.reasons)]
    return texts, records, reasons


def encode(format: str, pairs: list[tuple[str, str]]) -> bytes:
    if format == "csv":
        sink = io.StringIO()
        csv.writer(sink).writerows([("text", "remark"), *pairs])
        return sink.getvalue().encode()
    if format == "tsv":
        return "".join(f"{remark}\t{text}\n" for text, remark in [("text", "remark"), *pairs]).encode()
    if format == "jsonl":
        return "".join(json.dumps({"text": text, "remark": remark}) + "\n" for text, remark in pairs).encode()
    return "".join(f"{text}\n" for text, _ in pairs).encode()


def outcome(function: Any, path: Path) -> Any:
    try:
        return function(path)
    except DataError:
        return "refused"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ROWS, st.sampled_from(["csv", "tsv", "jsonl", "txt"]), st.booleans())
def test_texts_are_those_that_read_file_reads(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], format: str, is_packed: bool
) -> None:
    path = tmp_path_factory.mktemp("same") / f"in.{format}{'.gz' if is_packed else ''}"
    data = encode(format, pairs)
    path.write_bytes(gzip.compress(data, mtime=0) if is_packed else data)
    expected = outcome(lambda path: read_file(path, require_labels=False).texts.to_pylist(), path)
    found = outcome(lambda path: read(path), path)
    if expected == "refused":  # predict marks the row that train refuses the file for, or finds no text either
        assert found == "refused" or found[2]
    else:
        assert found != "refused"
        texts, _, reasons = found
        assert (texts, reasons) == (expected, [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["csv", "tsv", "jsonl", "txt"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, format: str) -> None:
    path = tmp_path_factory.mktemp("any") / f"in.{format}"
    path.write_bytes((b'{"text": "a"}\n' if format == "jsonl" else b"text\n") + data)
    outcome(lambda path: read(path), path)


def test_parquet_gives_the_same_texts_and_keeps_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "", None, "d"]).dictionary_encode(),
            "tags": [["x"], [], None, ["y", "z"]],
            "by": [{"name": "n", "age": 1}] * 4,
            "stars": pa.array([1, 2, None, 4], pa.int8()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=2)
    texts, records, reasons = read(tmp_path / "in.parquet")
    assert texts == ["a", "", None, "d"]
    assert records == table.to_pylist()
    assert reasons == [f"{tmp_path}/in.parquet, row 3: no text"]


BROKEN = {
    "csv": (
        b'id,text\n1,good\n2\n3,"a" b\n4,fine\n5,\xff\n6,a,b\n7,"never closed\n8,last\n',
        [
            ("1", "good", None),
            (None, None, "3: expected 2 fields"),
            (None, None, "4: not CSV: ',' expected"),
            ("4", "fine", None),
            ("5", None, "column 'text': byte 0xff is not UTF-8"),
            (None, None, "7: expected 2 fields"),
            (None, None, "8: not CSV: unexpected end of data"),
            ("8", "last", None),
        ],
    ),
    "tsv": (
        b"id\ttext\n1\tgood\n2\n\n3\ta\tb\n4\t\xff\n",
        [
            ("1", "good", None),
            (None, None, "3: expected 2 fields"),
            ("3", "a\tb", None),
            ("4", None, "column 'text': byte 0xff"),
        ],
    ),
    "jsonl": (
        b'{"id": "1", "text": "good"}\n{"id": "2"\n[]\n\n{"id": "3"}\n{"id": "4", "text": 5}\n"\xff"\n'
        b'{"id": "5", "text": "\\ud800"}\n{"id": "6", "text": ""}\n',
        [
            ("1", "good", None),
            (None, None, "2: not JSON"),
            (None, None, "3: expected a JSON object"),
            ("3", None, "5: no text"),
            ("4", "5", "6: expected a string as 'text', got int"),
            (None, None, "7: byte 0xff is not UTF-8"),
            (None, None, "8: a string holds half of a surrogate pair"),
            ("6", "", None),
        ],
    ),
}


@pytest.mark.parametrize("format", BROKEN)
def test_a_broken_row_costs_no_other(tmp_path: Path, format: str) -> None:
    data, expected = BROKEN[format]
    path = tmp_path / f"in.{format}"
    path.write_bytes(data)
    texts, records, reasons = read(path)
    assert [record["id"] for record in records] == [row[0] for row in expected]
    kept = [row["text"] if isinstance(row["text"], str) else None for row in records]
    if format == "jsonl":  # values of mixed types are written as JSON
        kept = [None if text is None else str(json.loads(text)) for text in kept]
    assert kept == [row[1] for row in expected]
    assert texts == [row[1] if row[2] is None else None for row in expected]
    for reason, said in zip(reasons, [row[2] for row in expected if row[2]], strict=True):
        assert said in reason


def test_a_row_longer_than_any_text_is_one_broken_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_BYTES", 100)
    long = "x" * 1000
    files = {
        "in.csv": f"text,id\na,1\n{long},2\nc,3\n",
        "in.tsv": f"id\ttext\n1\ta\n2\t{long}\n3\tc\n",
        "in.jsonl": "".join(json.dumps({"text": text}) + "\n" for text in ("a", long, "c")),
        "in.txt": f"a\n{long}\nc\n",
    }
    for name, contents in files.items():
        (tmp_path / name).write_text(contents)
        texts, _, reasons = read(tmp_path / name)
        assert texts == ["a", None, "c"], name
        assert "longer than" in reasons[0]
    (tmp_path / "open.csv").write_text("text,id\n" + '"' + "no end\n" * 50)
    texts, _, reasons = read(tmp_path / "open.csv")
    assert len(texts) == len(reasons) == 50


def test_lines_are_texts_as_they_stand_when_asked(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("__label__x a, b\n\n“c”\n", encoding="utf-8")
    assert read(tmp_path / "in.txt", format="text")[0] == ["__label__x a, b", "", "“c”"]
    texts, records, _ = read(tmp_path / "in.txt")
    assert texts == ["a, b", "", "“c”"]
    assert [record["label"] for record in records] == ["x", None, None]


def test_types_of_json_agree_over_the_whole_file(tmp_path: Path) -> None:
    lines = [{"text": "a", "n": 1, "m": 1}] * 1500 + [{"text": "b", "n": 0.5, "m": "x", "late": {"x": [1]}}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    _, records, _ = read(tmp_path / "in.jsonl")
    assert records[0] == {"text": "a", "n": 1.0, "m": "1", "late": None}
    assert records[-1] == {"text": "b", "n": 0.5, "m": '"x"', "late": {"x": [1]}}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\0" * 9, "a null byte"),
        ("a.csv", b"PK\x03\x04", "the zip file is truncated or damaged"),
        ("a.csv", b"text,text\na,b\n", "two columns are named"),
        ("a.csv", b"a,b\n1,2\n", "no text column found"),
        ("a.jsonl", b"[1]\n", "expected a JSON object a line, got list"),
        ("a.parquet", b"PAR1", "not a readable Parquet file"),
        ("a.csv.gz", gzip.compress(b"text\n" + b"word " * 90_000, mtime=0)[:60], "truncated or damaged"),
        ("a.xyz", b"a", "its name does not tell the format"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)
