"""A fine-tuning run of an encoder: from its settings and examples to the trained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.training.checkpoint import Checkpoint
from plaudit.training.encoder_model import EncoderModel, working
from plaudit.training.encoder_network import EncoderExamples, EncoderNetwork, fingerprint
from plaudit.training.loop import LoopSettings, Monitor, TrainingResult, train
from plaudit.training.torch_device import Placement

# Fewer texts are seen more often: as many times as makes this many, and not more than that.
_TEXTS_OF_AN_EPOCH, _MOST_EPOCHS = 15_000, 10


def epochs_for(n: int) -> int:
    """Return a number of epochs for `n` training texts: enough steps for small data to be learned."""
    return min(max(_TEXTS_OF_AN_EPOCH // n, 1), _MOST_EPOCHS)


def fine_tune(
    model: EncoderModel,
    training: EncoderExamples,
    watched: EncoderExamples | None,
    *,
    settings: Mapping[str, Any],
    classes: Sequence[object],
    multi_label: bool,
    placement: Placement,
    monitors: Sequence[Monitor] = (),
    checkpoint: Path | None = None,
    resume: bool = False,
) -> TrainingResult:
    """Train every weight of `model`, and leave the kept ones in it.

    Args:
        model: What is trained.
        training: What it learns from.
        watched: Validation texts, or None.
        settings: `EncoderClassifier`'s, with the number of epochs decided.
        classes: The labels.
        multi_label: Whether a text may have several.
        placement: Where it is trained.
        monitors: Who watches the run.
        checkpoint: A file that keeps the state of the run.
        resume: Whether to continue from it.
    """
    may_stop = settings["early_stopping"] and watched is not None and settings["epochs"] > 1
    loop = LoopSettings(
        epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        patience=settings["patience"] if may_stop else None,
        seed=settings["seed"],
    )
    saved = None
    if checkpoint is not None:
        decisive = {k: v for k, v in settings.items() if k not in ("encoder", "validation_fraction")}
        saved = Checkpoint(checkpoint, fingerprint(repr((decisive, classes)), model, training, watched), resume)
    with working():
        network = EncoderNetwork(
            model,
            training,
            watched,
            placement=placement,
            learning_rate=settings["learning_rate"],
            layer_decay=settings["layer_decay"],
            label_smoothing=settings["label_smoothing"],
            multi_label=multi_label,
            n_steps=loop.epochs * loop.n_steps(len(training)),
            seed=settings["seed"],
        )
        result = train(network, loop, monitors=monitors, checkpoint=saved)
    result.check_converged()
    model.load(result.weights)
    return result
