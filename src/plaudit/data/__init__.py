"""Read labelled texts: public data sets, files of one's own, and the splits between training and testing."""

from typing import TYPE_CHECKING

from plaudit.lazy import lazy

if TYPE_CHECKING:
    from plaudit.data.dataset import Dataset, Splits, as_text_column, normalise_texts
    from plaudit.data.fetch import cache_dir
    from plaudit.data.imdb import imdb_at_hand, load_imdb
    from plaudit.data.load import has_parts, has_test_part, load_dataset, read_file
    from plaudit.data.named import DATASET_NAMES
    from plaudit.data.sample import load_sample
    from plaudit.data.split import HoldOut, SharedTexts, hold_out, shared_texts

_HOMES = {
    "DATASET_NAMES": "plaudit.data.named",
    "Dataset": "plaudit.data.dataset",
    "HoldOut": "plaudit.data.split",
    "SharedTexts": "plaudit.data.split",
    "Splits": "plaudit.data.dataset",
    "as_text_column": "plaudit.data.dataset",
    "cache_dir": "plaudit.data.fetch",
    "has_parts": "plaudit.data.load",
    "has_test_part": "plaudit.data.load",
    "hold_out": "plaudit.data.split",
    "imdb_at_hand": "plaudit.data.imdb",
    "load_dataset": "plaudit.data.load",
    "load_imdb": "plaudit.data.imdb",
    "load_sample": "plaudit.data.sample",
    "normalise_texts": "plaudit.data.dataset",
    "read_file": "plaudit.data.load",
    "shared_texts": "plaudit.data.split",
}

__all__ = [
    "DATASET_NAMES",
    "Dataset",
    "HoldOut",
    "SharedTexts",
    "Splits",
    "as_text_column",
    "cache_dir",
    "has_parts",
    "has_test_part",
    "hold_out",
    "imdb_at_hand",
    "load_dataset",
    "load_imdb",
    "load_sample",
    "normalise_texts",
    "read_file",
    "shared_texts",
]

__getattr__ = lazy(__name__, _HOMES)
