"""An n-gram model as an ONNX graph of standard operators: token ids in, n-grams found and weighed inside.

ONNX has no operator for the word tokenizer, so the graph takes the numbers of the words, made with `tokens.json`. An
n-gram of n tokens is one integer, as in `text.ngrams`; a label encoder says which of them are known. Where n-grams of
characters count, the graph takes the words' characters too (`onnx_characters`).

The decision to question: which text has what, each once, is one sorted list of integers, (text) * (n-grams + 1) +
(n-gram), with a last entry for each text that marks its end. Sums of texts are then differences of one running sum, in
float64, for onnxruntime's scatter operators do not say that adding from several threads is safe.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.data.dataset import as_text_column
from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import ModelError, require
from plaudit.interop.export import EDGE_TEXTS, TOKENS, Export, check_answers, publish_export
from plaudit.interop.ids import write_tokens
from plaudit.interop.onnx_characters import add_characters, owners_of
from plaudit.interop.onnx_graph import LARGEST_BYTES, Graph, answering_model
from plaudit.text import WordTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

    from plaudit.models.ngram import NgramClassifier

REASON = 'ONNX has no operator for the tokenizer "word"'
_END = np.iinfo(np.int64).max
_KEY_BYTES = 20  # of a known n-gram in the file: its key, about ten bytes, its number, up to five, and their tags


def export_ngrams(model: NgramClassifier, folder: str | Path, texts: object = ()) -> Export:
    """Write an n-gram model for onnxruntime, check it there, and put it in its place when it passes.

    The model's temperature, or scaling by class, goes into the graph; its decision rule stays behind, in `export.json`.

    Args:
        model: A fitted n-gram model, also one that a teacher taught.
        folder: Where the export goes; an earlier export there is replaced, anything else refused.
        texts: Real texts to check on, in addition to a few with rare characters.

    Raises:
        ModelError: It is too large, the check failed, the place is taken, or writing failed; nothing is left behind.
        NotFittedError: The model is not fitted.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    model._check_fitted()
    plain = copy.copy(model)
    plain.rule_ = None

    def write(scratch: Path, column: Sequence[str]) -> float:
        (scratch / "model.onnx").write_bytes(to_onnx(plain).SerializeToString())
        tokens = plain.vocabulary_.tokens
        words = EmbeddingTable("words", WordTokenizer(), tokens, np.zeros((len(tokens) + 1, 0), np.float32))
        write_tokens(words, scratch / TOKENS)  # with a row for words that are not known: they part n-grams
        return check_answers(plain, "onnx", scratch, column)

    return publish_export(
        folder, plain, [*EDGE_TEXTS, *as_text_column(texts).to_pylist()], write,
        format="onnx", ids_because=REASON, rule=model.rule_, gives="probabilities and label",
        more={
            "n_grams": plain.vocabulary_.sizes(),
            "n_grams_of_characters": 0 if plain.characters_ is None else len(plain.characters_),
            "precision": "float32",
        },
    )  # fmt: skip


def to_onnx(model: NgramClassifier) -> ModelProto:
    """Build the graph: "ids" int64 [T] and "offsets" int64 [N + 1] in, "probabilities" and "label" out.

    Text i owns ``ids[offsets[i]:offsets[i + 1]]``, the numbers of its words in their order; any number that is no
    known word's stands for an unknown one. Of a model with n-grams of characters also "characters" int64 [L] and
    "spellings" int64 [T + 1], as `FlatSpellings` says.

    Raises:
        ModelError: The graph would be larger than an ONNX file can be.
        MissingExtraError: onnx is not installed.
    """
    require("onnx", extra="onnx", purpose="Exporting to ONNX")
    from onnx import TensorProto, helper

    n_bytes = sum(array.nbytes for array in model.weights_) + _KEY_BYTES * len(model.vocabulary_)
    if model.characters_ is not None and model.character_weights_ is not None:
        n_bytes += sum(array.nbytes for array in model.character_weights_) + _KEY_BYTES * len(model.characters_)
    if n_bytes > LARGEST_BYTES:
        raise ModelError(
            f"its n-grams take {n_bytes / 1e9:.1f} GB and an ONNX file holds at most 2: train with a greater "
            "--min-texts or a smaller --ngrams."
        )
    graph, value = Graph(), helper.make_tensor_value_info
    inputs = [value("ids", TensorProto.INT64, ["T"]), value("offsets", TensorProto.INT64, ["N_plus_1"])]
    features, stops, owners = _features(graph, model)
    of_characters = None
    if model.characters_ is not None and model.character_weights_ is not None and len(model.characters_):
        inputs += [value("characters", TensorProto.INT64, ["L"]), value("spellings", TensorProto.INT64, ["T_plus_1"])]
        of_characters = add_characters(graph, model.characters_, model.character_weights_, owners)
    _logits(graph, model, features, stops, of_characters)
    metadata = {"n_grams": json.dumps(model.vocabulary_.sizes())}
    return answering_model(graph, inputs, model.classes_, multi_label=model.multi_label_, metadata=metadata)


def _features(graph: Graph, model: NgramClassifier) -> tuple[str, str, str]:
    """Find which text has which n-grams, each once, in the order of the texts.

    Returns:
        Names of the n-grams' numbers, int64 [M + N], where the number after the last marks a text's end; of the places
        of these ends, int64 [N]; and of each token's text, int64 [T].
    """
    sizes, n_tokens = model.vocabulary_.sizes(), len(model.vocabulary_.tokens)
    width = graph.constant(np.array(sum(sizes) + 1, np.int64), "width")
    zero, one = graph.constant(np.array(0, np.int64), "zero"), graph.constant(np.array(1, np.int64), "one")
    unknown = graph.constant(np.array(-1, np.int64))
    is_below = graph.add("Less", "ids", graph.constant(np.array(n_tokens, np.int64), "n_tokens"))
    is_token = graph.add("And", graph.add("GreaterOrEqual", "ids", zero), is_below)
    tokens = graph.add("Where", is_token, "ids", unknown, output="token_numbers")
    ends = graph.add("Slice", "offsets", graph.integers(1), graph.integers(_END))
    owners = owners_of(graph, ends, graph.add("Squeeze", graph.add("Shape", "ids")))
    pairs, grams, first = list[str](), tokens, 0
    for n, size in enumerate(sizes, start=1):
        if n > 1 and not size:
            break  # and no longer ones
        here = owners
        if n > 1:
            rest = graph.integers(n - 1), graph.integers(_END)
            here = graph.add("Slice", owners, graph.integers(0), graph.integers(1 - n))
            grams = graph.add("Slice", grams, graph.integers(0), graph.integers(-1))
            last = graph.add("Slice", tokens, *rest)
            both = graph.add("And", graph.add("GreaterOrEqual", grams, zero), graph.add("GreaterOrEqual", last, zero))
            is_one = graph.add("And", both, graph.add("Equal", here, graph.add("Slice", owners, *rest)))
            keys = graph.add("Add", graph.add("Mul", grams, "n_tokens"), last)
            keys = graph.add("Where", is_one, keys, unknown)
            grams = _numbers(graph, keys, model.vocabulary_.keys[n - 2])
        numbers = graph.add("Add", grams, graph.constant(np.array(first, np.int64)))
        pair = graph.add("Add", graph.add("Mul", here, width), numbers)
        pairs.append(graph.add("Compress", pair, graph.add("GreaterOrEqual", grams, zero), axis=0))
        first += size
    n_texts = graph.add("Squeeze", graph.add("Shape", ends))
    marks = graph.add("Mul", graph.add("Range", zero, n_texts, one), width)
    end = graph.constant(np.array(sum(sizes), np.int64), "end")
    every = graph.add("Concat", *pairs, graph.add("Add", marks, end), axis=0)
    once = graph.add("Unique", every, axis=0, sorted=1)
    features = graph.add("Mod", once, width, output="features")
    n_entries = graph.add("Squeeze", graph.add("Shape", features))
    stops = graph.add("Compress", graph.add("Range", zero, n_entries, one), graph.add("Equal", features, end), axis=0)
    return features, stops, owners


def _numbers(graph: Graph, keys: str, known: NDArray[np.int64]) -> str:
    """Return the place of each key among the known ones, -1 for others."""
    return graph.add(
        "LabelEncoder",
        keys,
        domain="ai.onnx.ml",
        keys_int64s=known.tolist(),
        values_int64s=list(range(len(known))),
        default_int64=-1,
    )


def _logits(
    graph: Graph, model: NgramClassifier, features: str, stops: str, of_characters: Sequence[str] | None
) -> None:
    """Yield "logits" float32 [N, K]: of each, the sum of weights over the length of the scales, and the bias."""
    from onnx import TensorProto

    weights, columns, length = model.weights_, list[str](), ""
    unit, none = graph.constant(np.array(1.0)), graph.constant(np.array(0.0))
    for k, (each, bias) in enumerate(zip(weights.weights, weights.biases, strict=True)):
        if k < len(weights.scales):
            scales = _entries(graph, weights.scales[k], features)
            squares = _sums(graph, graph.add("Mul", scales, scales), stops)
            root = graph.add("Sqrt", squares)
            length = graph.add("Where", graph.add("Greater", root, none), root, unit)
        sums = graph.add("Div", _sums(graph, _entries(graph, each, features), stops), length)
        z = graph.add("Add", sums, graph.constant(np.array(bias, np.float64)))
        if of_characters is not None:
            z = graph.add("Add", z, of_characters[k])
        columns.append(graph.add("Unsqueeze", z, graph.integers(1)))
    logits = graph.add("Concat", *columns, axis=1)
    if len(columns) > 1 and not model.multi_label_:  # each class against the rest: its log probability
        # log(1 + e^-z) is max(-z, 0) + log(1 + e^-|z|), which overflows nowhere
        minus = graph.add("Neg", logits)
        small = graph.add("Exp", graph.add("Neg", graph.add("Abs", logits)))
        log = graph.add("Log", graph.add("Add", small, unit))
        logits = graph.add("Neg", graph.add("Add", graph.add("Max", minus, none), log))
    logits = graph.add("Cast", logits, to=TensorProto.FLOAT)
    if (by_class := model.class_scaling_) is None:
        graph.add("Div", logits, graph.constant(np.array(model.temperature_, np.float32)), output="logits")
    else:
        scaled = graph.add("Mul", logits, graph.constant(by_class.scale.astype(np.float32)))
        graph.add("Add", scaled, graph.constant(by_class.shift.astype(np.float32)), output="logits")


def _entries(graph: Graph, values: NDArray[np.float32], features: str) -> str:
    """Return one value an n-gram, float32 [M + N], 0 where a text ends."""
    return graph.add("Gather", graph.constant(np.append(values, np.float32(0))), features)


def _sums(graph: Graph, entries: str, stops: str) -> str:
    """Return the sum of each text's entries, float64 [N]."""
    from onnx import TensorProto

    running = graph.add("CumSum", graph.add("Cast", entries, to=TensorProto.DOUBLE), "zero")
    up_to = graph.add("Gather", running, stops)
    before = graph.add("Concat", graph.constant(np.zeros(1)), up_to, axis=0)
    return graph.add("Sub", up_to, graph.add("Slice", before, graph.integers(0), graph.integers(-1)))
