"""How a classifier's own logits become those that its probabilities are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.training.class_scaling import ClassScaling


class ScaledLogits:
    """What makes a classifier's probabilities right as often as they say.

    Attributes:
        temperature_: What its logits are divided by, above 0.
        class_scaling_: A scale and a shift for each class's logit in its place; None for none.
    """

    temperature_: float = 1.0
    class_scaling_: ClassScaling | None = None

    def scaled(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what `Classifier.logits` makes of the recipe's own, float32 [N, K]."""
        if self.class_scaling_ is not None:
            return self.class_scaling_.apply(logits)
        return logits if self.temperature_ == 1 else logits / np.float32(self.temperature_)

    def unscaled(self, logits: NDArray[Any]) -> NDArray[np.float32] | None:
        """Return the recipe's own logits from those of `logits`, except for rounding; None where they are the same."""
        if self.class_scaling_ is not None:
            return self.class_scaling_.undo(logits)
        return None if self.temperature_ == 1 else (logits * np.float32(self.temperature_)).astype(np.float32)

    def forget_scaling(self) -> None:
        """Take the recipe's own logits from now on."""
        self.temperature_, self.class_scaling_ = 1.0, None

    def read_scaling(self, manifest: dict[str, Any], n_logits: int, *, where: str) -> None:
        """Take what a checked manifest says of it; `where` opens the message.

        Raises:
            ModelError: "class_scaling" is none, or not one of `n_logits` logits.
        """
        self.temperature_, stored = float(manifest["temperature"]), manifest["class_scaling"]
        if stored is not None:
            from plaudit.training.class_scaling import ClassScaling

            self.class_scaling_ = ClassScaling.from_dict(stored, n_logits)
            if self.class_scaling_ is None:
                raise ModelError(f"{where}: damaged: class_scaling must have a scale and a shift for each class.")
