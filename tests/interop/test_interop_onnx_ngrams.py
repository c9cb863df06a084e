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
from plaudit.interop.onnx_ngrams import export_ngrams
from plaudit.interop.running import open_export
from plaudit.models import NgramClassifier
from plaudit.models.targets import count_logits
from plaudit.setting_values import Weighting
from plaudit.training.class_scaling import ClassScaling


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
            if weighting == "tfidf":
                n = count_logits(len(model.classes_), multi_label=model.multi_label_)
                model.class_scaling_ = ClassScaling(np.linspace(0.5, 2, n), np.linspace(-1, 1, n), n)
            assert export_ngrams(model, tmp_path / "out", reviews.texts).difference <= 1e-6


@pytest.mark.parametrize("weighting", ["mixed", "tfidf"])
def test_characters_count_as_in_the_model(weighting: Weighting, reviews: Dataset, tmp_path: Path) -> None:
    """Words that the model does not know are spelt too, and a word counts once in a text."""
    names = [f"{name} {i % 3}" for i, name in enumerate(reviews.label_names())]
    strange = [
        "unseenly unseenly words: filmlike, FILMLIKE!",
        "电影很好 good film",
        "ถ้อยคำ x",
        "a",
        "é e\u0301 👍🏽 :)",
    ]
    texts = [*strange, *tricky_texts()[:200], "", *reviews.texts.to_pylist()[:5]]
    for labels in (reviews.label_names(), names):
        model = NgramClassifier(n_max=2, chars=True, chars_weight=0.5, weighting=weighting, regularisation=1.0)
        model.fit(reviews.texts, labels).temperature_ = 0.8
        assert export_ngrams(model, tmp_path / "out", texts).difference <= 1e-6
    answer, expected = open_export(tmp_path / "out", "onnx"), model.predict_proba(texts)
    alone = np.concatenate([answer([text]).probabilities for text in texts[:20]])
    np.testing.assert_allclose(alone, expected[:20], atol=1e-6)
    assert answer([]).probabilities.shape == (0, len(model.classes_))
    without = [text.replace("unseenly", "") for text in texts[:1]]
    assert np.abs(answer(without).probabilities - expected[:1]).max() > 1e-4  # so characters of unknown words count


def test_the_command_says_what_it_takes(command: Callable[..., Any], reviews: Dataset, tmp_path: Path) -> None:
    NgramClassifier(chars=True).fit(reviews.texts, reviews.label_names()).save("model")
    said = " ".join(command("export", "model", "--to", "onnx", "-o", "out").out.split())
    assert "It takes token ids, not text" in said
    assert "It takes the words' characters too: plaudit.interop.flat_spellings" in said
    assert (tmp_path / "out" / "model.onnx").is_file()
    done = command("export", "model", "--to", "keras", "-o", "other", code=2)
    assert (
        done.err == "plaudit: model: only networks can be exported to keras, and this is a model of the kind 'ngram'. "
        "--to onnx takes it.\n"
    )
    done = command("export", "model", "--to", "huggingface", "-o", "other", code=2)
    assert "only encoders can be exported to huggingface" in done.err
