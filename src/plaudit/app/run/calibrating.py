"""What a model answers to the texts that judge it: its calibration, and the test texts not seen in training.

Where the parts are given, texts may stand on both sides; what a model memorised of them flatters the test's figures.
Equal means equal after normalising (`data.dataset.normalise_texts`), as everywhere; near-duplicates are not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.data import Dataset
from plaudit.data.spill import shared_rows
from plaudit.evaluation import Answers, Reliability, answer
from plaudit.models import Classifier
from plaudit.training.class_scaling import ClassScaling, choose_scaling
from plaudit.training.temperature import LEAST_TEXTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation import Answers


@dataclass(frozen=True)
class Calibrated:
    """A model's probabilities on its validation texts.

    Attributes:
        temperature: What its logits are divided by.
        by_class: A scale and a shift for each class in its place; None for none.
        validation: What it answers to the validation texts with it; scaled by class, which may move answers, each text
            with what other texts chose.
        loss_before: The log loss without it.
        before: Probabilities beside what came true, without it.
        after: The same with it: of each text with what other texts chose, so that none flatters.
        loss: The log loss, likewise.
    """

    temperature: float
    by_class: ClassScaling | None
    validation: Answers
    loss_before: float
    before: Reliability
    after: Reliability
    loss: float

    @property
    def logits(self) -> NDArray[np.floating]:
        """Those of the validation texts with the temperature, float [N, K]."""
        assert self.validation.logits is not None  # a classifier answered
        return self.validation.logits

    @property
    def is_scaled(self) -> bool:
        """Whether logits are scaled at all."""
        return self.temperature != 1 or self.by_class is not None

    def to_dict(self) -> dict[str, Any]:
        """Return what metrics.json keeps as "calibration"; all but the first two are of the validation texts."""
        return {
            "temperature": self.temperature,
            "classes_scaled": 0 if self.by_class is None else self.by_class.n_own,
            "loss_before": self.loss_before,
            "loss": self.loss,
            "calibration_error_before": self.before.error,
            "calibration_error": self.after.error,
        }

    def __str__(self) -> str:
        if not self.is_scaled:
            n = len(self.validation)
            why = (
                f"fewer than {LEAST_TEXTS} validation texts choose no temperature"
                if n < LEAST_TEXTS
                else "no temperature lowers the log loss of texts that did not choose it"
            )
            return f"Calibration: {why}; calibration error {self.after.error:.4f}."
        how = f"temperature {self.temperature:.4f}"
        if self.by_class is not None:
            how = f"{self.by_class.n_own} of {len(self.by_class.scale)} classes scaled by themselves"
        return (
            f"Calibration: {how}; on validation texts that did not choose it log loss "
            f"{self.loss_before:.4f} -> {self.loss:.4f}, calibration error {self.before.error:.4f} -> "
            f"{self.after.error:.4f}."
        )


def calibrate(model: Classifier, validation: Dataset) -> Calibrated:
    """Calibrate a fitted model and measure it; its logits, which may take minutes, are computed once."""
    model.forget_scaling()
    raw = model.logits(validation.texts)
    before = answer(model, validation, logits=raw)
    chosen = choose_scaling(raw, before.labels)
    model.temperature_, model.class_scaling_ = chosen.temperature, chosen.by_class
    scaled = model.scaled(raw)  # as `logits` does from now on
    crossed = answer(model, validation, logits=chosen.cross_fitted)
    after = answer(model, validation, logits=scaled)
    if chosen.by_class is not None:
        after = replace(crossed, logits=scaled, raw=raw)
    return Calibrated(
        temperature=model.temperature_,
        by_class=model.class_scaling_,
        validation=after,
        loss_before=float(before.losses.mean()),
        before=before.reliability,
        after=crossed.reliability,
        loss=float(crossed.losses.mean()),
    )


def unseen_rows(texts: Dataset, seen: Sequence[Dataset]) -> NDArray[np.bool_]:
    """Return which of N texts are in none of `seen`, bool [N]."""
    rows = np.ones(len(texts), np.bool_)
    for part in seen:
        rows &= ~shared_rows(part, texts)
    return rows


def unseen_of(answers: Answers, texts: Dataset, seen: Sequence[Dataset]) -> Answers | None:
    """Return the answers to the texts that are in none of `seen`; None where that is all of them, or none."""
    rows = unseen_rows(texts, seen)
    return None if rows.all() or not rows.any() else answers.take(np.flatnonzero(rows))
