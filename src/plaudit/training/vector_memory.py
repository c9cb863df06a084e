"""The vectors that an encoder which is not trained has given to a run's texts, made once while the run lasts.

A run fits such an encoder's linear layer several times: to be validated, again with the validation texts, and for each
fold of a cross-validation. Reading the texts takes nearly all of the time, and their vectors do not change.

The decision to question: a text's last bits depend on the texts that it was read beside, so a layer that is fitted on
remembered vectors may differ in its last bits from one that is fitted outside of a run. A run that is repeated gives
the same bits, for it asks in the same order.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from plaudit.text.token_memory import kept_beside_tokens, take_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pyarrow as pa
    from numpy.typing import NDArray

_MOST_BYTES = 2**29  # of one encoder's vectors


def remember_vectors(
    texts: pa.LargeStringArray, made_by: Hashable, make: Callable[[pa.LargeStringArray], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return N texts' vectors, float32 [N, D]; only those of texts that are new are made.

    Args:
        texts: N texts.
        made_by: What the vectors depend on besides the texts.
        make: Returns the vectors of texts; all of them outside of a run.
    """
    kept = kept_beside_tokens()
    if kept is None:
        return make(texts)
    known: dict[bytes, NDArray[np.float32]] = kept.setdefault(("vectors", made_by), {})
    names = [hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest() for text in texts.to_pylist()]
    new = np.array([i for i, name in enumerate(names) if name not in known], np.int64)
    made = make(texts if len(new) == len(texts) else take_texts(texts, new)) if len(new) else None
    if made is not None and (len(known) + len(made)) * made[0].nbytes <= _MOST_BYTES:
        known.update(zip((names[i] for i in new), made, strict=True))
    if made is not None and len(made) == len(texts):
        return made
    of_new = dict(zip((names[i] for i in new), made if made is not None else (), strict=True))
    return np.stack([known[name] if name in known else of_new[name] for name in names])
