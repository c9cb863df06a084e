"""An embedding bag whose rows are trained by Adam, touching only the rows that a batch uses.

Dense Adam moves every row at every step, used or not, because momentum decays slowly. Here each row remembers the step
at which it was last brought up to date; before a batch reads it, the steps it missed (gradient zero) are replayed for
that row alone. The numbers are dense Adam's; the memory traffic is that of the batch. A row that no batch ever used has
zero momentum and is never replayed.

The kernels are compiled by numba and release the lock; work is divided over threads by rows or by texts, and every sum
is formed by one thread in a fixed order, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.cores import usable_cores
from plaudit.errors import require
from plaudit.training.adam import BETA1, BETA2, EPSILON

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from plaudit.embeddings.table import Bags

_njit = require("numba", extra="train", purpose="Training").njit(cache=True, nogil=True)


@_njit
def _transpose(texts, offsets, rows, weights, count, used, starts, owners, shares):  # type: ignore[no-untyped-def]
    """List, for each row that `texts` use, who uses it; returns how many rows are used. `count` is zeros, and stays."""
    n_used = 0
    for text in texts:
        for k in range(offsets[text], offsets[text + 1]):
            row = rows[k]
            if count[row] == 0:
                used[n_used] = row
                n_used += 1
            count[row] += 1
    position = 0
    for i in range(n_used):
        starts[i] = position
        position += count[used[i]]
        count[used[i]] = starts[i]
    starts[n_used] = position
    for i in range(len(texts)):
        for k in range(offsets[texts[i]], offsets[texts[i] + 1]):
            slot = count[rows[k]]
            owners[slot] = i
            shares[slot] = weights[k]
            count[rows[k]] = slot + 1
    for i in range(n_used):
        count[used[i]] = 0
    return n_used


@_njit
def _catch_up(begin, end, used, table, m, v, last, rates, step, roots):  # type: ignore[no-untyped-def]
    """Replay, for rows ``used[begin:end]``, the steps after ``last[row]`` up to `step`, each with gradient zero."""
    width = table.shape[1]
    decay = np.sqrt(BETA2)
    for i in range(begin, end):
        row = used[i]
        if 0 < last[row] < step:
            for d in range(width):
                roots[d] = np.sqrt(v[row, d])
            for t in range(last[row] + 1, step + 1):
                rate = rates[t]
                for d in range(width):
                    m[row, d] *= BETA1
                    roots[d] *= decay
                    table[row, d] -= rate * m[row, d] / (roots[d] + EPSILON)
            for d in range(width):
                v[row, d] = roots[d] * roots[d]
            last[row] = step


@_njit
def _bag(begin, end, texts, offsets, rows, weights, table, out):  # type: ignore[no-untyped-def]
    """Write the weighted sum of its rows for each of ``texts[begin:end]`` into `out`."""
    width = table.shape[1]
    for i in range(begin, end):
        for d in range(width):
            out[i, d] = 0
        for k in range(offsets[texts[i]], offsets[texts[i] + 1]):
            row, weight = rows[k], weights[k]
            for d in range(width):
                out[i, d] += weight * table[row, d]


@_njit
def _update(begin, end, used, starts, owners, shares, gradient, table, m, v, last, rate, step, sums):  # type: ignore[no-untyped-def]
    """Sum the gradient of rows ``used[begin:end]`` over the texts that use them and take Adam's step."""
    width = table.shape[1]
    one = np.float32(1)
    for i in range(begin, end):
        for d in range(width):
            sums[d] = 0
        for k in range(starts[i], starts[i + 1]):
            owner, share = owners[k], shares[k]
            for d in range(width):
                sums[d] += share * gradient[owner, d]
        row = used[i]
        for d in range(width):
            g = sums[d]
            m[row, d] = BETA1 * m[row, d] + (one - BETA1) * g
            v[row, d] = BETA2 * v[row, d] + (one - BETA2) * g * g
            table[row, d] -= rate * m[row, d] / (np.sqrt(v[row, d]) + EPSILON)
        last[row] = step


class RowAdam:
    """The rows of an embedding bag, with Adam's moments, trained batch by batch.

    Attributes:
        table: float32 [R, D], the rows; current only after `flush`.
    """

    def __init__(self, table: NDArray[np.float32], rates: NDArray[np.float32]) -> None:
        """Start from `table` (copied); `rates` are Adam's step sizes (`adam.step_sizes`), one a step to come."""
        self.table = np.array(table, dtype=np.float32, order="C")
        self._m = np.zeros_like(self.table)
        self._v = np.zeros_like(self.table)
        self._last = np.zeros(len(table), np.int64)
        self._rates = rates
        self._step = 0
        self._threads = Threads()
        width = self.table.shape[1]
        self._scratch = [np.zeros(width, np.float32) for _ in range(self._threads.n)]
        self._count = np.zeros(len(table), np.int64)

    def forward(self, bags: Bags, texts: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the weighted sum of its rows for each of `texts` (int64 [B], positions in `bags`), float32 [B, D]."""
        out = np.empty((len(texts), self.table.shape[1]), np.float32)
        sizes = (bags.offsets[1:] - bags.offsets[:-1])[texts]
        self._threads.run(
            sizes, lambda a, b, _: _bag(a, b, texts, bags.offsets, bags.rows, bags.weights, self.table, out)
        )
        return out

    def begin(self, bags: Bags, texts: NDArray[np.int64]) -> None:
        """Find the rows that a batch uses and bring them up to date; `forward` and `apply` belong to this batch."""
        n = int((bags.offsets[texts + 1] - bags.offsets[texts]).sum())
        used, starts = np.empty(n, np.int64), np.empty(n + 1, np.int64)
        owners, shares = np.empty(n, np.int64), np.empty(n, np.float32)
        n_used = _transpose(texts, bags.offsets, bags.rows, bags.weights, self._count, used, starts, owners, shares)
        self._batch = (used[:n_used], starts[: n_used + 1], owners, shares)
        self._catch_up(used[:n_used])

    def apply(self, gradient: NDArray[np.float32]) -> None:
        """Take one step, given the loss's gradient by the batch's sums, float32 [B, D]."""
        self._step += 1
        used, starts, owners, shares = self._batch
        rate, step = self._rates[self._step], self._step
        self._threads.run(
            np.diff(starts),
            lambda a, b, k: _update(
                a, b, used, starts, owners, shares, gradient,
                self.table, self._m, self._v, self._last, rate, step, self._scratch[k],
            ),
        )  # fmt: skip

    def flush(self) -> None:
        """Bring every row up to date."""
        self._catch_up(np.arange(len(self.table)))

    def _catch_up(self, used: NDArray[np.int64]) -> None:
        step = self._step
        self._threads.run(
            np.ones(len(used), np.int64),
            lambda a, b, k: _catch_up(
                a, b, used, self.table, self._m, self._v, self._last, self._rates, step, self._scratch[k]
            ),
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """Return everything that a continued training needs; call `flush` first. The arrays are not copied."""
        step = np.array([self._step], np.int64)
        return {"table": self.table, "m": self._m, "v": self._v, "last": self._last, "step": step}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what `state` returned."""
        self.table[...], self._m[...], self._v[...] = state["table"], state["m"], state["v"]
        self._last[...] = state["last"]
        self._step = int(state["step"][0])


class Threads:
    """As many threads as this process may use, for kernels that release the lock."""

    def __init__(self) -> None:
        self.n = usable_cores()
        self._pool = ThreadPoolExecutor(self.n)

    def run(self, sizes: NDArray[np.int64], work: Callable[[int, int, int], None]) -> None:
        """Call ``work(begin, end, thread)`` on consecutive ranges of about equal total size, and wait."""
        total = np.cumsum(sizes)
        if not len(total):
            return
        cuts = np.searchsorted(total, np.arange(1, self.n) * (total[-1] / self.n)).tolist()
        bounds = [0, *cuts, len(sizes)]
        done = [self._pool.submit(work, bounds[k], bounds[k + 1], k) for k in range(self.n)]
        for future in wait(done).done:
            future.result()
