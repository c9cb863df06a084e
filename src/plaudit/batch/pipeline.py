"""Let the steps of a stream overlap: while one batch is scored, the next one is read and the last one written."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_PATIENCE_S = 5.0  # for a step to end; one that waits for standard input may never, and ends with the process
_AHEAD = 1  # batches that wait between two steps; each is memory


@contextmanager
def ahead(items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """Run an iterable in a thread of its own, an item ahead of whoever takes them; stop it when the block ends.

    An error in it is raised where the item would have been taken. Order stays.
    """
    with closing(_ahead(items)) as taken:
        yield taken


def _ahead(items: Iterable[Item]) -> Generator[Item]:
    waiting: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(_AHEAD)
    is_over = threading.Event()

    def put(item: Item | None, error: BaseException | None) -> bool:
        while not is_over.is_set():
            try:
                waiting.put((item, error), timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def run() -> None:
        try:
            for item in items:
                if not put(item, None):
                    return
        except BaseException as error:
            put(None, error)
        else:
            put(None, StopIteration())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # without an error it is an item
    finally:
        is_over.set()
        thread.join(_PATIENCE_S)


def in_order(function: Callable[[Item], Result], items: Iterable[Item], n: int) -> Iterator[Result]:
    """Yield what `function` makes of each item, in order, with n of them under way at a time."""
    if n < 2:
        yield from map(function, items)
        return
    under_way: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(n)
    try:
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) > n:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
