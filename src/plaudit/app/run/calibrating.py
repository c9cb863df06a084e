"""A run's calibration: chosen on validation texts, and measured on those that did not choose it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plaudit.data import Dataset
from plaudit.evaluation import Answers, Reliability, answer
from plaudit.evaluation.calibration import LEAST_CASES
from plaudit.models import Classifier
from plaudit.training.class_scaling import ClassScaling, choose_scaling
from plaudit.training.temperature import why_unscaled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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

    def sentence(self, of: str = "") -> str:
        """Say what was chosen and what it brings; `of` names the model where there are several."""
        heading = f"Calibration of {of}" if of else "Calibration"
        if not self.is_scaled:
            n = len(self.validation)
            error = f"; calibration error {self.after.error:.4f}" if n >= LEAST_CASES else ""
            return f"{heading}: {why_unscaled(n)}{error}."
        how = f"temperature {self.temperature:.4f}"
        if self.by_class is not None:
            how = f"{self.by_class.n_own} of {len(self.by_class.scale)} classes scaled by themselves"
        return (
            f"{heading}: {how}; out-of-sample validation log loss "
            f"{self.loss_before:.4f} -> {self.loss:.4f}, calibration error {self.before.error:.4f} -> "
            f"{self.after.error:.4f}."
        )


def calibrate(model: Classifier, validation: Dataset) -> Calibrated:
    """Calibrate a fitted model and measure it; its logits, which may take minutes, are computed once."""
    model.forget_scaling()
    raw = model.logits(validation.texts)
    before = answer(model, validation, logits=raw)
    chosen = choose_scaling(raw, before.labels, alike=before.alike)
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
