"""The tutorial's network: a text embedding as the first layer, dense layers, logits.

For two classes the network keeps one logit, as the tutorial does; for more, one a class with softmax. Predicting is
NumPy alone; training needs numba (extra `train`), and the embedding whatever its source needs.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.embeddings.storage import (
    DESCRIPTION_FILE,
    VECTORS_FILE,
    VOCABULARY_FILE,
    read_table,
    write_table,
)
from plaudit.embeddings.table import EmbeddingTable
from plaudit.models.artifact import opening, read_tensors
from plaudit.models.base import Classifier
from plaudit.models.summary import NetworkSummary
from plaudit.models.targets import count_logits
from plaudit.models.training_data import Course, TrainingData
from plaudit.scratch import Scratch
from plaudit.settings import NetworkArguments
from plaudit.text.chunks import chunks
from plaudit.text.token_memory import RUN_BYTES, RUN_TEXTS
from plaudit.training.bag_network import BagNetwork, Examples
from plaudit.training.checkpoint import Checkpoint
from plaudit.training.dense import DenseLayers
from plaudit.training.loop import LoopSettings, default_batch_size, train

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_WEIGHTS, _EMBEDDING = "weights.safetensors", "embedding"


class NetworkClassifier(NetworkArguments, Classifier):
    """Embedding bag, dense layers, logits; Adam, cross-entropy, early stopping on the validation loss.

    Attributes:
        classes_: The labels, in the order of the probabilities.
        multi_label_: Whether a text has a set of labels; each class then has a logit and a sigmoid of its own.
        history_: Loss and accuracy of every epoch; of the best run when loaded, None.
        kept_epoch_: The epoch (from 1) whose weights these are; None when loaded.
        table_: The embedding with its trained vectors.
        layers_: The dense layers.
    """

    kind = "network"
    packages = ("numpy", "pyarrow", "numba", "tokenizers")
    streams = True
    resumes = True
    table_: EmbeddingTable
    layers_: DenseLayers

    def _holds_out(self, data: TrainingData) -> bool:
        return self.early_stopping

    def _fit(self, data: TrainingData, course: Course) -> None:
        from threadpoolctl import threadpool_limits

        watched = course.watched(data)
        table = self._load_table(data.texts)
        examples = _to_examples(table, data, self.scratch)
        watched_examples = _to_examples(table, watched, self.scratch) if watched is not None else None
        loop = LoopSettings(
            epochs=self.epochs,
            batch_size=self.batch_size or default_batch_size(len(data)),
            patience=self.patience if self.early_stopping and watched is not None else None,
            seed=self.seed,
        )
        # One thread, for the matrices are small: more only wait for each other. Overflow is told by check_converged.
        with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore"):
            network = BagNetwork(
                examples,
                watched_examples,
                vectors=table.vectors,
                trainable=self.trainable,
                hidden=tuple(self.hidden),
                n_logits=data.n_logits,
                dropout=self.dropout,
                loss=self.loss,
                learning_rate=self.learning_rate,
                n_steps=loop.epochs * loop.n_steps(len(data)),
                seed=self.seed,
                scratch=self.scratch,
            )
            saved = None
            if course.checkpoint is not None:
                fingerprint = self._fingerprint(data.classes, table, examples, watched_examples)
                saved = Checkpoint(course.checkpoint, fingerprint, course.resume)
            result = train(network, loop, monitors=course.monitors, checkpoint=saved)
        result.check_converged()
        self.table_ = table.with_vectors(network.vectors_from(result.weights))
        self.layers_ = DenseLayers.from_tensors(result.weights)
        self.history_, self.kept_epoch_ = result.history, result.kept_epoch
        self.batch_size_ = loop.batch_size

    def summary(self) -> NetworkSummary:
        """Return the table of layers and parameters; print it to read it."""
        self._check_fitted()
        hidden = [len(bias) for bias in self.layers_.biases[:-1]]
        n, multi_label = len(self.classes_), self.multi_label_
        return NetworkSummary.of(self.table_, hidden, n, trainable=self.trainable, multi_label=multi_label)

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return where the embedding comes from."""
        return {"embedding": dict(self.table_.provenance)}

    def decided_params(self) -> dict[str, Any]:
        """Return the constructor's arguments with the batch size and the combiner that the last `fit` took."""
        return self.get_params() | {"batch_size": self.batch_size_, "combiner": self.table_.combiner}

    def write(self, folder: Path) -> None:
        """Write embedding, weights and manifest into an existing folder."""
        from safetensors.numpy import save

        self._check_fitted()
        (folder / _EMBEDDING).mkdir()
        write_table(self.table_, folder / _EMBEDDING)
        (folder / _WEIGHTS).write_bytes(save(self.layers_.tensors()))
        self._write_manifest(folder)

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> NetworkClassifier:
        """Build the network from a folder whose manifest has been checked."""
        files = (f"{_EMBEDDING}/{file}" for file in (DESCRIPTION_FILE, VECTORS_FILE, VOCABULARY_FILE))
        model = cls._from_manifest(folder, manifest, (_WEIGHTS, *files))
        with opening(folder / _EMBEDDING):
            model.table_ = read_table(folder / _EMBEDDING)
        n_logits = count_logits(len(model.classes_), multi_label=model.multi_label_)
        shapes = DenseLayers.shapes([model.table_.dimension, *model.hidden, n_logits])
        model.layers_ = DenseLayers.from_tensors(read_tensors(folder / _WEIGHTS, shapes))
        return model

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        parts = chunks(texts, RUN_TEXTS, RUN_BYTES)
        products = [self.table_.project(part, self.layers_.kernels[0]) for part in parts]
        return self.layers_.forward_products(np.concatenate(products))

    def _load_table(self, training_texts: pa.LargeStringArray) -> EmbeddingTable:
        if isinstance(self.embedding, EmbeddingTable):
            table = self.embedding
        else:
            from plaudit.embeddings.registry import load_embedding

            table = load_embedding(self.embedding, training_texts=training_texts, seed=self.seed)
        return replace(table, combiner=self.combiner) if self.combiner else table

    def _fingerprint(
        self, classes: NDArray[Any], table: EmbeddingTable, training: Examples, watched: Examples | None
    ) -> str:
        """Hash everything that decides the weights."""
        settings = {k: v for k, v in self.get_params().items() if k not in ("embedding", "validation_fraction")}
        digest = hashlib.blake2b(repr((settings, classes.tolist(), table.combiner)).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(table.vectors).data)
        for examples in (training, watched) if watched is not None else (training,):
            for array in (examples.bags.offsets, examples.bags.rows, examples.bags.weights, examples.labels):
                digest.update(np.ascontiguousarray(array).data)
            if examples.weights is not None:
                digest.update(np.ascontiguousarray(examples.weights).data)
        return digest.hexdigest()


def _to_examples(table: EmbeddingTable, data: TrainingData, scratch: Scratch) -> Examples:
    """Turn texts into bags of the table's rows, kept in `scratch`, with their labels and weights."""
    return Examples(table.bags(data.texts, scratch), data.stored_codes(), data.weights)
