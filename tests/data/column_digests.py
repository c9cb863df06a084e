"""What real data sets are read as, each column as a digest: a change of the readers must not change one bit of it.

    PLAUDIT_IMDB=… PLAUDIT_EVAL_DATA=… python tests/data/column_digests.py > tests/data/column_digests.json

writes anew what `test_data_same_columns.py` expects. A digest tells nothing of a text, so the data stay where they are.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.app.run.parts import load_parts
from plaudit.config import DataConfig
from plaudit.data import Dataset, load_dataset, read_file
from plaudit.scratch import Scratch

SEPARATORS = {"goemotions": ","}  # between the labels of a text
PARTS = ("train", "validation", "test", "unlabelled")


def column_digest(column: pa.Array | pa.ChunkedArray) -> str:
    """Return the SHA-256 of a column's type and values, however its buffers are cut or offset."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind, digest = str(whole.type), hashlib.sha256()
    digest.update(f"{kind} {len(whole)} {whole.null_count}\n".encode())
    if pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type):
        texts = [value if value is None else value.encode() for value in whole.to_pylist()]
        digest.update(np.array([-1 if text is None else len(text) for text in texts], np.int64).tobytes())
        digest.update(b"".join(text or b"" for text in texts))
    else:
        digest.update(json.dumps(whole.to_pylist()).encode())
    return digest.hexdigest()[:32]


def dataset_digests(dataset: Dataset) -> dict[str, Any]:  # Any: JSON
    """Return all that a data set says of its rows, as digests."""
    found: dict[str, Any] = {"n": len(dataset), "texts": column_digest(dataset.texts)}
    found["classes"] = column_digest(pa.array(list(dataset.classes), pa.large_string()))
    if dataset.labels is not None:
        head = f"{dataset.labels.dtype} {dataset.labels.shape}\n".encode()
        found["labels"] = hashlib.sha256(head + np.ascontiguousarray(dataset.labels).tobytes()).hexdigest()[:32]
    found["extra"] = {name: column_digest(dataset.extra[name]) for name in dataset.extra.column_names}
    return found


def named(name: str) -> dict[str, Any]:
    """Return the digests of a named data set's parts."""
    splits = load_dataset(name)
    return {part: dataset_digests(each) for part in PARTS if (each := getattr(splits, part)) is not None}


def file(path: Path) -> dict[str, Any]:
    """Return the digests of a labelled file."""
    return dataset_digests(read_file(path, label_separator=SEPARATORS.get(path.parent.name)))


def run(folder: Path, *, scratch: Scratch | None) -> dict[str, Any]:
    """Return the digests of the parts that a run on a folder has, in memory or, with a scratch, on disk."""
    separator = SEPARATORS.get(folder.name)
    config = DataConfig(str(folder), label_separator=separator, streaming=scratch is not None, keep_together="none")
    parts = load_parts(config, seed=0, scratch=scratch)
    return {
        "train": dataset_digests(parts.train),
        "validation": dataset_digests(parts.validation),
        "test": dataset_digests(parts.open_test()),
    }


def main() -> None:
    """Print all digests as JSON."""
    place = Path(os.environ["PLAUDIT_EVAL_DATA"])
    files = {str(path.relative_to(place)): file(path) for path in sorted(place.glob("*/*.tsv"))}
    folders = sorted({Path(name).parent for name in files})
    runs = {str(folder): run(place / folder, scratch=None) for folder in folders}
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            assert run(place / folder, scratch=Scratch(Path(scratch))) == runs[str(folder)], folder
    found = {"named": {name: named(name) for name in ("sample", "imdb")}, "files": files, "runs": runs}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
