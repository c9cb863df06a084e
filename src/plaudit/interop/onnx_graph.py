"""What every ONNX export is built with: nodes with names, and the answers at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

OPSET, ML_OPSET = 20, 3  # StringSplit and StringConcat came with 20; LabelEncoder's string keys with ai.onnx.ml 2
LARGEST_BYTES = 2_000_000_000  # protobuf's limit for a message is 2 GiB


class Graph:
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


def answering_model(
    graph: Graph,
    inputs: Sequence[ValueInfoProto],
    classes: NDArray[Any],
    *,
    multi_label: bool,
    metadata: Mapping[str, str],
) -> ModelProto:
    """Put answers behind a graph's "logits", float32 [N, K], and return the model, checked.

    Args:
        graph: Its nodes and constants.
        inputs: What it takes.
        classes: The C labels, in the order of the probabilities.
        multi_label: Whether a text may have several.
        metadata: What the file says of itself, beside the classes.
    """
    import onnx
    from onnx import TensorProto, helper

    import plaudit

    value = helper.make_tensor_value_info
    label_type = add_answers(graph, classes, multi_label=multi_label)
    probabilities = value("probabilities", TensorProto.FLOAT, ["N", len(classes)])
    shape = ["N", len(classes)] if multi_label else ["N"]
    outputs = [probabilities, value("label", label_type, shape)]
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    built = helper.make_model(
        helper.make_graph(graph.nodes, "plaudit", list(inputs), outputs, graph.constants),
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="plaudit",
    )
    said = {
        "plaudit_version": plaudit.__version__,
        "classes": json.dumps(classes.tolist(), ensure_ascii=False),
        "multi_label": json.dumps(multi_label),
    }
    helper.set_model_props(built, said | dict(metadata))
    onnx.checker.check_model(built, full_check=True)
    return built


def add_answers(graph: Graph, classes: NDArray[Any], *, multi_label: bool) -> int:
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
