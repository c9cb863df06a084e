"""Real data sets give the same columns, to the bit, as when the digests beside this file were written."""

import json
import os
from pathlib import Path

import pytest
from column_digests import file, named, run

from plaudit.scratch import Scratch

EXPECTED = json.loads(Path(__file__).with_name("column_digests.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def place() -> Path:
    found = os.environ.get("PLAUDIT_EVAL_DATA")
    if not found:
        pytest.skip("PLAUDIT_EVAL_DATA names no data sets")
    return Path(found)


def test_the_sample() -> None:
    assert named("sample") == EXPECTED["named"]["sample"]


@pytest.mark.realdata
@pytest.mark.slow
def test_imdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("PLAUDIT_IMDB"):
        pytest.skip("PLAUDIT_IMDB names no copy of the Large Movie Review Dataset")
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))  # the tarball is read, not what an earlier version made of it
    assert named("imdb") == EXPECTED["named"]["imdb"]


@pytest.mark.realdata
@pytest.mark.parametrize("name", EXPECTED["files"])
def test_a_file(place: Path, name: str) -> None:
    assert file(place / name) == EXPECTED["files"][name]


@pytest.mark.realdata
@pytest.mark.parametrize("on_disk", [False, True], ids=["in memory", "streaming"])
@pytest.mark.parametrize("name", EXPECTED["runs"])
def test_the_parts_of_a_run(place: Path, tmp_path: Path, name: str, on_disk: bool) -> None:
    assert run(place / name, scratch=Scratch(tmp_path) if on_disk else None) == EXPECTED["runs"][name]
