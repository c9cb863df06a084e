"""What sentence-transformers' files say of an encoder beside its weights: how token vectors become a text's.

``modules.json`` lists the steps that follow each other; the pooling's folder, usually ``1_Pooling``, says which token
vectors are taken (https://sbert.net/docs/package_reference/sentence_transformer/models.html). The encoder itself may
lie one level down, in the first step's folder.

The decision to question: layers after the pooling (``2_Dense``) and a normalisation are not read. The linear layer on
top is trained, and puts such a layer's work into its own weights.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from plaudit.embeddings.foreign_encoder import read_json
from plaudit.errors import EmbeddingError

Pooling = Literal["mean", "cls", "max", "last"]
MODULES, POOLING_FILE = "modules.json", "1_Pooling/config.json"
_KEYS: dict[Pooling, str] = {
    "mean": "pooling_mode_mean_tokens",
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "last": "pooling_mode_lasttoken",
}
_NAMES = {"mean": "mean", "cls": "cls", "max": "max", "lasttoken": "last", "last": "last"}  # newer folders' words
# They differ from the mean by a text's length alone, which is the same factor for each of its numbers.
_LIKE_MEAN = ("pooling_mode_mean_sqrt_len_tokens",)


def encoder_folder(folder: Path) -> Path:
    """Return where the configuration and weights lie: the folder itself, or the first step's, one level down.

    Raises:
        EmbeddingError: ``modules.json`` is damaged.
    """
    for step in _modules(folder)[:1]:
        if step and (folder / step / "config.json").is_file():
            return folder / step
    return folder


def read_pooling(folder: Path) -> Pooling | None:
    """Return how the makers of a folder pool; None where they do not say.

    Raises:
        EmbeddingError: The files are damaged, or ask for what this program does not do.
    """
    for step in _modules(folder)[1:]:
        path = folder / step / "config.json"
        if "pool" in step.lower() and path.is_file():
            return _pooling_of(read_json(path), path)
    return None


def pooling_files(pooling: Pooling, width: int) -> dict[str, Any]:  # Any: JSON
    """Return by name what a folder holds so that sentence-transformers and `read_pooling` read this pooling there."""
    kinds = "sentence_transformers.models"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{kinds}.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{kinds}.Pooling"},
    ]
    modes = {key: name == pooling for name, key in _KEYS.items()}
    return {MODULES: modules, POOLING_FILE: {"word_embedding_dimension": width, **modes}}


def _pooling_of(content: dict[str, Any], path: Path) -> Pooling:
    asked = [name for name, key in _KEYS.items() if content.get(key) is True]
    other = [key for key, value in content.items() if key.startswith("pooling_mode_") and value is True]
    mode = content.get("pooling_mode")
    if isinstance(mode, str) and mode in _NAMES:
        asked, other = [_NAMES[mode]], []  # type: ignore[list-item]  # one of the four
    elif mode is not None:
        other = [f"pooling_mode {str(mode)[:40]!r}"]
    if len(asked) == 1 and len(other) <= 1:
        return asked[0]
    if not asked and len(other) == 1 and other[0] in _LIKE_MEAN:
        return "mean"
    raise EmbeddingError(
        f"{path}: {', '.join(other) or 'no pooling'}: expected one of {', '.join(get_args(Pooling))} tokens."
    )


def _modules(folder: Path) -> list[str]:
    """Return the steps' folders, inside of this one."""
    path = folder / MODULES
    if not path.is_file():
        return []
    steps = read_json(path, list)
    places = [step.get("path") if isinstance(step, dict) else None for step in steps]
    for place in places:
        inside = PurePosixPath(place) if isinstance(place, str) and "\\" not in place else None
        if inside is None or inside.is_absolute() or ".." in inside.parts or len(inside.parts) > 1:
            raise EmbeddingError(f"{path}: damaged: {str(place)[:60]!r} is not the name of a folder in this one.")
    return [str(place) for place in places]
