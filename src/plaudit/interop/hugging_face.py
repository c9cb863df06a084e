"""A fine-tuned encoder as a folder that plain transformers opens as a text classifier, on whole texts.

No class of transformers pools by the mean into one linear layer, and none reads a long text in windows. So the folder
brings its own, `pooled_classification.py`, which the reader allows with ``trust_remote_code=True``.

The decision to question: two classes become two logits, the first of them 0, for transformers takes one logit for a
regression or a label of its own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import as_text_column
from plaudit.embeddings.hugging_face import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, quiet
from plaudit.interop.export import EDGE_TEXTS, Export, check_part, publish_export
from plaudit.training.encoder_building import is_encoder_half
from plaudit.training.encoder_model import working
from plaudit.training.losses import probabilities
from plaudit.training.torch_device import Placement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.encoder import EncoderClassifier

CODE = "pooled_classification"
_CLASS = "PooledForSequenceClassification"
_BATCH = 16
_MOST_CHECKED = 64  # of the given texts, evenly spaced: each is read twice, here and by transformers


def export_encoder(model: EncoderClassifier, folder: str | Path, texts: object = ()) -> Export:
    """Write a fine-tuned encoder for plain transformers, check it there, and put it in its place when it passes.

    The model's temperature, or scaling by class, goes into the linear layer; its decision rule stays behind, in
    `export.json`.

    Args:
        model: A fitted encoder.
        folder: Where the export goes; an earlier export there is replaced, anything else refused.
        texts: Real texts to check on, some of them, in addition to a few with rare characters.

    Raises:
        ModelError: The check failed, the place is taken, or writing failed; nothing is left behind.
        NotFittedError: The model is not fitted.
    """
    model._check_fitted()
    given = as_text_column(texts)
    some = np.linspace(0, len(given) - 1, min(len(given), _MOST_CHECKED)).astype(np.int64)
    column = [*EDGE_TEXTS, *given.take(pa.array(some)).to_pylist()]
    if not len(model.model_.tokenizer.frame):  # without special tokens an empty text has no token to be given
        column = [text for text in column if text.strip()]

    def write(scratch: Path, column: Sequence[str]) -> float:
        _write(model, scratch)
        with quiet():
            return _check(model, open_folder(scratch), column)

    return publish_export(
        folder, model, column, write,
        format="huggingface", ids_because=None, rule=model.rule_, gives="logits",
        more={"encoder": str(model.encoder), "precision": "float32"},
    )  # fmt: skip


def open_folder(folder: Path) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Return what gives N texts' logits, float32 [N, C], from the folder's own files, by transformers."""
    import torch
    from transformers import AutoConfig, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    with _own_class(folder) as kind:
        network = kind.from_pretrained(folder, config=AutoConfig.from_pretrained(folder)).eval()

    def answer(texts: Sequence[str]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = [network(**tokenizer(text, return_tensors="pt")).logits for text in texts]
        return np.concatenate([each.numpy() for each in logits])

    return answer


@contextlib.contextmanager
def _own_class(folder: Path) -> Iterator[Any]:
    """Import the class from the file that was just written: it is ours."""
    spec = importlib.util.spec_from_file_location(f"plaudit_export_{CODE}", folder / f"{CODE}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where transformers looks for a class's source
    try:
        spec.loader.exec_module(module)
        yield getattr(module, _CLASS)
    finally:
        del sys.modules[spec.name]


def _write(model: EncoderClassifier, folder: Path) -> None:
    from safetensors.torch import save_file

    encoder = model.model_.encoder
    prefix = type(encoder).base_model_prefix or "encoder"
    (folder / CONFIG_FILE).write_text(_json(_config(model)), encoding="utf-8")
    tensors = {f"{prefix}.{name}": t.detach().cpu().contiguous().clone() for name, t in encoder.state_dict().items()}
    save_file(tensors | _classifier(model), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    definition = json.loads(model.model_.tokenizer.definition) | {"truncation": None, "padding": None}
    (folder / TOKENIZER_FILE).write_text(json.dumps(definition, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(_json(_tokenizer_settings(model, definition)), encoding="utf-8")
    source = (files("plaudit.interop") / f"{CODE}.py").read_text(encoding="utf-8")
    kind = type(encoder.config)
    source = source.replace(
        "from transformers import PretrainedConfig as Config",
        f"from {kind.__module__} import {kind.__name__} as Config",
    )
    (folder / f"{CODE}.py").write_text(source.replace('PREFIX = "encoder"', f'PREFIX = "{prefix}"'), encoding="utf-8")


def _classifier(model: EncoderClassifier) -> dict[str, Any]:
    """Return the linear layer's weights with a logit for each class."""
    import torch

    head = model.model_.head
    weight, bias = (t.detach().cpu().float() / model.temperature_ for t in (head.weight, head.bias))
    if (by_class := model.class_scaling_) is not None:
        scale, shift = (torch.tensor(each, dtype=torch.float32) for each in (by_class.scale, by_class.shift))
        weight, bias = weight * scale[:, None], bias * scale + shift
    if not model.multi_label_ and len(model.classes_) == 2:
        weight, bias = (torch.cat([torch.zeros_like(t), t]) for t in (weight, bias))
    return {"classifier.weight": weight.contiguous(), "classifier.bias": bias.contiguous()}


def _config(model: EncoderClassifier) -> dict[str, Any]:
    encoder, frame = model.model_.encoder, model.model_.tokenizer.frame
    content: dict[str, Any] = json.loads(encoder.config.to_json_string())
    names = model.class_names
    return content | {
        "architectures": [_CLASS],
        "auto_map": {"AutoModelForSequenceClassification": f"{CODE}.{_CLASS}"},
        "problem_type": "multi_label_classification" if model.multi_label_ else "single_label_classification",
        "id2label": dict(enumerate(names)),
        "label2id": {name: i for i, name in enumerate(names)},
        "plaudit": {
            "pooling": model.model_.pooling,
            "max_tokens": model.max_tokens,
            "long_texts": model.long_texts,
            "padding": getattr(encoder.config, "pad_token_id", None) or 0,
            "prefix": list(frame.prefix),
            "suffix": list(frame.suffix),
            "prefix_types": list(frame.prefix_types),
            "text_type": frame.text_type,
            "suffix_types": list(frame.suffix_types),
            "has_types": frame.has_types,
            "encoder_half": is_encoder_half(encoder.config),
        },
    }


def _tokenizer_settings(model: EncoderClassifier, definition: dict[str, Any]) -> dict[str, Any]:
    """Return what AutoTokenizer needs: the tokenizer as it is, never truncated, with a token that pads if there is one.

    Only a special token may pad: any other would no longer be found in texts.
    """
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        "model_max_length": 10**9,
    }
    padding = getattr(model.model_.encoder.config, "pad_token_id", None)
    for token in definition.get("added_tokens") or ():
        if token["id"] == padding and token["special"]:
            settings["pad_token"] = token["content"]
    return settings


def _check(
    model: EncoderClassifier, answer: Callable[[Sequence[str]], NDArray[np.float32]], texts: Sequence[str]
) -> float:
    """Return the largest difference in a probability; raise when it is too large."""
    import torch

    inner, largest = model.model_, 0.0
    placement = Placement(torch.device("cpu"), "float32")  # which the export computes in
    with working():
        inner.to(placement)
        for start in range(0, len(texts), _BATCH):
            part = texts[start : start + _BATCH]
            logits = inner.logits(inner.cut(as_text_column(part), model.max_tokens, model.long_texts), placement)
            expected = probabilities(model.scaled(logits), multi_label=model.multi_label_)
            found = probabilities(answer(part), multi_label=model.multi_label_)
            largest = max(largest, check_part(found, expected, "transformers", start))
    return largest


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
