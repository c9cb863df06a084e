"""A trained network as an ONNX graph of standard operators, which plain onnxruntime runs.

Where the tokenizer can be said in standard operators (splitting at spaces, with or without deleting punctuation, at
most one row for unknown tokens) the graph takes text; else it takes token ids.

The decision to question: token vectors are summed text by text in a Scan. A padded matrix would take the longest
text's length for every text (2.5 GB for a thousand film reviews at 256 dimensions), and onnxruntime's scatter
operators do not say that adding to one row from several threads is safe (microsoft/onnxruntime#18048).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import EmbeddingError, require
from plaudit.interop.ids import rows_of
from plaudit.interop.networks import answering_layers
from plaudit.interop.onnx_text import PUNCTUATION_INPUT, delete_punctuation
from plaudit.text import SpaceTokenizer, WordPieceTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto

    from plaudit.embeddings.table import EmbeddingTable
    from plaudit.interop.compact import StoredVectors
    from plaudit.models import NetworkClassifier

OPSET, ML_OPSET = 20, 3  # StringSplit and StringConcat came with 20; LabelEncoder's string keys with ai.onnx.ml 2
_LARGEST_BYTES = 2_000_000_000  # protobuf's limit for a message is 2 GiB
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
    import onnx
    from onnx import TensorProto, helper

    if stored.size_bytes > _LARGEST_BYTES:
        raise EmbeddingError(
            f"{model.table_.name}: its vectors take {stored.size_bytes / 1e9:.1f} GB and an ONNX file holds at most 2: "
            "export with --prune, or --dtype float16 or int8."
        )
    graph, value = _Graph(), helper.make_tensor_value_info
    if refuse_text(model.table_) is None:
        inputs = [value("text", TensorProto.STRING, ["N"])]
        _rows_from_text(graph, model.table_)
    else:
        inputs = [value("ids", TensorProto.INT64, ["T"]), value("offsets", TensorProto.INT64, ["N_plus_1"])]
        _rows_from_ids(graph, model.table_)
    _text_vectors(graph, stored, _FACTOR_POWER[model.table_.combiner])
    _dense_layers(graph, model)
    label_type = _answers(graph, model.classes_, multi_label=model.multi_label_)
    probabilities = value("probabilities", TensorProto.FLOAT, ["N", len(model.classes_)])
    shape = ["N", len(model.classes_)] if model.multi_label_ else ["N"]
    outputs = [probabilities, value("label", label_type, shape)]
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    built = helper.make_model(
        helper.make_graph(graph.nodes, "plaudit", inputs, outputs, graph.constants),
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="plaudit",
    )
    helper.set_model_props(built, _metadata(model))
    onnx.checker.check_model(built, full_check=True)
    return built


def _metadata(model: NetworkClassifier) -> dict[str, str]:
    import plaudit

    return {
        "plaudit_version": plaudit.__version__,
        "classes": json.dumps(model.classes_.tolist(), ensure_ascii=False),
        "multi_label": json.dumps(model.multi_label_),
        "embedding": model.table_.name,
        "combiner": model.table_.combiner,
    }


class _Graph:
    """Nodes and constants in the making; every node has one output, whose name `add` returns unless told."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix  # a body's names must differ from those around it
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    # Any: whatever kinds ONNX's attributes have
    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append a node and return the name of its output."""
        from onnx import helper

        output = output or f"{self._prefix}{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, value: NDArray[Any], name: str | None = None) -> str:
        """Store an array, of strings too, and return its name."""
        from onnx import numpy_helper

        name = name or f"constant_{len(self.constants)}"
        array = value.astype(object) if value.dtype.kind == "U" else np.ascontiguousarray(value)
        self.constants.append(numpy_helper.from_array(array.reshape(value.shape), name))
        return name

    def integers(self, *values: int) -> str:
        """Store an int64 vector and return its name."""
        return self.constant(np.array(values, np.int64))


def _rows_from_text(graph: _Graph, table: EmbeddingTable) -> None:
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


def _without_empty(graph: _Graph, is_token: str, positions: str) -> tuple[str, str]:
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


def _rows_from_ids(graph: _Graph, table: EmbeddingTable) -> None:
    """Yield "rows", "starts" and "ends" from "ids" and "offsets"."""
    graph.add("Slice", "offsets", graph.integers(0), graph.integers(-1), output="starts")
    graph.add("Slice", "offsets", graph.integers(1), graph.integers(np.iinfo(np.int64).max), output="ends")
    if isinstance(table.tokenizer, WordPieceTokenizer):
        rows = rows_of(table, table.tokenizer.vocabulary)
        padded = np.concatenate([rows, [-1]])  # and a last entry for the id -1, which Gather counts from the end
        graph.add("Gather", graph.constant(padded), graph.add("Max", "ids", graph.integers(-1)), output="rows")
    else:
        graph.add("Identity", "ids", output="rows")


def _text_vectors(graph: _Graph, stored: StoredVectors, power: float) -> None:
    """Yield "vectors" float32 [N, D]: each text's sum, divided by its number of tokens to `power`."""
    from onnx import TensorProto, helper

    graph.constant(stored.values, "table")
    if stored.scales is not None:
        graph.constant(stored.scales[:, None], "scales")
    for name, value in (("axis", [0]), ("least", [1]), ("none", [0])):
        graph.constant(np.array(value, np.int64), name)
    graph.constant(np.array(power, np.float32), "power")
    body = _Graph("one_")
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


def _dense_layers(graph: _Graph, model: NetworkClassifier) -> None:
    """Yield "logits" float32 [N, 1] or [N, C] from "vectors"."""
    x = "vectors"
    layers = answering_layers(model)
    for i, (kernel, bias) in enumerate(zip(layers.kernels, layers.biases, strict=True)):
        is_last = i == len(layers.kernels) - 1
        product = graph.add("MatMul", x, graph.constant(kernel, f"dense_{i}.kernel"))
        x = graph.add("Add", product, graph.constant(bias, f"dense_{i}.bias"), output="logits" if is_last else None)
        x = x if is_last else graph.add("Relu", x)


def _answers(graph: _Graph, classes: NDArray[Any], *, multi_label: bool) -> int:
    """Yield "probabilities" and "label" from "logits"; return the label's type."""
    from onnx import TensorProto, helper

    if multi_label:
        graph.add("Sigmoid", "logits", output="probabilities")
        is_given = graph.add("Greater", "logits", graph.constant(np.array(0, np.float32)))
        graph.add("Cast", is_given, output="label", to=TensorProto.INT64)
        return int(TensorProto.INT64)
    if len(classes) == 2:  # one logit, the second class's
        second, first = graph.add("Sigmoid", "logits"), graph.add("Sigmoid", graph.add("Neg", "logits"))
        graph.add("Concat", first, second, output="probabilities", axis=1)
        is_second = graph.add("Greater", "logits", graph.constant(np.array(0, np.float32)))
        flat = graph.add("Reshape", is_second, graph.integers(-1))
        index = graph.add("Cast", flat, to=TensorProto.INT64)
    else:
        graph.add("Softmax", "logits", output="probabilities", axis=1)
        index = graph.add("ArgMax", "logits", axis=1, keepdims=0)
    names = classes if classes.dtype.kind in "Ub" else classes.astype(np.int64)
    graph.add("Gather", graph.constant(names, "classes"), index, output="label")
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(object) if names.dtype.kind == "U" else names.dtype))
