"""A multi-label network gives its own probabilities and its own sets of labels wherever it is handed to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from interop_networks import make_network, make_table, tricky_texts

from plaudit.interop import export
from plaudit.interop.export import export_model, prepare
from plaudit.interop.running import open_export

PROGRAMS = [("onnx", "onnxruntime"), ("savedmodel", "tensorflow"), ("keras", "tensorflow")]


@pytest.mark.parametrize("n_classes", [1, 2, 3])
@pytest.mark.parametrize(("to", "program"), PROGRAMS)
def test_an_export_answers_with_the_models_sets(
    tmp_path: Path, to: export.Target, program: str, n_classes: int
) -> None:
    pytest.importorskip(program)
    model = make_network(make_table(), classes=("joy", "anger", "fear")[:n_classes], multi_label=True, seed=n_classes)
    texts = tricky_texts()[:200]
    written = export_model(prepare(model), to, tmp_path / "export", texts)
    assert written.difference < 1e-6
    answers = open_export(tmp_path / "export", to, multi_label=True)(texts)
    expected = model.predict_proba(texts)
    np.testing.assert_allclose(answers.probabilities, expected, atol=1e-6)
    if answers.labels is not None:
        is_clear = np.abs(expected - 0.5) > 1e-5
        assert answers.labels.dtype == np.int64
        assert (answers.labels == model.predict(texts))[is_clear].all()
    description = json.loads((tmp_path / "export" / "export.json").read_text(encoding="utf-8"))
    assert description["multi_label"] is True
    assert description["classes"] == model.classes_.tolist()


def test_the_onnx_file_says_that_its_labels_are_an_indicator() -> None:
    pytest.importorskip("onnx")
    from plaudit.interop.onnx import to_onnx

    prepared = prepare(make_network(make_table(), classes=("joy", "anger"), multi_label=True))
    built = to_onnx(prepared.model, prepared.stored)
    found = {
        entry.key: json.loads(entry.value) for entry in built.metadata_props if entry.key in ("classes", "multi_label")
    }
    assert found == {"classes": ["joy", "anger"], "multi_label": True}
    label = next(output for output in built.graph.output if output.name == "label")
    assert [d.dim_param or d.dim_value for d in label.type.tensor_type.shape.dim] == ["N", 2]
