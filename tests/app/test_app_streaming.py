"""`plaudit train --streaming`: the same model as in memory, from a file, a folder or a glob, and a tidy disk."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from plaudit.data import Dataset, load_sample, read_file
from plaudit.data.readers import rows
from plaudit.errors import DataError
from plaudit.evaluation import fingerprint
from plaudit.scratch import Scratch

Command = Callable[..., Any]
QUICK = ("--embedding", "random", "--epochs", "2")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_BYTES", 3_000)


def write(path: Path, data: Dataset, *, start: int = 0, stop: int | None = None) -> Path:
    texts, labels = data.texts.to_pylist()[start:stop], data.label_names()[start:stop]
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(pa.table({"text": texts, "label": labels}), path)
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(pa.table({"text": texts, "label": labels}), path)
    elif path.suffix == ".jsonl":
        lines = [json.dumps({"text": text, "label": label}) for text, label in zip(texts, labels, strict=True)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif path.suffix == ".tsv":
        lines = [f"{label}\t{text}" for text, label in zip(texts, labels, strict=True)]
        path.write_text("\n".join(["label\ttext", *lines]) + "\n", encoding="utf-8")
    elif path.suffix == ".txt":
        lines = [f"__label__{label} {text}" for text, label in zip(texts, labels, strict=True)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
            (path / label).mkdir(parents=True, exist_ok=True)
            (path / label / f"{i:04}.txt").write_text(text, encoding="utf-8")
    return path


def weights(folder: Path) -> dict[str, bytes]:
    """Return what decides the answers."""
    kinds = (".safetensors", ".arrow", ".npy")
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.suffix in kinds}


def record(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "streaming" in path.name]


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Callable[[Path], Dataset]]:
    """Read a file to disk."""
    scratch = Scratch(tmp_path)
    yield lambda path: read_file(path, scratch=scratch)
    scratch.close()


@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl", "mine.parquet", "mine.tsv", "mine.txt", "mine"])
def test_every_format_reads_as_it_does_in_memory(tmp_path: Path, name: str, stream: Callable[[Path], Dataset]) -> None:
    path = write(tmp_path / name, load_sample().train)
    whole, found = read_file(path), stream(path)
    assert found.texts.equals(whole.texts)
    assert found.classes == whole.classes
    assert found.labels is not None
    assert found.labels.tolist() == (whole.labels if whole.labels is not None else whole.texts).tolist()
    assert fingerprint(found) == fingerprint(whole)


@pytest.mark.parametrize(("recipe", "options"), [("ngram", ()), ("network", QUICK)])
@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl", "mine.parquet"])
def test_the_model_is_the_same_to_the_bit(
    command: Command, tmp_path: Path, name: str, recipe: str, options: tuple[str, ...]
) -> None:
    write(tmp_path / name, load_sample().train)
    here = command("train", name, "--recipe", recipe, *options, "-o", "here")
    there = command("train", name, "--recipe", recipe, *options, "--streaming", "-o", "there")
    assert weights(tmp_path / "there") == weights(tmp_path / "here")
    figures = [json.loads((tmp_path / each / "metrics.json").read_text()) for each in ("here", "there")]
    for part in ("validation", "test"):
        assert figures[0][part] == figures[1][part]
    notes = [
        [line for line in each.lines() if "note" in line and "cross-validated" not in line] for each in (here, there)
    ]
    assert notes[0] == notes[1]
    assert record(tmp_path / "there")["data"]["streaming"] is True
    assert record(tmp_path / "here")["versions"] == record(tmp_path / "there")["versions"]
    assert not hidden(tmp_path)


def test_its_record_repeats_it_and_evaluate_knows_its_test_texts(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "mine.csv", load_sample().train)
    command("train", "mine.csv", "--recipe", "ngram", "--streaming", "--refit", "-o", "model")
    command("train", "--config", "model/run.toml", "-o", "again")
    assert weights(tmp_path / "again") == weights(tmp_path / "model")
    assert record(tmp_path / "again") == record(tmp_path / "model")
    recorded = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert command("evaluate", "model", "mine.csv", "--json").json()["accuracy"] == recorded["accuracy"]
    command("train", "mine.csv", "--recipe", "ngram", "--refit", "-o", "here")
    assert weights(tmp_path / "here") == weights(tmp_path / "model")


@pytest.mark.parametrize("data", ["rows", "rows/*.jsonl"])
def test_a_folder_of_files_and_a_glob_are_one_data_set(command: Command, tmp_path: Path, data: str) -> None:
    sample = load_sample().train
    (tmp_path / "rows").mkdir()
    write(tmp_path / "rows" / "a.jsonl", sample, stop=300)
    write(tmp_path / "rows" / "b.jsonl", sample, start=300)
    write(tmp_path / "whole.jsonl", sample)
    command("train", "whole.jsonl", "--recipe", "ngram", "-o", "here")
    command("train", data, "--recipe", "ngram", "--streaming")
    assert weights(tmp_path / "models" / "rows-ngram") == weights(tmp_path / "here")


def test_parts_may_be_files_and_groups_stay_together(command: Command, tmp_path: Path) -> None:
    sample = load_sample().train
    lines = [
        json.dumps({"text": text, "label": label, "film": i // 5})
        for i, (text, label) in enumerate(zip(sample.texts.to_pylist(), sample.label_names(), strict=True))
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines[:500]) + "\n", encoding="utf-8")
    (tmp_path / "test.jsonl").write_text("\n".join(lines[500:]) + "\n", encoding="utf-8")
    options = ("--recipe", "ngram", "--group-by", "film", "--test", "test.jsonl", "--validation", "0.3")
    command("train", "mine.jsonl", *options, "-o", "here")
    command("train", "mine.jsonl", *options, "--streaming", "-o", "there")
    assert weights(tmp_path / "there") == weights(tmp_path / "here")
    assert record(tmp_path / "there")["versions"] == record(tmp_path / "here")["versions"]


@pytest.mark.parametrize(("recipe", "options"), [("ngram", ()), ("network", QUICK)])
def test_sets_of_labels_are_learned_the_same(
    command: Command, moods: Dataset, tmp_path: Path, recipe: str, options: tuple[str, ...]
) -> None:
    rows_of = zip(moods.texts.to_pylist(), moods.label_names(), strict=True)
    lines = [json.dumps({"text": text, "labels": list(names)}) for text, names in rows_of]
    (tmp_path / "moods.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command("train", "moods.jsonl", "--recipe", recipe, *options, "-o", "here")
    command("train", "moods.jsonl", "--recipe", recipe, *options, "--streaming", "-o", "there")
    assert weights(tmp_path / "there") == weights(tmp_path / "here")


def test_parts_that_a_file_marks_are_kept(command: Command, tmp_path: Path) -> None:
    data = load_sample().train.take(np.arange(90))
    marks = ["test" if i % 3 == 0 else "train" for i in range(90)]
    columns = {"text": data.texts, "label": data.label_names(), "plaudit_part": marks}
    pyarrow.csv.write_csv(pa.table(columns), tmp_path / "marked.csv")
    for name, more in (("here", ()), ("there", ("--streaming",))):
        command("train", "marked.csv", "--recipe", "ngram", *more, "-o", name)
    assert weights(tmp_path / "here") == weights(tmp_path / "there")
    assert record(tmp_path / "there")["versions"]["test_texts"] == fingerprint(data.take(np.arange(0, 90, 3)))


def test_texts_that_parts_share_are_noted_as_in_memory(command: Command, tmp_path: Path) -> None:
    sample = load_sample().train
    texts = [f"{i % 50} {text}" for i, text in enumerate(sample.texts.to_pylist()[:50] * 4)]
    data = Dataset(pa.array(texts, pa.large_string()), sample.labels[:50].repeat(4)[:200], sample.classes, "mine")  # type: ignore[index]
    write(tmp_path / "mine.csv", data)
    write(tmp_path / "test.csv", data, stop=60)
    write(tmp_path / "val.csv", data, start=60, stop=120)
    parts = ("mine.csv", "--test", "test.csv", "--validation", "val.csv", "--recipe", "ngram")
    here = command("train", *parts, "-o", "here")
    there = command("train", *parts, "--streaming", "-o", "there")
    notes = [line for line in there.lines() if "also among the training texts" in line]
    assert len(notes) == 2
    assert notes == [line for line in here.lines() if "also among the training texts" in line]


@pytest.mark.parametrize("recipe", ["encoder", "best", "distilled"])
def test_recipes_that_do_not_stream_say_so(command: Command, recipe: str) -> None:
    done = command("train", "sample", "--recipe", recipe, "--streaming", "-o", "model", code=2)
    assert f"--streaming: --recipe {recipe} keeps its texts in memory; network and ngram can stream." in done.err


BROKEN = [
    ("mine.csv", "text,label\na,x\nb\n", "mine.csv:3: expected 2 fields"),
    ("mine.csv", 'text,label\na,x\n"b,y\n', "mine.csv:3: not CSV"),
    ("mine.csv", "text,label\na,x\n ,y\n", "mine.csv:3: 1 text is blank"),
    ("mine.csv", "text,label\na,x\nb,\n", "mine.csv:3: 1 label is missing"),
    ("mine.csv", "text,label\na,x\nb,x\n", "every text has the label 'x'"),
    ("mine.csv", "text,label\n", "no rows"),
    ("mine.csv", "", "the file is empty"),
    ("mine.csv", "foo,bar,baz\na,b,c\n", "no text column found"),
    ("mine.jsonl", '{"text": "a", "label": "x"}\n[1]\n', "mine.jsonl:2: expected a JSON object"),
    ("mine.jsonl", '{"text": "a", "label": "x"}\n{"label": "y"}\n', "mine.jsonl:2: 1 text is blank"),
    ("mine.jsonl", '{"text": "a", "label": "x"}\n{"text": 3, "label": "y"}\n', "mine.jsonl:2: expected a string"),
    ("mine.jsonl", '{"text": "a", "label": {"x": 1}}\n', "mine.jsonl:1: expected a word or a number"),
    ("mine.tsv", "text\tlabel\na\tx\tb\nc\ty\n", "mine.tsv:2: expected 2 fields, got more"),
    ("mine.txt", "__label__x a\nb\n", "mine.txt:2: 1 label is missing"),
    ("mine.parquet", "no", "not a readable Parquet file"),
    ("mine.xls", "no", "its name does not tell the format"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "contents", "said"), BROKEN, ids=[f"{a}-{c[:24]}" for a, _, c in BROKEN])
def test_broken_data_is_refused_in_a_line(
    command: Command, tmp_path: Path, name: str, contents: str, said: str
) -> None:
    (tmp_path / name).write_text(contents, encoding="utf-8")
    assert said in command("train", name, "--streaming", "--recipe", "ngram", "-o", "model", code=2).err
    assert not (tmp_path / "model").exists()
    assert not hidden(tmp_path)


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path, stream: Callable[[Path], Dataset]) -> None:
    for name, data, said in (
        ("mine.csv", b"text,label\na,x\n\xff,y\n", "mine.csv:3: column 'text': byte 0xff is not UTF-8"),
        ("mine.jsonl", b'{"text": "a", "label": "x"}\n{"text": "\xff"}\n', "mine.jsonl:2: byte 0xff is not UTF-8"),
        (
            "zero.csv",
            b"text,label\na,x\n" + b"b,y\n" * 70_000 + b"\0,y\n",
            "zero.csv:70003: column 'text': a null byte",
        ),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=said):
            stream(tmp_path / name)


def test_nothing_there_and_no_match_are_told(command: Command, tmp_path: Path) -> None:
    assert "no such data set, file or folder" in command("train", "none.csv", "--streaming", code=2).err
    assert "no file matches" in command("train", "none*.csv", "--streaming", code=2).err
    write(tmp_path / "mine.csv", load_sample().train)
    done = command("train", "mine.csv", "--streaming", "--group-by", "film", code=2)
    assert "no column 'film' to group by; the others are: none." in done.err


def test_a_full_disk_ends_in_a_line_and_leaves_nothing(command: Command, tmp_path: Path, small_disk: Path) -> None:
    write(tmp_path / "mine.csv", load_sample().train)
    done = command("train", "mine.csv", "--recipe", "ngram", "--streaming", "-o", small_disk / "model", code=2)
    assert "cannot be written: No space left on device. Streaming keeps texts and tokens there" in done.err
    assert not list(small_disk.iterdir())


def test_an_interrupted_run_leaves_nothing(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object, **__: object) -> None:
        assert hidden(tmp_path)
        raise KeyboardInterrupt

    monkeypatch.setattr("plaudit.models.ngram.fit_logits", press)
    command("train", "sample", "--recipe", "ngram", "--streaming", "-o", "model", code=130)
    assert not hidden(tmp_path)
