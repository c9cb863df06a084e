"""What only the network needs of a run: its embedding, loaded and told before training."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from plaudit.app.run.parts import Parts
from plaudit.embeddings import EmbeddingTable, available_embeddings, load_embedding
from plaudit.models import NetworkClassifier
from plaudit.models.summary import NetworkSummary


def load_first_layer(
    model: NetworkClassifier, parts: Parts, say: Callable[[str], None], *, progress: bool
) -> dict[str, str]:
    """Put the embedding that `model` names in the place of the name; say what it knows, and the layers.

    Returns:
        What the run's bits depend on: the hash of its vectors.

    Raises:
        EmbeddingError: The embedding is unknown or unreadable.
    """
    started, name = time.perf_counter(), model.embedding
    if isinstance(name, EmbeddingTable):
        table = name
    else:
        status = {info.name: info.status for info in available_embeddings()}.get(str(name), "ready")
        if status.startswith("can be "):  # said before it begins, because it takes its time
            say(f"Embedding: {name} is being {status.removeprefix('can be ')}, once; give it a minute.")
        table = load_embedding(name, training_texts=parts.train.texts, seed=model.seed, progress=progress)
    if model.combiner is not None:
        table = replace(table, combiner=model.combiner)
    coverage = table.coverage(parts.validation.texts, n_missing=3)
    missing = ", ".join(repr(token) for token, _ in coverage.missing)
    say(
        f"Embedding: {table.name}, {len(table.vectors):,} x {table.dimension}, knows {100 * coverage.tokens:.1f} % "
        f"of the validation texts' {table.units}{f' (not: {missing}, …)' if missing else ''}, "
        f"{time.perf_counter() - started:.1f} s"
    )
    model.set_params(embedding=table)
    say(
        str(
            NetworkSummary.of(
                table,
                model.hidden,
                len(parts.train.classes),
                trainable=model.trainable,
                multi_label=parts.train.multi_label,
            )
        )
    )
    return {"embedding_sha256": hash_vectors(table)}


def hash_vectors(table: EmbeddingTable) -> str:
    """Return the SHA-256 of a table's vectors, 64 hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(table.vectors).data).hexdigest()
