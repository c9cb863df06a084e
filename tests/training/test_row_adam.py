"""The row-wise engine gives dense Adam's numbers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plaudit.embeddings.table import Bags
from plaudit.training.adam import BETA1, BETA2, EPSILON, step_sizes
from plaudit.training.row_adam import RowAdam

N_TEXTS, N_ROWS, WIDTH, BATCH = 60, 40, 5, 8


def random_bags(rng: np.random.Generator) -> Bags:
    """Texts of 0 to 6 rows; row 0 is in every text, the last row in none."""
    texts = [np.unique(np.append(rng.integers(1, N_ROWS - 1, rng.integers(0, 7)), 0)) for _ in range(N_TEXTS)]
    texts[3] = np.array([], np.int64)
    offsets = np.concatenate([[0], np.cumsum([len(t) for t in texts])]).astype(np.int64)
    rows = np.concatenate(texts).astype(np.int64)
    return Bags(offsets, rows, rng.uniform(0.1, 1.0, len(rows)).astype(np.float32))


def to_matrix(bags: Bags) -> NDArray[np.float64]:
    matrix = np.zeros((len(bags), N_ROWS))
    for text in range(len(bags)):
        span = slice(bags.offsets[text], bags.offsets[text + 1])
        matrix[text, bags.rows[span]] = bags.weights[span]
    return matrix


class DenseAdam:
    """The textbook: every weight moves at every step."""

    def __init__(self, weights: NDArray[np.float32], rates: NDArray[np.float32]) -> None:
        self.w, self.rates, self.t = weights.astype(np.float64), rates.astype(np.float64), 0
        self.m, self.v = np.zeros_like(self.w), np.zeros_like(self.w)

    def step(self, gradient: NDArray[np.float64]) -> None:
        self.t += 1
        self.m = BETA1 * self.m + (1 - BETA1) * gradient
        self.v = BETA2 * self.v + (1 - BETA2) * gradient**2
        self.w -= self.rates[self.t] * self.m / (np.sqrt(self.v) + EPSILON)


def run_rows(n_steps: int, *, flush_every: int = 1_000) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Train rows and the dense reference side by side on the loss sum(tanh(bag)); return both tables."""
    rng = np.random.default_rng(5)
    bags, rates = random_bags(rng), step_sizes(1e-2, n_steps)
    start = rng.normal(0, 0.3, (N_ROWS, WIDTH)).astype(np.float32)
    rows, dense, matrix = RowAdam(start, rates), DenseAdam(start, rates), to_matrix(bags)
    for step in range(n_steps):
        batch = rng.permutation(N_TEXTS)[:BATCH]
        rows.begin(bags, batch)
        sums = rows.forward(bags, batch)
        rows.apply((1 - np.tanh(sums) ** 2).astype(np.float32))
        dense.step(matrix[batch].T @ (1 - np.tanh(matrix[batch] @ dense.w) ** 2))
        if step % flush_every == flush_every - 1:
            rows.flush()
    rows.flush()
    return rows.table, dense.w


def test_a_hundred_steps_equal_dense_adam() -> None:
    rows, dense = run_rows(100)
    assert np.abs(rows - dense).max() < 1e-5


def test_flushing_now_and_then_changes_nothing() -> None:
    rows, dense = run_rows(100, flush_every=7)
    assert np.abs(rows - dense).max() < 1e-5


def test_rows_move_by_momentum_in_steps_that_do_not_use_them() -> None:
    bags = Bags(np.array([0, 1, 2]), np.array([0, 1]), np.ones(2, np.float32))
    rows = RowAdam(np.zeros((2, 1), np.float32), step_sizes(0.1, 3))
    for text in (0, 1, 1):
        batch = np.array([text])
        rows.begin(bags, batch)
        rows.apply(np.ones((1, 1), np.float32))
    after_use = -0.1  # Adam's first step is the step size, whatever the gradient
    rows.flush()
    assert rows.table[0, 0] < after_use - 0.05


def test_a_row_that_no_text_uses_keeps_its_bits() -> None:
    start = np.random.default_rng(5).normal(0, 0.3, (N_ROWS, WIDTH)).astype(np.float32)
    rng = np.random.default_rng(5)
    random_bags(rng)
    start = rng.normal(0, 0.3, (N_ROWS, WIDTH)).astype(np.float32)
    assert (run_rows(20)[0][N_ROWS - 1] == start[N_ROWS - 1]).all()


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
def test_the_number_of_threads_does_not_change_a_bit(monkeypatch: pytest.MonkeyPatch, n_threads: int) -> None:
    expected, _ = run_rows(30)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(n_threads)), raising=False)
    assert (run_rows(30)[0] == expected).all()


def test_forward_is_the_weighted_sum_and_zero_for_an_empty_text() -> None:
    rng = np.random.default_rng(1)
    bags = random_bags(rng)
    table = rng.normal(size=(N_ROWS, WIDTH)).astype(np.float32)
    out = RowAdam(table, step_sizes(1e-3, 1)).forward(bags, np.arange(N_TEXTS))
    np.testing.assert_allclose(out, to_matrix(bags) @ table, atol=1e-5)
    assert (out[3] == 0).all()


def test_a_state_that_is_loaded_continues_with_the_same_bits() -> None:
    rng = np.random.default_rng(2)
    bags, rates = random_bags(rng), step_sizes(1e-2, 20)
    start = rng.normal(size=(N_ROWS, WIDTH)).astype(np.float32)
    batches = [rng.permutation(N_TEXTS)[:BATCH] for _ in range(20)]

    def train(rows: RowAdam, span: slice) -> None:
        for batch in batches[span]:
            rows.begin(bags, batch)
            rows.apply(np.tanh(rows.forward(bags, batch)))
        rows.flush()

    whole = RowAdam(start, rates)
    train(whole, slice(0, 9))
    saved = {name: array.copy() for name, array in whole.state().items()}
    train(whole, slice(9, 20))
    continued = RowAdam(start, rates)
    continued.load_state(saved)
    train(continued, slice(9, 20))
    assert (continued.table == whole.table).all()


def test_a_batch_of_empty_texts_changes_nothing() -> None:
    bags = Bags(np.array([0, 0, 0]), np.array([], np.int64), np.array([], np.float32))
    rows = RowAdam(np.ones((2, 3), np.float32), step_sizes(1e-2, 2))
    rows.begin(bags, np.arange(2))
    assert (rows.forward(bags, np.arange(2)) == 0).all()
    rows.apply(np.ones((2, 3), np.float32))
    rows.flush()
    assert (rows.table == 1).all()
