"""TensorBoard logs of a run, on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from plaudit.errors import require

if TYPE_CHECKING:
    from plaudit.training import EpochResult, History


class TensorBoardLog:
    """Writes loss and accuracy of every epoch, training and validation as two runs that TensorBoard overlays."""

    def __init__(self, folder: Path) -> None:
        """Open logs under `folder` / train and `folder` / validation."""
        tensorboard = require("tensorboardX", extra="tensorboard", purpose="Writing TensorBoard logs")
        self._train = tensorboard.SummaryWriter(str(folder / "train"))
        self._validation = tensorboard.SummaryWriter(str(folder / "validation"))

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Do nothing; the epochs of a continued run were logged before."""

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        """Do nothing; the log has a point an epoch."""

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        """Log the epoch."""
        self._train.add_scalar("epoch_loss", result.loss, epoch)
        self._train.add_scalar("epoch_accuracy", result.accuracy, epoch)
        if result.val_loss is not None and result.val_accuracy is not None:
            self._validation.add_scalar("epoch_loss", result.val_loss, epoch)
            self._validation.add_scalar("epoch_accuracy", result.val_accuracy, epoch)

    def end(self) -> None:
        """Bring everything to disk; with --refit a second run follows."""
        self._train.flush()
        self._validation.flush()
