"""Pre-trained token vectors: where they come from, how texts become vectors, how they are kept on disk."""

from plaudit.config import Combiner
from plaudit.embeddings.random import random_table
from plaudit.embeddings.registry import EmbeddingInfo, available_embeddings, load_embedding
from plaudit.embeddings.storage import read_table, write_table
from plaudit.embeddings.table import Bags, Coverage, EmbeddingTable
from plaudit.embeddings.vectors import read_vectors

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
