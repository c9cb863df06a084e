"""`plaudit advise`, and the line that `plaudit train` may begin with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.app import advise as app_advise
from plaudit.app.advise import advice_line, describe_advice
from plaudit.data import load_dataset
from plaudit.models.advice import DataFacts, Machine, advise, look_at

Command = Callable[..., Any]
MACHINE = Machine(cores=2, has_torch=True)


@pytest.fixture(autouse=True)
def same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_advise, "this_machine", lambda *, ask_for_gpu=True: MACHINE)


def write_short_texts(path: Path) -> Path:
    rows = [f"it is the {word} of you,{label}" for word, label in (("joy", "good"), ("end", "bad"))] * 5_000
    path.write_text("message,team\n" + "\n".join(rows) + "\n")
    return path


def test_advice_is_the_data_the_recipe_the_time_and_the_next_command(command: Command) -> None:
    lines = command("advise", "sample").lines()
    assert lines[0].startswith(
        "Data: sample, 648 texts of 71 words (median); 2 classes of 324 to 324 texts; letters Latin"
    )
    assert lines[0].endswith("(English).")
    assert lines[1] == "Advice: --recipe auto, which trains ngram and best --frozen and keeps the better one."
    assert lines[2].startswith("ngram: 648 texts / 71 words a text = 9: below 1,500")
    assert lines[3].startswith("best --frozen: N-grams and a frozen encoder.")
    assert lines[4].startswith("Training time, estimated for this machine (2 cores): ")
    assert lines[-1] == "Next: plaudit train sample --recipe auto"


def test_the_next_command_names_the_columns_and_quotes_the_file(command: Command, tmp_path: Path) -> None:
    write_short_texts(tmp_path / "my data.csv")
    out = command("advise", "my data.csv", "--text-column", "message", "--label-column", "team").lines()
    expected = "plaudit train 'my data.csv' --recipe encoder --text-column message --label-column team"
    assert out[-1] == f"Next: {expected}"
    assert "(English)" in out[0]


def test_json_holds_facts_machine_advice_and_command(command: Command) -> None:
    found = json.loads(command("advise", "sample", "--json").out)
    assert found["data"]["n_texts"] == 648
    assert found["data"]["is_english"] is True
    assert found["machine"] == {"cores": 2, "has_torch": True, "gpu": None}
    assert found["advice"]["choice"]["recipe"] == "ngram"
    assert found["advice"]["beside"]["recipe"] == "best --frozen"
    assert found["command"] == "plaudit train sample --recipe auto"


@pytest.mark.parametrize("content", ["", "text,label\n", "text\na\n", "text,label\na,\n", "text,label\na,b\n", "\0\0"])
def test_empty_and_broken_files_are_one_line(command: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.csv").write_text(content)
    result = command("advise", "odd.csv", code=2)
    assert "odd.csv" in result.err
    assert len(result.err.splitlines()) == 1


def test_what_a_file_holds_cannot_command_the_terminal() -> None:
    facts = DataFacts(
        9_000, 10, 10.0, 10.0, {"a": 8_900, "\x1b[31mb": 100}, True, {"Thai": 0.995, "Lao": 0.005}, "th", 3
    )
    lines = describe_advice("x\x1b.csv", facts, Machine(4, True, "a GPU"), advise(facts, MACHINE))
    assert not any("\x1b" in line for line in lines)
    assert (
        "2 labels, several a text, of 100 to 8,900 texts; letters Thai 100 % (Thai); 3 more texts without labels"
        in lines[0]
    )
    assert "(4 cores, a GPU)" in lines[2]


def test_training_with_the_default_is_told_of_a_better_recipe() -> None:
    line = advice_line(look_at(load_dataset("sample").train), recipe="network", source="my data.csv")
    assert line == (
        "Recipe: network (the default); for 648 texts of 71 words, --recipe ngram is usually more accurate: "
        "plaudit advise 'my data.csv'"
    )


def test_training_with_the_advised_recipe_is_told_nothing() -> None:
    assert advice_line(look_at(load_dataset("sample").train), recipe="ngram", source="sample") is None


def test_this_machine_has_cores_and_is_asked_for_a_gpu_only_when_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(app_advise, "gpu_name", lambda: pytest.fail("asked"))
    assert app_advise.this_machine(ask_for_gpu=False).cores >= 1
