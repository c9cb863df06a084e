"""What takes a while is named on a terminal while it lasts, and never in a pipe."""

import io

import pytest
from rich.progress import Progress

from plaudit.app.terminal import make_console, make_error_console
from plaudit.app.waiting import waiting_shown
from plaudit.progress import doing


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _said(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    with waiting_shown():
        with doing("Reading a.csv"), doing("Counting"):
            pass
        with doing("Training"):
            make_console().print("epoch 1")
    return stream.getvalue()


def test_a_terminal_shows_what_is_under_way_and_ends_with_a_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    steps = _said(monkeypatch, _Terminal()).split("\r\x1b[K")
    assert steps == [
        "", "Starting …", "Reading a.csv …", "Counting …", "Reading a.csv …", "", "Training …", "",
    ]  # fmt: skip


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _said(monkeypatch, io.StringIO()) == ""


def test_a_line_longer_than_the_terminal_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    stream = _Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with waiting_shown(), doing("Reading a file with a long name"):
        pass
    assert max(map(len, stream.getvalue().split("\r\x1b[K"))) == 19


def test_a_live_bar_leaves_nothing_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = _Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with waiting_shown(), doing("Training"):
        bar = Progress(console=make_error_console(), transient=True)
        with bar:
            assert "\r\x1b[K" in stream.getvalue().rpartition("Training …")[2].partition("\n")[0]
