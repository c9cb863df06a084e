import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plaudit.data import read_file
from plaudit.data.faults import is_blank
from plaudit.errors import DataError, PlauditError

FORMATS = ("csv", "tsv", "jsonl", "parquet", "fasttext", "folder")
TWO_ROWS = [("a “fine” film \U0001f600", "pos"), ("naïve", "neg")]


def write(path: Path, contents: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return path


def pairs(path: Path, **options: str) -> list[tuple[str, str]]:
    dataset = read_file(path, **options)  # type: ignore[arg-type]  # the tests pass column names only
    return list(zip(dataset.texts.to_pylist(), dataset.label_names(), strict=True))


def write_as(format: str, folder: Path, rows: list[tuple[str, str]]) -> Path:
    path = folder / f"data.{'txt' if format == 'fasttext' else format}"
    if format == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *rows])
    elif format == "tsv":
        write(path, "".join(f"{label}\t{text}\n" for text, label in [("text", "label"), *rows]))
    elif format == "jsonl":
        write(path, "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    elif format == "parquet":
        pq.write_table(pa.table({"text": [row[0] for row in rows], "label": [row[1] for row in rows]}), path)
    elif format == "fasttext":
        write(path, "".join(f"__label__{label} {text}\n" for text, label in rows))
    else:
        for number, (text, label) in enumerate(rows):
            write(folder / "data" / label / f"{number:05}.txt", text)
        return folder / "data"
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_reads_the_same_texts_labels_and_classes(format: str, tmp_path: Path) -> None:
    path = write_as(format, tmp_path, TWO_ROWS)
    dataset = read_file(path)
    assert sorted(pairs(path)) == sorted(TWO_ROWS)
    assert dataset.classes == ("neg", "pos")
    assert dataset.name == str(path)
    assert dataset.texts.type == pa.large_string()
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.int32


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "fasttext"])
def test_a_byte_order_mark_and_gzip_change_nothing(format: str, tmp_path: Path) -> None:
    path = write_as(format, tmp_path, TWO_ROWS)
    marked = write(path.with_stem("marked"), b"\xef\xbb\xbf" + path.read_bytes())
    packed = write(path.with_name(path.name + ".gz"), gzip.compress(path.read_bytes(), mtime=0))
    assert pairs(marked) == pairs(packed) == TWO_ROWS


@pytest.mark.parametrize("format", FORMATS)
def test_ten_megabytes_in_one_line_simply_work(format: str, tmp_path: Path) -> None:
    rows = [("a long film, " * 800_000, "pos"), ("short", "neg")]
    assert sorted(pairs(write_as(format, tmp_path, rows))) == rows


# Text that any UTF-8 file can hold: no surrogates, no null. Training texts are not blank.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40).filter(
    lambda text: not is_blank(pa.array([text], pa.large_string()))[0]
)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["pos", "neg"])), max_size=8).map(
    lambda rows: [("first", "pos"), ("second", "neg"), *rows]
)


@given(rows=ROWS)
def test_csv_round_trip(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert pairs(write_as("csv", tmp_path_factory.mktemp("csv"), rows)) == rows


@given(rows=ROWS)
def test_jsonl_round_trip(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert pairs(write_as("jsonl", tmp_path_factory.mktemp("jsonl"), rows)) == rows


@given(rows=ROWS)
def test_parquet_round_trip(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert pairs(write_as("parquet", tmp_path_factory.mktemp("parquet"), rows)) == rows


@given(rows=ROWS)
def test_tsv_round_trip_of_what_has_no_line_feed(
    rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [(text.replace("\n", "|"), label) for text, label in rows]
    assume(not any(text.startswith('"') and text.endswith('"') for text, _ in rows))  # as a program quotes a field
    assert pairs(write_as("tsv", tmp_path_factory.mktemp("tsv"), rows)) == rows


# CSV


def test_csv_keeps_quoted_line_ends_commas_and_quotes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\r\n"one,\r\ntwo ""x""",pos\r\nplain,neg\r\n')
    assert pairs(path) == [('one,\r\ntwo "x"', "pos"), ("plain", "neg")]


def test_csv_errors_name_the_physical_line_where_the_row_starts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\n"one\n\ntwo",pos\nthree,neg,more\n')
    with pytest.raises(DataError, match=r"a\.csv:5: expected 2 fields \(text, label\), got 3\. .*commas needs quotes"):
        read_file(path)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ("text,label\nfine,pos\nalone\n", r"a\.csv:3: expected 2 fields .*got 1\. Is a field missing"),
        ('text,label\nfine,pos\n"a" b,neg\n', r"a\.csv:3: not CSV: .* in the row that begins on this line"),
        ('text,label\nfine,pos\n"never\nclosed,neg\n', r"a\.csv:3: not CSV: unexpected end of data"),
        ("text,label\n", r"a\.csv: no rows, only the columns text, label"),
        ("text,label,text\na,b,c\n", r"a\.csv:1: two columns are named 'text'; rename one"),
        ("text\ngood\nbad\n", r"a\.csv: only one column \('text'\); expected a text and a label\.$"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said(contents: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_file(write(tmp_path / "a.csv", contents))


def test_blank_lines_in_a_csv_are_no_rows_and_are_counted(tmp_path: Path) -> None:
    assert pairs(write(tmp_path / "a.csv", "\ntext,label\n\ngood,pos\n\nbad,neg\n\n")) == [
        ("good", "pos"),
        ("bad", "neg"),
    ]
    with pytest.raises(DataError, match=r"b\.csv:6: 1 label is missing"):
        read_file(write(tmp_path / "b.csv", "\ntext,label\n\ngood,pos\n\nbad,\n\n"))


def test_reading_leaves_the_csv_module_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    read_file(write_as("csv", tmp_path, TWO_ROWS))
    assert csv.field_size_limit() == before


# TSV


def test_a_tsv_has_no_quotes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'label\ttext\npos\t"good\nneg\tsaid "no"\n')
    assert pairs(path) == [('"good', "pos"), ('said "no"', "neg")]


def test_further_tabs_belong_to_a_text_that_comes_last(tmp_path: Path) -> None:
    assert pairs(write(tmp_path / "a.tsv", "label\ttext\npos\ta\tb\t\nneg\tc\n"))[0] == ("a\tb\t", "pos")


def test_further_tabs_are_an_error_where_the_text_does_not_come_last(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.tsv:3: expected 2 fields, got more: 'label' holds a tab"):
        read_file(write(tmp_path / "a.tsv", "text\tlabel\ngood\tpos\nbad\tworse\tneg\n"))


def test_too_few_fields_in_a_tsv_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.tsv:3: expected 2 fields \(label, text\), got 1"):
        read_file(write(tmp_path / "a.tsv", "label\ttext\npos\tgood\nneg\n"))


def test_a_tsv_row_ends_at_a_line_feed_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "label\ttext\npos\tone\x0b\x0c\x85\u2028\rtwo\r\nneg\tbad")
    assert pairs(path) == [("one\x0b\x0c\x85\u2028\rtwo\r", "pos"), ("bad", "neg")]


def test_the_carriage_returns_of_a_windows_tsv_are_no_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tab", "label\ttext\r\npos\tgood\r\n\r\nneg\tbad")
    assert pairs(path) == [("good", "pos"), ("bad", "neg")]


def test_a_tsv_of_a_header_alone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows, only the columns label, text"):
        read_file(write(tmp_path / "a.tsv", "label\ttext"))


# JSON Lines


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "a"', r"a\.jsonl:3: not JSON: .* at character \d+"),
        ('["a", "pos"]', r"a\.jsonl:3: expected a JSON object a line, got list"),
        ("[", r"a\.jsonl:3: not JSON: .*one object a line"),
        ('{"text": 5, "label": "pos"}', r"a\.jsonl:3: expected a string as 'text', got int"),
        (
            '{"text": "a", "label": [["pos"]]}',
            r"a\.jsonl:3: expected a word or a number .* got list",
        ),
        ('{"text": "a", "label": "\\ud800"}', r"a\.jsonl:3: a string holds half of a surrogate pair"),
        ("[" * 200_000, r"a\.jsonl:3: not a record: the JSON is nested too deeply"),
        ('{"text": "a"}', r"a\.jsonl:3: 1 label is missing in column 'label' \(line 3\)"),
        ('{"text": null, "label": "pos"}', r"a\.jsonl:3: 1 text is blank in column 'text' \(line 3\)"),
    ],
)
def test_what_is_wrong_with_a_json_line_is_said(line: str, message: str, tmp_path: Path) -> None:
    good = '{"text": "good", "label": "pos"}\n\n'
    with pytest.raises(DataError, match=message):
        read_file(write(tmp_path / "a.jsonl", good + line + '\n{"text": "bad", "label": "neg"}\n'))


def test_json_escapes_of_whole_characters_are_read(tmp_path: Path) -> None:
    lines = '{"text": "\\ud83d\\ude00", "label": 1}\n{"text": "b", "label": 0}'
    assert pairs(write(tmp_path / "a.json", lines)) == [("\U0001f600", "1"), ("b", "0")]


def test_further_keys_are_kept_whatever_they_hold(tmp_path: Path) -> None:
    rows = [
        {"text": "a", "label": "x", "n": 1, "tags": ["p"], "mixed": 1, "huge": 2**70},
        {"text": "b", "label": "y", "mixed": "one", "late": True},
    ]
    extra = read_file(write(tmp_path / "a.ndjson", "\n".join(map(json.dumps, rows)))).extra
    assert extra.to_pydict() == {
        "n": [1, None],
        "tags": [["p"], None],
        "mixed": ["1", '"one"'],
        "huge": [str(2**70), None],
        "late": [None, True],
    }


# Parquet


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (pa.array([10, 2, 2], pa.int8()), ("2", "10")),
        (pa.array([1.0, 0.0, 0.5]), ("0", "0.5", "1")),
        (pa.array([True, False, True]), ("false", "true")),
        (pa.array(["b", "a", "b"]).dictionary_encode(), ("a", "b")),
        (pa.array(["b", "a", "b"], pa.string_view()), ("a", "b")),
    ],
)
def test_labels_of_any_type_get_names(values: pa.Array, classes: tuple[str, ...], tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["x", "y", "z"], "label": values}), tmp_path / "a.parquet")
    assert read_file(tmp_path / "a.parquet").classes == classes


@pytest.mark.parametrize(
    "texts",
    [
        pa.array(["x", None, "x"]).dictionary_encode(),
        pa.array(["x", None, "x"], pa.string_view()),
        pa.array(["x", None, "x"], pa.large_string()),
    ],
)
def test_a_text_column_may_be_stored_in_any_way(texts: pa.Array, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": texts, "id": [7, 8, 9]}), tmp_path / "a.pq", row_group_size=2)
    dataset = read_file(tmp_path / "a.pq", require_labels=False)
    assert dataset.texts.to_pylist() == ["x", "", "x"]
    assert dataset.extra.to_pydict() == {"id": [7, 8, 9]}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pa.table({"text": ["a", None, " "], "label": [0, 1, 0]}),
            r"a\.parquet, row 2: 2 texts are blank .*\(rows 2, 3\)",
        ),
        (
            pa.table({"text": ["a", "b"], "label": [0.0, float("nan")]}),
            r"row 2: 1 label is missing .*\(row 2\)",
        ),
        (
            pa.table({"text": [1, 2], "label": [0, 1]}),
            r"a\.parquet: column 'text': expected strings, got int64",
        ),
        (
            pa.table({"text": ["a", "b"], "label": [[[0]], [[1]]]}),
            r"row 1: expected a word or a number",
        ),
        (
            pa.table({"text": pa.array([], pa.string()), "label": pa.array([], pa.int8())}),
            "no rows, only the columns",
        ),
        (pa.table([["a"], ["b"]], names=["text", "text"]), "two columns are named 'text'"),
    ],
)
def test_what_is_wrong_with_a_parquet_file_is_said(table: pa.Table, message: str, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / "a.parquet")


@pytest.mark.parametrize("contents", [b"", b"text,label\na,b\n", b"PAR1" + b"x" * 100, b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_damaged_parquet_file_is_one_clear_error(contents: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.parquet: not a readable Parquet file") as caught:
        read_file(write(tmp_path / "a.parquet", contents))
    assert "\n" not in str(caught.value)


# fastText


def test_fasttext_keeps_the_text_as_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ft", "__label__a,b  one \t two \r\n__label__c\t__x__ three\xa0\n")
    assert pairs(path) == [("one \t two ", "a,b"), ("__x__ three\xa0", "c")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("__label__x text __label__y", r"a\.txt:2: the label __label__y is inside the text"),
        ("text __label__y", r"a\.txt:2: the label __label__y is inside the text"),
        ("text", r"a\.txt:2: 1 label is missing in column 'label' \(line 2\)"),
        ("__label__ text", r"a\.txt:2: 1 label is missing"),
        ("", r"a\.txt:2: 1 text is blank"),
        ("__label__x ", r"a\.txt:2: 1 text is blank"),
    ],
)
def test_what_is_wrong_with_a_fasttext_line_is_said(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_file(write(tmp_path / "a.txt", f"__label__x one\n{line}\n__label__y two\n"))


# Folder per class


def test_a_folder_keeps_the_file_names_and_skips_what_is_no_text(tmp_path: Path) -> None:
    for name in (
        "pos/b.txt",
        "pos/a.txt",
        "neg/c.txt",
        "neg/.hidden.txt",
        ".git/x.txt",
        "neg/notes.md",
        "README.txt",
    ):
        write(tmp_path / name, name)
    dataset = read_file(tmp_path)
    assert dataset.extra.to_pydict() == {"file": ["neg/c.txt", "pos/a.txt", "pos/b.txt"]}
    assert dataset.texts.to_pylist() == ["neg/c.txt", "pos/a.txt", "pos/b.txt"]
    assert dataset.label_names() == ["neg", "pos", "pos"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.md": b"x"}, "expected a sub-folder a class"),
        ({"pos/a.txt": b"x", "neg/a.md": b"x"}, r"neg: no \.txt files"),
        ({"pos/a.txt": b"x", "neg/a.txt": b"\xec\xe8\xf0"}, r"neg/a\.txt: line 1: byte 0xec is not UTF-8"),
        (
            {"pos/a.txt": b"x", "neg/a.txt": b""},
            r"neg/a\.txt: 1 text is blank in column 'text' \(file neg/a\.txt\)",
        ),
        ({"pos/a.txt": b"x", "pos/b.txt": b"y"}, "every text has the label 'pos'"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(files: dict[str, bytes], message: str, tmp_path: Path) -> None:
    for name, contents in files.items():
        write(tmp_path / "data" / name, contents)
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / "data")


# What is no text, or no file


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "txt"])
@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", ": the file is empty"),
        (b"\xef\xbb\xbf", ": the file is empty"),
        (b"\n \r\n", ": the file is empty"),
        (b"text,label\nfine,pos\nb\0d,neg\n", ":3: a null byte; expected text"),
        (bytes(range(256)), ":1: a null byte"),
        (b"PK\x03\x04rest", ": the zip file is truncated or damaged"),
        (b"\x89PNG\r\n\x1a\n", ": expected text, got a picture"),
        (gzip.compress(b"text,label\n" * 100, mtime=0)[:-12], ": the gzip file is truncated or damaged"),
    ],
)
def test_what_is_not_text_is_one_clear_error(suffix: str, contents: bytes, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{suffix}", contents)
    with pytest.raises(DataError, match=message) as caught:
        read_file(path)
    assert str(caught.value).startswith(str(path) + message[:1])
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such data set, file or folder \(looked in /"):
        read_file(tmp_path / "none.csv")


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    path = write(tmp_path / "a.sheet", "text,label\ngood,pos\nbad,neg\n")
    with pytest.raises(DataError, match=r"does not tell the format; rename it to end in one of \.csv, \.tsv"):
        read_file(path)
    assert len(read_file(path, format="csv")) == 2
    with pytest.raises(PlauditError, match=r"--format odd: expected one of csv, tsv"):
        read_file(path, format="odd")
    with pytest.raises(DataError, match="a file cannot be read as folder"):
        read_file(path, format="folder")
    assert len(read_file(tmp_path, format="csv")) == 2  # a folder is its files


def test_suffixes_are_read_in_any_case(tmp_path: Path) -> None:
    assert len(read_file(write(tmp_path / "A.CSV", "text,label\ngood,pos\nbad,neg\n"))) == 2


# Columns


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("id,Text,LABEL", 1, 2),
        ("Sentiment,REVIEW,id", 1, 0),
        ("title,text,class,rating", 1, 2),
        ("y,sentence,z", 1, 0),
        ("anything,label", 0, 1),
        ("text,anything", 0, 1),
        (" text ,anything", 0, 1),
        ("label,text", 1, 0),
        (",text,label", 1, 2),
    ],
)
def test_columns_are_found_by_name(header: str, text: int, label: int, tmp_path: Path) -> None:
    n = header.count(",") + 1
    rows = [[f"{row}{column}" for column in range(n)] for row in "ab"]
    dataset = read_file(write(tmp_path / "a.csv", "\n".join([header, *map(",".join, rows)])))
    assert dataset.texts.to_pylist() == [f"a{text}", f"b{text}"]
    assert dataset.label_names() == [f"a{label}", f"b{label}"]
    assert dataset.extra.num_columns == n - 2


def test_columns_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label,Subject,Queue\nt,l,good,q1\nt,l,bad,q2\n")
    assert pairs(path, text_column="subject", label_column="Queue") == [("good", "q1"), ("bad", "q2")]
    assert pairs(path, label_column="queue") == [("t", "q1"), ("t", "q2")]
    assert read_file(path, text_column="Subject", label_column="Queue").extra.column_names == [
        "text",
        "label",
    ]


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        (
            "text,label,x",
            {"text_column": "body"},
            r"--text-column body: no such column; the columns are 'text', 'label'",
        ),
        ("text,label,x", {"label_column": "kind"}, r"--label-column kind: no such column"),
        ("Text,TEXT,label", {"text_column": "text"}, r"several columns differ from it only in case"),
        ("text,label,x", {"text_column": "x", "label_column": "x"}, "both set to column 'x'"),
        ("a,b,c", {}, r"no text column found; the columns are 'a', 'b', 'c'\. Name it with --text-column"),
        (
            "a,b,text",
            {},
            r"no label column found; the columns are 'a', 'b', 'text'\. Name it with --label-column",
        ),
    ],
)
def test_columns_that_cannot_be_found_are_named(
    header: str, options: dict[str, str], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", f"{header}\n1,2,3\n4,5,6\n")
    with pytest.raises(DataError, match=message):
        pairs(path, **options)


# Labels


def test_numbers_are_sorted_by_value_and_words_as_words(tmp_path: Path) -> None:
    numbers = write(tmp_path / "n.csv", "text,label\na,10\nb, 2 \nc,-1\nd,2\n")
    assert read_file(numbers).classes == ("-1", "2", "10")
    words = write(tmp_path / "w.csv", "text,label\na,10\nb,2\nc,none\n")
    assert read_file(words).classes == ("10", "2", "none")


def test_missing_labels_are_counted_and_the_first_lines_named(tmp_path: Path) -> None:
    rows = "".join(f"text {i},{'' if i % 2 else 'x'}\n" for i in range(20))
    with pytest.raises(
        DataError, match=r"a\.csv:3: 10 labels are missing in column 'label' \(lines 3, 5, 7, 9, 11, …\)"
    ):
        read_file(write(tmp_path / "a.csv", "text,label\n" + rows))


def test_one_class_is_not_enough_to_train_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na,pos\nb,pos\n")
    with pytest.raises(DataError, match="every text has the label 'pos'; expected at least two classes"):
        read_file(path)
    assert read_file(path, require_labels=False).classes == ("pos",)
    assert read_file(path, classes=("neg", "pos")).class_counts() == {"neg": 0, "pos": 2}


def test_a_class_outside_the_given_ones_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na,pos\nb,mixed\n")
    with pytest.raises(DataError, match=r"a\.csv:3: unknown class 'mixed'; expected one of neg, pos"):
        read_file(path, classes=("neg", "pos"))


# Prediction


def test_prediction_keeps_every_row_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,good\n2,\n3,  \n4,bad\n")
    dataset = read_file(path, require_labels=False)
    assert dataset.texts.to_pylist() == ["good", "", "  ", "bad"]
    assert dataset.labels is None
    assert dataset.classes == ()
    assert dataset.extra.to_pydict() == {"id": ["1", "2", "3", "4"]}


def test_prediction_takes_one_column_of_any_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'ticket\ngood\n\n"b, d"\n')
    assert read_file(path, require_labels=False).texts.to_pylist() == ["good", "", "b, d"]


def test_prediction_takes_a_plain_list_of_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "good film\n\nbad film\n")
    assert read_file(path, require_labels=False).texts.to_pylist() == ["good film", "", "bad film"]


def test_prediction_reads_labels_only_if_all_are_there(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.csv", "text,label,x\na,pos,1\nb,neg,2\n")
    assert read_file(whole, require_labels=False).label_names() == ["pos", "neg"]
    partial = write(tmp_path / "b.csv", "text,label,x\na,pos,1\nb,,2\n")
    dataset = read_file(partial, require_labels=False)
    assert dataset.labels is None
    assert dataset.extra.column_names == ["label", "x"]
    with pytest.raises(DataError, match="1 label is missing"):
        read_file(partial, require_labels=False, label_column="label")


def test_a_missing_text_reads_as_empty_in_prediction(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", None]}), tmp_path / "a.parquet")
    assert read_file(tmp_path / "a.parquet", require_labels=False).texts.to_pylist() == ["a", ""]
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": null}\n{"id": 3}\n')
    assert read_file(path, require_labels=False).texts.to_pylist() == ["a", "", ""]
