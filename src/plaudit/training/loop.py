"""Epochs, batches, early stopping, checkpoints. Knows nothing of what is trained: see `Trainable`.

Every epoch's order comes from a generator seeded with (seed, epoch), so a continued run needs no generator's state to
give the weights of an uninterrupted one, also when it was cut off inside an epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from plaudit.errors import ConfigError
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

    def batches(self, order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
        """Divide an epoch's texts, int64 [N] in random order, into batches; `in_order` is the plain way.

        There are as many as `LoopSettings.n_steps` says, and each text is in one of them.
        """
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

    def check_converged(self) -> None:
        """Refuse weights that answer nothing: a model of them could be saved, but not be used.

        Raises:
            ConfigError: A loss or a weight is not a finite number.
        """
        losses = [curve[self.kept_epoch - 1] for curve in self.history.history.values() if curve]
        if not np.isfinite(losses).all() or not all(np.isfinite(array).all() for array in self.weights.values()):
            raise ConfigError(
                f"training diverged: after epoch {self.kept_epoch} the loss is not a finite number; "
                "try a smaller --learning-rate."
            )


def in_order(order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Cut `order` (int64 [N]) into batches of `batch_size`; the last holds what is left."""
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


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
    history, best, part = History(), Arrays(), _PartOfEpoch()
    if checkpoint and (saved := checkpoint.load()):
        history, best, part = _restore(model, stopping, *saved)

    def save(part: _PartOfEpoch) -> None:
        assert checkpoint is not None
        arrays = {f"best.{name}": array for name, array in best.items()}
        progress = {"history": asdict(history), "stopping": asdict(stopping) if stopping else None}
        checkpoint.save(model.state() | arrays, progress | {"part": asdict(part)})

    def after_step(part: _PartOfEpoch) -> None:
        if checkpoint and checkpoint.is_overdue():
            save(part)

    steps = settings.n_steps(len(model))
    for monitor in monitors:
        monitor.begin(epochs=settings.epochs, steps=steps, done=history)
    try:
        for epoch in range(len(history) + 1, settings.epochs + 1):
            if stopping and stopping.is_over:
                break
            result = _run_epoch(model, settings, epoch, part, monitors, after_step)
            part = _PartOfEpoch()
            history.append(result)
            is_best = stopping is not None and result.val_loss is not None and stopping.is_improved(result.val_loss)
            if is_best:
                best = model.weights()
            for monitor in monitors:
                monitor.after_epoch(epoch, result, is_best=is_best)
            if checkpoint and checkpoint.is_due():
                save(part)
    finally:
        for monitor in monitors:
            monitor.end()
    if best:
        return TrainingResult(best, history, kept_epoch=history.best_epoch)
    return TrainingResult(model.weights(), history, kept_epoch=len(history))


@dataclass
class _PartOfEpoch:
    """How far an epoch has come: its steps, their summed loss, the texts that were right and seen, the time."""

    steps: int = 0
    loss: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0


def _run_epoch(
    model: Trainable,
    settings: LoopSettings,
    epoch: int,
    part: _PartOfEpoch,
    monitors: Sequence[Monitor],
    after_step: Callable[[_PartOfEpoch], None],
) -> EpochResult:
    """Run what `part` has not done of an epoch."""
    started = time.perf_counter() - part.seconds
    order = np.random.default_rng([settings.seed, _SHUFFLE, epoch]).permutation(len(model))
    for batch in model.batches(order, settings.batch_size)[part.steps :]:
        loss, right = model.step(batch)
        part.loss, part.right, part.seen = part.loss + loss, part.right + right, part.seen + len(batch)
        part.steps, part.seconds = part.steps + 1, time.perf_counter() - started
        for monitor in monitors:
            monitor.after_step(part.steps, part.loss / part.seen, part.right / part.seen)
        after_step(part)
    val_loss, val_accuracy = model.evaluate() or (None, None)
    seconds = time.perf_counter() - started
    return EpochResult(part.loss / part.seen, part.right / part.seen, val_loss, val_accuracy, seconds)


def _restore(
    model: Trainable, stopping: EarlyStopping | None, arrays: Arrays, progress: dict[str, object]
) -> tuple[History, Arrays, _PartOfEpoch]:
    best = {name.removeprefix("best."): array for name, array in arrays.items() if name.startswith("best.")}
    model.load_state({name: array for name, array in arrays.items() if not name.startswith("best.")})
    history = History(**cast("dict[str, dict[str, list[float]]]", progress["history"]))  # type: ignore[arg-type]
    if stopping and progress["stopping"]:
        saved = cast("dict[str, float]", progress["stopping"])
        stopping.best, stopping.waited = saved["best"], int(saved["waited"])
    part = _PartOfEpoch(**cast("dict[str, Any]", progress.get("part", {})))
    return history, best, part
