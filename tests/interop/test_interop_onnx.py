from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from interop_networks import make_network, make_table, tricky_texts

from plaudit.embeddings import Combiner, EmbeddingTable
from plaudit.errors import EmbeddingError
from plaudit.interop import flat_token_ids
from plaudit.interop.compact import Precision, StoredVectors, store
from plaudit.interop.export import prepare
from plaudit.interop.onnx import refuse_text, to_onnx
from plaudit.interop.onnx_text import punctuation
from plaudit.text import SpaceTokenizer, WordTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models import NetworkClassifier

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SPACE_TOKENIZERS = [
    SpaceTokenizer(),
    SpaceTokenizer(delete_punctuation=True),
    SpaceTokenizer(keep_empty=False),
    SpaceTokenizer(delete_punctuation=True, keep_empty=False),
]


def opened(model: Any) -> Any:
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run(model: Any, feed: dict[str, Any], *names: str) -> list[Any]:
    found: list[Any] = opened(model).run(list(names or ("probabilities", "label")), feed)
    return found


def as_text(texts: list[str]) -> dict[str, Any]:
    return {"text": np.array(texts, dtype=object)}


def build(model: NetworkClassifier, precision: Precision = "float32") -> tuple[Any, NetworkClassifier]:
    prepared = prepare(model, precision=precision)
    return to_onnx(prepared.model, prepared.stored), prepared.model


def vectors(table: EmbeddingTable, texts: list[str]) -> NDArray[np.float32]:
    """Look at the graph's sentence vectors, which are no output of its own."""
    model, _ = build(make_network(table))
    shape = ["N", table.dimension]
    model.graph.output.append(onnx.helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, shape))
    found: NDArray[np.float32] = run(model, as_text(texts), "vectors")[0]
    return found


def test_the_conformance_values() -> None:
    """Worked out by hand in issue 3: 2 x (1.11, 2.56, 3.45) / sqrt(2), (0 + (1, 2, 3)) / sqrt(2), the zero bucket."""
    found = vectors(make_table(), ["cat cat", "lizard. dog", ""])
    np.testing.assert_allclose(found, np.array([[1.57, 3.62, 4.88], [0.70, 1.41, 2.12], [0, 0, 0]]), atol=0.011)


def test_the_conformance_values_with_normalization() -> None:
    found = vectors(make_table(SpaceTokenizer(delete_punctuation=True)), ["cat? dog"])
    np.testing.assert_allclose(found, np.array([[1.49, 3.22, 4.56]]), atol=0.011)


@pytest.mark.parametrize(
    ("tokenizer", "n_buckets", "combiner"),
    [
        *((tokenizer, n, "sqrtn") for tokenizer in SPACE_TOKENIZERS for n in (0, 1)),
        *((SpaceTokenizer(), n, combiner) for combiner in ("mean", "sum") for n in (0, 1)),
    ],
    ids=str,
)
def test_text_in_gives_the_models_probabilities_and_labels(
    tokenizer: SpaceTokenizer,
    n_buckets: int,
    combiner: Combiner,
) -> None:
    model, expected = build(make_network(make_table(tokenizer, n_buckets=n_buckets, combiner=combiner)))
    probabilities, labels = run(model, as_text(tricky_texts()))
    np.testing.assert_allclose(probabilities, expected.predict_proba(tricky_texts()), atol=1e-6)
    assert labels.tolist() == expected.predict(tricky_texts()).tolist()


@pytest.mark.parametrize("classes", [("neg", "pos"), ("a", "b", "ü"), (3, 5), (1, 2, 3), (False, True)])
@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
@pytest.mark.parametrize("hidden", [(), (16,), (8, 4)])
def test_labels_keep_their_kind(
    classes: tuple[Any, ...],
    precision: Precision,
    hidden: tuple[int, ...],
) -> None:
    texts = ["cat dog", "", "mouse", "zebra"]
    model, expected = build(make_network(make_table(), classes=classes, hidden=hidden), precision)
    probabilities, labels = run(model, as_text(texts))
    np.testing.assert_allclose(probabilities, expected.predict_proba(texts), atol=1e-6)
    assert labels.tolist() == expected.predict(texts).tolist()
    assert json.loads(model.metadata_props[1].value) == list(classes)


@pytest.mark.parametrize("tokenizer", SPACE_TOKENIZERS, ids=str)
def test_any_batch_can_come(tokenizer: SpaceTokenizer) -> None:
    model, expected = build(make_network(make_table(tokenizer, n_buckets=0)))
    session = opened(model)  # which takes seconds where punctuation is deleted
    batches: list[list[str]] = [[], [""], ["", ""], ["cat"], [" "], ["zebra"]]
    for batch in batches:
        probabilities, labels = session.run(["probabilities", "label"], as_text(batch))
        assert probabilities.shape == (len(batch), 2)
        np.testing.assert_allclose(probabilities, expected.predict_proba(batch), atol=1e-6, err_msg=repr(batch))
        assert len(labels) == len(batch)


@pytest.mark.slow
def test_every_punctuation_character_is_deleted_and_no_other() -> None:
    """All of them, their neighbours, and every 50th character of Unicode."""
    near = {ord(c) + step for c in punctuation() for step in (-1, 0, 1)}
    codes = [c for c in sorted(near | set(range(1, 0x110000, 50))) if not 0xD800 <= c < 0xE000]
    texts = [f"ab{chr(code)}cD {chr(code)}" for code in codes]
    words = ["abcD", *(t[:5] for t in texts[::2] if " " not in t[:5])]
    weights = np.random.default_rng(0).normal(size=(len(words) + 1, 3)).astype(np.float32)
    tokenizer = SpaceTokenizer(delete_punctuation=True)
    model, expected = build(
        make_network(EmbeddingTable("characters", tokenizer, pa.array(words, pa.large_string()), weights))
    )
    np.testing.assert_allclose(run(model, as_text(texts))[0], expected.predict_proba(texts), atol=1e-6)
    assert len(punctuation()) > 800


def test_only_standard_operators_are_used() -> None:
    def domains(graph: Any) -> set[str]:
        inner = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
        return {node.domain for node in graph.node}.union(*map(domains, inner))

    for tokenizer in SPACE_TOKENIZERS:
        model, _ = build(make_network(make_table(tokenizer)))
        assert domains(model.graph) <= {"", "ai.onnx.ml"}
        assert {o.domain: o.version for o in model.opset_import} == {"": 20, "ai.onnx.ml": 3}


@pytest.mark.parametrize("n_buckets", [0, 1, 4])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_ids_in_where_the_tokenizer_has_no_operator(n_buckets: int, precision: Precision) -> None:
    model, expected = build(make_network(make_table(WordTokenizer(), n_buckets=n_buckets)), precision)
    flat = flat_token_ids(expected.table_, tricky_texts())
    probabilities, labels = run(model, {"ids": flat.ids, "offsets": flat.offsets})
    np.testing.assert_allclose(probabilities, expected.predict_proba(tricky_texts()), atol=1e-6)
    assert labels.tolist() == expected.predict(tricky_texts()).tolist()


def test_negative_ids_are_passed_over() -> None:
    model, _ = build(make_network(make_table(WordTokenizer())))
    feeds = [([0, 1], [0, 2]), ([-1, 0, -5, 1], [0, 4])]
    both = [run(model, {"ids": np.array(i, np.int64), "offsets": np.array(o, np.int64)})[0] for i, o in feeds]
    assert both[0].tolist() == both[1].tolist()


def test_what_cannot_be_said_is_said() -> None:
    assert refuse_text(make_table()) is None
    assert "no operator for the tokenizer" in str(refuse_text(make_table(WordTokenizer())))
    assert "4 rows by a hash of their bytes (FarmHash)" in str(refuse_text(make_table(n_buckets=4)))


def test_a_table_too_large_for_a_file_is_refused() -> None:
    huge = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (10_000_000, 100), (0, 0))
    with pytest.raises(EmbeddingError, match=r"take 4\.0 GB and an ONNX file holds at most 2: .*--prune"):
        to_onnx(make_network(make_table()), StoredVectors(huge))


def test_storing_goes_through_the_graph_to_the_bit() -> None:
    stored = store(make_table().vectors, "int8")
    assert stored.precision == "int8"
