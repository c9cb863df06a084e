"""What a saved Keras model says of its layers: the tutorial's chain of a hub layer and dense layers, or a refusal.

Keras 2 and 3 write the same JSON into a SavedModel's metadata, a .keras archive and an .h5 file. This module reads that
JSON, and knows nothing of files or weights.

The decision to question: an activation, a layer or a connection that is not understood is refused. A network that is
read without its softplus gives plausible, wrong probabilities.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import ModelError

_PASSED_OVER = {"InputLayer", "Dropout"}  # nothing happens there when a text is scored
_OUTPUTS = {"linear", "sigmoid", "softmax"}
_MOST_LAYERS = 100


@dataclass(frozen=True)
class LayerNames:
    """A layer that has weights.

    Attributes:
        name: What the model calls it.
        class_path: What a .keras archive calls its weights: the class's name with a number, such as "dense_1".
    """

    name: str
    class_path: str


@dataclass(frozen=True)
class Layers:
    """The tutorial's network, as Keras describes it.

    Attributes:
        hub: The hub layer.
        handle: Where its module was loaded from.
        dense: The dense layers.
        units: The width of each dense layer.
        has_bias: Whether each has a bias.
        output: The activation of the last: "linear", "sigmoid" or "softmax".
        is_set: Whether each of several logits is a question of its own: a sigmoid, or trained by a binary loss.
    """

    hub: LayerNames
    handle: str
    dense: tuple[LayerNames, ...]
    units: tuple[int, ...]
    has_bias: tuple[bool, ...]
    output: str
    is_set: bool


def read_layers(description: str | bytes, *, where: str, loss: object = None) -> Layers:
    """Return what a model's JSON says.

    Args:
        description: A Sequential or Functional model's configuration.
        where: What opens an error message.
        loss: What it was compiled with, as Keras writes it; None where that is elsewhere in `description`, or unknown.

    Raises:
        ModelError: It is no JSON, or a model of another kind.
    """
    try:
        model = json.loads(description)
        return _read(model, loss if loss is not None else _loss_of(model), where)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{where}: the description of its layers is damaged ({type(error).__name__}).") from error


def _read(model: Mapping[str, Any], loss: object, where: str) -> Layers:
    kind = model["class_name"]
    if kind not in ("Sequential", "Functional", "Model"):
        raise _foreign(where, f"it is a {kind!r:.60}")
    layers = model["config"]["layers"]
    if len(layers) > _MOST_LAYERS:
        raise _foreign(where, f"it has {len(layers):,} layers")
    if kind != "Sequential":
        _check_chain(layers, where)
    with_weights = _with_weights(layers, where)
    if not with_weights or with_weights[0][0] != "KerasLayer":
        first = with_weights[0][0] if with_weights else "no layer"
        raise _foreign(where, f"its first layer is {first!r:.60}")
    dense = with_weights[1:]
    if not dense or any(class_name != "Dense" for class_name, _, _ in dense):
        raise _foreign(where, f"its layers are {', '.join(name for name, _, _ in with_weights)[:100]}")
    *hidden, last = (config["activation"] for _, config, _ in dense)
    if any(each != "relu" for each in hidden) or last not in _OUTPUTS:
        raise _foreign(where, f"its activations are {', '.join(map(str, (*hidden, last)))[:100]}")
    handle = with_weights[0][1].get("handle")
    units = tuple(int(config["units"]) for _, config, _ in dense)
    if last == "softmax" and units[-1] == 1:
        raise _foreign(where, "its one output has a softmax, which is always 1")
    return Layers(
        hub=with_weights[0][2],
        handle=handle if isinstance(handle, str) else "",
        dense=tuple(names for _, _, names in dense),
        units=units,
        has_bias=tuple(bool(config.get("use_bias", True)) for _, config, _ in dense),
        output=last,
        is_set=units[-1] > 1 and (last == "sigmoid" or (last == "linear" and _is_binary(loss))),
    )


def _with_weights(layers: Sequence[Mapping[str, Any]], where: str) -> list[tuple[str, Mapping[str, Any], LayerNames]]:
    """Return class, settings and names of each layer with weights; an activation joins the layer before it."""
    counts: dict[str, int] = {}
    with_weights: list[tuple[str, Mapping[str, Any], LayerNames]] = []
    for layer in layers:
        class_name, config = layer["class_name"], layer["config"]
        number = counts[class_name] = counts.get(class_name, -1) + 1
        if class_name == "Activation" and layer is layers[-1] and with_weights:
            last_name, last, names = with_weights[-1]
            if last_name != "Dense" or last["activation"] != "linear":
                raise _foreign(where, "it has two activations behind each other")
            with_weights[-1] = (last_name, {**last, "activation": config["activation"]}, names)
        elif class_name not in _PASSED_OVER:
            snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in class_name).lstrip("_")
            path = f"{snake}_{number}" if number else snake
            with_weights.append((class_name, config, LayerNames(str(config.get("name", "")), path)))
    return with_weights


def _check_chain(layers: list[Mapping[str, Any]], where: str) -> None:
    """Refuse a functional model whose layers are not one behind the other, in the order of the list."""
    names = [layer["name"] for layer in layers]
    for i, layer in enumerate(layers):
        into = {word for word in _words(layer["inbound_nodes"]) if word in names}
        if into != ({names[i - 1]} if i else set()):
            raise _foreign(where, f"its layer {names[i]!r:.60} does not follow on the one before it alone")


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)


def _loss_of(model: Mapping[str, Any]) -> object:
    for place in ("compile_config", "training_config"):
        if isinstance(found := model.get(place), Mapping):
            return found.get("loss")
    return None


def _is_binary(loss: object) -> bool:
    return any(word.replace("_", "").lower() == "binarycrossentropy" for word in _words(loss))


def _foreign(where: str, reason: str) -> ModelError:
    return ModelError(
        f"{where}: not the tutorial's network ({reason}); expected a hub.KerasLayer, then Dense layers with relu, the "
        "last with none, sigmoid or softmax."
    )
