"""No copy of a model's data flatters its figures: texts it was trained on are told from others, whatever their file."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit.app.run.met import Met
from plaudit.data import Dataset
from plaudit.errors import ModelError

Command = Callable[..., Any]
TREATS = {"glad": ["joy", "smile", "cheer", "warm"], "sad": ["gloom", "tears", "grim", "sorrow"]}


def rows(n: int, *, noise: float = 0.3) -> list[tuple[str, str]]:
    """Return texts with a label each, of which a share is wrong, so that remembering them pays."""
    draw = random.Random(5)
    found = []
    for i in range(n):
        kind = draw.choice(list(TREATS))
        text = f"{' '.join(draw.choices(TREATS[kind], k=3))} number {i} {draw.random():.6f}"
        found.append((text, kind if draw.random() > noise else draw.choice(list(TREATS))))
    return found


def write(path: Path, given: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *given])
    return path


def texts_of(texts: list[str]) -> Dataset:
    return Dataset(pa.array(texts, pa.large_string()), None, (), "texts")


@pytest.fixture
def trained(command: Command, tmp_path: Path) -> dict[str, Any]:
    """A model of 200 texts, and the accuracy of its own test."""
    write(tmp_path / "mine.csv", rows(200))
    command("train", "mine.csv", "--recipe", "ngram", "-o", "model")
    test: dict[str, Any] = json.loads(Path("model/metrics.json").read_text(encoding="utf-8"))["test"]
    return test


def test_a_shuffled_copy_in_capitals_is_told_from_its_test(command: Command, trained: dict[str, Any]) -> None:
    copied = [(f"  {text.upper()}!", label) for text, label in rows(200)]
    random.Random(1).shuffle(copied)
    write(Path("copy.csv"), copied)
    said = command("evaluate", "model", "copy.csv", "--json").json()
    assert said["seen"] == 200 - trained["n"]
    assert said["unseen"]["n"] == trained["n"]
    assert said["unseen"]["accuracy"] == trained["accuracy"]
    shown = command("evaluate", "model", "copy.csv").out
    assert f"accuracy, unseen   {said['unseen']['accuracy']:.4f}" in shown
    assert f"The model was trained or chosen on {said['seen']} of these 200 texts" in shown


def test_commands_that_judge_leave_seen_texts_out(command: Command, trained: dict[str, Any]) -> None:
    write(Path("copy.csv"), rows(200)[::-1])
    n, bound = trained["n"], f"accuracy<={trained['accuracy'] + 1e-9}"
    judged = command("gate", "model", "copy.csv", "--require", bound, "--json").json()
    assert (judged["met"], judged["n"]) == (True, n)
    assert judged["openings"] == 2  # the copy's other texts are the test
    assert f"without {200 - n} that a model was trained or chosen on" in judged["data"]
    assert command("gate", "model", "copy.csv", "--require", "accuracy>=0", "--all", "--json").json()["n"] == 200
    command("train", "mine.csv", "--recipe", "ngram", "--n-max", "1", "-o", "other")
    assert command("compare", "model", "other", "copy.csv", "--json").json()["n"] == n


def test_a_rule_is_chosen_neither_on_trained_nor_on_tested_texts(command: Command, trained: dict[str, Any]) -> None:
    new = [(text.replace("number", "about"), label) for text, label in rows(150)]
    write(Path("more.csv"), [*rows(200), *new])
    chosen = command("threshold", "model", "more.csv", "--f1", "--json").json()
    assert "without 200 that the model was trained or tested on" in chosen["data"]
    write(Path("copy.csv"), rows(200)[::-1])
    err = command("threshold", "model", "copy.csv", "--f1", code=2).err
    assert "the model was trained or tested on all of these texts" in err


def test_a_report_of_seen_texts_says_so(command: Command, trained: dict[str, Any]) -> None:
    write(Path("copy.csv"), rows(200)[::-1])
    command("report", "model", "--data", "copy.csv", "-o", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert f"{200 - trained['n']} of 200 texts are also among the training texts" in page
    assert f"On the {trained['n']} texts that were not seen in training" in page


def test_texts_all_of_which_were_trained_on_measure_nothing(command: Command, trained: dict[str, Any]) -> None:
    met = Met.read(Path("model"))
    assert met is not None
    sealed = set(met.tested.tolist())
    texts = texts_of([text for text, _ in rows(200)])
    known = [row for row, digest in zip(rows(200), texts.digests.tolist(), strict=True) if digest not in sealed]
    write(Path("known.csv"), known)
    assert f"trained or chosen on all {len(known)} of these texts" in command("evaluate", "model", "known.csv").out
    err = command("gate", "model", "known.csv", "--require", "accuracy>=0", code=2).err
    assert f"a model was trained on each of the {len(known)} texts" in err


def test_what_was_met_is_kept_to_the_bit_and_read_strictly(tmp_path: Path) -> None:
    parts = [texts_of(["a b", "c"]), texts_of(["d"]), texts_of([])]
    Met.of(*([part] for part in parts)).write(tmp_path)
    met = Met.read(tmp_path)
    assert met is not None
    asked = texts_of(["C", "d!", "e"])
    assert met.is_seen(asked).tolist() == [True, True, False]
    assert met.is_for_choosing(asked).tolist() == [False, True, True]
    assert np.isin(met.trained, parts[0].digests).all()
    (tmp_path / "seen.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"seen\.safetensors"):
        Met.read(tmp_path)
