"""The file formats that texts come in, one module each; every reader returns a `RawTable`."""

from plaudit.data.formats.delimited import read_csv, read_tsv
from plaudit.data.formats.fasttext import read_fasttext
from plaudit.data.formats.folder import read_folder
from plaudit.data.formats.jsonl import read_jsonl
from plaudit.data.formats.parquet import read_parquet
from plaudit.data.formats.raw import RawTable

__all__ = ["RawTable", "read_csv", "read_fasttext", "read_folder", "read_jsonl", "read_parquet", "read_tsv"]
