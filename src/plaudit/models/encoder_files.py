"""A fitted encoder as files: a Hugging Face folder (configuration, safetensors, tokenizer) and the head beside it.

Reading trusts nothing: the configuration may only describe a model that transformers itself knows, whose weights are
by name and shape those of the file; that is checked on a model without memory before a real one is built.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.embeddings.foreign_encoder import read_config
from plaudit.embeddings.hugging_face import (
    CONFIG_FILE,
    EXTRA,
    PURPOSE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    quiet,
    read_settings,
    weight_shapes,
)
from plaudit.embeddings.sentence_folder import MODULES, pooling_files, read_pooling
from plaudit.errors import ModelError, require
from plaudit.models.artifact import opening, read_tensors
from plaudit.text.subwords import SubwordTokenizer
from plaudit.training.encoder_building import build_config, described_shapes, model_class, prepared
from plaudit.training.encoder_checks import check_fits
from plaudit.training.encoder_model import EncoderModel, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENCODER, _HEAD = "encoder", "weights.safetensors"
FILES = (f"{_ENCODER}/{CONFIG_FILE}", f"{_ENCODER}/{WEIGHTS_FILE}", f"{_ENCODER}/{TOKENIZER_FILE}", _HEAD)


def write_encoder(model: EncoderModel, folder: Path) -> None:
    """Write ``encoder/`` and ``weights.safetensors`` into an existing folder."""
    from safetensors.numpy import save_file

    place = folder / _ENCODER
    place.mkdir()
    (place / CONFIG_FILE).write_text(_config_of(model.encoder), encoding="utf-8")
    (place / TOKENIZER_FILE).write_text(model.tokenizer.definition, encoding="utf-8")
    further: dict[str, Any] = dict(model.settings)
    if model.pooling != "mean":
        further |= pooling_files(model.pooling, int(model.encoder.config.hidden_size))
    for name, content in further.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
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
    with opening(place / MODULES):
        pooling, settings = read_pooling(place) or "mean", read_settings(place)
    return EncoderModel(encoder, linear(head["weight"], head["bias"]), tokenizer, pooling, settings)


def _config_of(encoder: Any) -> str:
    """Return the configuration as JSON, with the name of the class that opens it: T5's encoder is no T5."""
    content = json.loads(encoder.config.to_json_string())
    return json.dumps(content | {"architectures": [type(encoder).__name__]}, indent=2, sort_keys=True) + "\n"


def _arrays(module: Any) -> dict[str, NDArray[Any]]:
    return {name: np.ascontiguousarray(t.detach().cpu().numpy()) for name, t in module.state_dict().items()}


def _build(place: Path) -> Any:
    import torch

    path = place / CONFIG_FILE
    with opening(place / WEIGHTS_FILE):
        shapes = weight_shapes(place)
    with opening(path):
        config = build_config(read_config(path))
        expected = described_shapes(config, shapes, str(place))
    if expected != shapes:
        raise ModelError(f"{path}: damaged: it describes other weights than {WEIGHTS_FILE} holds.")
    arrays = read_tensors(place / WEIGHTS_FILE, expected)
    with opening(path), torch.random.fork_rng(devices=[]):
        encoder = prepared(model_class(config).from_config(config, trust_remote_code=False))
        encoder.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return encoder
