"""N-gram models in plain onnxruntime: the same probabilities, of every text, in any batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytest.importorskip("numba", reason="the extra train is not installed")

from interop_networks import tricky_texts

from plaudit.data import Dataset
from plaudit.errors import ConfigError
from plaudit.interop.onnx_ngrams import export_ngrams
from plaudit.interop.running import open_export
from plaudit.models import NgramClassifier


@pytest.mark.parametrize("n_max", [1, 4])
def test_probabilities_are_the_models(n_max: int, reviews: Dataset, tmp_path: Path) -> None:
    model = NgramClassifier(n_max=n_max, min_texts=1, chars=False).fit(reviews.texts, reviews.label_names())
    model.temperature_ = 1.3
    done = export_ngrams(model, tmp_path / "out", reviews.texts)
    assert done.difference <= 1e-6
    answer = open_export(tmp_path / "out", "onnx")
    texts = [*tricky_texts()[:200], "", *reviews.texts.to_pylist()[:5]]
    expected = model.predict_proba(texts)
    np.testing.assert_allclose(answer(texts).probabilities, expected, atol=1e-6)
    alone = np.concatenate([answer([text]).probabilities for text in texts[:40]])
    np.testing.assert_allclose(alone, expected[:40], atol=1e-6)
    assert answer([]).probabilities.shape == (0, 2)


def test_many_classes_sets_of_labels_and_one_scale_for_all(reviews: Dataset, tmp_path: Path) -> None:
    names = [f"{name} {i % 2}" for i, name in enumerate(reviews.label_names())]
    sets = [[name, "film"] if i % 3 else [name] for i, name in enumerate(reviews.label_names())]
    for labels in (names, sets):
        for weighting in ("bayes", "tfidf"):
            model = NgramClassifier(n_max=2, weighting=weighting, chars=False).fit(reviews.texts, labels)
            assert export_ngrams(model, tmp_path / "out", reviews.texts).difference <= 1e-6


def test_characters_are_refused(reviews: Dataset, tmp_path: Path) -> None:
    model = NgramClassifier(chars=True).fit(reviews.texts, reviews.label_names())
    with pytest.raises(ConfigError, match=r"n-grams of characters count in this model, .* train with --no-chars"):
        export_ngrams(model, tmp_path / "out")


def test_the_command_says_what_it_takes(command: Callable[..., Any], reviews: Dataset, tmp_path: Path) -> None:
    NgramClassifier(chars=False).fit(reviews.texts, reviews.label_names()).save("model")
    assert "It takes token ids, not text" in " ".join(
        command("export", "model", "--to", "onnx", "-o", "out").out.split()
    )
    assert (tmp_path / "out" / "model.onnx").is_file()
    done = command("export", "model", "--to", "keras", "-o", "other", code=2)
    assert (
        done.err == "plaudit: model: only networks can be exported to keras, and this is a model of the kind 'ngram'.\n"
    )
    done = command("export", "model", "--to", "huggingface", "-o", "other", code=2)
    assert "only encoders can be exported to huggingface" in done.err
