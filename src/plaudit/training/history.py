"""What happened in each epoch, when to stop, and what the curves say in words. Knows numbers only, no model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from plaudit.wording import counted

NAMES = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class EpochResult:
    """One epoch's figures.

    Attributes:
        loss: Mean training loss over the epoch, each batch before its step (as Keras reports it).
        accuracy: Training accuracy over the epoch, likewise, 0 to 1; of texts with several labels, the share whose set
            of labels is predicted whole (subset accuracy).
        val_loss: Validation loss after the epoch; None without validation texts.
        val_accuracy: Validation accuracy after the epoch, 0 to 1; None likewise.
        seconds: Wall-clock time of the epoch with its validation.
    """

    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    seconds: float


@dataclass
class History:
    """The curves of a training run.

    Attributes:
        history: ``{"loss": [...], "accuracy": [...], "val_loss": [...], "val_accuracy": [...]}``, one entry an epoch;
            the validation lists are empty when there was no validation.
        seconds: Wall-clock time of each epoch.
    """

    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    seconds: list[float] = field(default_factory=list)

    def append(self, result: EpochResult) -> None:
        """Add an epoch."""
        for name in NAMES:
            value = getattr(result, name)
            if value is not None:
                self.history[name].append(value)
        self.seconds.append(result.seconds)

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest val_loss, the first of equals; the last one without validation."""
        losses = self.history["val_loss"]
        return losses.index(min(losses)) + 1 if losses else len(self)


@dataclass
class EarlyStopping:
    """Stop when the validation loss has not reached a new low for `patience` epochs.

    A loss that is not a number counts as no improvement.
    """

    patience: int
    best: float = math.inf
    waited: int = 0

    def is_improved(self, val_loss: float) -> bool:
        """Take in one epoch's loss; True when it is a new low."""
        if val_loss < self.best:
            self.best, self.waited = val_loss, 0
            return True
        self.waited += 1
        return False

    @property
    def is_over(self) -> bool:
        """Whether patience has run out."""
        return self.waited >= self.patience


def refit_epochs(best_epoch: int, *, n_before: int, n_after: int) -> int:
    """Return how many epochs to train on `n_after` texts when `best_epoch` was best on `n_before` of them.

    More texts make more steps of an epoch, so the same number of epochs trains longer and overfits, and the same number
    of steps stops short of what more texts allow. The geometric mean of the two was the best epoch, or next to it, in
    each of six trials on IMDB's training half (9,000 texts against 15,000; docs/log.md, 2026-11-22).
    """
    return max(1, round(best_epoch * math.sqrt(n_before / n_after)))


def training_of(epoch: int, epochs: int) -> int:
    """Return in which of a soup's trainings of `epochs` epochs each the epoch is, both counted from 1."""
    return -(-epoch // epochs)


def describe(history: History, *, epochs: int, stopped: bool, soup: int = 1) -> str:
    """Say in words what the curves show: the best epoch, the gap, and what early stopping saved.

    Args:
        history: At least one epoch.
        epochs: The number of epochs that was asked for.
        stopped: Whether early stopping ended the run and restored the best weights.
        soup: How many trainings of so many epochs follow one another, whose mean is taken.
    """
    curves = history.history
    n, best = len(history), history.best_epoch
    if not curves["val_loss"]:
        return f"Trained {counted(n, 'epoch')} without validation texts, so it is unknown whether it overfits."
    gap = 100 * (curves["accuracy"][best - 1] - curves["val_accuracy"][best - 1])
    low, last = curves["val_loss"][best - 1], curves["val_loss"][-1]
    best_words = (
        f"Best epoch {best}: val_loss {low:.4f}, val_accuracy {curves['val_accuracy'][best - 1]:.4f}, "
        f"training accuracy {gap:+.1f} points from it."
    )
    if soup > 1:
        n_mixed = training_of(best, epochs) if stopped else soup
        if n_mixed == 1:
            return f"{best_words} The weights are the first training's: the mean with others had no lower val_loss."
        trainings = f"{n_mixed} of {soup} trainings of {counted(epochs, 'epoch')}"
        return f"{best_words} The weights are the mean of {trainings} (a soup)."
    if best == n:
        return f"{best_words} val_loss was still falling at the end: more epochs may help (--epochs)."
    turn = (
        f"After it training loss fell on to {curves['loss'][-1]:.4f} while val_loss rose to {last:.4f}: overfitting."
        if curves["loss"][-1] < curves["loss"][best - 1]
        else f"After it val_loss did not get better (last {last:.4f})."
    )
    if not stopped:
        return f"{best_words} {turn} The model is the last epoch's; early stopping would have kept epoch {best}."
    saved = epochs - n
    return f"{best_words} {turn} Early stopping kept epoch {best}" + (
        f" and saved {counted(saved, 'epoch')}." if saved else "."
    )
