"""A fitted encoder as files: a Hugging Face folder (configuration, safetensors, tokenizer) and the head beside it.

Reading trusts nothing: the configuration may only describe a model that transformers itself knows, whose weights are
by name and shape those of the file; that is checked on a model without memory before a real one is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.embeddings.foreign_encoder import read_config
from plaudit.embeddings.hugging_face import CONFIG_FILE, EXTRA, PURPOSE, TOKENIZER_FILE, WEIGHTS_FILE, quiet
from plaudit.errors import ModelError, require
from plaudit.models.artifact import opening, read_tensors
from plaudit.text.subwords import SubwordTokenizer
from plaudit.training.encoder_model import EncoderModel, check_fits, linear, prepared

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENCODER, _HEAD = "encoder", "weights.safetensors"
FILES = (f"{_ENCODER}/{CONFIG_FILE}", f"{_ENCODER}/{WEIGHTS_FILE}", f"{_ENCODER}/{TOKENIZER_FILE}", _HEAD)


def write_encoder(model: EncoderModel, folder: Path) -> None:
    """Write ``encoder/`` and ``weights.safetensors`` into an existing folder."""
    from safetensors.numpy import save_file

    place = folder / _ENCODER
    place.mkdir()
    (place / CONFIG_FILE).write_text(model.encoder.config.to_json_string(), encoding="utf-8")
    (place / TOKENIZER_FILE).write_text(model.tokenizer.definition, encoding="utf-8")
    save_file(_arrays(model.encoder), place / WEIGHTS_FILE, metadata={"format": "pt"})
    save_file(_arrays(model.head), folder / _HEAD)


def read_encoder(folder: Path, n_logits: int) -> EncoderModel:
    """Build the model from what `write_encoder` wrote, whose files the manifest lists.

    Raises:
        ModelError: A file is damaged, or does not fit the others.
        MissingExtraError: The extra "encoder" is not installed.
    """
    require("torch", extra=EXTRA, purpose=PURPOSE)
    require("transformers", extra=EXTRA, purpose=PURPOSE)
    place = folder / _ENCODER
    with quiet():
        encoder = _build(place)
    with opening(place / TOKENIZER_FILE):
        tokenizer = SubwordTokenizer((place / TOKENIZER_FILE).read_text(encoding="utf-8"))
        check_fits(encoder, tokenizer, str(place))
    width = int(encoder.config.hidden_size)
    head = read_tensors(folder / _HEAD, {"weight": (n_logits, width), "bias": (n_logits,)})
    return EncoderModel(encoder, linear(head["weight"], head["bias"]), tokenizer)


def _arrays(module: Any) -> dict[str, NDArray[Any]]:
    return {name: np.ascontiguousarray(t.detach().cpu().numpy()) for name, t in module.state_dict().items()}


def _build(place: Path) -> Any:
    import torch
    from transformers import AutoConfig, AutoModel

    path = place / CONFIG_FILE
    shapes = _shapes(place / WEIGHTS_FILE)
    with opening(path):
        content = read_config(path)
        config = AutoConfig.for_model(content.pop("model_type"), **content)
        if int(getattr(config, "num_hidden_layers", 1)) > len(shapes):
            raise ModelError(f"{path}: damaged: it describes other weights than {WEIGHTS_FILE} holds.")
        with torch.device("meta"):
            expected = {
                name: tuple(t.shape)
                for name, t in prepared(AutoModel.from_config(config, trust_remote_code=False)).state_dict().items()
            }
    if expected != shapes:
        raise ModelError(f"{path}: damaged: it describes other weights than {WEIGHTS_FILE} holds.")
    arrays = read_tensors(place / WEIGHTS_FILE, expected)
    with opening(path), torch.random.fork_rng(devices=[]):
        encoder = prepared(AutoModel.from_config(config, trust_remote_code=False))
        encoder.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return encoder


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes that a safetensors file says it holds, without reading them."""
    from safetensors import safe_open

    with opening(path), safe_open(path, framework="numpy", backend="pread") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
