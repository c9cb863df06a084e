"""What a model remembers of how its data were read, and what one part of a data set takes over from another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.config import DataSpec
from plaudit.data import load_dataset, read_file
from plaudit.errors import DataError

Command = Callable[..., Any]
TEXTS = [f"my parcel number {i} never arrived" for i in range(8)] + [f"i was charged twice for {i}" for i in range(8)]
LABELS = ["orders"] * 8 + ["billing"] * 8
ROWS = list(zip(TEXTS, LABELS, strict=True))


def rows(mark: str = ",") -> str:
    return "".join(f"{text}{mark}{label}\n" for text, label in zip(TEXTS, LABELS, strict=True))


def spec_of(path: Path, content: str, **given: Any) -> DataSpec:
    path.write_text(content, encoding="utf-8")
    origin = read_file(path, spec=DataSpec(**given)).origin
    assert origin is not None
    return DataSpec(**{**vars(origin.spec), "encoding": None})


def read_like(path: Path, content: str, memory: DataSpec) -> list[str]:
    path.write_text(content, encoding="utf-8")
    texts: list[str] = read_file(path, require_labels=False, remembered=memory).texts.to_pylist()
    return texts


def test_a_delimiter_and_a_format_that_were_told(tmp_path: Path) -> None:
    tilde = spec_of(tmp_path / "a.csv", f"what~which\n{rows('~')}", delimiter="~", text_column="what")
    assert read_like(tmp_path / "b.csv", "what~which\nhello there you~x\n", tilde) == ["hello there you"]
    assert read_like(tmp_path / "c.csv", "what,which\nhello there you,x\n", tilde) == ["hello there you"]
    columns = spec_of(tmp_path / "a.txt", rows(";"), format="csv", header=False)
    assert read_like(tmp_path / "b.txt", "hello there you;x\nand you there;y\n", columns) == [
        "hello there you", "and you there",
    ]  # fmt: skip


def test_a_file_without_a_header_is_read_as_one(tmp_path: Path) -> None:
    memory = spec_of(tmp_path / "a.csv", rows())
    assert memory.header is False
    assert read_like(tmp_path / "b.csv", "it is ok,orders\nso so,billing\n", memory) == ["it is ok", "so so"]
    assert read_like(tmp_path / "c.csv", "text,label\nit is ok,orders\n", memory) == ["it is ok"]
    numbers = "7,my parcel never arrived\n8,i was charged twice\n9,where is it now\n"
    assert read_like(tmp_path / "d.csv", numbers, memory)[0] == "my parcel never arrived"


def test_columns_in_other_capitals(tmp_path: Path) -> None:
    table = "title,body,team\n" + "".join(f"hello,{row}\n" for row in rows().splitlines())
    memory = spec_of(tmp_path / "a.csv", table, text_column=("title", "body"))
    assert read_like(tmp_path / "b.csv", "Title,Body\nhi,where is it\n", memory) == ["hi\n\nwhere is it"]


def test_a_separator_of_labels(command: Command, tmp_path: Path) -> None:
    table = "text,tags\n" + "".join(f"{text},{'a|b' if i % 2 else 'b'}\n" for i, text in enumerate(TEXTS))
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    (tmp_path / "b.csv").write_text(table.replace("number", "no"), encoding="utf-8")
    command("train", "a.csv", "--label-separator", "|", "--recipe", "ngram", "-o", "model")
    assert command("evaluate", "model", "b.csv", "--json").json()["n"] == len(TEXTS)


def test_a_test_part_has_the_columns_of_the_training_part(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(f"text,category\n{rows()}", encoding="utf-8")
    lines = "".join(f"{row},x{i % 2}\n" for i, row in enumerate(rows().splitlines()))
    (tmp_path / "test.csv").write_text(f"text,category,label\n{lines}", encoding="utf-8")
    splits = load_dataset(tmp_path)
    assert splits.test is not None
    assert splits.test.label_names() == LABELS


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train-00000-of-00001.csv", "test-00000-of-00001.csv"), ("train_data.csv", "test_data.csv"),
        ("training.csv", "testing.csv"), ("reviews_train.csv", "reviews_test.csv"), ("Train.csv", "Test.csv"),
    ],
)  # fmt: skip
def test_the_names_of_parts(train: str, test: str, tmp_path: Path) -> None:
    (tmp_path / train).write_text(f"text,label\n{rows()}", encoding="utf-8")
    (tmp_path / test).write_text("text,label\na new one,orders\nand another,billing\n", encoding="utf-8")
    splits = load_dataset(tmp_path)
    assert splits.test is not None
    assert (len(splits.train), len(splits.test)) == (16, 2)


def test_pieces_of_a_part_and_files_that_only_sound_like_one(tmp_path: Path) -> None:
    for i in range(2):
        (tmp_path / f"train-0000{i}-of-00002.csv").write_text(f"text,label\n{rows()}", encoding="utf-8")
    (tmp_path / "test-00000-of-00001.csv").write_text("text,label\na new one,orders\n", encoding="utf-8")
    splits = load_dataset(tmp_path)
    assert splits.test is not None
    assert (len(splits.train), len(splits.test)) == (32, 1)
    (tmp_path / "other").mkdir()
    for name in ("train_station.csv", "bus_stop.csv"):
        (tmp_path / "other" / name).write_text(f"text,label\n{rows()}", encoding="utf-8")
    assert len(load_dataset(tmp_path / "other").train) == 32


@pytest.mark.parametrize("cell", ["null", '""'])
def test_a_missing_list_of_0_and_1_is_a_missing_label(cell: str, tmp_path: Path) -> None:
    lines = [f'{{"text": "{text}", "label": [{i % 2}, 1]}}' for i, text in enumerate(TEXTS)]
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, f'{{"text": "one more", "label": {cell}}}\n']))
    with pytest.raises(DataError, match=r"1 label is missing in column 'label' \(line 17\)"):
        read_file(tmp_path / "a.jsonl")


def test_a_single_column_is_the_text_of_a_prediction(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("tags\nhello there\nwhere is it\n", encoding="utf-8")
    assert read_file(tmp_path / "a.csv", require_labels=False).texts.to_pylist() == ["hello there", "where is it"]


@pytest.mark.parametrize("again", ["\ufefftext,label", "Text,Label", "text, label"])
def test_a_header_in_the_middle_however_it_is_written(again: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"text,label\n{rows()}{again}\n{rows()}", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.csv:18: the columns' names again"):
        read_file(tmp_path / "a.csv")


def test_probabilities_are_no_labels(tmp_path: Path) -> None:
    lines = "".join(f'{{"text": "{text}", "label": [0.1, 0.9]}}\n' for text in TEXTS)
    (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    with pytest.raises(DataError, match="numbers with a fraction, as probabilities are"):
        read_file(tmp_path / "a.jsonl")


def test_a_folder_per_class_says_what_it_leaves_out(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "texts" / label).mkdir(parents=True)
        (tmp_path / "texts" / label / "1.txt").write_text(f"a text of {label}")
    (tmp_path / "texts" / "a" / "2.TXT").write_text("another text of a")
    (tmp_path / "texts" / "b" / "2.txt.gz").write_bytes(b"x")
    dataset = read_file(tmp_path / "texts")
    assert len(dataset) == 3
    assert dataset.origin is not None
    assert "left out: 1 file that is not .txt (b/2.txt.gz)" in dataset.origin.said


def test_blank_cells_of_sets_are_counted(tmp_path: Path) -> None:
    table = "text,tags\n" + "".join(f"{text},{'a|b' if i % 2 else ''}\n" for i, text in enumerate(TEXTS))
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    origin = read_file(tmp_path / "a.csv", spec=DataSpec(label_separator="|")).origin
    assert origin is not None
    assert "labels: 8 of 16 cells are blank, read as none of the labels" in origin.said


@pytest.mark.parametrize("label", [r"\N", "<NA>", "NaT", "(blank)"])
def test_words_for_nothing_are_noted(label: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"text,label\n{rows()}one more,{label}\nand more,{label}\n", encoding="utf-8")
    origin = read_file(tmp_path / "a.csv").origin
    assert origin is not None
    assert any("may mean that there is none" in finding.message for finding in origin.findings)


def test_texts_joined_of_blank_columns_are_blank(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"a": "h", "b": text, "label": label} for text, label in ROWS]
    records[2] |= {"a": None, "b": ""}
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    with pytest.raises(DataError, match=r":3: 1 text is blank in column 'a \+ b'"):
        read_file(path, text_column=("a", "b"))
    read = read_file(path, text_column=("a", "b"), skip_invalid=True)
    assert read.texts.to_pylist() == [f"h\n\n{text}" for i, (text, _) in enumerate(ROWS) if i != 2]


def test_predict_says_which_remembered_column_is_missing(command: Command, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("message,team\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    (tmp_path / "two.csv").write_text("head,body,team\n" + "".join(f"h,{text},{label}\n" for text, label in ROWS))
    command("train", "one.csv", "--recipe", "ngram", "-o", "m1")
    columns = ("--text-column", "head", "--text-column", "body")
    command("train", "two.csv", "--recipe", "ngram", "-o", "m2", *columns)
    said = command("predict", "m1", "-i", "two.csv", "-o", "o.csv").err
    assert "text: the model's column 'message' is missing; 'body' is taken" in said
    refused = command("predict", "m2", "-i", "one.csv", "-o", "o2.csv", code=2).err
    assert "joined from 'head', 'body'; 'head', 'body' are missing" in refused
    assert (
        "one.csv is a file; its rows: plaudit predict m1 -i one.csv" in command("predict", "m1", "one.csv", code=2).err
    )


def test_a_folder_whose_test_part_has_no_labels_is_refused_before_training(command: Command, tmp_path: Path) -> None:
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "train.csv").write_text("message,team\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    (tmp_path / "k" / "test.csv").write_text("message\n" + "".join(f"{text}\n" for text, _ in ROWS))
    error = command("train", "k", "--recipe", "ngram", "-o", "m", code=2)
    assert "It is the test part of k; without it: plaudit train k/train.csv." in error.err
    assert "epoch" not in error.out
