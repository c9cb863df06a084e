"""Asking a slow teacher many texts: what it has answered is kept in a file, so that a run that is cut off goes on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.progress import telling_part
from plaudit.text.chunks import bounds
from plaudit.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier

SUFFIX = ".answers"
_RUN_TEXTS = 1_024  # asked at a time: less than a minute's work for an encoder on two cores


def ask(
    teacher: Classifier, texts: pa.LargeStringArray, *, checkpoint: Path | None = None, resume: bool = False
) -> NDArray[np.float64]:
    """Return a teacher's probabilities of M texts, float64 [M, C].

    Args:
        teacher: A fitted classifier.
        texts: One or more.
        checkpoint: The file of the run's state; beside it, under its name and `SUFFIX`, answers are kept. None keeps
            nothing.
        resume: Whether to take what an earlier run left there. The first answers are asked for again and tell whether
            it was the same teacher.

    Raises:
        ConfigError: What an earlier run left is another teacher's, or of other texts.
        ModelError: It is damaged, or nothing can be written there.
    """
    found: list[NDArray[np.float64]] = []
    kept, n_known = None, 0
    for start, end in bounds(texts, _RUN_TEXTS):
        if end <= n_known:
            continue
        with telling_part(start, end, len(texts)):
            found.append(teacher.predict_proba(texts.slice(start, end - start)))
        if checkpoint is None:
            continue
        if kept is None:
            place = checkpoint.with_name(checkpoint.name + SUFFIX)
            kept = Checkpoint(place, _fingerprint(texts, found[0]), resume)
            if saved := kept.load():
                found = [saved[0]["answers"]]
                n_known = len(found[0])
        if kept.is_due():
            found = [np.concatenate(found)]
            kept.save({"answers": found[0]}, {})
    return np.concatenate(found)


def _fingerprint(texts: pa.LargeStringArray, first: NDArray[np.float64]) -> str:
    digest = hashlib.blake2b(first.tobytes(), digest_size=16)
    for text in texts:
        digest.update(text.as_buffer())
        digest.update(b"\0")
    return digest.hexdigest()
