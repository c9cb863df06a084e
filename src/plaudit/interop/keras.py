"""Keras 3: a text embedding as the first layer, and a trained network handed over.

    embedding = TextEmbedding(plaudit.load_embedding("…"))
    model = keras.Sequential([embedding, keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])

With the TensorFlow backend the layer takes text, where its tokenizer can be said in TensorFlow's operators; with any
backend it takes token ids, which `TextEmbedding.token_ids` makes. Importing this module imports Keras, which reads its
backend from the environment (KERAS_BACKEND).

The decision to question: the vocabulary is part of the layer's configuration, as one JSON text. So `get_config` is
whole, a copied layer works, and a .keras file needs neither a pickle nor files of our own; for a million tokens it adds
some 10 MB to 200.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import ConfigError, EmbeddingError, MissingExtraError
from plaudit.interop import tensorflow_text
from plaudit.interop.compact import StoredVectors, store
from plaudit.interop.ids import token_ids
from plaudit.interop.networks import answering_layers, as_network
from plaudit.text import build_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.interop.compact import Precision
    from plaudit.models import Classifier

try:
    import keras
except ModuleNotFoundError as error:  # Keras itself, or the backend that it is told to run on
    raise MissingExtraError(
        f"plaudit.interop.keras needs {error.name}, which is not installed: pip install 'plaudit[tensorflow]', or "
        "'plaudit[keras]' and PyTorch with KERAS_BACKEND=torch."
    ) from error

Inputs = Literal["text", "ids"]
Tensor = Any  # a tensor of whichever backend Keras runs on


@keras.saving.register_keras_serializable(package="plaudit")
class TextEmbedding(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """Texts in, one vector for each out: an `EmbeddingTable` as a layer.

    Text: string [N] or [N, 1] in, float32 [N, D] out. Ids: int [N, L] in, rows of the table, padded with negative
    numbers; call arguments ``lengths`` (int [N]) and ``mask`` (bool [N, L]) leave out more. A text without a token that
    counts gets zeros.

    Attributes:
        table: Tokenizer, vocabulary, rule for unknown tokens and combiner. Its vectors are those at the start; the
            trained ones are the weight `vectors`.
        inputs: "text" or "ids".
    """

    def __init__(
        self,
        table: EmbeddingTable | Mapping[str, Any],
        *,
        inputs: Inputs = "text",
        precision: Precision = "float32",
        trainable: bool = True,
        **kwargs: Any,
    ) -> None:
        """Make the layer; its weights come when it is built.

        Args:
            table: The embedding; or its description in `get_config`, whose vectors are zeros until weights are loaded.
            inputs: "text" needs the TensorFlow backend and a tokenizer that splits at spaces or into words.
            precision: "float16" or "int8" store the vectors in fewer bits, and cannot be trained.
            trainable: Whether training moves the vectors.
            kwargs: Keras's own: name, dtype.

        Raises:
            ConfigError: Text is asked for where it cannot be, or rounded vectors are to be trained.
        """
        if precision != "float32" and trainable:
            raise ConfigError(f"TextEmbedding: vectors kept as {precision} cannot be trained; give trainable=False.")
        self.inputs, self.precision = inputs, precision  # Keras's constructor asks for compute_dtype
        super().__init__(trainable=trainable, autocast=False, **kwargs)
        self.table = table if isinstance(table, EmbeddingTable) else _table_from(table)
        if inputs == "text" and (reason := refuse_text(self.table)):
            raise ConfigError(f'TextEmbedding: {reason}; give inputs="ids" and make them with token_ids().')
        if inputs == "text":
            self.supports_jit = False  # XLA has no strings
            # As in Keras's own StringLookup: lists and arrays of str come in as they are.
            self._convert_input_args, self._allow_non_tensor_positional_args = False, True
        self.scales: Any = None  # a keras.Variable when int8 is built
        self._lookup = tensorflow_text.make_lookup(self.table) if inputs == "text" else None

    @property
    def compute_dtype(self) -> str:
        """The type of what comes in: a Sequential without an Input makes one of this type."""
        return "string" if self.inputs == "text" else "int32"

    @property
    def variable_dtype(self) -> str:
        """The same: Keras would else set out to cast the weights to it."""
        return self.compute_dtype

    @property
    def _output_dtype(self) -> str:
        name: str = self.dtype_policy.compute_dtype
        return name

    def token_ids(self, texts: object, *, length: int | None = None) -> NDArray[np.int32]:
        """Return the ids of N texts, int32 [N, L], padded with -1: see `plaudit.interop.token_ids`."""
        return token_ids(self.table, texts, length=length)

    def build(self, *shapes: object) -> None:
        """Make the weights."""
        stored = store(self.table.vectors, self.precision)
        self.vectors = self._weight("vectors", stored.values, trainable=self.precision == "float32")
        if stored.scales is not None:
            self.scales = self._weight("scales", stored.scales[:, None], trainable=False)
        self.built = True

    def set_stored(self, stored: StoredVectors) -> None:
        """Set the weights to vectors that were rounded before, to the bit."""
        self.vectors.assign(stored.values)
        if stored.scales is not None:
            self.scales.assign(stored.scales[:, None])

    def _weight(self, name: str, values: NDArray[Any], *, trainable: bool) -> Any:  # Any: keras.Variable
        # An initializer and not an assignment: Keras may build a layer before its variables are there.
        return self.add_weight(
            name=name,
            shape=values.shape,
            dtype=str(values.dtype),
            initializer=lambda shape, dtype=None: keras.ops.convert_to_tensor(values, dtype),
            trainable=trainable,
        )

    def call(self, inputs: Tensor, lengths: Tensor = None, mask: Tensor = None) -> Tensor:
        """Return the vectors of N texts, [N, D]."""
        if self.inputs == "ids":
            return self._combine_padded(inputs, lengths, mask)
        import tensorflow as tf

        texts = tf.reshape(tf.convert_to_tensor(inputs), [-1])
        rows = tensorflow_text.look_up(tensorflow_text.tokenize(texts, self.table.tokenizer), self._lookup)
        return tensorflow_text.combine(self._vectors_of, rows, self.table.combiner)

    def _vectors_of(self, rows: Tensor) -> Tensor:
        found = keras.ops.cast(keras.ops.take(self.vectors, rows, axis=0), self._output_dtype)
        return found if self.scales is None else found * keras.ops.take(self.scales, rows, axis=0)

    def _combine_padded(self, ids: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        ops = keras.ops
        ids = ops.cast(ids, "int32")
        counted = ids >= 0
        if mask is not None:
            counted = ops.logical_and(counted, mask)
        if lengths is not None:
            positions = ops.arange(ops.shape(ids)[1], dtype="int32")
            counted = ops.logical_and(counted, positions < ops.cast(lengths, "int32")[:, None])
        weights = ops.cast(counted, self._output_dtype)[:, :, None]
        total = ops.sum(self._vectors_of(ops.maximum(ids, 0)) * weights, axis=1)
        counts = ops.maximum(ops.sum(weights, axis=1), 1)
        if self.table.combiner == "sqrtn":  # no match statement: AutoGraph cannot read it
            return total / ops.sqrt(counts)
        return total / counts if self.table.combiner == "mean" else total

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor = None) -> None:
        """Hand no mask on: what comes out has no positions."""

    def compute_output_shape(self, inputs_shape: tuple[int | None, ...], *others: object) -> tuple[int | None, int]:
        """Return (N, D)."""
        return (inputs_shape[0], self.table.dimension)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # Any: keras.KerasTensor
        """Return the output's shape and type without running `call` on strings."""
        return keras.KerasTensor((inputs.shape[0], self.table.dimension), dtype=self._output_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes this layer again, except for its weights."""
        table = self.table
        description = {
            "name": table.name,
            "combiner": table.combiner,
            "dimension": table.dimension,
            "n_buckets": table.n_buckets,
            "tokenizer": {"kind": table.tokenizer.kind, "settings": table.tokenizer.settings()},
            "vocabulary": json.dumps(table.vocabulary.to_pylist(), ensure_ascii=False),
        }
        own = {"table": description, "inputs": self.inputs, "precision": self.precision}
        base: dict[str, Any] = super().get_config()
        return {**base, **own}


def refuse_text(table: EmbeddingTable) -> str | None:
    """Say why a layer cannot take text here; None where it can."""
    if keras.backend.backend() != "tensorflow":
        return f"text needs the TensorFlow backend, and this is {keras.backend.backend()}"
    return tensorflow_text.refuse_text(table)


def _table_from(description: Mapping[str, Any]) -> EmbeddingTable:
    """Build a table from what `get_config` says, its vectors zeros."""
    try:
        vocabulary = pa.array(json.loads(description["vocabulary"]), pa.large_string())
        tokenizer = build_tokenizer(description["tokenizer"]["kind"], description["tokenizer"]["settings"])
        shape = (len(vocabulary) + description["n_buckets"], description["dimension"])
        vectors = np.zeros(shape, np.float32)
        return EmbeddingTable(description["name"], tokenizer, vocabulary, vectors, description["combiner"])
    except EmbeddingError:
        raise
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise EmbeddingError(
            f"TextEmbedding: not the description of a table ({type(error).__name__}: {error})."
        ) from error


def to_keras(
    model: Classifier, *, inputs: Inputs | None = None, stored: StoredVectors | None = None
) -> Any:  # Any: keras.Sequential
    """Hand a trained network over as a Keras model with the same logits, [N, 1] for two classes or [N, C].

    Multi-label: [N, C], and a sigmoid of each is the class's probability.

    Args:
        model: A fitted network.
        inputs: What the Keras model takes; None for text where that can be, else ids.
        stored: The vectors as the layer keeps them; None for the model's own, in float32.

    Returns:
        A `keras.Sequential`, not compiled; its first layer's `token_ids` makes ids. It can be trained on.

    Raises:
        ConfigError: It is another kind of classifier, or cannot take the `inputs` asked for.
        NotFittedError: It is not fitted.
    """
    network = as_network(model)
    table = network.table_
    precision: Precision = "float32" if stored is None else stored.precision
    layer = TextEmbedding(
        table,
        inputs=inputs or ("ids" if refuse_text(table) else "text"),
        precision=precision,
        trainable=network.trainable and precision == "float32",
        name="embedding",
    )
    is_text = layer.inputs == "text"
    parts = [keras.Input((), dtype="string") if is_text else keras.Input((None,), dtype="int32"), layer]
    layers = answering_layers(network)
    last = len(layers.biases) - 1
    for i, bias in enumerate(layers.biases):
        activation, name = (None, "logits") if i == last else ("relu", f"dense_{i}")
        parts.append(keras.layers.Dense(len(bias), activation, name=name))
        if i < last and network.dropout:
            parts.append(keras.layers.Dropout(network.dropout))
    handed = keras.Sequential(parts, name="plaudit")
    if stored is not None:
        layer.set_stored(stored)
    dense = [part for part in handed.layers if isinstance(part, keras.layers.Dense)]
    for part, kernel, bias in zip(dense, layers.kernels, layers.biases, strict=True):
        part.set_weights([kernel, bias])
    return handed
