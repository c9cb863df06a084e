"""What the door says of files that it cannot take, or not alone: the cause, its line, and what to do about it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workbook import workbook

from plaudit.audit import load_corpus
from plaudit.batch.reading import sentence
from plaudit.config import DataSpec
from plaudit.data import Dataset, read_file
from plaudit.data.readers.sources import find_sources
from plaudit.errors import DataError
from plaudit.setting_values import meant, typed

Command = Callable[..., Any]
TEXTS = [f"my parcel number {i} never arrived and nobody can say where it is" for i in range(6)] + [
    f"i was charged twice for order {i} and want my money back" for i in range(6)
]
ROWS = [(text, "orders" if i < 6 else "billing") for i, text in enumerate(TEXTS)]
TABLE = "message,team\n" + "".join(f"{text},{label}\n" for text, label in ROWS)


def read(path: Path, content: str | bytes, **spec: Any) -> Dataset:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, spec=DataSpec(**spec))


def refusals(path: Path, content: str | bytes, **spec: Any) -> tuple[str, str]:
    """Return how training and an audit refuse a file."""
    with pytest.raises(DataError) as trained:
        read(path, content, **spec)
    with pytest.raises(DataError) as audited:
        load_corpus(str(path), spec=DataSpec(**spec))
    return str(trained.value), str(audited.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TABLE.replace(" never", ", never").replace(" twice", ", twice"), ":2: expected 2 fields.*needs quotes"),
        ("message,team\n" + "".join(f"{text}\n" for text in TEXTS), ":2: expected 2 fields"),
        (TABLE.replace("parcel", "посылка").replace("charged", "снято").encode("cp1251"), "cp1251 reads"),
        (TABLE.replace(",orders", ",").replace(",billing", ","), r":2: 12 labels are missing in column 'team'"),
    ],
)  # fmt: skip
def test_an_audit_says_the_cause_too_where_every_row_is_broken(
    content: str | bytes, message: str, tmp_path: Path
) -> None:
    trained, audited = refusals(tmp_path / "data.csv", content)
    assert trained == audited
    assert re.search(message, trained)
    assert "--skip-invalid" not in trained  # no row would be left
    assert "No usable row is left" in trained


def test_leaving_out_is_a_remedy_where_rows_are_left(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--skip-invalid"):
        read(tmp_path / "data.csv", f"{TABLE}short\n")


@pytest.mark.parametrize(
    ("name", "content", "may_help"),
    [
        ("a.jsonl", '{"k1": 1, "k2": "7"}\n{"k1": 2, "k2": "9"}\n', False),
        ("a.csv", "7,12,2020-01-03\n" + "".join(f"{i},{3 * i},2020-01-0{1 + i % 7}\n" for i in range(12)), False),
        ("a.csv", "x1,7,y\n" + "".join(f"{i},{i % 5},{3 * i}\n" for i in range(12)), True),
    ],
)
def test_the_missing_header_is_named_only_where_the_names_may_be_data(
    name: str, content: str, may_help: bool, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no text column found") as error:
        read(tmp_path / name, content)
    assert ("--no-header" in str(error.value)) == may_help


def test_labels_divided_by_line_ends_have_a_remedy_that_can_be_typed(tmp_path: Path) -> None:
    sets = ("a\nb", "a", "b")
    content = "text,label\n" + "".join(f'"{text}","{sets[i % 3]}"\n' for i, text in enumerate(TEXTS))
    trained, audited = refusals(tmp_path / "data.csv", content)
    assert trained == audited
    assert r"data.csv:2: " in trained
    word = trained.partition('--label-separator "')[2].partition('"')[0]
    assert word == r"\n"
    assert read(tmp_path / "data.csv", content, label_separator=meant(word)).multi_label


@pytest.mark.parametrize("mark", ["\t", "\n", "\r\n", ",", "|", "; ", "\t|"])
def test_a_mark_is_meant_as_it_is_typed(mark: str) -> None:
    assert meant(typed(mark)) == mark
    assert typed(mark).isprintable()


def test_flags_are_typed() -> None:
    spec = DataSpec(delimiter="\t", label_separator="\n")
    assert spec.flags() == ["--label-separator", r"\n", "--delimiter", r"\t"]
    assert meant("tab") == "\t"


@pytest.mark.parametrize(
    ("above", "line"),
    [("Our tickets\n\n", 3), ("Our tickets,\n,\n", 3), ("Tickets,2024\nby,me\n\n", 4), ('"Our\ntickets"\n', 3)],
)
def test_a_title_above_the_header(above: str, line: int, tmp_path: Path) -> None:
    n = f"{line - 1} lines" if line > 2 else "line"
    for message in refusals(tmp_path / "data.csv", above + TABLE):
        assert "data.csv:1: 'Our" in message or "'Tickets'" in message
        assert f"on line {line}. Remove the {n} above the header" in message
    with pytest.raises(DataError, match=f"line {line}"):
        read_file(tmp_path / "data.csv", require_labels=False)


@pytest.mark.parametrize("first", ["text", "Message", "review"])
def test_one_known_name_is_a_header_and_no_title(first: str, tmp_path: Path) -> None:
    lists = "".join(f"{text}\n" for text in TEXTS)
    (tmp_path / "data.csv").write_text(f"{first}\n{lists}")
    assert read_file(tmp_path / "data.csv", require_labels=False).texts.to_pylist() == TEXTS
    (tmp_path / "data.csv").write_text(f"{first}\n" + lists.replace(" never", ", never").replace(" twice", ", twice"))
    with pytest.raises(DataError, match="needs quotes"):
        read_file(tmp_path / "data.csv", require_labels=False)


def test_several_marks_of_the_byte_order(tmp_path: Path) -> None:
    assert read(tmp_path / "data.csv", b"\xef\xbb\xbf" * 2 + TABLE.encode()).text_name == "message"


def test_an_encoding_is_said_with_words_in_it_though_only_signs_differ(tmp_path: Path) -> None:
    found = read(tmp_path / "data.csv", TABLE.replace("parcel", "“parcel” – 5 €").encode("cp1252"))
    assert found.origin is not None
    assert any("1252" in line and "“parc" in line for line in found.origin.said)


def test_what_r_writes_with_row_names_is_read_and_said(tmp_path: Path) -> None:
    for name, by, quote in (("a.csv", " ", '"'), ("a.tsv", "\t", ""), ("a.csv", ",", "")):
        numbered = [("text", "label"), *((str(i), *row) for i, row in enumerate(ROWS, start=1))]
        content = "".join(by.join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in numbered)
        found = read(tmp_path / name, content)
        assert found.texts.to_pylist() == TEXTS
        assert found.label_names() == [label for _, label in ROWS]
        assert found.origin is not None
        assert any("begin with a number" in line for line in found.origin.said)


def test_a_comma_in_each_text_makes_no_row_names(tmp_path: Path) -> None:
    content = TABLE.replace(" never", ", never").replace(" twice", ", twice")
    with pytest.raises(DataError, match=r"expected 2 fields.*got 3"):
        read(tmp_path / "data.csv", content)


def test_the_last_letter_of_a_file_tells_its_encoding(tmp_path: Path) -> None:
    for i, (text, label) in enumerate(ROWS):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{i:02}.txt").write_bytes(f"{text} café".encode("cp1252"))
    assert sorted(read_file(tmp_path).texts.to_pylist()) == sorted(f"{text} café" for text in TEXTS)


def test_a_folder_in_an_unknown_encoding_names_the_option(tmp_path: Path) -> None:
    for i, (_, label) in enumerate(ROWS):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{i:02}.txt").write_bytes("первая строка\nпосылка".encode("cp1251"))
    with pytest.raises(DataError, match=r"billing/06.txt: line 1: byte 0xef is not UTF-8.*--encoding \(.*cp1251 reads"):
        read_file(tmp_path)


@pytest.mark.parametrize("notes", [[("This file has tickets",), ("by me",)], [("created", "2024"), ("by", "me")], []])
def test_another_sheet_is_named_where_the_first_one_has_no_texts(notes: list[tuple[str, ...]], tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    content = workbook({"Info": notes, "Tickets": [("message", "team"), *ROWS]})
    with pytest.raises(DataError, match=r"--sheet.*'Tickets'"):
        read(tmp_path / "data.xlsx", content)
    assert len(read(tmp_path / "data.xlsx", content, sheet="Tickets")) == len(ROWS)


def test_notes_in_a_folder_of_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    (tmp_path / "README.txt").write_text("These are our tickets.\nAsk Kim.\n")
    (tmp_path / "~$b.csv").write_bytes(b"\0\1")
    for spec in (str(tmp_path), f"{tmp_path}/*.csv"):
        assert [source.name for source in find_sources(spec)] == [str(tmp_path / "a.csv")]
    (tmp_path / "more.txt").write_text("Is this one a note?\n")
    with pytest.raises(DataError, match=r"more\.txt may be a note or data.*/\*\.csv'") as error:
        find_sources(str(tmp_path))
    told = str(error.value).partition("read: '")[2].partition("'")[0]
    assert len(find_sources(told)) == 1


def test_files_whose_names_tell_no_format(tmp_path: Path) -> None:
    for i in range(2):
        (tmp_path / f"part-{i}").write_text(TABLE)
    with pytest.raises(DataError, match=r"\(part-0, part-1\); name it with --format"):
        read_file(tmp_path)
    assert len(read_file(tmp_path, format="csv")) == 2 * len(ROWS)


def test_a_file_a_class_is_told_what_to_do(tmp_path: Path) -> None:
    for name in ("orders", "billing"):
        (tmp_path / f"{name}.txt").write_text("".join(f"{text}\n" for text, label in ROWS if label == name))
    with pytest.raises(DataError, match="a table with a column of labels"):
        read_file(tmp_path)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_beside_lists_a_blank_cell_is_a_missing_label(kind: str, tmp_path: Path) -> None:
    cells: list[Any] = [[label] if i else None for i, (_, label) in enumerate(ROWS)]

    def content() -> str:
        if kind == "jsonl":
            return "".join(json.dumps({"text": t, "label": c}) + "\n" for t, c in zip(TEXTS, cells, strict=True))
        shown = ["" if cell is None else json.dumps(cell).replace('"', '""') for cell in cells]
        return "text,label\n" + "".join(f'{t},"{c}"\n' for t, c in zip(TEXTS, shown, strict=True))

    path, line = tmp_path / f"data.{kind}", 2 if kind == "csv" else 1
    with pytest.raises(DataError, match=f":{line}: 1 label is missing"):
        read(path, content())
    assert len(read(path, content(), skip_invalid=True)) == len(ROWS) - 1
    corpus = load_corpus(str(path))
    assert corpus.has_label.tolist() == [False] + [True] * (len(ROWS) - 1)
    cells[0] = []
    assert read(path, content()).label_names()[0] == ()
    for odd in (None, "", " "):
        cells[0] = ["orders", odd]
        with pytest.raises(DataError, match=f":{line}: a list of labels holds an empty one"):
            read(path, content())


def test_in_fasttext_a_line_without_labels_is_the_empty_set(tmp_path: Path) -> None:
    content = "".join(f"__label__{label} __label__x {text}\n" for text, label in ROWS) + "nothing of all that\n"
    assert read(tmp_path / "data.txt", content).label_names()[-1] == ()


def test_a_comma_behind_each_record_is_named(tmp_path: Path) -> None:
    content = "".join(json.dumps({"text": text, "label": label}) + ",\n" for text, label in ROWS)
    for message in refusals(tmp_path / "data.jsonl", content):
        assert "data.jsonl:1: not JSON: Extra data" in message
        assert "has no comma after an object: remove it, or put [ and ]" in message
    assert len(read(tmp_path / "data.json", f"[{content.rstrip()[:-1]}]")) == len(ROWS)


def test_a_comma_behind_each_label_is_named(tmp_path: Path) -> None:
    content = "".join(f"__label__{label}, {text}\n" for text, label in ROWS)
    for message in refusals(tmp_path / "data.txt", content):
        assert "data.txt:1: the label 'orders,' ends in ','" in message
        assert '--label-separator ","' in message


def test_flags_written_in_two_ways_are_noted(tmp_path: Path) -> None:
    content = "".join(
        json.dumps({"text": text, "spam": (True, 1, 0, False)[i % 4]}) + "\n" for i, text in enumerate(TEXTS)
    )
    found = read(tmp_path / "data.jsonl", content, label_column="spam")
    assert found.origin is not None
    assert "'true' (3) and '1' (3), 'false' (3) and '0' (3)" in found.origin.findings[0].message


def test_one_class_alone_names_the_other_columns(tmp_path: Path) -> None:
    content = "message,label,team\n" + "".join(f"{text},NA,{label}\n" for text, label in ROWS)
    with pytest.raises(DataError, match=r"'NA', which may mean that there is none.*--label-column team") as error:
        read(tmp_path / "data.csv", content)
    assert "message" not in str(error.value).partition("Other")[2]


def test_a_reason_ends_in_one_mark() -> None:
    assert sentence("data.csv:2: expected 2 fields, got 1. Is a field missing?").endswith("missing?")
    assert sentence("data.csv:2: no text") == "data.csv:2: no text."


def test_what_scores_nothing_keeps_an_earlier_output(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "none.csv").write_text("message,team\n")
    command("train", "data.csv", "--recipe", "ngram", "-o", "model")
    command("predict", "model", "-i", "data.csv", "-o", "out.csv")
    earlier = (tmp_path / "out.csv").read_bytes()
    refused = command("predict", "model", "-i", "none.csv", "-o", "out.csv", code=2)
    assert "none.csv: no rows" in refused.err
    assert (tmp_path / "out.csv").read_bytes() == earlier
    assert not list(tmp_path.glob(".out.csv*"))


def test_a_look_at_data_shows_what_training_refuses(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(f"{TABLE},orders\n")
    shown = command("data", "show", "data.csv")
    assert "left out: 1 of 13 rows (--skip-invalid). 1 text is blank in column 'message' (line 14)." in shown.out
    assert command("advise", "data.csv").lines()[-1].endswith("--skip-invalid")
    assert "--skip-invalid" in command("train", "data.csv", "-o", "model", code=2).err
    command("train", "data.csv", "--skip-invalid", "--recipe", "ngram", "-o", "model")
    assert "left out: 1 of 13" in command("train", "data.csv", "--like", "model", "-o", "again").out
