"""Who is told how far slow work has come, so that nothing in between has to pass it on.

Where texts are scored slowly, `tell` says so; whoever wants to know does the work inside `telling`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Watch = Callable[[int, float], None]

_WATCH: ContextVar[Watch | None] = ContextVar("plaudit_progress", default=None)


@contextlib.contextmanager
def telling(watch: Watch) -> Iterator[None]:
    """Let `watch` hear, in this thread and until the block ends, what `tell` is given; an outer watch rests."""
    before = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(before)


def tell(n_texts: int, share: float) -> None:
    """Say that of the work on `n_texts` texts a share is done, above 0 and, at the end, 1; nobody may be listening."""
    if watch := _WATCH.get():
        watch(n_texts, share)


@contextlib.contextmanager
def telling_part(start: int, end: int, n_texts: int) -> Iterator[None]:
    """Let whoever listens hear of the texts from `start` to `end` as a part of the work on `n_texts`."""
    outer = _WATCH.get()

    def whole(_: int, share: float) -> None:
        if outer is not None:
            outer(n_texts, (start + share * (end - start)) / n_texts)

    with telling(whole):
        yield
