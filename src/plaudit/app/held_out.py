"""What a refitted model answered to its validation texts before it learned from them too, kept beside it.

A decision rule is chosen on answers to texts that a model has not seen; after a refit only these are such.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.models.artifact import read_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FILE = "validation.safetensors"


def write_held_out(folder: Path, logits: NDArray[np.floating]) -> None:
    """Write the logits of N validation texts, [N, K], divided by the temperature."""
    from safetensors.numpy import save

    (folder / _FILE).write_bytes(save({"logits": np.ascontiguousarray(logits, np.float32)}))


def read_held_out(folder: Path, n_texts: int, n_logits: int) -> NDArray[np.float32] | None:
    """Read them, float32 [N, K]; None where the folder has none, as those of older versions.

    Raises:
        ModelError: The file is damaged.
    """
    path = folder / _FILE
    return read_tensors(path, {"logits": (n_texts, n_logits)}, np.float32)["logits"] if path.is_file() else None
