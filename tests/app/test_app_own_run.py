"""What a model was trained, validated and tested on is never taken from a file that has changed since."""

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.app.run.own_run import OwnRun
from plaudit.data import Dataset
from plaudit.errors import DataError

Command = Callable[..., Any]
Write = Callable[[str, Dataset], Path]
OF_A_MODELS_OWN_TEXTS = (
    "explain model",
    "explain model --data mine.csv",
    "threshold model --f1",
    "threshold model mine.csv --f1",
    "evaluate model mine.csv",
    "evaluate model other.csv --controls",
    "compare model second mine.csv",
    "report model --data mine.csv",
)


@pytest.fixture
def mine(command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset) -> Path:
    """A file, beside another and two models of the first."""
    path = write_rows("mine.csv", reviews)
    write_rows("other.csv", more_reviews)
    for seed, folder in enumerate(("model", "second")):
        command("train", "mine.csv", "--recipe", "ngram", "--min-texts", "1", "--seed", str(seed), "-o", folder)
    return path


def _without_its_validation(record: Path) -> None:
    """Write a run.toml as it was before it kept the fingerprint of the validation texts."""
    kept = [line for line in record.read_text().splitlines(keepends=True) if not line.startswith("validation_texts")]
    record.write_text("".join(kept))


def test_no_command_shows_rows_of_a_changed_file_as_the_models_own(command: Command, mine: Path) -> None:
    command("explain", "model")
    mine.write_text(mine.read_text() + "one more,liked\n")
    for words in OF_A_MODELS_OWN_TEXTS:
        assert "mine.csv: it has changed since" in command(*words.split(), code=2).err, words
    mine.unlink()
    for words in ("explain model", "threshold model --f1", "evaluate model other.csv --controls"):
        assert "texts of its run cannot be loaded again" in command(*words.split(), code=2).err, words


def test_validation_texts_that_alone_have_changed_are_refused(command: Command, mine: Path) -> None:
    """The training texts are as they were, and of an earlier run no more is known."""
    run = OwnRun.of(Path("model"))
    assert run is not None
    one = run.part("validation", instead="stop").texts[0].as_py()
    mine.write_text(mine.read_text().replace(one, one + " indeed"))
    assert len(run.part("train", instead="stop")) == 51
    assert "the model's validation texts can no longer be identified" in command("explain", "model", code=2).err
    _without_its_validation(Path("model/run.toml"))
    assert command("explain", "model", "--json").json()["data"] == "mine.csv: the validation texts of this model"


def test_each_part_is_the_one_that_was_recorded(command: Command, mine: Path) -> None:
    recorded = tomllib.loads(Path("model/run.toml").read_text())["versions"]
    assert {"train_texts", "validation_texts", "test_texts"} <= recorded.keys()
    run = OwnRun.of(Path("model"))
    assert run is not None
    parts = {name: run.part(name, instead="stop") for name in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == 80
    for name in parts:
        wrong = OwnRun(run.folder, run.config, {**recorded, f"{name}_texts": "0" * 32})
        with pytest.raises(DataError, match=f"the model's {name} texts can no longer be identified; stop"):
            wrong.part(name, instead="stop")  # type: ignore[arg-type]


def test_of_a_file_with_parts_the_test_is_measured(command: Command, mine: Path) -> None:
    """The training rows of a cleaned file were measured as "every row"."""
    command("audit", "mine.csv", "--write-clean", "clean.csv", "-o", "audit")
    with Path("clean.csv").open(encoding="utf-8", newline="") as file:
        parts = [row["plaudit_part"] for row in csv.DictReader(file)]
    own = command("evaluate", "model", "mine.csv", "--json").json()
    found = command("evaluate", "model", "clean.csv", "--json").json()
    assert found["data"] == "clean.csv: its test part"
    assert (found["n"], found["accuracy"]) == (parts.count("test"), own["accuracy"])
