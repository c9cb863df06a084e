"""`plaudit train` never replaces a model of other data without being told to."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plaudit import NgramClassifier
from plaudit.app.train.run import check_place
from plaudit.config import RunConfig
from plaudit.errors import ConfigError

Command = Callable[..., Any]
QUICK = ("--recipe", "ngram", "--n-max", "1", "--regularisation", "0.1")


def write(path: Path) -> Path:
    rows = [
        f"{'good' if i % 2 else 'bad'} film {i},{'pos' if i % 2 else 'neg'},{'ab'[i // 2 % 2]}\n" for i in range(40)
    ]
    path.write_text("text,label,topic\n" + "".join(rows), encoding="utf-8")
    return path


def test_a_model_of_other_data_is_replaced_only_when_asked(command: Command, tmp_path: Path) -> None:
    first, second = write(tmp_path / "first.csv"), write(tmp_path / "second.csv")
    model = tmp_path / "model"
    command("train", first, *QUICK, "-o", model)
    before = (model / "model.json").read_bytes()
    with first.open("a", encoding="utf-8") as file:
        file.write("a good new row,pos,a\n")
    refused = command("train", second, *QUICK, "-o", model, code=2)
    assert refused.err == (
        f"plaudit: {model} holds a model of other data ({first}); name another folder with --output, or replace it "
        "with --overwrite.\n"
    )
    other = command("train", first, "--label-column", "topic", *QUICK, "-o", model, code=2)
    assert "holds a model of other labels (column 'label'); name another folder" in other.err
    assert (model / "model.json").read_bytes() == before
    command("train", first, *QUICK, "--seed", "3", "-o", model)  # its own data, grown: no word
    command("train", second, *QUICK, "-o", model, "--overwrite")
    assert str(second) in (model / "run.toml").read_text(encoding="utf-8")


def test_a_model_that_no_run_wrote_is_another(command: Command, tmp_path: Path) -> None:
    NgramClassifier().fit(["good", "bad"] * 4, ["pos", "neg"] * 4).save(tmp_path / "model")
    done = command("train", "sample", *QUICK, "-o", tmp_path / "model", code=2)
    assert "holds a model that `plaudit train` did not write; name another folder" in done.err


def test_one_source_may_be_named_in_two_ways(
    sample_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample_model, tmp_path / "model")
    config = RunConfig.from_toml(sample_model / "run.toml")
    text = (sample_model / "run.toml").read_text(encoding="utf-8")
    (tmp_path / "model" / "run.toml").write_text(text.replace('"sample"', '"reviews.csv"'), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def check(source: str) -> None:
        check_place(tmp_path / "model", replace(config, data=replace(config.data, source=source)), overwrite=False)

    check("reviews.csv")
    check("./reviews.csv")
    check(str(tmp_path / "reviews.csv"))
    with pytest.raises(ConfigError, match=r"holds a model of other data \(reviews.csv\)"):
        check("elsewhere/reviews.csv")
