"""Read labelled texts: public data sets, files of one's own, and the splits between training and testing."""

from plaudit.data.dataset import Dataset, Splits, as_text_column
from plaudit.data.fetch import cache_dir
from plaudit.data.files import read_file
from plaudit.data.imdb import imdb_at_hand, load_imdb
from plaudit.data.load import DATASET_NAMES, has_test_part, load_dataset
from plaudit.data.sample import load_sample
from plaudit.data.split import HoldOut, SharedTexts, hold_out, normalise_texts, shared_texts

__all__ = [
    "DATASET_NAMES",
    "Dataset",
    "HoldOut",
    "SharedTexts",
    "Splits",
    "as_text_column",
    "cache_dir",
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
