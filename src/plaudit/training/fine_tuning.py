"""A fine-tuning run of an encoder: from its settings and examples to the trained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.text.subwords import SubwordTokenizer
from plaudit.training.checkpoint import Checkpoint
from plaudit.training.encoder_model import EncoderModel, working
from plaudit.training.encoder_network import EncoderExamples, EncoderNetwork, fingerprint
from plaudit.training.loop import LoopSettings, Monitor, TrainingResult, train
from plaudit.training.torch_device import Placement

# Fewer texts are seen more often: as many times as makes this many, and not more than that.
_TEXTS_OF_AN_EPOCH, _MOST_EPOCHS = 15_000, 10
_MOST_PARTS = 3  # of a long text that are trained on, unless more epochs are asked for
# Up to how many weights in layers which rate: MiniLM's (11 million; docs/log.md, 2026-11-23), MPNet's (85 million;
# docs/log.md, 2026-11-27), and what is usual for large encoders (Liu et al. 2019, table 10).
SMALL_RATE = 1e-4
_RATES = ((40e6, SMALL_RATE), (200e6, 3e-5), (float("inf"), 1e-5))
_N_LOOKED_AT = 1_000  # texts, evenly spaced


def default_epochs(texts: pa.LargeStringArray, tokenizer: SubwordTokenizer, max_tokens: int, long_texts: str) -> int:
    """Return a number of epochs for N texts: enough steps for small data, and for long texts to be read in parts."""
    some = texts.take(pa.array(np.linspace(0, len(texts) - 1, min(len(texts), _N_LOOKED_AT)).astype(np.int64)))
    lengths, room = np.diff(tokenizer.ids(some).offsets), max(max_tokens - len(tokenizer.frame), 1)
    n_epochs = max(_TEXTS_OF_AN_EPOCH // len(texts), 1)
    if long_texts == "windows":
        n_parts = round(lengths.sum() / max(np.minimum(lengths, room).sum(), 1))
        n_epochs = max(n_epochs, min(n_parts, _MOST_PARTS))
    return min(n_epochs, _MOST_EPOCHS)


def default_learning_rate(model: EncoderModel) -> float:
    """Return AdamW's greatest rate for an encoder: the larger its layers, the smaller."""
    tables = sum(table.weight.numel() for table in _tables(model.encoder))
    n_weights = sum(p.numel() for p in model.encoder.parameters()) - tables
    return next(rate for most, rate in _RATES if n_weights <= most)


def _tables(encoder: Any) -> list[Any]:
    import torch

    return [module for module in encoder.modules() if isinstance(module, torch.nn.Embedding)]


@dataclass(frozen=True)
class FineTuning:
    """All that decides the trained weights.

    Attributes:
        model: What is trained.
        training: What it learns from.
        watched: Validation texts, or None.
        settings: `EncoderClassifier`'s, with the number of epochs decided.
        classes: The labels.
        multi_label: Whether a text may have several.
    """

    model: EncoderModel
    training: EncoderExamples
    watched: EncoderExamples | None
    settings: Mapping[str, Any]
    classes: Sequence[object]
    multi_label: bool

    def run(
        self,
        placement: Placement,
        *,
        monitors: Sequence[Monitor] = (),
        checkpoint: Path | None = None,
        resume: bool = False,
        keeps: bool = True,
    ) -> TrainingResult:
        """Train every weight of the model, alone or with the other processes of `Team.of_this_process`.

        Args:
            placement: Where.
            monitors: Who watches the run.
            checkpoint: A file that keeps the state of the run.
            resume: Whether to continue from it.
            keeps: Whether this process writes it.
        """
        settings = self.settings
        epochs = settings["epochs"] * settings["soup"]
        may_stop = settings["early_stopping"] and self.watched is not None and epochs > 1
        # every training of a soup goes to its end, where its rate is least
        patience = settings["patience"] if settings["soup"] == 1 else epochs
        loop = LoopSettings(
            epochs=epochs,
            batch_size=settings["batch_size"],
            patience=patience if may_stop else None,
            seed=settings["seed"],
        )
        saved = None
        if checkpoint is not None:
            saved = Checkpoint(checkpoint, self._fingerprint(), resume, keeps)
        with working():
            network = EncoderNetwork(
                self.model,
                self.training,
                self.watched,
                placement=placement,
                learning_rate=settings["learning_rate"],
                layer_decay=settings["layer_decay"],
                label_smoothing=settings["label_smoothing"],
                multi_label=self.multi_label,
                n_steps=settings["epochs"] * loop.n_steps(len(self.training)),
                epochs=settings["epochs"],
                seed=settings["seed"],
                soup=settings["soup"],
            )
            result = train(network, loop, monitors=monitors, checkpoint=saved)
        result.check_converged()
        return result

    def _fingerprint(self) -> str:
        decisive = {k: v for k, v in self.settings.items() if k not in ("encoder", "validation_fraction")}
        return fingerprint(repr((decisive, self.classes)), self.model, self.training, self.watched)
