"""Exports text embeddings with real TensorFlow, as TF Hub's public exporters do.

The shape of the TensorFlow 2 module follows tensorflow/hub, examples/text_embeddings_v2/export_v2.py, that of the
TensorFlow 1 module examples/text_embeddings/export.py: the same operations in the same order.
"""

import importlib
import importlib.util
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

REASON = "needs the extra: pip install 'plaudit[tensorflow]'"
NEEDS_TENSORFLOW = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason=REASON),
    pytest.mark.skipif(importlib.util.find_spec("tensorflow_hub") is None, reason=REASON),
]


def load(name: str) -> Any:  # Any: TensorFlow has no types
    """Import a TensorFlow package, which warns of its own dependencies, without its log lines."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def write_vocabulary(folder: Path, vocabulary: Sequence[str]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tokens.txt"
    path.write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")
    return str(path)


def export_module(
    folder: Path,
    vocabulary: Sequence[str],
    vectors: NDArray[Any],
    *,
    normalize: bool,
    older_split: bool = False,
    signatures: dict[str, Any] | None = None,
) -> str:
    """Save a TensorFlow 2 text embedding whose rows past the vocabulary are hash buckets; return its folder.

    Args:
        folder: Where to; the vocabulary file is first written beside it.
        vocabulary: K tokens.
        vectors: float32 or float64 [K + B, D].
        normalize: Whether it deletes punctuation.
        older_split: Whether it splits with TensorFlow 1's operation, which drops empty tokens.
        signatures: What is served; {} for nothing, as in the published modules, None for what TensorFlow takes.
    """
    tf = load("tensorflow")
    lookup_ops = load("tensorflow.python.ops.lookup_ops")
    asset = load("tensorflow.python.trackable.asset")
    texts_of = [tf.TensorSpec([None], tf.string)]
    checkpoint: Any = tf.train.Checkpoint

    class TextEmbedding(checkpoint):  # type: ignore[misc]  # a base class without types
        def __init__(self) -> None:
            super().__init__()
            self._vocabulary_file = asset.Asset(write_vocabulary(folder.with_name(f"{folder.name}-assets"), vocabulary))
            self._table = lookup_ops.index_table_from_file(
                vocabulary_file=self._vocabulary_file,
                num_oov_buckets=len(vectors) - len(vocabulary),
                hasher_spec=lookup_ops.FastHashSpec,
            )
            self.embeddings = tf.Variable(vectors)
            self.variables = [self.embeddings]
            self.trainable_variables = self.variables

        @tf.function(input_signature=texts_of)  # type: ignore[untyped-decorator]
        def _tokenize(self, sentences: Any) -> Any:
            if normalize:
                sentences = tf.strings.regex_replace(input=sentences, pattern=r"\pP", rewrite="")
            sentences = tf.reshape(sentences, [-1])
            if older_split:
                tokens = tf.compat.v1.string_split(sentences, " ")
            else:
                tokens = tf.strings.split(sentences, " ").to_sparse()
            tokens, _ = tf.sparse.fill_empty_rows(tokens, tf.constant(""))
            tokens = tf.sparse.reset_shape(tokens)
            return tokens.indices, self._table.lookup(tokens.values), tokens.dense_shape

        @tf.function(input_signature=texts_of)  # type: ignore[untyped-decorator]
        def __call__(self, sentences: Any) -> Any:
            ids = tf.SparseTensor(*self._tokenize(sentences))
            return tf.nn.safe_embedding_lookup_sparse(
                embedding_weights=self.embeddings, sparse_ids=ids, sparse_weights=None, combiner="sqrtn"
            )

    tf.saved_model.save(TextEmbedding(), str(folder), signatures=signatures)
    return str(folder)


def export_older_module(folder: Path, vocabulary: Sequence[str], vectors: NDArray[np.float32], *, n_parts: int) -> None:
    """Save a TensorFlow 1 text embedding: one graph, no functions, the variable in `n_parts` parts."""
    tf = load("tensorflow")
    v1 = tf.compat.v1
    path = write_vocabulary(folder.with_name(f"{folder.name}-assets"), vocabulary)

    def rows_of_part(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        start = partition_info.var_offset[0] if partition_info else 0
        return tf.constant(vectors[start : start + shape[0]], dtype)

    with tf.Graph().as_default(), v1.Session() as session:
        sentences = v1.placeholder(tf.string, [None], name="sentences")
        tokens = v1.string_split(v1.regex_replace(sentences, r"\pP", ""), " ")
        variable = v1.get_variable(
            "embeddings",
            vectors.shape,
            initializer=rows_of_part,
            partitioner=v1.fixed_size_partitioner(n_parts) if n_parts > 1 else None,
            use_resource=False,
        )
        initializer = tf.lookup.TextFileInitializer(
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        table = tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets=len(vectors) - len(vocabulary))
        ids = tf.SparseTensor(tokens.indices, table.lookup(tokens.values), tokens.dense_shape)
        ids, _ = v1.sparse_fill_empty_rows(ids, table.lookup(tf.constant("")))
        ids = v1.sparse_reset_shape(ids)
        whole = tf.convert_to_tensor(variable)
        embedded = v1.nn.embedding_lookup_sparse(whole, ids, None, combiner="sqrtn")
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        v1.saved_model.simple_save(
            session, str(folder), {"text": sentences}, {"default": embedded}, legacy_init_op=v1.tables_initializer()
        )
