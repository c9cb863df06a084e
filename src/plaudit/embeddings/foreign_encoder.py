"""What a Hugging Face folder of somebody else may say before transformers reads it.

A configuration decides how many layers are built, which code computes attention, and by way of an index or an adapter
which other files are read. So it is looked at first, as plain JSON. This module knows nothing of torch.

The decision to question: numbers that count things are bounded by their names (`_COUNTS`), for transformers has
hundreds of configurations, and each calls its layers, heads and experts as it likes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from plaudit.errors import EmbeddingError

_COUNTS = re.compile(r"layer|block|depth|stage|expert|head|group|repeat|^n_|^num_")
_SIZES = re.compile(r"size|dim|embd|width|position|ctx|token|vocab|bucket|label|eps|prob|drop|init|std|norm|id$|idx$")
_MOST_COUNTED = 4_096  # the largest models have a few hundred layers and heads
_MOST_BYTES = 1 << 22  # of a configuration; the longest known, with thousands of labels, are a tenth of it
_MOST_SIZE = 1 << 31
_MOST_DEPTH = 20
# Which code computes attention is this program's choice: a name like "org/kernel" would be fetched and run.
_ATTENTION = frozenset(
    {"attn_implementation", "_attn_implementation", "_attn_implementation_internal", "_attn_implementation_autoset"}
)
_FOREIGN = frozenset({"auto_map", "quantization_config", "compression_config"})
_ADAPTER, _INDEX = "adapter_config.json", "model.safetensors.index.json"


def read_config(path: Path) -> dict[str, Any]:
    """Return a ``config.json`` as a model may be built from it: without its choice of attention.

    Raises:
        EmbeddingError: It is none, describes more layers, heads or experts than any encoder has, or wants code or
            number formats of its own.
    """
    content = read_json(path)
    if not isinstance(content.get("model_type"), str):
        raise EmbeddingError(f"{path}: damaged: no encoder's configuration: model_type is missing.")
    return {str(name): value for name, value in _checked(content, path, 0).items()}


def check_folder(folder: Path) -> None:
    """Refuse a folder whose files lead to others.

    Raises:
        EmbeddingError: It holds an adapter, or its index names a file outside it.
    """
    if (folder / _ADAPTER).exists():
        raise EmbeddingError(
            f"{folder}: an adapter ({_ADAPTER}), which names another model to be read; merge it into its model first."
        )
    path = folder / _INDEX
    if not path.exists():
        return
    places = read_json(path).get("weight_map")
    if not isinstance(places, dict):
        raise EmbeddingError(f"{path}: damaged: weight_map is missing.")
    for name in places.values():
        if not isinstance(name, str) or not name.endswith(".safetensors") or Path(name).name != name or "\\" in name:
            raise EmbeddingError(f"{path}: {str(name)[:80]!r} is not the name of a safetensors file in this folder.")


def read_json(path: Path, kind: type = dict) -> Any:  # Any: parsed JSON
    """Return what a file holds, an object or a list as `kind` says.

    Raises:
        EmbeddingError: It is too large, cannot be read, or holds something else.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EmbeddingError(f"{path}: damaged: larger than {_MOST_BYTES:,} bytes.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, EmbeddingError):
            raise
        raise EmbeddingError(
            f"{path}: damaged: not readable as JSON ({' '.join(str(error).split())[:200]})."
        ) from error
    if not isinstance(content, kind):
        expected = "object" if kind is dict else "list"
        raise EmbeddingError(f"{path}: damaged: expected a JSON {expected}, got {type(content).__name__}.")
    return content


def _checked(value: Any, path: Path, depth: int, name: str = "") -> Any:
    """Return a part of a configuration, its choice of attention left out; `name` is what it is called."""
    if depth > _MOST_DEPTH:
        raise EmbeddingError(f"{path}: damaged: nested too deeply.")
    if isinstance(value, dict):
        if foreign := _FOREIGN & value.keys():
            raise EmbeddingError(
                f"{path}: damaged: {min(foreign)}: only plain models are read, without code of their own."
            )
        return {key: _checked(item, path, depth + 1, str(key)) for key, item in value.items() if key not in _ATTENTION}
    if isinstance(value, list):
        return [_checked(item, path, depth + 1, name) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_count = _COUNTS.search(name) is not None and _SIZES.search(name) is None
        most = _MOST_COUNTED if is_count else _MOST_SIZE
        if not -_MOST_SIZE <= value <= most:  # NaN, too
            raise EmbeddingError(f"{path}: damaged: {name} is {str(value)[:30]}; at most {most:,} is read.")
    return value
