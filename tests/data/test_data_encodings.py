"""In which encoding a file is read: found only where it can be no other, from its first bytes that can tell."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.config import DataSpec
from plaudit.data import read_file
from plaudit.data.readers.encodings import find_encoding
from plaudit.errors import DataError

Command = Callable[..., Any]
GOOD, BAD = "das Essen war warm, viele Grüße", "kalte Pommes für teures Geld"


def table(a: str, b: str, n: int = 6) -> str:
    return "text,team\n" + "".join(f'"{a} {i}",good\n"{b} {i}",bad\n' for i in range(n))


@pytest.mark.parametrize(
    "text",
    [
        "viele Grüße, die Füße", "er sagte „Über allem“ und ging", "la lettre est créée et très belle", "hyvää päivää",
        "« Été »… c’est l’été", "größer und äußerst süß", "5 m² für 3 €", "¿qué tal?", "le cœur",
    ],
)  # fmt: skip
def test_western_european_text_is_taken_for_windows_1252(text: str) -> None:
    assert find_encoding(f"text,team\n{text},good\n".encode("cp1252"), None).name == "cp1252"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("суп был тёплый", "cp1251"), ("в 2 раза", "cp1251"), ("и он", "koi8-r"), ("ένα πιάτο", "cp1253"),
        ("汤很热", "gb18030"), ("50块 for a soup", "gb18030"), ("good soup。", "gb18030"), ("温かい", "shift_jis"),
        ("따뜻", "euc_kr"), ("miły kot", "cp1250"), ("łódź", "cp1250"), ("güzel ağaç", "cp1254"), ("şi", "cp1250"),
        ("טוב", "cp1255"), ("schön", "cp850"), ("café", "cp850"), ("größer", "cp850"),
    ],
)  # fmt: skip
def test_other_text_is_not(text: str, encoding: str) -> None:
    data = f"text,team\n{text},good\n".encode(encoding)
    assert find_encoding(data, None).name == "utf-8"
    assert "--encoding" in find_encoding(data, None).advice
    assert find_encoding(data, f"utf-8,{encoding}").name == encoding
    assert find_encoding(data.decode(encoding).encode(), f"utf-8,{encoding}").name == "utf-8"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_encoding_is_found_wherever_its_first_byte_stands(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    plain = table("the soup was warm and kind " + "a" * 50, "cold chips " + "b" * 50, 3_000)
    late = pack(plain.encode() + table(GOOD, BAD).split("\n", 1)[1].encode("cp1252"))
    path = tmp_path / f"late.csv{'.gz' if pack is gzip.compress else ''}"
    path.write_bytes(late)
    dataset = read_file(path)
    assert dataset.texts[-1].as_py() == f"{BAD} 5"
    assert dataset.origin is not None
    assert any("1252" in line for line in dataset.origin.said)


def test_a_folder_per_class_says_its_encoding(tmp_path: Path) -> None:
    for label, text in (("good", GOOD), ("bad", BAD)):
        (tmp_path / "texts" / label).mkdir(parents=True)
        for i in range(3):
            (tmp_path / "texts" / label / f"{i}.txt").write_bytes(f"{text} {i}".encode("cp1252"))
    dataset = read_file(tmp_path / "texts")
    assert dataset.texts[0].as_py() == f"{BAD} 0"
    assert dataset.origin is not None
    assert dataset.origin.spec.encoding == "cp1252"
    assert any("1252" in line for line in dataset.origin.said)


def test_many_rows_are_not_left_out_lightly(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(table("суп", "warm soup and nice people").encode("cp1251"))
    with pytest.raises(DataError, match=r"cp1251 reads.*--skip-invalid would leave out 6 of 12 rows"):
        read_file(tmp_path / "data.csv")
    left = read_file(tmp_path / "data.csv", spec=DataSpec(skip_invalid=True), classes=("bad", "good"))
    assert left.origin is not None
    assert "cp1251 reads" in left.origin.said[-1]  # and why is said where they are


def test_a_model_remembers_an_encoding_and_reads_utf_8_as_that(command: Command, tmp_path: Path) -> None:
    rows = table("суп был горячим", "холодная картошка", 20)
    for encoding in ("cp1251", "utf-8"):
        (tmp_path / f"{encoding}.csv").write_bytes(rows.encode(encoding))
    model = tmp_path / "model"
    command("train", tmp_path / "cp1251.csv", "--encoding", "cp1251", "--recipe", "ngram", "-o", model)
    for encoding in ("cp1251", "utf-8"):
        done = command("predict", model, "-i", tmp_path / f"{encoding}.csv", "-o", tmp_path / "out.csv")
        assert "could not be scored" not in done.err
        assert ("cp1251" in done.err) == (encoding == "cp1251")
        assert '"суп был горячим 0","good"' in (tmp_path / "out.csv").read_text(encoding="utf-8")
        shown = command("data", "show", tmp_path / f"{encoding}.csv", "--like", model)
        assert "холодная картошка" in shown.out


def test_an_encoding_of_several_is_the_first_that_can_read_it(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp1251"):
        (tmp_path / "data.csv").write_bytes(table("суп", "лук").encode(encoding))
        dataset = read_file(tmp_path / "data.csv", spec=DataSpec(encoding="utf-8,cp1251"))
        assert dataset.texts[0].as_py() == "суп 0"


def test_escapes_of_japanese_mail_are_read(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(table("温かいスープでした", "冷たいポテト").encode("iso2022_jp"))
    dataset = read_file(tmp_path / "data.csv")
    assert dataset.texts[0].as_py() == "温かいスープでした 0"
