"""Training: epochs and their history, early stopping, checkpoints, and the engine of the embedding-bag network."""

from plaudit.training.history import EarlyStopping, EpochResult, History, describe, refit_epochs, training_of
from plaudit.training.loop import LoopSettings, Monitor, TrainingResult, default_batch_size, train

__all__ = [
    "EarlyStopping",
    "EpochResult",
    "History",
    "LoopSettings",
    "Monitor",
    "TrainingResult",
    "default_batch_size",
    "describe",
    "refit_epochs",
    "train",
    "training_of",
]
