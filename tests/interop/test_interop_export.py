from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interop_networks import make_network, make_table, tricky_texts

from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, ModelError, NotFittedError
from plaudit.interop import export, export_model, prepare
from plaudit.interop.running import ExportAnswers, open_export
from plaudit.models import NetworkClassifier
from plaudit.text import SpaceTokenizer, WordPieceTokenizer, WordTokenizer

TARGETS = [
    pytest.param("onnx", "onnxruntime"),
    pytest.param("savedmodel", "tensorflow", marks=pytest.mark.tensorflow),
    pytest.param("keras", "tensorflow", marks=pytest.mark.tensorflow),
]
PIECES = ("[UNK]", "[PAD]", "cat", "##s", "dog", "mouse", "don", "'", "t", ".", "lizard", "e", "##e")


def word_piece_network(n_buckets: int = 0) -> NetworkClassifier:
    """A network on word pieces whose table lacks two of the tokenizer's and has the others in another order."""
    definition = {
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: i for i, piece in enumerate(PIECES)},
        },
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
    }
    tokenizer = WordPieceTokenizer(json.dumps(definition))
    vocabulary = tokenizer.vocabulary.take(np.array([4, 3, 2, 0, 6, 7, 8, 9, 11, 12]))
    vectors = np.random.default_rng(0).normal(size=(len(vocabulary) + n_buckets, 5)).astype(np.float32)
    return make_network(EmbeddingTable("pieces", tokenizer, vocabulary, vectors))


@pytest.mark.parametrize(("to", "program"), TARGETS)
@pytest.mark.parametrize("n_buckets", [0, 1])
def test_word_pieces_go_in_as_ids_with_the_tokenizer_beside(
    tmp_path: Path, to: export.Target, program: str, n_buckets: int
) -> None:
    pytest.importorskip(program)
    texts = ["Cats don't", "the dog. lizard", "ééé cats " * 9, ""]
    written = export_model(prepare(word_piece_network(n_buckets)), to, tmp_path / "export", texts)
    assert written.takes == "ids"
    assert written.difference < 1e-6
    assert (tmp_path / "export" / "tokenizer.json").is_file() == (to != "keras")


@pytest.mark.parametrize(("to", "program"), TARGETS)
def test_an_export_is_a_folder_that_says_what_it_is(tmp_path: Path, to: export.Target, program: str) -> None:
    pytest.importorskip(program)
    written = export_model(prepare(make_network(make_table()), precision="int8"), to, tmp_path / "export", ["a cat"])
    description = json.loads((tmp_path / "export" / "export.json").read_text(encoding="utf-8"))
    assert description["format"] == to
    assert description["takes"] == written.takes == "text"
    assert description["classes"] == ["neg", "pos"]
    assert (description["rows"], description["precision"]) == (4, "int8")
    assert description["texts_checked"] == written.n_texts == 1 + len(export.EDGE_TEXTS)
    assert written.size_bytes == sum(p.stat().st_size for p in (tmp_path / "export").rglob("*") if p.is_file())


def test_ids_of_other_tokenizers_come_from_the_tokens_beside(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = make_network(make_table(WordTokenizer(), n_buckets=3))
    written = export_model(prepare(model), "onnx", tmp_path / "export", tricky_texts())
    assert written.reason == 'ONNX has no operator for the tokenizer "word"'
    assert (tmp_path / "export" / "tokens.json").is_file()


def test_an_earlier_export_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    prepared = prepare(make_network(make_table()))
    for _ in range(2):
        export_model(prepared, "onnx", tmp_path / "export")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "diary.txt").write_text("dear diary", encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place, message in (
        ("other", "holds something other than an export"),
        ("file", "is a file"),
        ("x.onnx", "name a folder"),
    ):
        with pytest.raises(ModelError, match=message):
            export_model(prepared, "onnx", tmp_path / place)
    assert (tmp_path / "other" / "diary.txt").read_text(encoding="utf-8") == "dear diary"


def spoilt(change: Callable[[ExportAnswers], ExportAnswers]) -> Any:  # Any: a stand-in for open_export
    """Return what opens an export that answers wrongly."""

    def opened(folder: Path, to: str, *, multi_label: bool) -> Callable[[Sequence[str]], ExportAnswers]:
        answer = open_export(folder, to, multi_label=multi_label)
        return lambda texts: change(answer(texts))

    return opened


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: ExportAnswers(a.probabilities + np.array([2e-5, -2e-5]), a.labels),
            r"differ by 2\.0e-05 on text \d+ of",
        ),
        (lambda a: ExportAnswers(a.probabilities * np.nan, a.labels), "differ by inf"),
        (
            lambda a: ExportAnswers(a.probabilities, np.where(a.labels == "neg", "pos", "neg")),
            "gives another label than the model",
        ),
    ],
)
def test_an_export_that_answers_otherwise_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[ExportAnswers], ExportAnswers], message: str
) -> None:
    pytest.importorskip("onnxruntime")
    prepared = prepare(make_network(make_table(), seed=3))
    export_model(prepared, "onnx", tmp_path / "export", tricky_texts())
    earlier = (tmp_path / "export" / "model.onnx").read_bytes()
    monkeypatch.setattr(export, "open_export", spoilt(change))
    for place in ("export", "new"):
        with pytest.raises(ModelError, match=message):
            export_model(prepared, "onnx", tmp_path / place, tricky_texts())
    assert (tmp_path / "export" / "model.onnx").read_bytes() == earlier
    assert [p.name for p in tmp_path.iterdir()] == ["export"]


def test_preparing_leaves_the_model_as_it_is() -> None:
    model = make_network(make_table())
    before = model.table_
    prepared = prepare(model, precision="int8", kept=np.array([True, False, False]))
    assert model.table_ is before
    assert prepared.model.table_.vocabulary.to_pylist() == ["cat"]
    np.testing.assert_array_equal(prepared.model.table_.vectors, prepared.stored.restored())


def test_only_a_fitted_network_can_be_exported() -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        prepare(NetworkClassifier())

    class Blend:
        kind = "blend"

    other: Any = Blend()
    with pytest.raises(ConfigError, match="only networks can be exported, and this is a model of the kind 'blend'"):
        prepare(other)


def test_a_missing_program_is_one_line(tmp_path: Path) -> None:
    """In a process that has neither ONNX nor TensorFlow: each export says which extra brings what it needs."""
    make_network(make_table(SpaceTokenizer())).save(tmp_path / "model")
    program = """
import sys
for name in ("onnx", "onnxruntime", "tensorflow", "keras"):
    sys.modules[name] = None
import plaudit
from plaudit.errors import MissingExtraError
from plaudit.interop import export_model, prepare
prepared = prepare(plaudit.load(sys.argv[1]))
for to, extra in (("onnx", "onnx"), ("savedmodel", "tensorflow"), ("keras", "tensorflow")):
    try:
        export_model(prepared, to, sys.argv[1] + "-" + to)
    except MissingExtraError as error:
        assert f"plaudit[{extra}]" in str(error), error
    else:
        raise AssertionError(to)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "model")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_importing_interop_imports_no_other_program() -> None:
    program = (
        "import sys, plaudit.interop, plaudit.interop.export\n"
        "print([m for m in ('tensorflow', 'keras', 'onnx', 'onnxruntime', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
