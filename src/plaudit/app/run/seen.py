"""Which texts a model has met: hashes of a run's texts in its folder, so that no copy of its data flatters a figure.

A file that was copied, sorted, joined with another or written in another format holds texts that a model was trained
on; what it answers to those says what it remembers. Equal means equal after normalising (`data.dataset`), as in a run's
own figures; near-duplicates are not looked for.

The decision to question: a text is known by 64 bits of a hash, 8 MiB at most for a part; of a part of more than a
million texts nothing is kept. Whoever has a text can ask whether it is among them; none can be read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.data import Dataset
from plaudit.models.artifact import read_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.app.run.parts import Parts
    from plaudit.config import TrainingConfig

_FILE = "seen.safetensors"
_PARTS = ("trained", "validated", "tested")
_MOST = 1 << 20  # texts of a part


@dataclass(frozen=True, eq=False)
class Met:
    """The hashes of the texts that a model was trained, chosen and tested on, each uint64, ascending."""

    trained: NDArray[np.uint64]
    validated: NDArray[np.uint64]
    tested: NDArray[np.uint64]

    @classmethod
    def of(cls, trained: Sequence[Dataset], validated: Sequence[Dataset], tested: Sequence[Dataset]) -> Met:
        """Take note of a run's texts."""
        return cls(*(_hashes(parts) for parts in (trained, validated, tested)))

    @classmethod
    def of_run(cls, parts: Parts, test: Dataset, training: TrainingConfig) -> Met:
        """Take note of a run's texts; trained on are those of a refit and of --final too."""
        more = (*((parts.validation,) if training.refit else ()), *((test,) if training.final else ()))
        return cls.of((parts.train, *more), (parts.validation,), (test,))

    @classmethod
    def read(cls, folder: Path) -> Met | None:
        """Return what `write` wrote; None where the folder has nothing, as those of older versions.

        Raises:
            ModelError: The file is damaged.
        """
        path = folder / _FILE
        if not path.is_file():
            return None
        found = read_tensors(path, dict.fromkeys(_PARTS, (-1, 2)), np.uint32)
        return cls(*(np.sort(found[name].view(np.uint64).reshape(-1)) for name in _PARTS))

    def write(self, folder: Path) -> None:
        """Write them into an existing folder."""
        from safetensors.numpy import save

        arrays = {name: getattr(self, name).view(np.uint32).reshape(-1, 2) for name in _PARTS}
        (folder / _FILE).write_bytes(save(arrays))

    def is_seen(self, texts: Dataset) -> NDArray[np.bool_]:
        """Return which of N texts the model was trained on, or chosen by, bool [N]."""
        return np.isin(texts.digests, np.concatenate([self.trained, self.validated]))

    def is_for_choosing(self, texts: Dataset) -> NDArray[np.bool_]:
        """Return on which of N texts a rule may be chosen, bool [N]: neither trained nor tested on."""
        return ~np.isin(texts.digests, np.concatenate([self.trained, self.tested]))


def _hashes(parts: Sequence[Dataset]) -> NDArray[np.uint64]:
    if sum(map(len, parts)) > _MOST:
        return np.zeros(0, np.uint64)
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *(each.digests for each in parts)]))
