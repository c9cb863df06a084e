# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""A fine-tuned encoder in plain transformers: its pipeline gives the model's probabilities, of long texts too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
transformers = pytest.importorskip("transformers", reason="the extra encoder is not installed")

from encoder_families import make
from plaudit import EncoderClassifier
from plaudit.data import Dataset
from plaudit.embeddings import hugging_face as quietly
from plaudit.errors import ModelError
from plaudit.interop import hugging_face
from plaudit.models.targets import count_logits
from plaudit.training.class_scaling import ClassScaling
from plaudit.training.torch_device import Placement

pytestmark = pytest.mark.usefixtures("one_thread")
SETTINGS: dict[str, Any] = {"max_tokens": 16, "batch_size": 16, "learning_rate": 3e-3, "device": "cpu", "epochs": 1}
TEXTS = ["a good film", "dull", "the film was not warm " * 20, "naïve café 好 🙂"]


def shares(folder: Path, texts: list[str]) -> np.ndarray:
    with quietly.quiet():
        classify = transformers.pipeline("text-classification", model=str(folder), trust_remote_code=True, device="cpu")
        names = list(classify.model.config.id2label.values())
        found = [{each["label"]: each["score"] for each in answer} for answer in classify(texts, top_k=None)]
    return np.array([[answer[name] for name in names] for answer in found])


@pytest.mark.parametrize("name", ["bert", "mpnet", "t5", "gpt2", "deberta-v2", "modernbert"])
def test_the_pipeline_answers_as_the_model(
    name: str, reviews: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("plaudit.models.encoder.place", lambda _device: Placement(torch.device("cpu"), "float32"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    model = EncoderClassifier(make(tmp_path / "encoder", name), **SETTINGS).fit(reviews.texts, reviews.label_names())
    model.temperature_ = 1.7
    done = hugging_face.export_encoder(model, tmp_path / f"out-{name.replace('-', '_')}", TEXTS)
    assert done.difference <= 1e-5
    np.testing.assert_allclose(shares(done.folder, TEXTS), model.predict_proba(TEXTS), atol=1e-4)
    if name == "bert":
        with quietly.quiet():
            plain = transformers.AutoModel.from_pretrained(done.folder)
        ours = model.model_.encoder.state_dict()
        assert all((ours[key] == tensor).all() for key, tensor in plain.state_dict().items() if "pooler" not in key)


def test_sets_of_labels_and_many_classes(reviews: Dataset, tmp_path: Path) -> None:
    folder = make(tmp_path / "encoder", "bert")
    sets = [[label, "film"] for label in reviews.label_names()]
    for labels in (sets, [f"{label} {i % 2}" for i, label in enumerate(reviews.label_names())]):
        model = EncoderClassifier(folder, **SETTINGS, long_texts="head_tail").fit(reviews.texts, labels)
        n = count_logits(len(model.classes_), multi_label=model.multi_label_)
        model.class_scaling_ = ClassScaling(np.linspace(0.5, 2, n), np.linspace(-1, 1, n), n)
        done = hugging_face.export_encoder(model, tmp_path / "out", TEXTS)
        config = json.loads((done.folder / "config.json").read_text())
        assert list(config["id2label"].values()) == model.classes_.tolist()
        assert config["problem_type"].startswith("multi" if model.multi_label_ else "single")


def test_an_export_that_answers_otherwise_is_not_left_behind(
    reviews: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = EncoderClassifier(make(tmp_path / "encoder", "bert"), **SETTINGS).fit(reviews.texts, reviews.label_names())
    monkeypatch.setattr(
        hugging_face, "open_folder", lambda _folder: lambda texts: np.zeros((len(texts), 2), np.float32)
    )
    with pytest.raises(ModelError, match="transformers gives other probabilities than the model"):
        hugging_face.export_encoder(model, tmp_path / "out", TEXTS)
    assert not (tmp_path / "out").exists()
