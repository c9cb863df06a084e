"""A recorded run finds its files from the model's folder too, as the report prints the command."""

from pathlib import Path
from typing import Any

import pytest

from plaudit.app.run.own_run import found_from
from plaudit.config import DataConfig


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("texts.csv", "../../texts.csv"),
        ("./data/*.csv", "../../data/*.csv"),
        ("gone.csv", "gone.csv"),
        ("sample", "sample"),
        ("/absolute/elsewhere.csv", "/absolute/elsewhere.csv"),
    ],
)
def test_files_are_found_above_the_models_folder(
    source: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models" / "one"
    folder.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a")
    (tmp_path / "texts.csv").write_text("a")
    monkeypatch.chdir(folder)
    assert found_from(Path("run.toml"), DataConfig(source=source)).source == expected


def test_a_file_that_is_here_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    for place in (tmp_path, tmp_path / "models"):
        (place / "texts.csv").write_text("a")
    monkeypatch.chdir(tmp_path)
    data = DataConfig(source="texts.csv", test="0.2")
    assert found_from(Path("models/run.toml"), data) == data


def test_the_reports_line_works_in_the_models_folder(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{'good fine' if i % 2 else 'bad dull'} film {i},{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "texts.csv").write_text("text,label\n" + "\n".join(rows) + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    command("train", "texts.csv", "--recipe", "ngram", "-o", "models/one")
    monkeypatch.chdir(tmp_path / "models" / "one")
    assert "plaudit train --config run.toml --output NEW" in Path("report.html").read_text("utf-8")
    told = command("train", "--config", "run.toml", "--output", "NEW").out
    assert "Model: NEW" in told
    assert "differ" not in told
    assert command("predict", ".", "a good film").out.startswith("b")
