"""A Ctrl-C that compiled code dropped is raised again."""

import contextlib
import signal

import pytest

from plaudit.app.train.monitors import InterruptWatch


def test_a_dropped_ctrl_c_ends_the_next_step() -> None:
    with InterruptWatch() as watch:
        watch.after_step(1, 0.5, 0.5)
        with contextlib.suppress(KeyboardInterrupt):  # as a callback from compiled code does
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            watch.after_step(2, 0.5, 0.5)


def test_the_handler_that_was_there_comes_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with InterruptWatch():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
