from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interop_networks import make_network, make_table, tricky_texts

from plaudit.interop import export_model
from plaudit.interop.compact import Precision
from plaudit.interop.export import TOLERANCE, prepare
from plaudit.text import SpaceTokenizer, Tokenizer, WordTokenizer

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow

STRANGER = """
import json, sys
sys.modules["plaudit"] = None  # as if it were not installed
import tensorflow as tf

loaded = tf.saved_model.load(sys.argv[1])
found = loaded.signatures["serving_default"](text=tf.constant(json.loads(sys.argv[2])))
labels = [label.decode() for label in found["label"].numpy()]
print(json.dumps({"probabilities": found["probabilities"].numpy().tolist(), "labels": labels}))
"""


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(), SpaceTokenizer(True, False), WordTokenizer()], ids=str)
@pytest.mark.parametrize("n_buckets", [0, 1, 5])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_text_in_gives_the_models_probabilities(
    tmp_path: Path,
    tokenizer: Tokenizer,
    n_buckets: int,
    precision: Precision,
) -> None:
    model = make_network(make_table(tokenizer, n_buckets=n_buckets))
    written = export_model(prepare(model, precision=precision), "savedmodel", tmp_path / "export", tricky_texts())
    assert written.takes == "text"
    assert written.difference < TOLERANCE


@pytest.mark.parametrize("classes", [("a", "b", "ü"), (3, 5), (1, 2, 3), (False, True)])
def test_labels_keep_their_kind(tmp_path: Path, classes: tuple[Any, ...]) -> None:
    export_model(prepare(make_network(make_table(), classes=classes)), "savedmodel", tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    label = loaded.signatures["serving_default"](text=tf.constant([], tf.string))["label"]
    assert label.dtype == tf.constant(list(classes)).dtype


def test_a_process_without_plaudit_opens_it(tmp_path: Path) -> None:
    model = make_network(make_table(SpaceTokenizer(delete_punctuation=True), n_buckets=5))
    export_model(prepare(model), "savedmodel", tmp_path / "export")
    texts = ["cat? dog", "", "zebra — 🎬", "lizard"]
    command = [sys.executable, "-c", STRANGER, str(tmp_path / "export"), json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(texts), atol=1e-5)
    assert found["labels"] == model.predict(texts).tolist()
