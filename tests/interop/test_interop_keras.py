from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interop_networks import make_network, make_table, tricky_texts

from plaudit.embeddings import Combiner
from plaudit.errors import ConfigError, EmbeddingError
from plaudit.interop import token_ids
from plaudit.interop.compact import Precision
from plaudit.interop.export import prepare
from plaudit.text import SpaceTokenizer, Tokenizer, WordTokenizer

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def keras_module() -> Any:
    from plaudit.interop import keras

    return keras


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(), SpaceTokenizer(delete_punctuation=True), WordTokenizer()])
@pytest.mark.parametrize("n_buckets", [0, 1, 5])
@pytest.mark.parametrize("inputs", ["text", "ids"])
def test_a_network_handed_over_gives_the_same_logits(
    keras_module: Any,
    tokenizer: Tokenizer,
    n_buckets: int,
    inputs: str,
) -> None:
    model = make_network(make_table(tokenizer, n_buckets=n_buckets))
    handed = keras_module.to_keras(model, inputs=inputs)
    given = np.array(tricky_texts(), dtype=object) if inputs == "text" else token_ids(model.table_, tricky_texts())
    np.testing.assert_allclose(handed.predict(given, verbose=0), model.logits(tricky_texts()), atol=1e-5)


@pytest.mark.parametrize("combiner", ["sqrtn", "mean", "sum"])
@pytest.mark.parametrize("inputs", ["text", "ids"])
@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_a_saved_model_is_equal_when_loaded(
    keras_module: Any,
    tmp_path: Path,
    combiner: Combiner,
    inputs: str,
    precision: Precision,
) -> None:
    import keras

    prepared = prepare(make_network(make_table(combiner=combiner), classes=(1, 2, 3)), precision=precision)
    handed = keras_module.to_keras(prepared.model, inputs=inputs, stored=prepared.stored)
    handed.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    texts = np.array(tricky_texts(), dtype=object)
    given = texts if inputs == "text" else loaded.layers[0].token_ids(tricky_texts())
    found = loaded.predict(given, verbose=0)
    np.testing.assert_array_equal(found, handed.predict(given, verbose=0))
    np.testing.assert_allclose(found, prepared.model.logits(tricky_texts()), atol=1e-5)
    names = zipfile.ZipFile(tmp_path / "model.keras").namelist()
    assert {"config.json", "model.weights.h5"} <= set(names)
    assert not any(name.endswith((".pkl", ".pickle")) for name in names)


def test_the_layer_is_a_first_layer_like_any_other(keras_module: Any) -> None:
    import keras

    layer = keras_module.TextEmbedding(make_table())
    model = keras.Sequential([layer, keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    texts = np.array(["cat cat", "dog", "mouse", ""], dtype=object)
    before = make_table().vectors
    model.fit(texts, np.array([1, 0, 1, 0]), epochs=2, verbose=0)
    moved = np.abs(keras.ops.convert_to_numpy(layer.vectors) - before).max(axis=1)
    assert (moved[:3] > 1e-4).all()
    assert model.predict(texts, verbose=0).shape == (4, 1)
    assert layer(["cat", "dog"]).shape == (2, 3)
    assert layer(np.array([["cat"], ["dog"]])).shape == (2, 3)


def test_a_frozen_layer_does_not_move(keras_module: Any) -> None:
    import keras

    layer = keras_module.TextEmbedding(make_table(), trainable=False)
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(np.array(["cat", "dog"], dtype=object), np.array([1.0, 0.0]), verbose=0)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.vectors), make_table().vectors)
    assert len(layer.trainable_weights) == 0


def test_the_configuration_makes_the_layer_again(keras_module: Any) -> None:
    import keras

    layer = keras_module.TextEmbedding(make_table(WordTokenizer(), combiner="mean"), trainable=False, name="words")
    again = keras_module.TextEmbedding.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.table.vocabulary.equals(layer.table.vocabulary)
    assert (again.table.tokenizer, again.table.combiner, again.name) == (WordTokenizer(), "mean", "words")
    again.build()
    layer.build()
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(again(["Cat dog"])), keras.ops.convert_to_numpy(layer(["Cat dog"]))
    )


def test_lengths_and_mask_leave_ids_out(keras_module: Any) -> None:
    layer = keras_module.TextEmbedding(make_table(), inputs="ids")
    ids = np.array([[0, 1, 2], [1, 1, 1]], np.int32)
    expected = layer(np.array([[0, -1, -1], [1, 1, -1]], np.int32))
    np.testing.assert_array_equal(layer(ids, lengths=np.array([1, 2])), expected)
    mask = np.array([[True, False, False], [True, True, False]])
    np.testing.assert_array_equal(layer(ids, mask=mask), expected)


def test_what_cannot_be_is_refused(keras_module: Any) -> None:
    with pytest.raises(ConfigError, match="vectors kept as int8 cannot be trained"):
        keras_module.TextEmbedding(make_table(), precision="int8")
    with pytest.raises(EmbeddingError, match="not the description of a table"):
        keras_module.TextEmbedding({"name": "x"})


TORCH = """
import numpy as np, sys, tempfile
import keras
import plaudit
from plaudit.errors import ConfigError
from plaudit.interop import TextEmbedding, to_keras

assert keras.backend.backend() == "torch"
model = plaudit.load(sys.argv[1])
texts = ["cat cat", "lizard. dog", "", "  mouse", "zebra"]
handed = to_keras(model)
ids = handed.layers[0].token_ids(texts)
found = handed.predict(ids, verbose=0)
assert np.abs(found - model.logits(texts)).max() < 1e-5
handed.save(sys.argv[2])
assert (keras.models.load_model(sys.argv[2]).predict(ids, verbose=0) == found).all()
handed.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
handed.fit(ids, np.array([1, 0, 1, 0, 1]), verbose=0)
assert np.abs(handed.predict(ids, verbose=0) - found).max() > 0
try:
    TextEmbedding(model.table_)
except ConfigError as error:
    assert "text needs the TensorFlow backend, and this is torch" in str(error)
else:
    raise AssertionError("text was taken")
"""


def test_ids_work_on_torch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    make_network(make_table()).save(tmp_path / "model")
    command = [sys.executable, "-c", TORCH, str(tmp_path / "model"), str(tmp_path / "torch.keras")]
    done = subprocess.run(
        command, env=os.environ | {"KERAS_BACKEND": "torch"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
