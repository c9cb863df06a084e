"""A calibrated network gives its own probabilities wherever it is handed to; its decision rule is told, not run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from interop_networks import make_network, make_table, tricky_texts

from plaudit import DecisionRule
from plaudit.data import as_text_column
from plaudit.interop import export
from plaudit.interop.export import export_model, prepare
from plaudit.interop.networks import answering_layers
from plaudit.interop.running import open_export
from plaudit.training.class_scaling import ClassScaling

TARGETS = [
    pytest.param("onnx", "onnxruntime"),
    pytest.param("savedmodel", "tensorflow", marks=pytest.mark.tensorflow),
    pytest.param("keras", "tensorflow", marks=pytest.mark.tensorflow),
]


@pytest.mark.parametrize("hidden", [(), (16,)])
def test_the_temperature_goes_into_the_last_layer(hidden: tuple[int, ...]) -> None:
    model = make_network(make_table(), hidden=hidden)
    texts = tricky_texts()[:100]
    raw = model.logits(texts)
    model.temperature_ = 0.4
    vectors = model.table_.embed(as_text_column(texts))
    np.testing.assert_allclose(answering_layers(model).forward(vectors), raw / 0.4, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.logits(texts), raw / 0.4, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("to", "program"), TARGETS)
def test_a_scaling_by_class_goes_there_too(tmp_path: Path, to: export.Target, program: str) -> None:
    pytest.importorskip(program)
    model = make_network(make_table(), classes=("a", "b", "c"))
    texts = tricky_texts()[:100]
    model.class_scaling_ = ClassScaling(np.array([0.5, 1, 2]), np.array([1.0, 0, -1]), 3)
    assert export_model(prepare(model), to, tmp_path / "export", texts).difference < 1e-6
    answers = open_export(tmp_path / "export", to)(texts)
    np.testing.assert_allclose(answers.probabilities, model.predict_proba(texts), atol=1e-6)


@pytest.mark.parametrize(("to", "program"), TARGETS)
@pytest.mark.parametrize("classes", [("neg", "pos"), (1, 2, 3)])
def test_an_export_gives_calibrated_probabilities_and_names_the_rule(
    tmp_path: Path, to: export.Target, program: str, classes: tuple[str | int, ...]
) -> None:
    pytest.importorskip(program)
    model = make_network(make_table(), classes=classes)
    texts = tricky_texts()[:200]
    usual = model.predict(texts)
    model.temperature_ = 0.4
    model.set_rule(DecisionRule(abstain_below=0.9))
    written = export_model(prepare(model), to, tmp_path / "export", texts)
    assert written.difference < 1e-6
    answers = open_export(tmp_path / "export", to)(texts)
    np.testing.assert_allclose(answers.probabilities, model.predict_proba(texts), atol=1e-6)
    if answers.labels is not None:
        assert (answers.labels == usual).all()
    described = json.loads((tmp_path / "export" / "export.json").read_text(encoding="utf-8"))
    assert described["rule"] == {"abstain_below": 0.9}
    assert model.rule_ == DecisionRule(abstain_below=0.9)
