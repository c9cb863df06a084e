"""How long a training still takes is said once, from its own steps, where it is worth waiting to read."""

import io

import pytest
from rich.console import Console

from plaudit.app.train import monitors
from plaudit.app.train.monitors import EpochLines, TimeLeft, duration
from plaudit.training import History


def lines_of(seconds_a_step: float, monkeypatch: pytest.MonkeyPatch, *, done: int = 0, first: int = 1) -> list[str]:
    now = [0.0]
    monkeypatch.setattr(monitors, "TimeLeft", lambda steps: TimeLeft(steps, clock=lambda: now[0]))
    out = io.StringIO()
    lines = EpochLines(Console(file=out, width=200))
    history = History({"loss": [0.5] * done, "accuracy": [0.5] * done}, [1.0] * done)
    lines.begin(epochs=3, steps=100, done=history)
    now[0] += 50  # the first step, in which much is done once
    for step in range(first, first + 20):
        lines.after_step(step, 0.5, 0.5)
        now[0] += seconds_a_step
    return out.getvalue().splitlines()[1:]


def test_a_long_training_is_told_from_its_first_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    told = lines_of(10.0, monkeypatch)
    assert len(told) == 1
    assert "about 49 min on this machine (3 epochs of 100 steps; early stopping may end it sooner)" in told[0]
    assert "MiB of memory so far" in told[0]


def test_a_continued_training_has_less_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "about 33 min" in lines_of(10.0, monkeypatch, done=1)[1]
    assert "about 20 min" in lines_of(10.0, monkeypatch, done=1, first=76)[1]  # also inside of an epoch


def test_nothing_is_said_of_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines_of(0.1, monkeypatch) == []


def test_times_as_a_person_says_them() -> None:
    assert [duration(s) for s in (4.4, 99, 2_280, 9_000)] == ["4 s", "99 s", "38 min", "2.5 h"]
