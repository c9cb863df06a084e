"""What a text embedding's SavedModel does to a text, read from its graph: how it splits, what it deletes, combines.

The graph is the authority, not the module's name: TF Hub's exporters have differed. `tf.strings.split` (the operation
StringSplitV2) keeps the empty token of a double space, the older `tf.string_split` (StringSplit) drops it unless told
otherwise; both are in use. This module knows TensorFlow's field numbers and operations, and nothing of variables.

The decision to question: what is not understood is refused, operation by operation. A table that silently splits
otherwise than its module would give plausible, wrong vectors.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from plaudit.embeddings.protobuf import Message, WireError
from plaudit.errors import EmbeddingError

if TYPE_CHECKING:
    from plaudit.setting_values import Combiner

_log = logging.getLogger(__name__)
GRAPH_FILE = "saved_model.pb"
_MAX_GRAPH_BYTES = 1 << 28
_PUNCTUATION = {rb"\pP", rb"\p{P}", rb"\pP+", rb"\p{P}+"}
_COMBINERS = {"SparseSegmentSqrtN": "sqrtn", "SparseSegmentMean": "mean", "SparseSegmentSum": "sum"}
_OTHER_TEXT_OPERATIONS = {
    "StringLower", "StringUpper", "StringStrip", "Substr", "StringNGrams", "UnicodeTranscode", "UnicodeDecode",
    "UnicodeDecodeWithOffsets", "SentencepieceOp", "SentencepieceTokenizeOp", "WordpieceTokenizeWithOffsets",
    "StringToHashBucket", "StringToHashBucketStrong",
}  # fmt: skip


@dataclass(frozen=True)
class TextRules:
    """How a module makes a vector of a text.

    Attributes:
        delete_punctuation: Whether Unicode's category P is deleted first.
        keep_empty: Whether the empty tokens of double spaces count.
        combiner: How the tokens' vectors become one.
        n_buckets: Rows past the vocabulary, which FarmHash chooses for unknown tokens; 0 leaves them out, None means
            as many as there are.
    """

    delete_punctuation: bool
    keep_empty: bool
    combiner: Combiner
    n_buckets: int | None


class _RefusedError(Exception):
    """The graph does something other than the nnlm family; the message says what."""


class _UnclearError(_RefusedError):
    """The graph does not say what it does to a text, in operations that are known here."""


def read_rules(folder: Path, *, documented: TextRules | None = None) -> TextRules:
    """Return what the graph in a SavedModel folder does to a text.

    Args:
        folder: The unpacked SavedModel.
        documented: What the module's page says, if it is a known one: taken where the graph is unclear, never
            against what it says.

    Raises:
        EmbeddingError: The file is missing or damaged, or the graph does something that is not understood.
    """
    path = folder / GRAPH_FILE
    try:
        if path.stat().st_size > _MAX_GRAPH_BYTES:
            raise EmbeddingError(f"{path}: larger than {_MAX_GRAPH_BYTES:,} bytes; not a text embedding's graph.")
        scopes = list(_scopes(Message(path.read_bytes())))
        return _rules_of(scopes)
    except _UnclearError as error:
        if documented is None:
            raise _foreign(path, error) from error
        _log.warning("%s: %s; taking what the module's documentation says.", path, error)
        return documented
    except _RefusedError as error:
        raise _foreign(path, error) from error
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error.strerror}); expected a SavedModel with it.") from error
    except WireError as error:
        raise EmbeddingError(f"{path}: truncated, or not a SavedModel ({error}).") from error


def _foreign(path: Path, error: _RefusedError) -> EmbeddingError:
    return EmbeddingError(
        f"{path}: not a text embedding of TF Hub's nnlm kind ({error}); expected a module that splits texts at spaces "
        "and combines its tokens' vectors."
    )


@dataclass(frozen=True)
class _Node:
    """An operation of a graph or a function.

    Attributes:
        operation: What it does.
        inputs: The names of the nodes whose results it takes.
        attributes: Its settings, unparsed.
    """

    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, bytes]

    @classmethod
    def parse(cls, message: Message) -> _Node:
        """Read a NodeDef (tensorflow/core/framework/node_def.proto)."""
        inputs = tuple(name.decode(errors="replace").partition(":")[0] for name in message.strings(3))
        entries = message.messages(5)
        return cls(message.text(2), inputs, {entry.text(1): entry.string(2) for entry in entries})

    def attribute(self, name: str) -> Message:
        """Return a setting as an AttrValue (attr_value.proto): 2 bytes, 3 integer, 5 boolean, 8 tensor."""
        return Message(self.attributes.get(name, b""))


_Scope = Mapping[str, _Node]


def _scopes(saved_model: Message) -> Iterator[_Scope]:
    """Yield the nodes of each graph and of each function, by name (saved_model.proto, graph.proto, function.proto)."""
    for meta_graph in saved_model.messages(2):
        graph = meta_graph.message(2)
        yield {node.text(1): _Node.parse(node) for node in graph.messages(1)}
        for function in graph.message(2).messages(1):
            yield {node.text(1): _Node.parse(node) for node in function.messages(3)}


def _rules_of(scopes: list[_Scope]) -> TextRules:
    operations = {node.operation for scope in scopes for node in scope.values()}
    if others := sorted(operations & _OTHER_TEXT_OPERATIONS):
        raise _RefusedError(f"its graph has the operation {others[0]}")
    splits = {_keeps_empty(node, scope) for scope in scopes for node in scope.values() if _splits(node)}
    if len(splits) != 1:
        raise _UnclearError("its graph splits no text" if not splits else "its graph splits in two ways")
    deletions = [(node, scope) for scope in scopes for node in scope.values() if _replaces(node)]
    for node, scope in deletions:
        _check_deletion(node, scope)
    # "SparseSegmentSqrtNWithNumSegments" is the same sum
    combiners = {_COMBINERS.get(name.removesuffix("WithNumSegments")) for name in operations} - {None}
    if len(combiners) != 1:
        raise _UnclearError(f"its graph combines vectors in {len(combiners)} ways")
    buckets = {
        node.attribute("num_buckets").integer(3)
        for scope in scopes
        for node in scope.values()
        if node.operation == "StringToHashBucketFast"
    }
    if len(buckets) > 1:
        raise _RefusedError("its graph hashes into different numbers of buckets")
    return TextRules(
        delete_punctuation=bool(deletions),
        keep_empty=splits.pop(),
        combiner=cast("Combiner", combiners.pop()),
        n_buckets=buckets.pop() if buckets else 0,
    )


def _splits(node: _Node) -> bool:
    return node.operation in ("StringSplit", "StringSplitV2")


def _replaces(node: _Node) -> bool:
    return node.operation in ("RegexReplace", "StaticRegexReplace")


def _keeps_empty(node: _Node, scope: _Scope) -> bool:
    if (separator := _constant(node, 1, scope)) != b" ":
        raise _RefusedError(f"it splits at {separator!r}")
    if node.operation == "StringSplitV2":
        return True
    return "skip_empty" in node.attributes and not node.attribute("skip_empty").integer(5)


def _check_deletion(node: _Node, scope: _Scope) -> None:
    if node.operation == "StaticRegexReplace":
        pattern, replacement = node.attribute("pattern").string(2), node.attribute("rewrite").string(2)
    else:
        pattern, replacement = _constant(node, 1, scope), _constant(node, 2, scope)
    is_global = "replace_global" not in node.attributes or node.attribute("replace_global").integer(5)
    if pattern not in _PUNCTUATION or replacement or not is_global:
        raise _RefusedError(f"it replaces {pattern[:40]!r} by {replacement[:40]!r}")


def _constant(node: _Node, position: int, scope: _Scope) -> bytes:
    """Return the one string that an input of a node is, looking through Identity nodes."""
    name = node.inputs[position] if position < len(node.inputs) else ""
    source = scope.get(name)
    for _ in range(len(scope)):
        if source is None or source.operation != "Identity" or not source.inputs:
            break
        source = scope.get(source.inputs[0])
    if source is None or source.operation != "Const":
        raise _UnclearError(f"the setting {name!r} of {node.operation} is computed")
    values = source.attribute("value").message(8).strings(8)  # tensor.proto: string_val
    if len(values) != 1:
        raise _UnclearError(f"the setting {name!r} of {node.operation} is {len(values)} strings")
    return values[0]
