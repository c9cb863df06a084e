"""A trained network as a TensorFlow SavedModel, which plain `tf.saved_model.load` opens: Plaudit need not be there.

Where the tokenizer can be said in TensorFlow's operators (splitting at spaces, words) the signature takes text, with
any number of rows for unknown tokens; for WordPiece it takes token ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import require
from plaudit.interop import tensorflow_text
from plaudit.interop.ids import rows_of
from plaudit.interop.networks import answering_layers
from plaudit.text import WordPieceTokenizer

if TYPE_CHECKING:
    from plaudit.embeddings.table import EmbeddingTable
    from plaudit.interop.compact import StoredVectors
    from plaudit.models import NetworkClassifier

Tensor = Any  # tf.Tensor and tf.RaggedTensor, which must not be imported here


def write_savedmodel(model: NetworkClassifier, stored: StoredVectors, folder: Path) -> None:
    """Write a SavedModel into an existing folder: text or ids in, "probabilities" float32 [N, C] and "label" [N] out.

    Multi-label: "label" is an indicator, int64 [N, C], 1 where a class's probability is above 0.5.

    The signature is "serving_default". Its input is "text", string [N], or "ids", int64 [T], and "offsets",
    int64 [N + 1], as in `plaudit.interop.onnx.to_onnx`.

    Args:
        model: A fitted network, whose vectors are `stored`'s.
        stored: The vectors as they are kept; they are turned back into float32 where they are used.
        folder: Where to.

    Raises:
        MissingExtraError: TensorFlow is not installed.
    """
    require("tensorflow", extra="tensorflow", purpose="Exporting a SavedModel")
    import tensorflow as tf

    layers = answering_layers(model)
    module = tf.Module(name="plaudit")
    module.vectors = tf.Variable(stored.values, trainable=False)
    module.scales = None if stored.scales is None else tf.Variable(stored.scales[:, None], trainable=False)
    module.dense = [
        (tf.Variable(kernel, trainable=False), tf.Variable(bias, trainable=False))
        for kernel, bias in zip(layers.kernels, layers.biases, strict=True)
    ]
    module.classes = tf.constant(model.classes_.tolist())
    module.multi_label = model.multi_label_
    takes_text = tensorflow_text.refuse_text(model.table_) is None
    module.score = (_text_signature if takes_text else _ids_signature)(module, model.table_)
    tf.saved_model.save(module, str(folder), signatures=module.score)


def _text_signature(module: Any, table: EmbeddingTable) -> Any:  # Any: tf.Module in, tf.function out
    import tensorflow as tf

    module.lookup = tensorflow_text.make_lookup(table)

    def from_text(text: Tensor) -> dict[str, Tensor]:
        rows = tensorflow_text.look_up(tensorflow_text.tokenize(text, table.tokenizer), module.lookup)
        return _answer(module, tensorflow_text.combine(_vectors_of(module), rows, table.combiner))

    return tf.function(from_text, input_signature=[tf.TensorSpec([None], tf.string, "text")], autograph=False)


def _ids_signature(module: Any, table: EmbeddingTable) -> Any:  # Any: tf.Module in, tf.function out
    import tensorflow as tf

    row_of_id = tf.constant(_row_of_id(table))

    def from_ids(ids: Tensor, offsets: Tensor) -> dict[str, Tensor]:
        past_the_end = tf.shape(row_of_id, tf.int64)[0] - 1
        found = tf.gather(row_of_id, tf.where(ids < 0, past_the_end, ids))
        rows = tf.RaggedTensor.from_row_splits(found, offsets)
        rows = tf.ragged.boolean_mask(rows, rows >= 0)
        return _answer(module, tensorflow_text.combine(_vectors_of(module), rows, table.combiner))

    specs = [tf.TensorSpec([None], tf.int64, name) for name in ("ids", "offsets")]
    return tf.function(from_ids, input_signature=specs, autograph=False)


def _vectors_of(module: Any) -> Any:  # Any: tf.Module in, a function on tensors out
    """Return what turns rows into float32 vectors."""
    import tensorflow as tf

    def vectors(rows: Tensor) -> Tensor:
        found = tf.cast(tf.gather(module.vectors, rows), tf.float32)
        return found if module.scales is None else found * tf.gather(module.scales, rows)

    return vectors


def _answer(module: Any, x: Tensor) -> dict[str, Tensor]:  # Any: tf.Module
    """Return probabilities and labels for vectors, float32 [N, D]."""
    import tensorflow as tf

    for i, (kernel, bias) in enumerate(module.dense):
        x = tf.matmul(x, kernel) + bias
        if i < len(module.dense) - 1:
            x = tf.nn.relu(x)
    if module.multi_label:
        return {"probabilities": tf.sigmoid(x), "label": tf.cast(x > 0, tf.int64)}
    if module.classes.shape[0] == 2:  # one logit, the second class's
        probabilities = tf.concat([tf.sigmoid(-x), tf.sigmoid(x)], axis=1)
        index = tf.cast(x[:, 0] > 0, tf.int64)
    else:
        probabilities = tf.nn.softmax(x)
        index = tf.argmax(x, axis=1)
    return {"probabilities": probabilities, "label": tf.gather(module.classes, index)}


def _row_of_id(table: EmbeddingTable) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the row of each id, and -1 behind them for what is passed over."""
    if isinstance(table.tokenizer, WordPieceTokenizer):
        rows = rows_of(table, table.tokenizer.vocabulary)
    else:
        rows = np.arange(len(table.vectors), dtype=np.int64)
    return np.concatenate([rows, [-1]])
