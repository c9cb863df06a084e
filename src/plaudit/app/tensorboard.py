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
        """Make `folder`; logs go under it as train and validation, those of a --refit as refit/train."""
        self._writer = require("tensorboardX", extra="tensorboard", purpose="Writing TensorBoard logs").SummaryWriter
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        """Open the logs; the epochs of a continued run were logged before."""
        self._train = self._writer(str(self._folder / "train"))
        self._validation = self._writer(str(self._folder / "validation"))

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
        """Bring everything to disk (a flush alone leaves behind what is still in tensorboardX's queue)."""
        self._train.close()
        self._validation.close()
        self._folder = self._folder / "refit"  # a second training of this run is another curve
