"""N-grams of characters in an ONNX graph: from the characters of each word, the hashes of `text.ngram_characters`.

ONNX has no operator that spells a string, so the graph takes code points. It multiplies, shifts and adds them as 64-bit
integers, which wrap in onnxruntime as they do in NumPy, and a label encoder says which n-grams are known.

The decision to question: a word counts once in a text, and two words are the same if a second hash of their characters
is. Two different words of a text of a thousand words share it once in two million texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.text.ngram_characters import LONGEST, MIX, SHORTEST, STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.interop.onnx_graph import Graph
    from plaudit.models.ngram_fitting import NgramWeights
    from plaudit.text.ngram_characters import CharacterVocabulary

_IDENTITY_SHIFT = 24  # of 64 bits 40 are left, so that the sum over millions of characters overflows nowhere


def owners_of(graph: Graph, ends: str, n_places: str) -> str:
    """Return whose each of so many places is, int64: as many runs end at or before it.

    Args:
        graph: Where the nodes go.
        ends: Name of the runs' ends, int64, ascending.
        n_places: Name of the number of places, int64 without dimensions.
    """
    from onnx import TensorProto, helper

    zero, one, two = (graph.constant(np.array(n, np.int64)) for n in range(3))
    # Places and ends, sorted together, count the ends before each place.
    places = graph.add("Add", graph.add("Mul", graph.add("Range", zero, n_places, one), two), one)
    mixed = graph.add("Concat", places, graph.add("Mul", ends, two), axis=0)
    in_order = f"in_order_{ends}"
    sort = [mixed, graph.add("Shape", mixed)], [in_order, f"were_at_{ends}"]
    graph.nodes.append(helper.make_node("TopK", *sort, axis=0, largest=0, sorted=1))
    is_end = graph.add("Equal", graph.add("Mod", in_order, two), zero)
    n_ended = graph.add("CumSum", graph.add("Cast", is_end, to=TensorProto.INT64), zero)
    return graph.add("Compress", n_ended, graph.add("Not", is_end), axis=0)


def add_characters(
    graph: Graph, vocabulary: CharacterVocabulary, weights: NgramWeights, texts_of_tokens: str
) -> list[str]:
    """Add what characters bring to each logit, and return the K names, float64 [N] each.

    Args:
        graph: It has the inputs "offsets", "characters" and "spellings".
        vocabulary: The known n-grams of characters.
        weights: Theirs.
        texts_of_tokens: Name of the text that each token belongs to, int64 [T].
    """
    from onnx import TensorProto

    zero, one = graph.constant(np.array(0, np.int64)), graph.constant(np.array(1, np.int64))
    n_characters = graph.add("Squeeze", graph.add("Shape", "characters"))
    ends = graph.add("Slice", "spellings", graph.integers(1), graph.integers(np.iinfo(np.int64).max))
    tokens = owners_of(graph, ends, n_characters)
    spread = _mixed(graph, _times(graph, graph.add("Add", "characters", one), STEP), 32)
    spread = _xor_shifted(graph, spread, 29)
    n_grams = _numbers(graph, _keys(graph, spread, tokens, n_characters), vocabulary.keys)
    is_first = _is_first_in_text(graph, spread, tokens, texts_of_tokens, n_characters)
    counts = graph.add("Cast", graph.add("Gather", is_first, tokens), to=TensorProto.DOUBLE)
    bounds = graph.add("Gather", "spellings", "offsets")  # of texts among the characters
    by_length = graph.integers(LONGEST - SHORTEST + 1, -1)

    def sums(values: NDArray[np.float32]) -> str:
        """Add up each text's known n-grams, float64 [N]."""
        each = graph.add("Gather", graph.constant(np.append(values, np.float32(0))), n_grams)
        placed = graph.add("Reshape", graph.add("Cast", each, to=TensorProto.DOUBLE), by_length)
        at_place = graph.add("Mul", graph.add("ReduceSum", placed, graph.integers(0), keepdims=0), counts)
        running = graph.add("Concat", graph.constant(np.zeros(1)), graph.add("CumSum", at_place, zero), axis=0)
        up_to = graph.add("Gather", running, bounds)
        end = graph.integers(np.iinfo(np.int64).max)
        after = graph.add("Slice", up_to, graph.integers(1), end)
        return graph.add("Sub", after, graph.add("Slice", up_to, graph.integers(0), graph.integers(-1)))

    unit, none = graph.constant(np.array(1.0)), graph.constant(np.array(0.0))
    found, length = list[str](), ""
    for k, each in enumerate(weights.weights):
        if k < len(weights.scales):
            root = graph.add("Sqrt", graph.add("Max", sums(np.square(weights.scales[k])), none))
            length = graph.add("Where", graph.add("Greater", root, none), root, unit)
        found.append(graph.add("Div", sums(each), length))
    return found


def _keys(graph: Graph, spread: str, tokens: str, n_characters: str) -> str:
    """Return each n-gram's hash, int64 [lengths * L], the shortest first; -1 where one would leave its token."""
    longer = graph.constant(np.zeros(LONGEST - 1, np.int64))
    outside = graph.constant(np.full(LONGEST - 1, -1, np.int64))
    further, owners = graph.add("Concat", spread, longer, axis=0), graph.add("Concat", tokens, outside, axis=0)
    rolling, keys, unknown = spread, list[str](), graph.constant(np.array(-1, np.int64))
    for n in range(2, LONGEST + 1):
        end = graph.add("Add", graph.add("Unsqueeze", n_characters, graph.integers(0)), graph.integers(n - 1))
        last = graph.add("Slice", further, graph.integers(n - 1), end)
        rolling = graph.add("Add", _times(graph, rolling, STEP), last)
        if n >= SHORTEST:
            is_inside = graph.add("Equal", tokens, graph.add("Slice", owners, graph.integers(n - 1), end))
            keys.append(graph.add("Where", is_inside, _shifted(graph, rolling, 1), unknown))
    return graph.add("Concat", *keys, axis=0)


def _is_first_in_text(graph: Graph, spread: str, tokens: str, texts_of_tokens: str, n_characters: str) -> str:
    """Say of each token whether its text has it for the first time, bool [T]."""
    from onnx import helper

    zero, one = graph.constant(np.array(0, np.int64)), graph.constant(np.array(1, np.int64))
    begins = graph.add("Gather", "spellings", tokens)
    place = graph.add("Sub", graph.add("Range", zero, n_characters, one), begins)
    placed = _mixed(graph, graph.add("Add", spread, _times(graph, graph.add("Add", place, one), STEP)), 32)
    terms = _shifted(graph, placed, _IDENTITY_SHIFT)
    running = graph.add("Concat", graph.integers(0), graph.add("CumSum", terms, zero), axis=0)
    up_to = graph.add("Gather", running, "spellings")
    after = graph.add("Slice", up_to, graph.integers(1), graph.integers(np.iinfo(np.int64).max))
    identity = graph.add("Sub", after, graph.add("Slice", up_to, graph.integers(0), graph.integers(-1)))
    columns = (graph.add("Unsqueeze", each, graph.integers(1)) for each in (texts_of_tokens, identity))
    outputs = ["distinct", "first_at", "which", "how_often"]
    pairs = graph.add("Concat", *columns, axis=1)
    graph.nodes.append(helper.make_node("Unique", [pairs], outputs, axis=0, sorted=1))
    every = graph.add("Range", zero, graph.add("Squeeze", graph.add("Shape", texts_of_tokens)), one)
    return graph.add("Equal", graph.add("Gather", "first_at", "which"), every)


def _numbers(graph: Graph, keys: str, known: NDArray[np.int64]) -> str:
    """Return the place of each key among the known ones, and the number of these for others."""
    places = {"keys_int64s": known.tolist(), "values_int64s": list(range(len(known)))}
    return graph.add("LabelEncoder", keys, domain="ai.onnx.ml", default_int64=len(known), **places)


def _times(graph: Graph, values: str, factor: np.uint64) -> str:
    return graph.add("Mul", values, graph.constant(np.array(factor).view(np.int64)))


def _shifted(graph: Graph, values: str, bits: int) -> str:
    """Shift int64 to the right as if it had no sign."""
    from onnx import TensorProto

    unsigned = graph.add("Cast", values, to=TensorProto.UINT64)
    moved = graph.add("BitShift", unsigned, graph.constant(np.array(bits, np.uint64)), direction="RIGHT")
    return graph.add("Cast", moved, to=TensorProto.INT64)


def _xor_shifted(graph: Graph, values: str, bits: int) -> str:
    return graph.add("BitwiseXor", values, _shifted(graph, values, bits))


def _mixed(graph: Graph, values: str, bits: int) -> str:
    return _times(graph, _xor_shifted(graph, values, bits), MIX)
