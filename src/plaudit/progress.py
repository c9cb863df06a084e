"""Who is told how far slow work has come, so that nothing in between has to pass it on.

Where texts are scored slowly, `tell` says so; whoever wants to know does the work inside `telling`. What has no such
share, such as loading a model, is done inside `doing`, and whoever wants to know is `hearing`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Watch = Callable[[int, float], None]

_WATCH: ContextVar[Watch | None] = ContextVar("plaudit_progress", default=None)
_HEARER: ContextVar[Callable[[str], None] | None] = ContextVar("plaudit_doing", default=None)
_UNDER_WAY: ContextVar[str] = ContextVar("plaudit_under_way", default="")


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


@contextlib.contextmanager
def hearing(hearer: Callable[[str], None]) -> Iterator[None]:
    """Let `hearer` hear, in this thread and until the block ends, what is under way; "" when nothing named is."""
    before = _HEARER.set(hearer)
    try:
        yield
    finally:
        _HEARER.reset(before)


@contextlib.contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what the block does ("Loading the model m"), for it may take a while; a function can be decorated, too."""
    hearer, before = _HEARER.get(), _UNDER_WAY.set(what)
    if hearer is not None:
        hearer(what)
    try:
        yield
    finally:
        _UNDER_WAY.reset(before)
        if hearer is not None:
            hearer(_UNDER_WAY.get())
