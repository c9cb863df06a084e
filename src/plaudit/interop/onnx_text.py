"""Deleting punctuation in standard ONNX operators.

ONNX has no regular-expression replacement, but StringSplit splits at a character and StringConcat joins: a text split
at each punctuation character in turn, its pieces joined again, has lost them all. Unicode has some 850; ASCII's 23 are
always gone through, the others only when a text of the batch has one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

PUNCTUATION_INPUT = "text_with_punctuation"
_OUTPUT = "text_without_punctuation"
_SURROGATES = range(0xD800, 0xE000)


@cache
def punctuation() -> tuple[str, ...]:
    """Return every character that `SpaceTokenizer(delete_punctuation=True)` deletes, by asking what it asks."""
    characters = pa.array([chr(code) for code in range(0x110000) if code not in _SURROGATES], pa.large_string())
    is_deleted = pc.match_substring_regex(characters, r"^\pP$")
    return tuple(characters.filter(is_deleted).to_pylist())


def delete_punctuation() -> tuple[list[NodeProto], str]:
    """Return nodes that delete punctuation from `PUNCTUATION_INPUT` (string [N]), and the name of their output."""
    from onnx import TensorProto, helper

    ascii_ones = [c for c in punctuation() if c.isascii()]
    others = [c for c in punctuation() if not c.isascii()]
    constants = [
        helper.make_node("Constant", [], ["empty_text"], value_strings=[""]),
        helper.make_node("Constant", [], ["true"], value=helper.make_tensor("", TensorProto.BOOL, [], [True])),
    ]
    nodes, x = _delete(PUNCTUATION_INPUT, ascii_ones, "a")
    rare, y = _delete(x, others, "b")
    string = helper.make_tensor_value_info
    branches = {
        "then_branch": helper.make_graph(rare, "delete_rare", [], [string(y, TensorProto.STRING, None)]),
        "else_branch": helper.make_graph(
            [helper.make_node("Identity", [x], ["kept_text"])],
            "keep",
            [],
            [string("kept_text", TensorProto.STRING, None)],
        ),
    }
    test = [
        helper.make_node("RegexFullMatch", [x], ["has_rare"], pattern=f"(?s).*[{''.join(others)}].*"),
        helper.make_node("Cast", ["has_rare"], ["rare_number"], to=TensorProto.INT32),
        helper.make_node("ReduceSum", ["rare_number"], ["n_rare"], keepdims=0),
        helper.make_node("Cast", ["n_rare"], ["any_rare"], to=TensorProto.BOOL),
        helper.make_node("If", ["any_rare"], [_OUTPUT], **branches),
    ]
    return [*constants, *nodes, *test], _OUTPUT


def _delete(source: str, characters: list[str], prefix: str) -> tuple[list[NodeProto], str]:
    """Delete each of `characters` in turn: split at it, then join the pieces, column by column."""
    from onnx import helper

    nodes, x = [], source
    for i, character in enumerate(characters):
        name = f"{prefix}{i}"
        nodes += [
            helper.make_node("StringSplit", [x], [f"{name}_pieces", f"{name}_counts"], delimiter=character),
            helper.make_node("Shape", [f"{name}_pieces"], [f"{name}_width"], start=1, end=2),
            helper.make_node("Where", ["true", "empty_text", x], [f"{name}_nothing"]),
            helper.make_node("Squeeze", [f"{name}_width"], [f"{name}_trips"]),
        ]
        x = f"{name}_text"
        nodes.append(helper.make_node("Loop", [f"{name}_trips", "", f"{name}_nothing"], [x], body=_join_columns(name)))
    return nodes, x


def _join_columns(name: str) -> GraphProto:
    """Return a Loop's body that puts column i of a split's pieces behind what is joined already."""
    from onnx import TensorProto, helper

    i, keep_on, joined, same, longer = (f"{name}_{part}" for part in ("i", "go", "joined", "went", "longer"))
    nodes = [
        helper.make_node("Gather", [f"{name}_pieces", i], [f"{name}_column"], axis=1),
        helper.make_node("StringConcat", [joined, f"{name}_column"], [longer]),
        helper.make_node("Identity", [keep_on], [same]),
    ]
    value = helper.make_tensor_value_info
    state = [value(keep_on, TensorProto.BOOL, []), value(joined, TensorProto.STRING, None)]
    after = [value(same, TensorProto.BOOL, []), value(longer, TensorProto.STRING, None)]
    return helper.make_graph(nodes, f"join_{name}", [value(i, TensorProto.INT64, []), *state], after)
