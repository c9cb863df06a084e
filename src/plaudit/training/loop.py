"""Epochs, batches, early stopping, checkpoints. Knows nothing of what is trained: see `Trainable`.

Every epoch's order comes from a generator seeded with (seed, epoch), so a continued run needs no generator's state to
give the weights of an uninterrupted one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from plaudit.training.history import EarlyStopping, EpochResult, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.training.checkpoint import Checkpoint

Arrays = dict[str, "NDArray[Any]"]
_SHUFFLE = 3  # what a random generator is for, mixed into its seed
_STEPS = 29  # an epoch of the tutorial: 15,000 reviews in batches of 512


class Trainable(Protocol):
    """A model in training."""

    def __len__(self) -> int:
        """Return the number of training texts."""
        ...

    def step(self, batch: NDArray[np.int64]) -> tuple[float, int]:
        """Train on the texts at `batch`; return their summed loss before the step and how many were right."""
        ...

    def evaluate(self) -> tuple[float, float] | None:
        """Return validation loss and accuracy, or None without validation texts."""
        ...

    def weights(self) -> Arrays:
        """Return the current weights, copied."""
        ...

    def state(self) -> Arrays:
        """Return all that a continued training needs."""
        ...

    def load_state(self, state: Arrays) -> None:
        """Continue from what `state` returned."""
        ...


class Monitor(Protocol):
    """Somebody who watches a run: a progress bar, plain lines, TensorBoard."""

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Training starts; `done` holds the epochs of a continued run."""
        ...

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        """A batch is done: its number in the epoch, mean loss and accuracy of the epoch so far."""
        ...

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """Epoch `epoch` (from 1) is done."""
        ...

    def end(self) -> None:
        """Training is over, or was interrupted."""
        ...


@dataclass(frozen=True)
class LoopSettings:
    """How long and in what portions.

    Attributes:
        epochs: Passes over the training texts, at most.
        batch_size: Texts a step.
        patience: Epochs without a new lowest val_loss before stopping; None never stops and keeps the last weights.
        seed: Decides the order of the texts in each epoch.
    """

    epochs: int
    batch_size: int
    patience: int | None
    seed: int

    def n_steps(self, n: int) -> int:
        """Return the number of steps in an epoch of `n` texts."""
        return -(-n // self.batch_size)


@dataclass(frozen=True)
class TrainingResult:
    """What came of it.

    Attributes:
        weights: The best epoch's with early stopping, else the last's.
        history: The curves.
        kept_epoch: The epoch (from 1) that `weights` are of.
    """

    weights: Arrays
    history: History
    kept_epoch: int


def default_batch_size(n: int) -> int:
    """Return the tutorial's 512, or the greatest power of two that leaves about 30 steps an epoch, at least 8.

    The tutorial's learning rate and 40 epochs go with its 30 steps an epoch; 500 texts in one batch would get a
    thirtieth of its training.
    """
    fitting = max(n // _STEPS, 8)
    return int(min(512, 1 << (fitting.bit_length() - 1)))


def train(
    model: Trainable,
    settings: LoopSettings,
    *,
    monitors: Sequence[Monitor] = (),
    checkpoint: Checkpoint | None = None,
) -> TrainingResult:
    """Train `model` until its epochs are over or its validation loss stops falling."""
    stopping = EarlyStopping(settings.patience) if settings.patience is not None else None
    history, best = History(), Arrays()
    if checkpoint and (saved := checkpoint.load()):
        history, best = _restore(model, stopping, *saved)
    steps = settings.n_steps(len(model))
    for monitor in monitors:
        monitor.begin(epochs=settings.epochs, steps=steps, done=history)
    try:
        for epoch in range(len(history) + 1, settings.epochs + 1):
            if stopping and stopping.is_over:
                break
            result = _run_epoch(model, settings, epoch, monitors)
            history.append(result)
            is_best = stopping is not None and result.val_loss is not None and stopping.is_improved(result.val_loss)
            if is_best:
                best = model.weights()
            for monitor in monitors:
                monitor.after_epoch(epoch, result, is_best=is_best)
            if checkpoint and checkpoint.is_due():
                arrays = {f"best.{name}": array for name, array in best.items()}
                progress = {"history": asdict(history), "stopping": asdict(stopping) if stopping else None}
                checkpoint.save(model.state() | arrays, progress)
    finally:
        for monitor in monitors:
            monitor.end()
    if best:
        return TrainingResult(best, history, kept_epoch=history.best_epoch)
    return TrainingResult(model.weights(), history, kept_epoch=len(history))


def _run_epoch(model: Trainable, settings: LoopSettings, epoch: int, monitors: Sequence[Monitor]) -> EpochResult:
    started = time.perf_counter()
    order = np.random.default_rng([settings.seed, _SHUFFLE, epoch]).permutation(len(model))
    loss, right, seen = 0.0, 0, 0
    for step in range(settings.n_steps(len(model))):
        batch = order[step * settings.batch_size : (step + 1) * settings.batch_size]
        batch_loss, batch_right = model.step(batch)
        loss, right, seen = loss + batch_loss, right + batch_right, seen + len(batch)
        for monitor in monitors:
            monitor.after_step(step + 1, loss / seen, right / seen)
    val_loss, val_accuracy = model.evaluate() or (None, None)
    return EpochResult(loss / seen, right / seen, val_loss, val_accuracy, time.perf_counter() - started)


def _restore(
    model: Trainable, stopping: EarlyStopping | None, arrays: Arrays, progress: dict[str, object]
) -> tuple[History, Arrays]:
    best = {name.removeprefix("best."): array for name, array in arrays.items() if name.startswith("best.")}
    model.load_state({name: array for name, array in arrays.items() if not name.startswith("best.")})
    history = History(**cast("dict[str, dict[str, list[float]]]", progress["history"]))  # type: ignore[arg-type]
    if stopping and progress["stopping"]:
        saved = cast("dict[str, float]", progress["stopping"])
        stopping.best, stopping.waited = saved["best"], int(saved["waited"])
    return history, best
