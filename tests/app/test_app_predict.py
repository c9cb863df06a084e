"""`plaudit predict`: one answer for each text, in order, and nothing of a row lost."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

import plaudit

Command = Callable[..., Any]
TEXTS = ["a joy, truly", "", "   ", "😀 naïve", 'she said "no"', "two\nlines", "dull, dull, dull", "a joy, truly"]


def answers(model: Path, texts: list[str] = TEXTS) -> list[str]:
    return [str(label) for label in plaudit.load(model).predict(texts)]


def test_texts_as_arguments_get_a_line_each(command: Command, sample_model: Path) -> None:
    lines = command("predict", sample_model, *TEXTS).lines()
    told = [0, 4, 5, 6, 7]
    assert [lines[i].split()[0] for i in told] == [answers(sample_model)[i] for i in told]
    assert all(0.5 <= float(lines[i].split()[1]) <= 1 for i in told)
    assert lines[5].endswith("two lines")
    assert all(lines[i].startswith("no answer: the text is blank (") for i in (1, 2))
    assert lines[3].startswith("no answer: unlike the training texts (")


def test_a_text_without_a_known_word_has_no_answer(command: Command, sample_model: Path) -> None:
    records = [json.loads(line) for line in command("predict", sample_model, "zxqv", "", "good", "--json").lines()]
    reasons = ["unlike the training texts", "the text is blank", None]
    assert [record.get("reason") for record in records] == reasons
    lines = command("predict", sample_model, "zxqv", "", "good").lines()
    assert [line.split("(")[0] for line in lines[:2]] == [
        "no answer: unlike the training texts ",
        "no answer: the text is blank ",
    ]
    assert not lines[2].startswith("no answer")


def test_json_gives_every_probability(command: Command, sample_model: Path) -> None:
    done = command("predict", sample_model, "--json", *TEXTS)
    rows = [json.loads(line) for line in done.lines()]
    assert [row["text"] for row in rows] == TEXTS
    assert [row["label"] for row in rows] == answers(sample_model)
    expected = plaudit.load(sample_model).predict_proba(TEXTS)
    assert [list(row["probabilities"].values()) for row in rows] == expected.tolist()
    assert list(rows[0]["probabilities"]) == ["neg", "pos"]


def write(folder: Path, suffix: str) -> Path:
    """Write the texts with a number and a remark for each, in one of the formats."""
    path = folder / f"in{suffix}"
    rows = [{"id": i, "text": text, "remark": f"r{i}"} for i, text in enumerate(TEXTS)]
    if suffix in (".csv", ".csv.gz"):
        sink = io.StringIO()
        writer = csv.DictWriter(sink, ["id", "text", "remark"])
        writer.writeheader()
        writer.writerows(rows)
        data = sink.getvalue().encode()
        path.write_bytes(gzip.compress(data, mtime=0) if suffix.endswith("gz") else data)
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".parquet":
        return list(pyarrow.parquet.read_table(path).to_pylist())
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.mark.parametrize("target", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("source", [".csv", ".csv.gz", ".jsonl", ".parquet"])
def test_every_row_comes_back_in_order_with_its_columns(
    command: Command, sample_model: Path, tmp_path: Path, source: str, target: str
) -> None:
    write(tmp_path, source)
    command("predict", sample_model, "-i", f"in{source}", "-o", f"out{target}")
    rows = read(tmp_path / f"out{target}")
    assert [row["text"] for row in rows] == TEXTS
    assert [str(row["id"]) for row in rows] == [str(i) for i in range(len(TEXTS))]
    assert [row["remark"] for row in rows] == [f"r{i}" for i in range(len(TEXTS))]
    assert [row["prediction"] for row in rows] == answers(sample_model)
    chosen = plaudit.load(sample_model).predict_proba(TEXTS).max(axis=1)
    assert [float(row["probability"]) for row in rows] == pytest.approx(chosen.tolist())
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == [f"in{source}", f"out{target}"]


def test_tsv_is_written_where_it_can_hold_the_rows(command: Command, sample_model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_text("text\tid\ngood film\t1\n\t2\n", encoding="utf-8")
    command("predict", sample_model, "-i", "in.tsv", "-o", "out.tsv")
    assert [row["id"] for row in read(tmp_path / "out.tsv")] == ["1", "2"]
    write(tmp_path, ".jsonl")
    done = command("predict", sample_model, "-i", "in.jsonl", "-o", "new.tsv", code=2)
    assert "row 6 holds a tab or a line break" in done.err
    assert not (tmp_path / "new.tsv").exists()


@pytest.mark.parametrize("name", ["in.txt", "folder"])
def test_fast_text_and_folders_are_read(command: Command, sample_model: Path, tmp_path: Path, name: str) -> None:
    if name == "folder":
        for label in ("pos", "neg"):
            (tmp_path / "folder" / label).mkdir(parents=True)
            (tmp_path / "folder" / label / "1.txt").write_text(f"{label} film")
    else:
        (tmp_path / name).write_text("__label__pos pos film\n__label__neg neg film\n")
    command("predict", sample_model, "-i", name, "-o", "out.jsonl")
    assert {row["text"].strip() for row in read(tmp_path / "out.jsonl")} == {"pos film", "neg film"}


def test_without_a_target_the_rows_are_printed(command: Command, sample_model: Path, tmp_path: Path) -> None:
    write(tmp_path, ".jsonl")
    printed = command("predict", sample_model, "-i", "in.jsonl").out
    assert [row["text"] for row in csv.DictReader(io.StringIO(printed, newline=""))] == TEXTS
    printed = command("predict", sample_model, "-i", "in.jsonl", "--json").out
    assert [json.loads(line)["text"] for line in printed.splitlines()] == TEXTS


def test_labels_that_are_there_are_kept(command: Command, sample_model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,label\ngood,pos\nbad,anything\n")
    command("predict", sample_model, "-i", "in.csv", "-o", "out.csv")
    assert [row["label"] for row in read(tmp_path / "out.csv")] == ["pos", "anything"]


def test_lists_and_records_are_kept_as_json_in_csv(command: Command, sample_model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "good", "tags": ["a", "b"], "by": {"name": "é"}}\n{"text": "bad"}\n')
    command("predict", sample_model, "-i", "in.jsonl", "-o", "out.csv")
    first, second = read(tmp_path / "out.csv")
    assert (json.loads(first["tags"]), json.loads(first["by"])) == (["a", "b"], {"name": "é"})
    assert second["tags"] == ""
    command("predict", sample_model, "-i", "in.jsonl", "-o", "out.jsonl")
    assert read(tmp_path / "out.jsonl")[0]["tags"] == ["a", "b"]


def test_the_input_is_never_overwritten(command: Command, sample_model: Path, tmp_path: Path) -> None:
    before = write(tmp_path, ".csv").read_bytes()
    for source in ("in.csv", "*.csv", "."):
        done = command("predict", sample_model, "-i", source, "-o", "in.csv", code=2)
        assert "in.csv is read and cannot be written: name another output." in done.err
    assert (tmp_path / "in.csv").read_bytes() == before
    command("predict", sample_model, "-i", "in.csv", "-o", "out.csv")
    done = command("predict", sample_model, "-i", "out.csv", "-o", "new.csv", code=2)
    assert "a column is named 'prediction' already" in done.err


def test_columns_keep_their_names(command: Command, sample_model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("review,text,label\ngood,x,a\nbad,y,b\n")
    command("predict", sample_model, "-i", "in.csv", "--text-column", "review", "-o", "out.csv")
    rows = read(tmp_path / "out.csv")
    assert [(row["review"], row["text"], row["label"]) for row in rows] == [("good", "x", "a"), ("bad", "y", "b")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give either texts"),
        (["good", "-i", "in.csv"], "give either texts"),
        (["good", "-o", "out.csv"], "-o goes with -i FILE"),
        (["-i", "in.csv", "-o", "out.csv", "--json"], "--json prints"),
        (["-i", "in.csv", "-o", "out.xlsx"], "out.xlsx: cannot tell the format; name a file that ends in .csv"),
        (["-i", "in.csv", "-o", "out"], "cannot tell the format"),
        (["-i", "in.csv", "-o", "no/out.csv"], "no/out.csv: its folder does not exist"),
        (["-i", "in.csv", "-o", "in.csv/out.csv"], "its folder does not exist"),
        (["-i", "in.csv", "-o", "d.csv"], "d.csv: is a folder"),
        (["-i", "nothing.csv"], "nothing.csv: no such file or folder"),
        (["-i", "in.csv", "--text-column", "nope"], "--text-column nope: no such column"),
        (["-i", "empty.csv"], "the file is empty"),
        (["-i", "binary.csv"], "a null byte"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    command: Command, sample_model: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "in.csv").write_text("text\ngood\n")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "binary.csv").write_bytes(bytes(100))
    (tmp_path / "d.csv").mkdir()
    assert message in command("predict", sample_model, *words, code=2).err


def test_a_full_disk_leaves_the_old_answers(command: Command, sample_model: Path, small_disk: Path) -> None:
    (small_disk / "out.csv").write_text("old")
    source = small_disk.parent / "in.csv"
    source.write_text("text\n" + "good film\n" * 5_000)
    done = command("predict", sample_model, "-i", source, "-o", small_disk / "out.csv", code=2)
    assert "out.csv: cannot be written: No space left on device" in done.err
    assert [path.name for path in small_disk.iterdir()] == ["out.csv"]
    assert (small_disk / "out.csv").read_text() == "old"
