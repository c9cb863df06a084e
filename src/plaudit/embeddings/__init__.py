"""Pre-trained token vectors: where they come from, how texts become vectors, how they are kept on disk."""

from typing import TYPE_CHECKING

from plaudit.lazy import lazy

if TYPE_CHECKING:
    from plaudit.embeddings.random import random_table
    from plaudit.embeddings.registry import EmbeddingInfo, available_embeddings, load_embedding
    from plaudit.embeddings.storage import read_table, write_table
    from plaudit.embeddings.table import Bags, Coverage, EmbeddingTable
    from plaudit.embeddings.vectors import read_vectors
    from plaudit.setting_values import Combiner

_HOMES = {
    "Bags": "plaudit.embeddings.table",
    "Combiner": "plaudit.setting_values",
    "Coverage": "plaudit.embeddings.table",
    "EmbeddingInfo": "plaudit.embeddings.registry",
    "EmbeddingTable": "plaudit.embeddings.table",
    "available_embeddings": "plaudit.embeddings.registry",
    "load_embedding": "plaudit.embeddings.registry",
    "random_table": "plaudit.embeddings.random",
    "read_table": "plaudit.embeddings.storage",
    "read_vectors": "plaudit.embeddings.vectors",
    "write_table": "plaudit.embeddings.storage",
}

__all__ = [
    "Bags",
    "Combiner",
    "Coverage",
    "EmbeddingInfo",
    "EmbeddingTable",
    "available_embeddings",
    "load_embedding",
    "random_table",
    "read_table",
    "read_vectors",
    "write_table",
]

__getattr__ = lazy(__name__, _HOMES)
