"""`plaudit explain`: on the terminal, as JSON, as a page, and over a data set; never over a test part."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import plaudit
from plaudit.data import load_dataset

Command = Callable[..., Any]
TEXTS = ["a joy, <b>truly</b>", "", " ", "😀 naïve", "手机很好", "dull, dull, dull", "two\nlines \x1b[31m"]


def test_texts_are_shown_with_signs(command: Command, sample_model: Path) -> None:
    done = command("explain", sample_model, *TEXTS)
    assert re.search(r"\[[+-]+joy\]|\bjoy\b", done.out)
    assert "\x1b" not in done.out
    assert done.out.count("logit of pos") == len(TEXTS)
    assert "Method: integrated gradients from the empty text" in done.out


def test_json_holds_what_the_library_says(command: Command, sample_model: Path) -> None:
    rows = [json.loads(line) for line in command("explain", sample_model, "--json", *TEXTS).lines()]
    expected = plaudit.explain(plaudit.load(sample_model), TEXTS)
    assert [row["text"] for row in rows] == TEXTS
    for row, one in zip(rows, expected, strict=True):
        assert [word["share"] for word in row["words"]] == one.shares.tolist()
        assert all(row["text"][word["start"] : word["end"]] == word["word"] for word in row["words"])
        total = sum(word["share"] for word in row["words"])
        assert total == pytest.approx(row["logit"] - row["base_logit"], abs=1e-5)
        assert "flip" in row


def test_a_page_is_escaped_and_needs_nothing_else(command: Command, sample_model: Path, tmp_path: Path) -> None:
    done = command("explain", sample_model, "--html", "why.html", *TEXTS, "<script>alert(1)</script>")
    assert done.out == ""
    page = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert page.count("<article>") == len(TEXTS) + 1
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "alert" in html.unescape(page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("target", ["out.jsonl", "out.html"])
def test_a_file_becomes_a_file(command: Command, sample_model: Path, tmp_path: Path, target: str) -> None:
    rows = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    (tmp_path / "in.jsonl").write_text(rows, encoding="utf-8")
    assert command("explain", sample_model, "-i", "in.jsonl", "-o", target).out == ""
    written = (tmp_path / target).read_text(encoding="utf-8")
    if target.endswith("jsonl"):
        records = [json.loads(line) for line in written.splitlines()]
        assert [record["text"] for record in records] == TEXTS
        assert "flip" not in records[0]
    else:
        assert written.count("<article>") == len(TEXTS)


def test_words_over_the_models_own_validation_texts(command: Command, sample_model: Path) -> None:
    found = command("explain", sample_model, "--top", "3", "--json").json()
    assert found["data"] == "sample: the validation texts of this model"
    assert [one["label"] for one in found["classes"]] == ["neg", "pos"]
    assert all(len(one["words"]) == 3 for one in found["classes"])
    assert command("explain", sample_model, "--data", "sample", "--top", "3", "--json").json() == found
    limited = command("explain", sample_model, "--limit", "7", "--json").json()
    assert limited["texts"] == 7
    assert "neg" in command("explain", sample_model, "--class", "neg", "--top", "2").out


def test_mistakes_have_their_lines(command: Command, sample_model: Path, tmp_path: Path) -> None:
    rows = [("a joy, truly warm and funny", "neg"), ("dull, dull, dull", "neg"), ("a joy", "pos")]
    (tmp_path / "own.csv").write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    model = plaudit.load(sample_model)
    wrong = [i for i, (text, label) in enumerate(rows) if model.predict([text])[0] != label]
    assert wrong
    found = command("explain", sample_model, "--data", "own.csv", "--json").json()["mistakes"]
    assert sorted(each["place"] for each in found) == [f"own.csv:{i + 2}" for i in wrong]
    assert f"own.csv:{wrong[0] + 2}: answered " in command("explain", sample_model, "--data", "own.csv").out


def test_after_a_refit_mistakes_are_those_of_before(command: Command, tmp_path: Path) -> None:
    """The model has learned its validation texts by then, and would be wrong in few of them."""
    command("train", "sample", "--recipe", "ngram", "--regularisation", "0.05", "--refit", "-o", "again")
    found = command("explain", "again", "--json").json()
    wrong = json.loads((tmp_path / "again" / "report.json").read_text(encoding="utf-8"))["explained"]["mistakes"]
    assert [each["text"] for each in found["mistakes"]] == [each["text"] for each in wrong[:5]]
    (tmp_path / "again" / "validation.safetensors").unlink()
    assert "mistakes" not in command("explain", "again", "--json").json()


def test_the_test_texts_stay_closed(command: Command, sample_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    def watched(source: Any, *arguments: Any, parts: Any = ("train", "test"), **options: Any) -> Any:
        opened.append(parts)
        return load_dataset(source, *arguments, parts=parts, **options)

    for module in ("plaudit.app.run.parts", "plaudit.data"):
        monkeypatch.setattr(f"{module}.load_dataset", watched)
    command("explain", sample_model)
    (sample_model / "run.toml").unlink()
    found = command("explain", sample_model, "--data", "sample", "--json").json()
    assert found["data"] == "sample: its training part"
    assert opened
    assert all("test" not in parts for parts in opened)


def test_a_file_of_ones_own(command: Command, sample_model: Path, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("text\na joy\ndull\n", encoding="utf-8")
    found = command("explain", sample_model, "--data", "own.csv", "--json").json()
    assert (found["data"], found["texts"]) == ("own.csv: every row", 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a", "-i", "x.csv"], "give either texts"),
        (["a", "-o", "x.jsonl"], "-o goes with -i FILE"),
        (["-i", "none.csv"], "none.csv"),
        (["-i", "none.csv", "-o", "x.csv"], "name a file that ends in .jsonl or .html"),
        (["a", "--html", "x.txt"], "name a file that ends in .html"),
        (["a", "--html", "nowhere/x.html"], "its folder does not exist"),
        (["a", "--data", "sample"], "--data is for the words over a data set"),
        (["--html", "x.html"], "--html goes with texts"),
        (["a", "--class", "great"], "--class great: not one of the model's classes (neg, pos)"),
        (["--data", "nothing-here"], "no such data set, file or folder"),
    ],
)
def test_what_cannot_be_is_one_line(command: Command, sample_model: Path, words: list[str], message: str) -> None:
    assert message in command("explain", sample_model, *words, code=2).err


def test_a_model_without_its_run_says_what_to_name(command: Command, sample_model: Path) -> None:
    (sample_model / "run.toml").unlink()
    assert "name texts, a file (-i) or --data DATA" in command("explain", sample_model, code=2).err


def test_classes_by_name_and_turned_signs(command: Command, sample_model: Path) -> None:
    sides = [command("explain", sample_model, "--json", "--class", c, "a joy").json() for c in ("neg", "pos")]
    assert [row["label"] for row in sides] == ["neg", "pos"]
    assert sides[0]["logit"] == -sides[1]["logit"]


def test_what_has_no_answer_has_none_here(command: Command, sample_model: Path) -> None:
    out = command("explain", sample_model, "zxqv", "").out
    assert "no answer: unlike the training texts (explained: pos)" in out
    assert "no answer: the text is blank" in out
    assert "Without" not in out
    rows = [json.loads(line) for line in command("explain", sample_model, "--json", "zxqv", "a fine film").lines()]
    assert (rows[0]["reason"], rows[0]["flip"]) == ("no answer: unlike the training texts", None)
    assert "reason" not in rows[1]
