"""A trained network as an ONNX graph of standard operators, which plain onnxruntime runs.

Where the tokenizer can be said in standard operators (splitting at spaces, with or without deleting punctuation, at
most one row for unknown tokens) the graph takes text; else it takes token ids.

The decision to question: token vectors are summed text by text in a Scan. A padded matrix would take the longest
text's length for every text (2.5 GB for a thousand film reviews at 256 dimensions), and onnxruntime's scatter
operators do not say that adding to one row from several threads is safe (microsoft/onnxruntime#18048).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.errors import EmbeddingError, require
from plaudit.interop.ids import rows_of
from plaudit.interop.networks import answering_layers
from plaudit.interop.onnx_graph import LARGEST_BYTES, Graph, answering_model
from plaudit.interop.onnx_text import PUNCTUATION_INPUT, delete_punctuation
from plaudit.text import SpaceTokenizer, WordPieceTokenizer

if TYPE_CHECKING:
    from onnx import ModelProto

    from plaudit.embeddings.table import EmbeddingTable
    from plaudit.interop.compact import StoredVectors
    from plaudit.models import NetworkClassifier

_FACTOR_POWER = {"sqrtn": 0.5, "mean": 1.0, "sum": 0.0}


def refuse_text(table: EmbeddingTable) -> str | None:
    """Say why a graph of standard operators cannot take text for this embedding; None where it can."""
    match table.tokenizer:
        case WordPieceTokenizer():
            return "ONNX has no operator for WordPiece"
        case SpaceTokenizer() if table.n_buckets > 1:
            return (
                f"unknown tokens go to one of {table.n_buckets:,} rows by a hash of their bytes (FarmHash), and ONNX "
                "has no operator that hashes a string"
            )
        case SpaceTokenizer():
            return None
        case _:
            return f'ONNX has no operator for the tokenizer "{table.tokenizer.kind}"'


def to_onnx(model: NetworkClassifier, stored: StoredVectors) -> ModelProto:
    """Build the graph: text or ids in, "probabilities" float32 [N, C] and "label" [N] out.

    The text graph's input is "text", string [N]. The ids graph's are "ids", int64 [T], and "offsets", int64 [N + 1]:
    text i owns ``ids[offsets[i]:offsets[i + 1]]``. For WordPiece the ids are those of its ``tokenizer.json``; for
    other tokenizers, rows of the table. Negative ids are passed over and not counted.

    Multi-label: "label" is an indicator, int64 [N, C], 1 where a class's probability is above 0.5; the metadata say
    "multi_label".

    Args:
        model: A fitted network, whose vectors are `stored`'s.
        stored: The vectors as the graph keeps them; they are turned back into float32 where they are used.

    Raises:
        EmbeddingError: The graph would be larger than an ONNX file can be.
        MissingExtraError: onnx is not installed.
    """
    require("onnx", extra="onnx", purpose="Exporting to ONNX")
    from onnx import TensorProto, helper

    if stored.size_bytes > LARGEST_BYTES:
        raise EmbeddingError(
            f"{model.table_.name}: its vectors take {stored.size_bytes / 1e9:.1f} GB and an ONNX file holds at most 2: "
            "export with --prune, or --dtype float16 or int8."
        )
    graph, value = Graph(), helper.make_tensor_value_info
    if refuse_text(model.table_) is None:
        inputs = [value("text", TensorProto.STRING, ["N"])]
        _rows_from_text(graph, model.table_)
    else:
        inputs = [value("ids", TensorProto.INT64, ["T"]), value("offsets", TensorProto.INT64, ["N_plus_1"])]
        _rows_from_ids(graph, model.table_)
    _text_vectors(graph, stored, _FACTOR_POWER[model.table_.combiner])
    _dense_layers(graph, model)
    metadata = {"embedding": model.table_.name, "combiner": model.table_.combiner}
    return answering_model(graph, inputs, model.classes_, multi_label=model.multi_label_, metadata=metadata)


def _rows_from_text(graph: Graph, table: EmbeddingTable) -> None:
    """Yield "rows" int64 [T] (-1 for a token left out), "starts" and "ends" int64 [N], from "text".

    A space is put behind each text and the empty token it makes at the end is not counted: StringSplit finds no
    token at all in an empty text, which is the one token "" for us.
    """
    from onnx import helper

    text = "text"
    assert isinstance(table.tokenizer, SpaceTokenizer)  # refuse_text saw to it
    if table.tokenizer.delete_punctuation:
        graph.add("Identity", "text", output=PUNCTUATION_INPUT)
        nodes, text = delete_punctuation()
        graph.nodes += nodes
    ended = graph.add("StringConcat", text, graph.constant(np.array(" ")))
    graph.nodes.append(helper.make_node("StringSplit", [ended], ["tokens", "n_pieces"], delimiter=" "))
    lengths = graph.add("Sub", "n_pieces", graph.integers(1), output="lengths")
    graph.add(
        "LabelEncoder",
        "tokens",
        output="padded_rows",
        domain="ai.onnx.ml",
        keys_strings=table.vocabulary.to_pylist(),
        values_int64s=list(range(len(table.vocabulary))),
        default_int64=len(table.vocabulary) if table.n_buckets else -1,
    )
    width = graph.add("Gather", graph.add("Shape", "padded_rows"), graph.constant(np.array(1, np.int64)))
    zero, one = graph.constant(np.array(0, np.int64)), graph.constant(np.array(1, np.int64))
    positions = graph.add("Range", zero, width, one)
    is_token = graph.add("Less", positions, graph.add("Unsqueeze", lengths, graph.integers(1)))
    if not table.tokenizer.keep_empty:
        is_token, lengths = _without_empty(graph, is_token, positions)
    flat = graph.integers(-1)
    is_token = graph.add("Reshape", is_token, flat)
    graph.add("Compress", graph.add("Reshape", "padded_rows", flat), is_token, output="rows")
    graph.add("CumSum", lengths, zero, output="ends")
    graph.add("Sub", "ends", lengths, output="starts")


def _without_empty(graph: Graph, is_token: str, positions: str) -> tuple[str, str]:
    """Drop empty tokens, but leave the first of a text that has no others; return what counts, and how many do."""
    from onnx import TensorProto

    is_word = graph.add("Not", graph.add("Equal", "tokens", graph.constant(np.array(""))))
    is_word = graph.add("And", is_token, is_word)
    last = graph.integers(1)
    n_words = graph.add("ReduceSum", graph.add("Cast", is_word, to=TensorProto.INT64), last, keepdims=1)
    is_first = graph.add("Equal", positions, graph.integers(0))
    alone = graph.add("And", graph.add("Equal", n_words, graph.integers(0)), is_first)
    lengths = graph.add("Max", graph.add("Squeeze", n_words, last), graph.integers(1))
    return graph.add("Or", is_word, alone), lengths


def _rows_from_ids(graph: Graph, table: EmbeddingTable) -> None:
    """Yield "rows", "starts" and "ends" from "ids" and "offsets"."""
    graph.add("Slice", "offsets", graph.integers(0), graph.integers(-1), output="starts")
    graph.add("Slice", "offsets", graph.integers(1), graph.integers(np.iinfo(np.int64).max), output="ends")
    if isinstance(table.tokenizer, WordPieceTokenizer):
        rows = rows_of(table, table.tokenizer.vocabulary)
        padded = np.concatenate([rows, [-1]])  # and a last entry for the id -1, which Gather counts from the end
        graph.add("Gather", graph.constant(padded), graph.add("Max", "ids", graph.integers(-1)), output="rows")
    else:
        graph.add("Identity", "ids", output="rows")


def _text_vectors(graph: Graph, stored: StoredVectors, power: float) -> None:
    """Yield "vectors" float32 [N, D]: each text's sum, divided by its number of tokens to `power`."""
    from onnx import TensorProto, helper

    graph.constant(stored.values, "table")
    if stored.scales is not None:
        graph.constant(stored.scales[:, None], "scales")
    for name, value in (("axis", [0]), ("least", [1]), ("none", [0])):
        graph.constant(np.array(value, np.int64), name)
    graph.constant(np.array(power, np.float32), "power")
    body = Graph("one_")
    start, end = body.add("Unsqueeze", "start", "axis"), body.add("Unsqueeze", "end", "axis")
    rows = body.add("Slice", "rows", start, end, "axis")
    rows = body.add("Compress", rows, body.add("GreaterOrEqual", rows, "none"), axis=0)
    vectors = body.add("Gather", "table", rows)
    if stored.values.dtype != np.float32:
        vectors = body.add("Cast", vectors, to=TensorProto.FLOAT)
    if stored.scales is not None:
        vectors = body.add("Mul", vectors, body.add("Gather", "scales", rows))
    total = body.add("ReduceSum", vectors, "axis", keepdims=0)
    count = body.add("Cast", body.add("Max", body.add("Size", rows), "least"), to=TensorProto.FLOAT)
    body.add("Div", total, body.add("Pow", count, "power"), output="vector")
    subgraph = helper.make_graph(
        body.nodes,
        "sum_of_one_text",
        [helper.make_tensor_value_info(name, TensorProto.INT64, []) for name in ("start", "end")],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [stored.values.shape[1]])],
    )
    # One text without tokens behind the others, dropped again: onnxruntime's Scan refuses a batch of none.
    bounds = [graph.add("Concat", name, "none", axis=0) for name in ("starts", "ends")]
    sums = graph.add("Scan", *bounds, body=subgraph, num_scan_inputs=2)
    graph.add("Slice", sums, "none", graph.integers(-1), output="vectors")


def _dense_layers(graph: Graph, model: NetworkClassifier) -> None:
    """Yield "logits" float32 [N, 1] or [N, C] from "vectors"."""
    x = "vectors"
    layers = answering_layers(model)
    for i, (kernel, bias) in enumerate(zip(layers.kernels, layers.biases, strict=True)):
        is_last = i == len(layers.kernels) - 1
        product = graph.add("MatMul", x, graph.constant(kernel, f"dense_{i}.kernel"))
        x = graph.add("Add", product, graph.constant(bias, f"dense_{i}.bias"), output="logits" if is_last else None)
        x = x if is_last else graph.add("Relu", x)
