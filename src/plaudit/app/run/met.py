"""Which texts a run's model has met: what it memorised of them flatters its figures.

Where the parts are given, texts may stand on both sides. And a file that was copied, sorted, joined with another or
written in another format holds texts that a model was trained on. So a run keeps hashes of its texts in its folder.
Equal means equal after normalising (`data.dataset.normalise_texts`), as everywhere; near-duplicates are not looked for.
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
from plaudit.data.spill import shared_rows
from plaudit.models.artifact import read_tensors
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.app.run.parts import Parts
    from plaudit.config import TrainingConfig


def unseen_rows(texts: Dataset, seen: Sequence[Dataset]) -> NDArray[np.bool_]:
    """Return which of N texts are in none of `seen`, bool [N]."""
    rows = np.ones(len(texts), np.bool_)
    for part in seen:
        rows &= ~shared_rows(part, texts)
    return rows


def taught_rows(teacher: str | None, unlabelled: Dataset | None, test: Dataset) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which of N test texts a distilled model may know through its teacher, bool [N], and lines that say so.

    These are the texts that the teacher answered for it, and those that the teacher itself was trained or chosen on,
    whose labels it hands on.
    """
    answered, learned, lines = np.zeros(len(test), np.bool_), np.zeros(len(test), np.bool_), []
    if unlabelled is not None:
        answered = shared_rows(unlabelled, test)
    if n := int(answered.sum()):
        lines.append(
            f"note: {counted(n, 'test text is', 'test texts are')} also among the texts without labels "
            "(equal except for case and punctuation)."
        )
    if teacher is not None and (met := Met.read(Path(teacher).expanduser())) is not None:
        learned = met.is_seen(test)
    if n := int(learned.sum()):
        lines.append(
            f"note: the teacher was trained or chosen on {n:,} of the {counted(len(test), 'test text')}, and hands "
            "on their labels: figures of these are optimistic. A teacher that was trained on the same parts has not "
            "seen them."
        )
    return answered | learned, lines


_MET_FILE = "seen.safetensors"
_MET_PARTS = ("trained", "validated", "tested")
_MOST_MET = 1 << 20  # texts of a part


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
    def of_run(cls, parts: Parts, test: Dataset, training: TrainingConfig, taught: NDArray[np.bool_]) -> Met:
        """Take note of a run's texts; trained on are those of a refit, of --final and of `taught_rows`, too."""
        known = test if training.final else test.take(np.flatnonzero(taught))
        more = (*((parts.validation,) if training.refit else ()), known)
        return cls.of((parts.train, *more), (parts.validation,), (test,))

    @classmethod
    def read(cls, folder: Path) -> Met | None:
        """Return what `write` wrote; None where the folder has nothing, as those of older versions.

        Raises:
            ModelError: The file is damaged.
        """
        path = folder / _MET_FILE
        if not path.is_file():
            return None
        found = read_tensors(path, dict.fromkeys(_MET_PARTS, (-1, 2)), np.uint32)
        return cls(*(np.sort(found[name].view(np.uint64).reshape(-1)) for name in _MET_PARTS))

    def write(self, folder: Path) -> None:
        """Write them into an existing folder."""
        from safetensors.numpy import save

        arrays = {name: getattr(self, name).view(np.uint32).reshape(-1, 2) for name in _MET_PARTS}
        (folder / _MET_FILE).write_bytes(save(arrays))

    def is_seen(self, texts: Dataset) -> NDArray[np.bool_]:
        """Return which of N texts the model was trained on, or chosen by, bool [N]."""
        return np.isin(texts.digests, np.concatenate([self.trained, self.validated]))

    def is_for_choosing(self, texts: Dataset) -> NDArray[np.bool_]:
        """Return on which of N texts a rule may be chosen, bool [N]: neither trained nor tested on."""
        return ~np.isin(texts.digests, np.concatenate([self.trained, self.tested]))


def _hashes(parts: Sequence[Dataset]) -> NDArray[np.uint64]:
    if sum(map(len, parts)) > _MOST_MET:
        return np.zeros(0, np.uint64)
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *(each.digests for each in parts)]))
