"""Threads that work for the event loop: few, with a bounded queue, and never waited for at the end.

Not `asyncio.to_thread`, nor a `ThreadPoolExecutor`: the first has no bound, and Python waits for both before it ends,
so one reader of a hostile file could hold a shutdown for hours. These threads are daemons: what they have not done
when the process ends is not done. Work is handed its budget (`plaudit.budget`), and a reader that asks it stops when
the client has left or the time is over. This module knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from plaudit.server.refusals import Refusal

T = TypeVar("T")


class Workroom:
    """A few daemon threads and the work before them."""

    def __init__(self, n_threads: int, *, most_waiting: int = 1_000_000, name: str) -> None:
        """Start no thread yet; the first work starts them."""
        self._n_threads, self._most_waiting, self._name = n_threads, most_waiting, name
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._n_open = 0  # handed in and not answered; touched on the loop alone

    async def run(self, function: Callable[..., T], *given: Any) -> T:  # Any: whatever it takes
        """Return what `function` does with what is given, in the caller's context, in its turn.

        When the caller is cancelled, work that has not begun is dropped; what has begun ends by itself.

        Raises:
            Refusal: Too much waits already, or the system gives no thread (503).
        """
        if self._n_open >= self._n_threads + self._most_waiting:
            raise Refusal(503, "too much work waits already; try again later.", reason="queue", retry=True)
        loop = asyncio.get_running_loop()
        work = _Work(contextvars.copy_context(), lambda: function(*given), loop, loop.create_future())
        self._n_open += 1
        work.future.add_done_callback(self._closed)
        try:
            while len(self._threads) < min(self._n_threads, self._n_open):
                thread = threading.Thread(target=_labour, args=(self._work,), name=f"plaudit-{self._name}", daemon=True)
                thread.start()
                self._threads.append(thread)
        except (RuntimeError, MemoryError):  # the system gives no thread
            if not self._threads:
                work.future.cancel()
                raise Refusal(503, "no thread to work with; try again later.", reason="memory", retry=True) from None
        self._work.put(work)
        result: T = await work.future
        return result

    def close(self) -> None:
        """Let the threads end when they have done what waits; nobody waits for them."""
        for _ in self._threads:
            self._work.put(None)

    def _closed(self, _: object) -> None:
        self._n_open -= 1


class _Work:
    """A call, the context it runs in, and whom to tell."""

    def __init__(
        self,
        context: contextvars.Context,
        call: Callable[[], Any],
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
    ) -> None:
        self.context, self.call, self.loop, self.future = context, call, loop, future

    def answer(self, result: Any, error: BaseException | None) -> None:
        """Tell the loop, if it still runs."""
        try:
            self.loop.call_soon_threadsafe(self._settle, result, error)
        except RuntimeError:  # the loop is closed: the process ends
            return

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():  # cancelled: nobody waits
            return
        if error is None:
            self.future.set_result(result)
        elif isinstance(error, StopIteration):  # which a future does not take
            self.future.set_exception(RuntimeError(str(error)))
        else:
            self.future.set_exception(error)


def _labour(todo: queue.SimpleQueue[_Work | None]) -> None:
    while (work := todo.get()) is not None:
        if work.future.cancelled():
            continue
        result, error = None, None
        try:
            result = work.context.run(work.call)
        except BaseException as caught:  # whatever it is, it is the caller's to hear, and the thread goes on
            error = caught
        work.answer(result, error)
        del work, result, error  # while it waits, a thread holds nothing of the last request
