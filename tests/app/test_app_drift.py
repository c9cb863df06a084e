"""`plaudit drift`: what it prints, and what it refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plaudit.data import load_sample

Command = Callable[..., Any]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    test = load_sample().test
    assert test is not None
    rows = [json.dumps({"text": text}) for text in test.texts.to_pylist()]
    (tmp_path / "same.jsonl").write_text("\n".join(rows[::2]), encoding="utf-8")
    foreign = [json.dumps({"text": f"zxqv {i} qwrt plmk"}) for i in range(60)]
    (tmp_path / "other.jsonl").write_text("\n".join(rows[:40] + foreign), encoding="utf-8")
    return tmp_path


def test_drift_is_found_or_not(command: Command, sample_model: Path, texts: Path) -> None:
    same = command("drift", sample_model, texts / "same.jsonl", "--check")
    assert "No drift found" in same.out
    other = command("drift", sample_model, texts / "other.jsonl", "--check", code=1)
    (row,) = [line for line in other.lines() if line.startswith("words known from training")]
    assert row.endswith("drift")
    assert f"{texts / 'other.jsonl'}:" in other.out.replace("\n", "")  # where the strangest texts stand
    assert "Drift: these texts differ" in command("drift", sample_model, texts / "other.jsonl").out
    train = load_sample().train.texts.to_pylist()[:60]
    (texts / "seen.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in train), encoding="utf-8")
    assert "trained or chosen on 60 of these texts" in " ".join(
        command("drift", sample_model, texts / "seen.jsonl").out.split()
    )
    found = command("drift", sample_model, texts / "other.jsonl", "--json").json()
    assert found["n_seen"] == 0
    assert (found["drift"], found["n"], found["level"]) == (True, 100, 0.05)
    assert {"name", "drift", "distance", "least_distance", "p_value", "before", "now"} == found["shifts"][0].keys()
    assert found["least_like_training"][0]["text"].startswith("zxqv")


def test_two_files_are_compared(command: Command, sample_model: Path, texts: Path, tmp_path: Path) -> None:
    older = shutil.copytree(sample_model, tmp_path / "older")
    (older / "profile.json").unlink()
    done = command("drift", older, texts / "same.jsonl", code=2)
    assert "no profile of its test texts" in done.err
    assert "--against FILE" in done.err
    assert "No drift" in command("drift", older, texts / "same.jsonl", "--against", texts / "same.jsonl").out
    (older / "profile.json").write_text("{}")
    assert "profile.json" in command("drift", older, texts / "same.jsonl", code=2).err


@pytest.mark.parametrize("contents", ["", "\n\n", '{"text": 1', '{"number": 3}\n'])
def test_what_cannot_be_read_is_a_line(command: Command, sample_model: Path, tmp_path: Path, contents: str) -> None:
    (tmp_path / "new.jsonl").write_text(contents)
    done = command("drift", sample_model, tmp_path / "new.jsonl", code=2)
    assert "new.jsonl" in done.err.replace("\n", "")
    assert "Traceback" not in done.err
    assert "level" in command("drift", sample_model, tmp_path / "new.jsonl", "--level", "2", code=2).err
