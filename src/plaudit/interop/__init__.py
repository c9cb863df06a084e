"""Other programs' forms of a model, Keras, TensorFlow's SavedModel, ONNX, and Keras's models read.

Nothing here is imported before it is asked for; each form needs its extra.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plaudit.interop.export import Export, Prepared, export_model, prepare
    from plaudit.interop.ids import flat_spellings, flat_token_ids, read_tokens, token_ids
    from plaudit.interop.keras import TextEmbedding, to_keras
    from plaudit.interop.tensorflow_import import from_tensorflow

_HOMES = {
    "Export": "plaudit.interop.export",
    "Prepared": "plaudit.interop.export",
    "TextEmbedding": "plaudit.interop.keras",
    "export_model": "plaudit.interop.export",
    "flat_spellings": "plaudit.interop.ids",
    "flat_token_ids": "plaudit.interop.ids",
    "from_tensorflow": "plaudit.interop.tensorflow_import",
    "prepare": "plaudit.interop.export",
    "read_tokens": "plaudit.interop.ids",
    "to_keras": "plaudit.interop.keras",
    "token_ids": "plaudit.interop.ids",
}

__all__ = [
    "Export",
    "Prepared",
    "TextEmbedding",
    "export_model",
    "flat_spellings",
    "flat_token_ids",
    "from_tensorflow",
    "prepare",
    "read_tokens",
    "to_keras",
    "token_ids",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'plaudit.interop' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
