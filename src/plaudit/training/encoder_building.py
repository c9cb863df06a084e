"""From a Hugging Face configuration to a model, at no greater cost than the weights beside it justify.

A configuration of one kilobyte may describe a thousand layers, a table of a billion positions, or a layer that is run
a thousand times. So a model is built without memory first, and while it registers its parameters they are counted:
past what the weights' file holds, building ends. What reads a few tokens to try it is counted likewise, by the modules
that are called.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.embeddings.hugging_face import CONFIG_FILE
from plaudit.errors import EmbeddingError

_ENCODER_HALF = frozenset({"t5", "mt5", "umt5"})  # kinds whose encoder is a model of its own in transformers
# Beyond the file: a pooler, tied weights that are built several times, positions and masks that no file keeps.
_SPARE_TENSORS, _SPARE_BYTES = 64, 64 << 20
_ITEM_BYTES = 4  # weights are float32 here, whatever the file holds
_MOST_CALLS = 3_000  # of modules, for one reading; a hundred layers of twenty modules each make 2,000

Shapes = Mapping[str, tuple[int, ...]]


def build_config(content: dict[str, Any]) -> Any:
    """Return transformers' configuration of what `read_config` returned; what is written of it later is float32."""
    import torch
    from transformers import AutoConfig

    config = AutoConfig.for_model(content["model_type"], **{k: v for k, v in content.items() if k != "model_type"})
    config.dtype = torch.float32
    if is_encoder_half(config):
        config.is_encoder_decoder = False
    return config


def is_encoder_half(config: Any) -> bool:
    """Whether a configuration's encoder is half of a model that also has a decoder, as T5's."""
    return config.model_type in _ENCODER_HALF


def model_class(config: Any) -> Any:
    """Return transformers' class that builds an encoder of a configuration: of T5's kinds their encoder alone."""
    from transformers import AutoModel, AutoModelForTextEncoding

    return AutoModelForTextEncoding if is_encoder_half(config) else AutoModel


def prepared(encoder: Any) -> Any:
    """Return the model without its pooler, a layer for another task, in float32 and evaluation mode."""
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder.float().eval()


def described_shapes(config: Any, held: Shapes, where: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights that a configuration describes, by name, from a model without memory.

    Args:
        config: What `build_config` returned.
        held: The shapes of the weights that lie beside it.
        where: The folder, for messages.

    Raises:
        EmbeddingError: It describes far more than `held`, or other shapes.
    """
    import torch

    with torch.device("meta"), _without_first_weights(), _registering_at_most(held, where):
        encoder = prepared(model_class(config).from_config(config, trust_remote_code=False))
    shapes = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
    names = {name.removeprefix(f"{encoder.base_model_prefix}."): name for name in held}
    for name, shape in shapes.items():
        if name in names and held[names[name]] != shape:
            raise EmbeddingError(
                f"{where}: {CONFIG_FILE} describes {name} as {list(shape)}, the weights have {list(held[names[name]])}."
            )
    return shapes


def _without_first_weights() -> contextlib.AbstractContextManager[None]:
    """Let transformers leave out what it draws or computes for weights that no file has filled."""
    try:
        from transformers.initialization import no_init_weights
    except ImportError:  # before transformers 5
        from transformers.modeling_utils import no_init_weights
    context: contextlib.AbstractContextManager[None] = no_init_weights()
    return context


@contextlib.contextmanager
def _registering_at_most(held: Shapes, where: str) -> Iterator[None]:
    """End this thread's building of modules whose tensors are more, or larger, than those held."""
    from torch.nn.modules import module as hooks

    most_tensors = 2 * len(held) + _SPARE_TENSORS
    most_bytes = 2 * _ITEM_BYTES * sum(map(math.prod, held.values())) + _SPARE_BYTES
    builder, tensors, n_bytes = threading.get_ident(), 0, 0

    def count(_module: Any, _name: str, tensor: Any) -> None:
        nonlocal tensors, n_bytes
        if tensor is None or threading.get_ident() != builder:
            return
        tensors, n_bytes = tensors + 1, n_bytes + tensor.numel() * tensor.element_size()
        if tensors > most_tensors or n_bytes > most_bytes:
            raise EmbeddingError(
                f"{where}: {CONFIG_FILE} describes a much larger model than the {len(held):,} weights beside it: "
                "expected those of one model."
            )

    registered = [
        hooks.register_module_parameter_registration_hook(count),
        hooks.register_module_buffer_registration_hook(count),
    ]
    try:
        yield
    finally:
        for each in registered:
            each.remove()


@contextlib.contextmanager
def calling_at_most(where: str) -> Iterator[None]:
    """End this thread's reading of a few tokens with a model that runs through far more modules than any encoder has.

    Raises:
        EmbeddingError: It does: layers that share their weights can be many without being large.
    """
    from torch.nn.modules import module as hooks

    reader, calls = threading.get_ident(), 0

    def count(_module: Any, _inputs: Any) -> None:
        nonlocal calls
        if threading.get_ident() == reader:
            calls += 1
            if calls > _MOST_CALLS:
                raise EmbeddingError(f"{where}: {CONFIG_FILE} describes more layers than any encoder has.")

    registered = hooks.register_module_forward_pre_hook(count)
    try:
        yield
    finally:
        registered.remove()
