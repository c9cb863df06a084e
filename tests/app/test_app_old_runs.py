"""Models and runs that were written before data had one front door open as they did, and work on their data.

The folders beside `door/before/tickets.csv` were trained on it, by the version that their run.toml names:

    plaudit train tickets.csv --text-column message --label-column team --recipe ngram --output ngram
    plaudit train tickets.csv --text-column message --label-column team --embedding random --epochs 8 \
        --learning-rate 0.05 --output network
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.config import RunConfig

Command = Callable[..., Any]  # the fixture `command`
BEFORE = Path(__file__).parents[1] / "data" / "door" / "before"
MODELS = ("ngram", "network")


@pytest.fixture
def model(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A copy of one of the folders, with its data beside it, in the test's folder."""
    shutil.copytree(BEFORE / request.param, tmp_path / request.param)
    shutil.copy(BEFORE / "tickets.csv", tmp_path)
    return str(request.param)


@pytest.mark.parametrize("name", MODELS)
def test_it_answers_as_it_did(name: str) -> None:
    """To a float32's last digits, for the products of matrices differ so much from machine to machine."""
    expected = json.loads((BEFORE / "probabilities.json").read_text(encoding="utf-8"))
    found = plaudit.load(BEFORE / name).predict_proba(expected["texts"])
    np.testing.assert_allclose(found, expected[name], rtol=2e-6)


@pytest.mark.parametrize("model", MODELS, indirect=True)
@pytest.mark.parametrize("flags", [(), ("--text-column", "message", "--label-column", "team")], ids=["bare", "flags"])
def test_evaluate_finds_the_texts_that_were_kept(command: Command, model: str, flags: tuple[str, ...]) -> None:
    """And knows that they were opened before: its openings go on from training's."""
    kept = json.loads((BEFORE / model / "metrics.json").read_text(encoding="utf-8"))["test"]
    found = command("evaluate", model, "tickets.csv", *flags, "--json").json()
    assert (found["n"], found["openings"]) == (18, 2)
    assert (found["accuracy"], found["log_loss"]) == (kept["accuracy"], pytest.approx(kept["loss"], rel=1e-5))
    every = ("--all", "--text-column", "message", "--label-column", "team", "--json")
    assert command("evaluate", model, "tickets.csv", *every).json()["n"] == 90


@pytest.mark.parametrize("model", MODELS, indirect=True)
def test_report_and_explain_work_on_its_data(command: Command, model: str, tmp_path: Path) -> None:
    command("report", model)
    command("report", model, "--data", "tickets.csv")
    assert (tmp_path / model / "report.html").is_file()
    assert (tmp_path / model / "report-tickets.html").is_file()
    assert command("explain", model, "charged twice").lines()[0] == "billing"
    weights = command("explain", model).out  # over the model's own validation texts
    assert all(team in weights for team in ("access", "billing", "delivery"))
    command("explain", model, "-i", "tickets.csv", "-o", "words.jsonl")
    assert len((tmp_path / "words.jsonl").read_text(encoding="utf-8").splitlines()) == 90


@pytest.mark.parametrize("model", MODELS, indirect=True)
def test_its_run_repeats_it(command: Command, model: str, tmp_path: Path) -> None:
    """The same division of the same file, and so the same texts by their fingerprints, which run.toml holds."""
    command("train", "--config", f"{model}/run.toml", "--output", "again")
    before, again = ((tmp_path / folder / "run.toml").read_text(encoding="utf-8") for folder in (model, "again"))
    for key in ("train_texts", "test_texts"):
        assert next(line for line in before.splitlines() if line.startswith(key)) in again
    names = RunConfig.from_toml(tmp_path / model / "run.toml"), RunConfig.from_toml(tmp_path / "again" / "run.toml")
    assert [(each.data.text_column, each.data.label_column) for each in names] == [("message", "team")] * 2
    given = {name: value for name, value in vars(names[0].model).items() if value is not None}
    assert vars(names[1].model).items() >= given.items()  # and the settings that there are by now


def test_every_setting_of_data_is_read() -> None:
    data = RunConfig.from_toml(BEFORE / "every-setting.toml").data
    assert (data.source, data.data_dir, data.test, data.validation) == (
        "chats.jsonl", "imdb-folder", "0.1", "later.jsonl",
    )  # fmt: skip
    assert (data.text_column, data.label_column, data.label_separator) == ("message", "tags", "|")
    assert (data.group_by, data.unlabelled, data.streaming) == ("customer", "more.jsonl", True)
