"""One scoring thread, and a queue before it: what waits is scored together.

Requests that arrive while a batch is being scored make up the next one, so a single request never waits for company.
A large request gets one batch at a time and goes to the end of the queue again, so it never blocks the small ones for
longer than a batch; how many characters a batch has follows from how fast the model was.

The thread is not waited for at the end: what it has not done then is not done.

The decision to question: one thread. Scoring uses all cores by itself, and one at a time keeps memory bounded.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.models.answers import Answering, answer, joined
from plaudit.server.refusals import Refusal
from plaudit.server.workroom import Workroom

if TYPE_CHECKING:
    import pyarrow as pa

    from plaudit.server.metrics import ServerMetrics
    from plaudit.server.served_model import Loaded
    from plaudit.server.settings import Limits

_FIRST_PACE = 100_000.0  # characters a second, until a model's own is known; an encoder's order of magnitude
_LEAST_COST = 5_000.0  # of a batch: one that took long by chance must not make the next ones tiny
_TEXT_OVERHEAD = 100  # what a text costs beside its characters, in characters


@dataclass(eq=False)
class _Scores:
    """A request's texts; `done` of them are scored."""

    loaded: Loaded
    texts: pa.LargeStringArray
    costs: np.ndarray[Any, np.dtype[np.int64]]  # of each text and all before it, with 0 in front: [N + 1]
    future: asyncio.Future[Answering]
    done: int = 0
    parts: list[Answering] = field(default_factory=list)

    def take(self, most_texts: int, most_cost: float) -> int:
        """Return how many of the next texts fit."""
        end = int(np.searchsorted(self.costs, self.costs[self.done] + max(most_cost, 0), "right")) - 1
        return min(end - self.done, most_texts)


@dataclass(eq=False)
class _Call:
    """Anything else that the scoring thread does for a request."""

    function: Callable[[], Any]
    future: asyncio.Future[Any]


class Batcher:
    """Scores texts, in the order of arrival, together where it can."""

    def __init__(self, limits: Limits, metrics: ServerMetrics) -> None:
        self._limits, self._metrics = limits, metrics
        self._jobs: deque[_Scores | _Call] = deque()
        self._arrived = asyncio.Event()
        self._thread = Workroom(1, name="scores")
        self._worker: asyncio.Task[None] | None = None
        self._pace: dict[str, float] = {}

    def start(self) -> None:
        """Begin to work; call it on the loop that submits."""
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """End; what waits is cancelled, and the current batch belongs to nobody."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        self._thread.close()

    async def score(self, loaded: Loaded, texts: pa.LargeStringArray, *, timeout_s: float) -> Answering:
        """Return a model's answers to N texts, all by this version of it.

        Raises:
            Refusal: The queue is full (503), or time is over (504).
        """
        import pyarrow.compute as pc

        lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64) + _TEXT_OVERHEAD
        costs = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        job = _Scores(loaded, texts, costs, asyncio.get_running_loop().create_future())
        found: Answering = await self._wait(job, timeout_s)
        return found

    async def run(self, function: Callable[[], Any], *, timeout_s: float) -> Any:
        """Return what `function` does on the scoring thread, in its turn; errors as `score`."""
        return await self._wait(_Call(function, asyncio.get_running_loop().create_future()), timeout_s)

    async def _wait(self, job: _Scores | _Call, timeout_s: float) -> Any:
        if len(self._jobs) >= self._limits.queue:
            raise Refusal(
                503, f"{self._limits.queue:,} requests wait already; try again later.", reason="queue", retry=True
            )
        self._jobs.append(job)
        self._metrics.queue.set(len(self._jobs))
        self._arrived.set()
        try:
            async with asyncio.timeout(timeout_s):
                return await job.future
        except TimeoutError:  # the future is cancelled with it, and the worker passes it over
            raise Refusal(
                504, f"no answer within {timeout_s:g} seconds; send fewer texts, or try again later.", reason="timeout"
            ) from None

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            batch: _Call | list[tuple[_Scores, int]] = []
            try:
                batch = self._take()
                self._metrics.queue.set(len(self._jobs))
                if isinstance(batch, _Call):
                    await self._call(batch)
                elif batch:
                    await self._score(batch)
                elif not self._jobs:
                    self._arrived.clear()
            except Exception as error:  # whatever it is, it is these requests' to tell; the next ones are served
                for job in [batch] if isinstance(batch, _Call) else [job for job, _ in batch]:
                    if not job.future.done():
                        job.future.set_exception(error)

    def _take(self) -> _Call | list[tuple[_Scores, int]]:
        """Take what comes next off the queue: a call, or jobs of one model with how many texts of each."""
        batch: list[tuple[_Scores, int]] = []
        kept: deque[_Scores | _Call] = deque()
        n_texts, cost = self._limits.batch_texts, 0.0
        while self._jobs and n_texts:
            job = self._jobs.popleft()
            if job.future.done():
                continue
            if isinstance(job, _Call):
                if not batch:
                    self._jobs.extendleft(reversed(kept))
                    return job
                kept.append(job)
                continue
            if not batch:
                cost = max(_LEAST_COST, self._pace.get(job.loaded.name, _FIRST_PACE) * self._limits.batch_s)
            elif job.loaded is not batch[0][0].loaded:
                kept.append(job)
                continue
            n = job.take(n_texts, cost)
            if not batch:
                n = max(n, min(1, len(job.texts)))
            elif n == 0 and len(job.texts):
                kept.append(job)
                break
            batch.append((job, n))
            n_texts -= n
            cost -= float(job.costs[job.done + n] - job.costs[job.done])
        self._jobs.extendleft(reversed(kept))
        return batch

    async def _call(self, job: _Call) -> None:
        result = await self._thread.run(job.function)
        if not job.future.done():
            job.future.set_result(result)

    async def _score(self, batch: list[tuple[_Scores, int]]) -> None:
        import pyarrow as pa

        loaded = batch[0][0].loaded
        slices = [job.texts.slice(job.done, n) for job, n in batch]
        texts = slices[0] if len(slices) == 1 else pa.concat_arrays(slices)
        cost = float(sum(job.costs[job.done + n] - job.costs[job.done] for job, n in batch))
        start = time.perf_counter()
        found = await self._thread.run(answer, loaded.classifier, texts)
        if len(texts):
            pace = cost / max(time.perf_counter() - start, 1e-6)
            known = self._pace.get(loaded.name)
            self._pace[loaded.name] = pace if known is None else 0.7 * known + 0.3 * pace
            self._metrics.batch_texts.observe(len(texts))
            self._metrics.texts.labels(loaded.name).inc(len(texts))
        self._hand_out(batch, found)

    def _hand_out(self, batch: list[tuple[_Scores, int]], found: Answering) -> None:
        """Give each job its rows; one that is not finished goes to the end of the queue."""
        at = 0
        for job, n in batch:
            job.parts.append(found.slice(at, n))
            at += n
            job.done += n
            if job.future.done():
                continue
            if job.done < len(job.texts):
                self._jobs.append(job)
            else:
                job.future.set_result(job.parts[0] if len(job.parts) == 1 else joined(job.parts))
