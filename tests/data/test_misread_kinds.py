"""Kinds of files that were once misread without a word: headers that are rows, lists of records, labels with marks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.audit import load_corpus
from plaudit.config import DataSpec
from plaudit.data import Dataset, read_file
from plaudit.data.label_findings import LabelWarning
from plaudit.errors import ConfigError, DataError
from plaudit.scratch import MEMORY, Scratch

Command = Callable[..., Any]
TEXTS = [f"my parcel number {i} never arrived and nobody can say where it is" for i in range(6)] + [
    f"i was charged twice for order {i} and want my money back" for i in range(6)
]


def read(path: Path, content: str, **spec: Any) -> Dataset:
    path.write_text(content, encoding="utf-8")
    return read_file(path, spec=DataSpec(**spec))


def rows(a: str, b: str, mark: str = ",") -> str:
    return "".join(f"{text}{mark}{a if i < 6 else b}\n" for i, text in enumerate(TEXTS))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Shipping team", "Billing team"), ("LABEL_0", "LABEL_1"), ("5 stars", "1 star"), ("class 1", "class 2"),
        ("positive sentiment", "negative sentiment"), ("title", "category"), ("shipping question", "complaint"),
        ("text", "audio"), ("spam", "ham"), ("customer feedback", "order status"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_first_row_whose_label_comes_again_is_a_row(a: str, b: str, mark: str, tmp_path: Path) -> None:
    found = read(tmp_path / "data.csv", rows(a, b, mark))
    assert found.texts.to_pylist() == TEXTS
    assert set(found.classes) == {a, b}
    assert found.origin is not None
    assert any("no header line" in line for line in found.origin.said)


@pytest.mark.parametrize(
    "header", ["text,label", "message,spam", "msg,spam", "review,5 stars", "Customer Message,team"]
)
def test_a_header_stays_one(header: str, tmp_path: Path) -> None:
    a, b = ("spam", "ham") if header.endswith("spam") else ("good", "bad")
    assert read(tmp_path / "data.csv", f"{header}\n{rows(a, b)}").texts.to_pylist() == TEXTS


@pytest.mark.parametrize("first", ["customer feedback was lost", "my question", "status of my order"])
def test_a_list_of_texts_keeps_its_first_line(first: str, tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text("\n".join([first, *TEXTS]) + "\n")
    assert len(read_file(tmp_path / "texts.csv", require_labels=False)) == 13


@pytest.mark.parametrize("line", ["__label__a,{}", "{},__label__a", "__label__a\t{}"])
def test_fasttexts_labels_in_columns_are_refused(line: str, tmp_path: Path) -> None:
    content = "".join(line.format(text) + "\n" for text in TEXTS)
    with pytest.raises(DataError, match=r"data\.csv:1: '__label__a' is a label of fastText's format"):
        read(tmp_path / "data.csv", content)


@pytest.mark.parametrize("write", [json.dumps, repr])
@pytest.mark.parametrize("cell", [[{"id": 16, "name": "a"}], {"name": "a"}, [{"label": "a", "score": 0.5}]])
def test_records_are_no_labels_in_any_format(write: Callable[[Any], str], cell: Any, tmp_path: Path) -> None:
    lines = [f'"{text}","{write(cell).replace(chr(34), chr(34) * 2)}"' for text in TEXTS]
    with pytest.raises(DataError, match=r"data\.csv:2: .*expected a word or a number as the label, got a record"):
        read(tmp_path / "data.csv", "text,label\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("a", "b", "both"), [("{a}", "{b}", '"{a,b}"'), ("<a>", "<b>", "<a><b>"), ("[a]", "[b]", '"[a, b]"')]
)
def test_arrays_and_tags_of_databases_are_sets(a: str, b: str, both: str, tmp_path: Path) -> None:
    found = read(tmp_path / "data.csv", "text,label\n" + rows(a, b) + f"both of them,{both}\n")
    assert found.multi_label
    assert found.classes == ("a", "b")
    assert found.label_names()[-1] == ("a", "b")


@pytest.mark.parametrize("mark", ["::", "\u060c ", " \u00b7 ", "#"])
def test_further_marks_between_labels_are_asked_about(mark: str, tmp_path: Path) -> None:
    content = "text,label\n" + rows("a", "b") + f"both of them,a{mark}b\nand again both,b{mark}a\n"
    with pytest.raises(DataError, match="--label-separator"):
        read(tmp_path / "data.csv", content)


@pytest.mark.parametrize("encoding", ["utf-16", "UTF16"])
def test_utf_16_without_a_mark_is_read_as_told_and_what_is_not_is_refused(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(("text,label\n" + rows("a", "b")).encode("utf-16-be"))
    assert read_file(path, spec=DataSpec(encoding=encoding)).texts.to_pylist() == TEXTS
    path.write_bytes(("text,label\n" + rows("a", "b")).encode() + b"x")
    with pytest.raises(DataError, match=r"data\.csv"):
        read_file(path, spec=DataSpec(encoding=encoding))


@pytest.mark.parametrize("encoding", ["idna", "undefined", "punycode", "unicode_escape", "base64", "nope", "hex"])
def test_what_is_no_encoding_of_files_is_refused(encoding: str) -> None:
    with pytest.raises(ConfigError, match="expected a name such as utf-8"):
        DataSpec(encoding=encoding)


def test_spaces_before_quotation_marks_are_no_part_of_a_field(tmp_path: Path) -> None:
    lines = [f'"{text}, again", "{"a" if i < 6 else "b"}"' for i, text in enumerate(TEXTS)]
    found = read(tmp_path / "data.csv", "message, team\n" + "\n".join(lines) + "\n")
    assert (found.classes, found.label_name) == (("a", "b"), "team")
    assert found.texts[0].as_py() == f"{TEXTS[0]}, again"


@pytest.mark.parametrize("mark", [",", ";", "|"])
def test_columns_and_json_in_a_text_file_are_read_as_such(mark: str, tmp_path: Path) -> None:
    assert read(tmp_path / "data.txt", f"message{mark}team\n{rows('a', 'b', mark)}").texts.to_pylist() == TEXTS
    lines = [json.dumps({"message": text, "team": "a" if i < 6 else "b"}) for i, text in enumerate(TEXTS)]
    assert read(tmp_path / "more.txt", "\n".join(lines) + "\n").texts.to_pylist() == TEXTS


def test_strings_that_hold_lists_are_warned_of_in_python() -> None:
    names = ['["a","b"]' if i % 3 else '["a"]' for i in range(12)]
    with pytest.warns(LabelWarning, match="lists written as text"):
        plaudit.NgramClassifier(n_max=1, min_texts=1).fit(TEXTS, names)


def test_a_model_remembers_a_prefix_and_a_sheet(command: Command, tmp_path: Path) -> None:
    lines = [f"#{'a' if i < 6 else 'b'} {text}" for i, text in enumerate(TEXTS)]
    (tmp_path / "hash.txt").write_text("\n".join(lines) + "\n")
    command("train", "hash.txt", "--label-prefix", "#", "--recipe", "ngram", "-o", "hash")
    command("predict", "hash", "-i", "hash.txt", "-o", "out.jsonl")
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [each["text"] for each in answers] == TEXTS


def test_columns_that_are_named_twice_are_trained_on(command: Command, tmp_path: Path) -> None:
    lines = [f"title {i},{text},{'a' if i < 6 else 'b'}" for i, text in enumerate(TEXTS)]
    (tmp_path / "two.csv").write_text("title,body,label\n" + "\n".join(lines) + "\n")
    command("train", "two.csv", "--text-column", "title", "--text-column", "body", "--recipe", "ngram", "-o", "two")
    report = json.loads((tmp_path / "two" / "report.json").read_text())
    assert report["audit"]["command"] == "plaudit audit two.csv --text-column title --text-column body"


@pytest.mark.parametrize(("a", "b"), [("1.5", "1.50"), ("1", "01"), ("+2", "2"), ("-0.5", "-0.50")])
def test_numbers_written_in_two_ways_are_named_and_merged(a: str, b: str, tmp_path: Path) -> None:
    labels = [a, b, "9"] * 4
    content = "text,label\n" + "".join(f"{text},{label}\n" for text, label in zip(TEXTS, labels, strict=True))
    found = read(tmp_path / "data.csv", content)
    assert found.origin is not None
    assert [finding.kind for finding in found.origin.findings] == ["look alike"]
    assert len(found.classes) == 3
    assert len(read(tmp_path / "data.csv", content, merge_labels=True).classes) == 2
    tested = read_file(tmp_path / "data.csv", classes=(a, "9"))  # what a model of one spelling makes of the other
    assert tested.label_names() == [a, a, "9"] * 4


def test_long_numbers_that_differ_at_their_end_are_not_alike(tmp_path: Path) -> None:
    a, b = "12345678901234567890123456789012", "12345678901234567890123456789013"
    found = read(tmp_path / "data.csv", "text,label\n" + rows(a, b))
    assert found.origin is not None
    assert not found.origin.findings


def test_true_and_1_side_by_side_are_named(tmp_path: Path) -> None:
    labels = ["True", "1", "False", "0"] * 3
    found = read(tmp_path / "d.csv", "text,label\n" + "".join(f"{t},{x}\n" for t, x in zip(TEXTS, labels, strict=True)))
    assert found.origin is not None
    assert "'True' (3) and '1' (3), 'False' (3) and '0' (3)" in found.origin.findings[0].message


@pytest.mark.parametrize("streaming", [False, True])
def test_a_label_that_the_first_rows_do_not_show_is_asked_for(streaming: bool, tmp_path: Path) -> None:
    lines = [f"what somebody wrote of case {i},{'abc'[i // 1_100]},{('web', 'mail')[i % 2]}\n" for i in range(3_300)]
    (tmp_path / "data.csv").write_text("words,thing,source\n" + "".join(lines))
    scratch = Scratch(tmp_path) if streaming else MEMORY
    with pytest.raises(DataError, match=r"be 'thing' \(3 values\).*--label-column source or --label-column thing"):
        read_file(tmp_path / "data.csv", scratch=scratch)
    with pytest.raises(DataError, match="it may be 'thing'"):
        load_corpus(str(tmp_path / "data.csv"))
    named = read_file(tmp_path / "data.csv", label_column="thing", scratch=scratch)
    assert named.classes == ("a", "b", "c")


def test_periods_and_intervals_of_pandas_are_their_words() -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    periods = pd.Series(pd.period_range("2024", "2025", freq="Y").tolist() * 6, dtype="period[Y-DEC]")
    for label in (periods, periods.astype("category")):
        frame = pd.DataFrame({"text": TEXTS, "label": label})
        assert plaudit.load_dataset(frame).train.classes == ("2024", "2025")
    frame = pd.DataFrame({"text": TEXTS, "label": pd.cut(pd.Series(range(12)), 2)})
    assert plaudit.load_dataset(frame).train.classes == ("(-0.011, 5.5]", "(5.5, 11.0]")


def test_a_test_file_is_read_as_the_training_file(command: Command, tmp_path: Path) -> None:
    parts = [(text, "a b", "orders" if i < 6 else "billing") for i, text in enumerate(TEXTS)]
    write = {"train.csv": [f"{text},{short},{label}\n" for text, short, label in parts]}
    write["test.csv"] = [f"{text};{text} {text};{label}\n" for text, _, label in parts]  # the other column is longer
    for name, lines in write.items():
        (tmp_path / name).write_text(("p;q;kind\n" if name == "test.csv" else "p,q,kind\n") + "".join(lines))
    out = command("train", "train.csv", "--test", "test.csv", "--recipe", "ngram", "-o", "m").out
    assert "text: column 'p' (longest text); label: column 'kind' (by its name; 2 values)" in out
    assert "note: test.csv: fields are separated by semicolons" in out
    assert "note: test.csv: text" not in out
    audited = load_corpus("train.csv", test="test.csv").parts[1]
    assert audited.chosen.text == ("p",)


def test_rows_to_leave_out_are_remembered(command: Command, tmp_path: Path) -> None:
    content = "message,team\n" + rows("orders", "billing")
    (tmp_path / "train.csv").write_text(content + ",orders\n")
    (tmp_path / "new.csv").write_text(content + ",billing\n")
    command("train", "train.csv", "--skip-invalid", "--recipe", "ngram", "-o", "m")
    assert "left out: 1 of 13 rows" in command("evaluate", "m", "new.csv").out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data.xlsx", b"text,label\na,b\n", "not an Excel file but text"),
        ("data.feather", b"FEA1" + bytes(60), "Feather file of version 1"),
        ("data.csv", b"7z\xbc\xaf\x27\x1c" + bytes(60), "a 7-Zip archive"),
        ("data.csv", b"x" * 257 + b"ustar" + bytes(600), "a tar archive"),
        ("data.csv", b"<!doctype HTML>\n<p>a,b\n", "a web page"),
    ],
)
def test_what_is_no_table_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / name)


def test_an_address_with_two_slashes_is_explained() -> None:
    with pytest.raises(ConfigError, match="sqlite:///FILE"):
        read_file("sqlite://reviews.db")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "zażółć gęślą jaźń późno wieczorem"), ("cp850", "die Küche war schön und groß"),
        ("koi8_r", "холодный суп и плохое обслуживание"), ("cp1251", "холодный суп и плохое обслуживание"),
        ("cp1253", "κρύα σούπα και κακή εξυπηρέτηση"), ("cp1255", "מרק קר ושירות גרוע"), ("euc_kr", "차가운 수프와"),
        ("shift_jis", "冷たいスープ、まずいサービス"), ("gb18030", "冷汤和糟糕的服务"), ("big5", "冷湯和糟糕的服務"),
    ],
)  # fmt: skip
def test_the_right_encoding_is_among_those_proposed(encoding: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(("text,label\n" + f"{text} 1,a\n{text} 2,b\n").encode(encoding))
    with pytest.raises(DataError, match=f"{encoding} reads '{text[:6]}"):
        read_file(tmp_path / "data.csv")


def task(text: str, *answers: list[str] | None) -> dict[str, Any]:
    """Return a task as Label Studio exports it; None is an annotator who skipped it."""
    annotations = [
        {"result": [{"value": {"choices": each}, "type": "choices"}] if each else [], "was_cancelled": each is None}
        for each in answers
    ]
    counts = {"total_annotations": len(answers), "cancelled_annotations": answers.count(None), "total_predictions": 0}
    return {
        "id": 1,
        "data": {"text": text},
        "annotations": annotations,
        "meta": {},
        **counts,
        "comment_authors": [],
    }


def read_tasks(path: Path, tasks: list[dict[str, Any]], **spec: Any) -> Dataset:
    return read(path, json.dumps(tasks), **spec)


def test_label_studios_tasks_are_their_answers(tmp_path: Path) -> None:
    tasks = [task(text, ["orders"] if i < 6 else ["billing"]) for i, text in enumerate(TEXTS)]
    found = read_tasks(tmp_path / "one.json", tasks)
    assert (found.classes, found.multi_label) == (("billing", "orders"), False)
    agreeing = read_tasks(tmp_path / "two.json", [task(text, ["orders", "x"], ["x", "orders"], None) for text in TEXTS])
    assert agreeing.label_names() == [("orders", "x")] * 12
    none = read_tasks(
        tmp_path / "none.json", [*tasks, task("nothing of all this", []), task("two", ["orders", "billing"])]
    )
    assert none.label_names()[-2:] == [(), ("billing", "orders")]


@pytest.mark.parametrize("answers", [(), (None,), (None, None)])
def test_a_task_that_nobody_answered_has_no_label(answers: tuple[None, ...], tmp_path: Path) -> None:
    tasks = [task(text, ["orders"] if i < 6 else ["billing"]) for i, text in enumerate(TEXTS)]
    tasks[2] = task(TEXTS[2], *answers)
    with pytest.raises(DataError, match=r"1 label is missing in column 'annotations' \(row 3\)"):
        read_tasks(tmp_path / "data.json", tasks)
    corpus = load_corpus(str(tmp_path / "data.json"))
    assert np.flatnonzero(~corpus.has_label).tolist() == [2]


def test_records_without_keys_go_out_as_they_came_in(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label\n" + rows("orders", "billing"))
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text, "meta": {}}) + "\n" for text in TEXTS[:3]))
    command("train", "data.csv", "--recipe", "ngram", "-o", "m")
    for target in ("out.csv", "out.parquet", "out.jsonl"):
        command("predict", "m", "-i", "in.jsonl", "-o", target)
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith(f'"{TEXTS[0]}","{{}}",')


def test_a_test_file_without_labels_is_named_as_such(command: Command, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,target\n" + rows("orders", "billing"))
    (tmp_path / "test.csv").write_text("text,place\n" + rows("north", "south"))
    (tmp_path / "test.txt").write_text("\n".join(TEXTS))
    out = command("train", "train.csv", "--test", "test.csv", "--recipe", "ngram", "-o", "m", code=2).err
    assert "test.csv: no column 'target', which holds the labels of the other data" in out
    assert "plaudit predict -i" in out
    out = command("train", "train.csv", "--test", "test.txt", "--recipe", "ngram", "-o", "m", code=2).err
    assert "test.txt: it has no labels" in out


def test_a_broken_row_is_one_finding_and_its_place_is_said(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label\n" + rows("orders", "billing") + "one,two,three\n")
    found = command("audit", "data.csv", "--no-noise").out
    assert "row that cannot be read" in found
    assert "no text" not in found
    assert "line 14: expected 2 fields" in command("data", "show", "data.csv").out
