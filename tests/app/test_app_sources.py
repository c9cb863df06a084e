"""Which data a run without one takes, and that a data set named never turns into another."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import plaudit.data.fetch
import plaudit.data.imdb
from plaudit.app.run.parts import choose_source
from plaudit.config import DataConfig

Command = Callable[..., Any]
QUICK = ("--embedding", "random", "--epochs", "1", "-o", "model")


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where imdb should come from."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    set_url(monkeypatch, f"http://127.0.0.1:{port}/aclImdb_v1.tar.gz")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that takes the call and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        calls = []
        threading.Thread(target=lambda: calls.append(server.accept()), daemon=True).start()
        set_url(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}/aclImdb_v1.tar.gz")
        yield
        for connection, _ in calls:
            connection.close()


def set_url(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    release = replace(plaudit.data.imdb.IMDB, url=url)
    monkeypatch.setattr(plaudit.data.imdb, "IMDB", release)
    monkeypatch.setattr(plaudit.data.imdb.load_imdb, "__kwdefaults__", {
        **(plaudit.data.imdb.load_imdb.__kwdefaults__ or {}), "release": release,
    })  # fmt: skip


def test_no_data_named_takes_the_sample_and_says_so_first(command: Command, unreachable: None, tmp_path: Path) -> None:
    lines = command("train", *QUICK).lines()
    assert lines[0].startswith("No data named: using the built-in sample, because imdb is not available (Cannot fetch")
    assert lines[1] == "Data: sample"
    assert 'source = "sample"' in (tmp_path / "model" / "run.toml").read_text(encoding="utf-8")


def test_imdb_named_never_falls_back(command: Command, unreachable: None, tmp_path: Path) -> None:
    done = command("train", "imdb", *QUICK, code=2)
    assert "Cannot fetch http://127.0.0.1" in done.err
    assert "--data-dir or $PLAUDIT_IMDB" in done.err
    assert not (tmp_path / "model").exists()
    for words in (("data", "show", "imdb"),):
        assert "Cannot fetch" in command(*words, code=2).err


def test_a_server_that_never_answers_is_given_up_within_ten_seconds(
    no_imdb: None, silent: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = plaudit.data.fetch.fetch.__kwdefaults__
    assert defaults is not None
    assert defaults["timeout_s"] == 10
    monkeypatch.setitem(defaults, "timeout_s", 1.0)  # ten seconds are long in a test
    said: list[str] = []
    started = time.monotonic()
    chosen = choose_source(DataConfig(), said.append, progress=False)
    assert time.monotonic() - started < 8  # and not for ever
    assert chosen.source == "sample"
    assert "the server gave no answer within 1 s" in said[0]


def test_a_path_to_imdb_that_is_wrong_is_told_not_passed_over(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLAUDIT_IMDB", str(tmp_path / "nowhere.tar.gz"))
    assert "(from $PLAUDIT_IMDB): no such file or folder" in command("train", *QUICK, code=2).err
    monkeypatch.delenv("PLAUDIT_IMDB")
    assert "(from --data-dir): no such file" in command("train", "--data-dir", "nowhere", *QUICK, code=2).err


def test_imdb_at_hand_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "aclImdb").mkdir()
    monkeypatch.setenv("PLAUDIT_IMDB", str(tmp_path / "aclImdb"))
    said: list[str] = []
    assert choose_source(DataConfig(), said.append, progress=False).source == "imdb"
    assert said == ["No data named: using imdb, which is available."]


def test_a_source_that_is_named_is_left_alone() -> None:
    config = DataConfig("mine.csv")
    assert choose_source(config, pytest.fail, progress=False) is config
