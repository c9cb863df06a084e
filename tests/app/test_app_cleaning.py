"""Cleaning takes rows out of training alone: the test that a model is judged on is the same before and after."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit.app.run.parts import load_parts
from plaudit.config import DataConfig
from plaudit.data import load_dataset, normalise_texts, shared_texts
from plaudit.errors import DataError

pytest.importorskip("cleanlab", reason="plaudit audit needs the extra audit")
Command = Callable[..., Any]
GOOD, BAD = ("good", "fine", "joy", "warm"), ("bad", "dull", "cold", "grim")


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """300 texts, some twice, of which every tenth has the other label."""
    random = np.random.default_rng(5)
    rows = []
    for i in range(300):
        side = i % 2
        words = [*random.choice((GOOD, BAD)[side], 4).tolist(), *random.choice(GOOD + BAD, 1).tolist()]
        rows.append((" ".join([*words, f"film{i % 50}"]), "np"[side if i % 10 else 1 - side]))
    with (tmp_path / "noisy.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows, *rows[:30]])
    return tmp_path / "noisy.csv"


def sealed(model: Path) -> str:
    return str(tomllib.loads((model / "run.toml").read_text(encoding="utf-8"))["versions"]["test_texts"])


def test_a_cleaned_file_has_the_test_of_the_file_it_was_made_from(
    command: Command, noisy: Path, tmp_path: Path
) -> None:
    before = load_parts(DataConfig(str(noisy)), seed=0)
    command("audit", noisy, "--write-clean", "clean.csv")
    after = load_parts(DataConfig("clean.csv"), seed=0)
    assert len(after.train) < len(before.train)
    for part, other in ((after.validation, before.validation), (after.open_test(), before.open_test())):
        assert part.texts.equals(other.texts)
        assert part.label_names() == other.label_names()
    assert "its test rows are untouched" in after.notes[0]
    done = command("train", "clean.csv", "--recipe", "ngram", "-o", "clean")
    command("train", noisy, "--recipe", "ngram", "-o", "plain")
    assert sealed(tmp_path / "clean") == sealed(tmp_path / "plain")
    assert "its test rows are untouched" in done.out
    assert "test rows are untouched" in (tmp_path / "clean" / "README.md").read_text(encoding="utf-8")
    command("evaluate", "clean", "clean.csv")


def test_a_test_drawn_from_cleaned_rows_is_called_too_good(command: Command, noisy: Path) -> None:
    command("audit", noisy, "--write-clean", "clean.csv")
    done = command("train", "clean.csv", "--recipe", "ngram", "--test", "0.3", "-o", "model")
    said = "so the test figures are optimistic"
    assert said in done.out
    assert "Cross-validated" not in done.out  # of cleaned rows, too
    assert said in Path("model/README.md").read_text(encoding="utf-8")


def test_training_cleans_training_texts_alone(command: Command, noisy: Path) -> None:
    plain, config = load_parts(DataConfig(str(noisy)), seed=0), DataConfig(str(noisy), clean=True)
    clean = load_parts(config, seed=0)
    assert 0 < len(plain.train) - len(clean.train) < 60
    command("audit", noisy, "--write-clean", "clean.csv")
    assert sorted(load_parts(DataConfig("clean.csv"), seed=0).train.texts.to_pylist()) == sorted(
        clean.train.texts.to_pylist()
    )
    assert clean.open_test().texts.equals(plain.open_test().texts)
    assert clean.validation.texts.equals(plain.validation.texts)
    done = command("train", noisy, "--recipe", "ngram", "--clean", "-o", "model")
    said = "training texts were removed as doubtful or repeated"
    assert said in done.out
    for page in ("README.md", "report.html"):
        assert Path("model", page).read_text(encoding="utf-8").count(said) == 1
    assert command("evaluate", "model", noisy, "--json").json()["n"] == len(plain.open_test())


def test_a_reviewed_list_names_what_goes(command: Command, noisy: Path, tmp_path: Path) -> None:
    plain = load_parts(DataConfig(str(noisy)), seed=0)
    gone = plain.train.texts[3].as_py()
    label = plain.train.label_names()[3]
    for header, row, n in (
        (("text",), (gone,), 1),
        (("text", "given_label"), (gone, label), 1),
    ):
        with (tmp_path / "reviewed.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, row])
        parts = load_parts(DataConfig(str(noisy), clean_file="reviewed.csv"), seed=0)
        assert len(plain.train) - len(parts.train) >= n
        assert gone not in parts.train.texts.to_pylist()
    (tmp_path / "reviewed.csv").write_text("text\nnothing like it\n", encoding="utf-8")
    with pytest.raises(DataError, match="none of its 1 texts is among the training texts"):
        load_parts(DataConfig(str(noisy), clean_file="reviewed.csv"), seed=0)


def test_equal_texts_stay_on_one_side(noisy: Path) -> None:
    parts = load_parts(DataConfig(str(noisy)), seed=0)
    assert not shared_texts(parts.train, parts.open_test()).count
    assert not shared_texts(parts.train, parts.validation).count
    loose = load_parts(DataConfig(str(noisy), keep_together="none"), seed=0)
    assert shared_texts(loose.train, loose.open_test()).count


def test_spelled_in_another_way_a_text_is_the_same() -> None:
    """Of copies with HTML's entities 46 of 60 test texts stood in training."""
    same = [
        "Fish &amp; chips at the caf\u00e9",
        "fish & CHIPS  at the cafe\u0301",
        "\uff26ish &#38; chips at the caf&eacute;!",
    ]
    assert len(set(normalise_texts(pa.array(same, pa.large_string())).to_pylist())) == 1
    other = ["fish and chips at the cafe", "&", "&nbsp;", ":-)"]
    assert normalise_texts(pa.array(other, pa.large_string())).to_pylist() == [other[0], "&", "", ":-)"]


def test_nearly_equal_texts_stay_together_when_asked_for(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(400)]
    rows = [(" ".join(words[i : i + 14]), "ab"[i // 14 % 2]) for i in range(0, 380, 14)]
    rows += [(text + " again", label) for text, label in rows]
    with (tmp_path / "near.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    near = load_parts(DataConfig(str(tmp_path / "near.csv"), keep_together="near"), seed=0)
    sides = {text.removesuffix(" again") for text in near.train.texts.to_pylist()}
    held = [*near.open_test().texts.to_pylist(), *near.validation.texts.to_pylist()]
    assert not sides & {text.removesuffix(" again") for text in held}


def test_marks_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label,plaudit_part\na,x,train\nb,y,elsewhere\n", encoding="utf-8")
    with pytest.raises(DataError, match="expected train, validation, test, found 'elsewhere'"):
        load_dataset(tmp_path / "a.csv")
