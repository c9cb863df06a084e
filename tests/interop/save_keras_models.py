"""Makes saved_by_keras.tar.gz with TensorFlow: the tutorial's network in each form that Keras saves, and its answers.

Run it in an empty folder: ``python save_keras_models.py``. The tests read the archive without TensorFlow.
"""

import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
sys.path.insert(0, str(Path(__file__).parent.parent / "embeddings"))
TEXTS = ["good film", "bad, bad film!", "awful  unknown words", "", "fine"]
ANSWERS = "answers.json"


def save(folder: Path) -> dict[str, list[list[float]]]:
    """Save the models into a folder; return what each answers to `TEXTS`, by the file's or the folder's name."""
    import tensorflow as tf
    import tensorflow_hub as hub
    import tf_keras as keras
    from tensorflow_modules import export_module

    os.chdir(folder)  # so that the models name their module by a relative path
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    export_module(Path("module"), ["good", "bad", "fine", "awful", "film"], rng.normal(size=(7, 3)), normalize=True)
    texts, answers = tf.constant(TEXTS), {}

    def keep(model: Any, loss: object, labels: object, *names: str) -> None:
        model.compile("adam", loss)
        model.fit(texts, labels, epochs=3, verbose=0)
        for name in names:
            model.save(name)
            answers[name] = model.predict(texts, verbose=0).tolist()

    def hub_layer(*, trainable: bool) -> Any:
        return hub.KerasLayer("module", input_shape=[], dtype=tf.string, trainable=trainable)

    dense = keras.layers.Dense
    tutorial = keras.Sequential([hub_layer(trainable=True), dense(4, "relu"), dense(1)])
    binary, labels = keras.losses.BinaryCrossentropy(from_logits=True), np.array([1, 0, 0, 1, 1])
    keep(tutorial, binary, labels, "tutorial", "tutorial.keras", "tutorial.h5")
    text = keras.Input([], dtype=tf.string)
    x = keras.layers.Dropout(0.3)(hub_layer(trainable=False)(text))
    three = keras.Model(text, dense(3, "softmax")(dense(4, "relu", use_bias=False)(x)))
    keep(three, "sparse_categorical_crossentropy", np.array([0, 1, 2, 1, 0]), "three", "three.keras", "three.h5")
    two = keras.Sequential([hub_layer(trainable=True), dense(2, "softmax")])
    keep(two, "sparse_categorical_crossentropy", labels, "two.keras")
    tags = keras.Sequential([hub_layer(trainable=True), dense(2)])
    keep(tags, binary, np.array([[1, 0], [0, 0], [1, 1], [0, 1], [0, 0]]), "tags", "tags.keras")
    other = keras.Sequential([hub_layer(trainable=True), dense(4, "tanh"), dense(1)])
    keep(other, binary, labels, "tanh.keras")
    return answers


if __name__ == "__main__":
    here = Path.cwd()
    Path(ANSWERS).write_text(json.dumps(save(here)))
    with tarfile.open("saved_by_keras.tar.gz", "w:gz") as archive:
        for path in sorted(here.iterdir()):
            if path.name != "saved_by_keras.tar.gz" and not path.name.endswith("-assets"):
                archive.add(path, path.name)
