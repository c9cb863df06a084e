"""A training run's state in one file, so that a run killed at any moment goes on from its last finished epoch.

One safetensors file: arrays, and everything else as JSON in its header. Written beside and renamed, so the file is
always a whole one. How often is decided by cost: never more than about a tenth of the time goes into saving. An epoch
that lasts longer than five minutes is saved inside, too.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHARE = 0.1  # of the run's time
_INTERVAL_S = 300.0  # the most that a kill inside an epoch costs


@dataclass
class Checkpoint:
    """Where a run keeps its state.

    Attributes:
        path: The file.
        fingerprint: What must be the same for a run to be continued: settings and data, as the caller hashes them.
        resume: Whether to continue from the file when it is there.
        keeps: Whether this process writes the file; of several that train together one does.
    """

    path: Path
    fingerprint: str
    resume: bool = False
    keeps: bool = True
    _saved_at: float = field(default=-float("inf"), init=False)
    _cost_s: float = field(default=0.0, init=False)
    _opened_at: float = field(default_factory=time.monotonic, init=False)

    def is_due(self) -> bool:
        """Whether enough time has passed since the last save to save after an epoch."""
        return self.keeps and time.monotonic() - self._saved_at >= self._cost_s / _SHARE

    def is_overdue(self) -> bool:
        """Whether so much time has passed, since the last save or the start, that an epoch's end is not waited for."""
        return self.is_due() and time.monotonic() - max(self._saved_at, self._opened_at) >= _INTERVAL_S

    def save(self, arrays: dict[str, NDArray[Any]], progress: Mapping[str, object]) -> None:
        """Write the state; the previous one stays until this one is whole.

        Raises:
            ModelError: The file cannot be written.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

        started = time.monotonic()
        # A folder: safetensors writes beside its target, under a name of its own, which a kill would leave behind.
        place = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        header = {"fingerprint": self.fingerprint, "progress": json.dumps(progress)}
        try:
            place.mkdir(parents=True, exist_ok=True)
            save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, place / "state", metadata=header)
            (place / "state").replace(self.path)
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{self.path}: the run's state cannot be saved: {error}.") from error
        finally:
            shutil.rmtree(place, ignore_errors=True)
        self._saved_at = time.monotonic()
        self._cost_s = self._saved_at - started

    def load(self) -> tuple[dict[str, NDArray[Any]], dict[str, object]] | None:
        """Return arrays and progress of the last save, or None when there is none or `resume` is off.

        Raises:
            ConfigError: The file belongs to a run with other settings or data.
            ModelError: The file is damaged.
        """
        from safetensors import SafetensorError, safe_open

        if not self.resume or not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="numpy") as file:
                header = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            progress = json.loads(header["progress"])
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise ModelError(f"{self.path}: a damaged checkpoint ({error}); run again without --resume.") from error
        if header.get("fingerprint") != self.fingerprint:
            raise ConfigError(
                f"{self.path} belongs to a run with other settings or data; run again without --resume to start again."
            )
        return arrays, progress

    def remove(self) -> None:
        """Delete the file: the run is complete."""
        self.path.unlink(missing_ok=True)
