"""`plaudit audit`: what it finds and where, what it writes, and what it takes out."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plaudit.app import audit as app_audit
from plaudit.audit import load_corpus, review
from plaudit.data import read_file

pytest.importorskip("cleanlab", reason="plaudit audit needs the extra audit")
pytest.importorskip("jinja2", reason="plaudit audit needs the extra audit")
Command = Callable[..., Any]
LONG = "one two three four five six seven eight nine ten eleven twelve"
ROWS = [
    ("id", "text", "label"),
    ("a", "A fine film.", "pos"),  # line 2
    ("b", 'Two lines,\n"quoted"', "neg"),  # lines 3 and 4
    ("c", "A fine film.", "pos"),  # 5: again
    ("d", "a FINE film!", "neg"),  # 6: alike, another label
    ("e", LONG, "pos"),  # 7
    ("f", f"{LONG} thirteen", "pos"),  # 8: nearly the same
    ("g", "", "neg"),  # 9: no text
    ("h", "...", "neg"),  # 10: says nothing
    ("i", "no verdict", ""),  # 11: no label
    ("j", "=also <b>in</b> the test", "neg"),  # 12
    ("k", "cafÃ© & bar", "pos"),  # 13
]
TEST = [("text", "label"), ("=ALSO <b>in</b> the test", "neg"), ("fresh words", "meh"), ("more fresh words", "pos")]


def write_csv(path: Path, rows: Sequence[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_csv(tmp_path / "test.csv", TEST)
    return write_csv(tmp_path / "data.csv", ROWS)


def findings(folder: Path) -> list[dict[str, str]]:
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_fault_is_found_on_its_line(command: Command, data: Path, tmp_path: Path) -> None:
    done = command("audit", data, "--test", "test.csv", "-o", "found")
    found = {(row["kind"], row["part"], int(row["row"])): row for row in findings(tmp_path / "found")}
    assert set(found) == {
        ("leak", "train", 12), ("leak", "test", 2), ("conflict", "train", 2), ("conflict", "train", 5),
        ("conflict", "train", 6), ("no label", "train", 11), ("unseen class", "test", 3), ("empty", "train", 9),
        ("no letters", "train", 10), ("duplicate", "train", 5), ("duplicate", "train", 6),
        ("near duplicate", "train", 8), ("wrongly decoded", "train", 13), ("html", "train", 12), ("html", "test", 2),
    }  # fmt: skip
    assert found["duplicate", "train", 5]["detail"] == "equal to line 2"
    assert found["duplicate", "train", 6]["detail"] == "equal except for case and punctuation to line 2"
    assert found["near duplicate", "train", 8]["detail"] == "0.91 like line 7"
    assert found["leak", "train", 12]["detail"] == "equal except for case and punctuation to test line 2"
    assert found["conflict", "train", 2]["detail"] == "labelled pos 2; neg 1; the other way: line 6"
    assert found["conflict", "train", 2]["group"] == found["duplicate", "train", 6]["group"] != ""
    assert found["wrongly decoded", "train", 13]["detail"] == "Ã© for é"
    assert {row["file"] for row in found.values()} == {str(data), "test.csv"}
    assert "fix   text in two parts" in done.out
    assert "Label noise was not checked: 6 different texts are too few." in done.out
    assert "Places are lines of the file, counted from 1, the header too." in done.out
    figures = json.loads((tmp_path / "found" / "audit.json").read_text(encoding="utf-8"))
    assert figures["findings"]["conflict"] == {"gravity": "fix", "rows": {"train": 3, "test": 0}}
    assert figures["classes"]["test"] == {"meh": 1, "neg": 1, "pos": 1}


@pytest.mark.parametrize(
    ("drop", "kept"),
    [
        (None, "a b e f k"),
        ("junk", "a b c d e f j k"),
        ("duplicates", "a b e f g h i j k"),
        ("conflicts", "a b c e f g h i j k"),
        ("conflicts,duplicates,near", "a b e g h i j k"),
        ("leaks", "a b c d e f g h i k"),
        ("near", "a b c d e g h i j k"),
    ],
)
def test_what_is_dropped_is_what_was_named(
    command: Command, data: Path, tmp_path: Path, drop: str | None, kept: str
) -> None:
    options = [] if drop is None else ["--drop", drop]
    write_csv(data, [(*row, "train" if i else "plaudit_part") for i, row in enumerate(ROWS)])
    command("audit", data, "--test", "test.csv", "--write-clean", "clean.csv", *options)
    with (tmp_path / "clean.csv").open(encoding="utf-8", newline="") as stream:
        marked = [tuple(row) for row in csv.reader(stream)]
    assert [(row[1], row[2]) for row in marked if row[3] == "test"] == TEST[1:]
    rows = [row[:3] for row in marked if row[3] != "test"]
    assert rows == [row for row in ROWS if row[0] in {"id", *kept.split()}]
    with (tmp_path / "clean.csv.dropped.csv").open(encoding="utf-8", newline="") as stream:
        dropped = list(csv.DictReader(stream))
    assert len(dropped) == len(ROWS) - len(rows)
    assert {row["dropped_as"] for row in dropped} <= set((drop or "duplicates,conflicts,junk,leaks").split(","))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_the_cleaned_file_reads_back(command: Command, tmp_path: Path, suffix: str) -> None:
    rows = [
        {"n": i, "text": f"text number {i}, it's “so”", "label": "xy"[i % 2], "tags": ["q", str(i)]} for i in range(6)
    ]
    source = tmp_path / "data.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[2]]), encoding="utf-8")
    command("audit", source, "--no-noise", "--write-clean", f"clean.{suffix}")
    before, after = read_file(source), read_file(tmp_path / f"clean.{suffix}")
    assert after.texts.equals(before.texts.slice(0, 6))
    assert after.label_names() == before.label_names()[:6]
    assert after.extra.column_names == ["n", "tags", "plaudit_part"]
    assert [str(n) for n in after.extra["n"].to_pylist()] == [str(n) for n in range(6)]


def test_sets_of_labels_and_their_separator(command: Command, tmp_path: Path) -> None:
    rows = [("text", "label"), ("so glad", "joy,love"), ("so glad", "love,joy"), ("so glad!", "joy"), ("hm", "")]
    source = write_csv(tmp_path / "moods.csv", rows)
    command("audit", source, "--label-separator", ",", "-o", "found")
    kinds = [(row["kind"], row["row"]) for row in findings(tmp_path / "found")]
    assert kinds == [("conflict", "2"), ("conflict", "3"), ("conflict", "4"), ("duplicate", "3"), ("duplicate", "4")]


def test_parts_of_a_folder_and_files_of_a_folder_per_class(command: Command, tmp_path: Path) -> None:
    for name, text in {"train/pos/1": "good one", "train/neg/1": "bad one", "test/pos/x": "Bad, one"}.items():
        path = tmp_path / "data" / f"{name}.txt"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "data" / "test" / "neg").mkdir()
    (tmp_path / "data" / "test" / "neg" / "y.txt").write_text("other", encoding="utf-8")
    done = command("audit", "data", "-o", "found")
    leaks = {(row["part"], row["row"]): row["detail"] for row in findings(tmp_path / "found") if row["kind"] == "leak"}
    assert leaks[("train", "neg/1.txt")] == "equal except for case and punctuation to test file pos/x.txt"
    assert "Places are files." in done.out


def test_parquet_rows_are_counted_from_one(command: Command, tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b", None, "b"], "label": ["x", "y", "x", None]})
    pq.write_table(table, tmp_path / "data.parquet")
    command("audit", "data.parquet", "-o", "found")
    kinds = [(row["kind"], row["row"]) for row in findings(tmp_path / "found")]
    assert kinds == [("no label", "4"), ("empty", "3"), ("duplicate", "4")]


class Page(HTMLParser):
    """Collects what could load or run, the ids, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_is_whole_and_harmless(command: Command, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> \" onload='x' &amp; \x07\u202e {{ 7 * 7 }}"
    rows = [("text", "label"), (evil, "<i>pos"), (evil, "neg"), ("other", "neg")]
    command("audit", write_csv(tmp_path / "data.csv", rows), "-o", "found")
    page = (tmp_path / "found" / "audit.html").read_text(encoding="utf-8")
    parser = Page()
    parser.feed(page)
    assert not parser.tags & {"script", "i", "img", "link", "iframe", "object"}
    assert not [name for name, _ in parser.attributes if name.startswith("on") or name in ("src", "srcset")]
    links = [value or "" for name, value in parser.attributes if name == "href"]
    ids = {value for name, value in parser.attributes if name == "id"}
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert "url(" not in page
    assert evil.replace("\x07", "[U+0007]") in "".join(parser.words)
    assert "<i>pos" in parser.words
    for needed in ("prefers-color-scheme: dark", "@media print", 'name="viewport"', "default-src 'none'", "<svg"):
        assert needed in page


def test_json_is_one_object_and_nothing_else(command: Command, data: Path) -> None:
    write_csv(data, [(*row, "train" if i else "plaudit_part") for i, row in enumerate(ROWS)])
    figures = command("audit", data, "--no-noise", "--json", "--write-clean", "clean.jsonl").json()
    assert figures["label_noise"] == "not asked for"
    assert figures["clean"] == {
        "file": "clean.jsonl",
        "kept": 6,
        "dropped": {"conflict": 1, "no label": 1, "empty": 1, "no letters": 1, "duplicate": 1},
        "drop": ["duplicates", "conflicts", "noise", "junk", "leaks"],
    }


def test_the_sample_and_an_embeddings_words(command: Command, tmp_path: Path) -> None:
    done = command("audit", "sample", "--embedding", "random", "--seed", "1")
    figures = json.loads((tmp_path / "audits" / "sample" / "audit.json").read_text(encoding="utf-8"))
    assert figures["label_noise"] == "looked for"
    assert [(each["part"], each["known_to"]) for each in figures["coverage"]] == [
        ("test", "train"), ("train", "random"), ("test", "random"),
    ]  # fmt: skip
    assert "label probably wrong" in done.out
    noisy = [row for row in findings(tmp_path / "audits" / "sample") if row["kind"] == "label noise"]
    assert all(row["suggested_label"] != row["given_label"] for row in noisy)
    assert len({row["suggested_label"] for row in noisy}) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--drop", "spam", "--write-clean", "c.csv"), "--drop spam: expected names of duplicates, near"),
        (("--drop", "noise"), "--drop says what --write-clean leaves out"),
        (("--drop", "noise", "--no-noise", "--write-clean", "c.csv"), "contradict each other"),
        (("--write-clean", "c.xls"), "c.xls: cannot tell the format"),
        (("--write-clean", "data.csv"), "that is the train part itself"),
        (("--write-clean", "no/where.csv"), "no/where.csv: its folder does not exist"),
        (("--similarity", "0.2"), "--similarity 0.2: expected a share from 0.5 to 1"),
        (("--test", "0.2"), "--test 0.2: expected a file or folder of test texts"),
        (("--seed", "-1"), "seed"),
        (("-o", "data.csv"), "data.csv is a file, and the findings need a folder"),
        (("--embedding", "nowhere"), "nowhere"),
        (("--label-separator", " "), "--label-separator ' ': expected a mark"),
        (("--text-column", "body"), "--text-column body: no such column"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(command: Command, data: Path, options: tuple[str, ...], message: str) -> None:
    before = data.read_bytes()
    assert message in command("audit", "data.csv", *options, code=2).err
    assert data.read_bytes() == before


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "the file is empty"),
        (b"text,label\n", "no rows"),
        (b"\x89PNG\r\n", "a picture"),
        (b"text,label\na,\n", "data.csv:2: 1 label is missing"),
    ],
)
def test_foreign_files(command: Command, tmp_path: Path, contents: bytes, message: str) -> None:
    (tmp_path / "data.csv").write_bytes(contents)
    assert message in command("audit", "data.csv", code=2).err


def test_a_class_alone_is_a_finding_not_an_error(command: Command, tmp_path: Path) -> None:
    done = command("audit", write_csv(tmp_path / "data.csv", [("text", "label"), ("a b", "x"), ("c d", "x")]))
    assert "fix  train: one class only: every label is x" in done.out
    assert "Label noise was not checked: training has one class only." in done.out


def test_nothing_left_is_an_error_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "data.csv", [("text", "label"), ("same", "x"), ("same", "y")])
    message = command("audit", source, "--write-clean", "clean.csv", code=2).err
    assert "no training row would be left" in message
    assert not (tmp_path / "clean.csv").exists()


def test_without_cleanlab_the_rest_is_found(command: Command, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_audit, "_missing_extra", lambda: "Looking for label noise needs cleanlab")
    assert "Label noise was not checked: Looking for label noise needs cleanlab." in command("audit", data).out
    error = command("audit", data, "--write-clean", "c.csv", "--drop", "noise", code=2).err
    assert error == "plaudit: Looking for label noise needs cleanlab\n"


@pytest.mark.realdata
@pytest.mark.slow
def test_imdbs_known_duplicates() -> None:
    """123 test reviews are training reviews too, to the letter; 96 training reviews repeat another."""
    if not os.environ.get("PLAUDIT_IMDB"):
        pytest.skip("PLAUDIT_IMDB does not name the data")
    found = review(load_corpus("imdb"), look_for_noise=False)
    assert found.counts("leak") == [123, 123]
    equal = [each for each in found.of_kind("duplicate") if each.detail.startswith("equal to")]
    assert sum(each.row < 25_000 for each in equal) == 96
    assert re.match(r"train/(neg|pos)/\d+_\d+\.txt", str(found.corpus.place(equal[0].row)))
