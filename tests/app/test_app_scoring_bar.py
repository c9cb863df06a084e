"""What a person sees while texts are scored slowly."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from plaudit.app import terminal
from plaudit.app.terminal import ScoringBar, scoring_shown
from plaudit.progress import tell

Clock = Callable[[float], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let a test say what time it is."""
    now = [1_000.0]
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def test_a_pipe_gets_a_line_every_five_minutes(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    bar = ScoringBar()
    for minute in range(21):
        bar(25_000, (minute + 1) / 21)
        clock(60)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "  33% of 25,000 texts scored, about 12 minutes to go"


def test_what_is_soon_over_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    bar = ScoringBar()
    for _ in range(1_000):  # many short scorings are not one long one
        for share in (0.5, 1.0):
            bar(10, share)
            clock(1)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_that_goes_away(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def console() -> Any:
        return Console(stderr=True, force_terminal=True, width=80, highlight=False)

    monkeypatch.setattr(terminal, "make_error_console", console)

    def score() -> None:
        tell(25_000, 0.1)
        clock(1)
        tell(25_000, 0.2)
        assert capsys.readouterr().err == ""
        clock(10)
        tell(25_000, 0.5)
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
        assert "scoring 25,000 texts" in shown
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), scoring_shown():
        score()
    assert "\x1b[2K" in capsys.readouterr().err  # the line is erased
    tell(25_000, 0.6)
    assert capsys.readouterr().err == ""
