"""A file that says of each row which part it belongs to, so that whoever divides it finds the same untouched test.

`plaudit audit --write-clean` writes such files: training rows are taken out, test rows never. This module knows
nothing of why rows were taken out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from plaudit.data.columns import PART_COLUMN
from plaudit.data.dataset import Dataset, MarkedSplits, Splits
from plaudit.errors import DataError

MARKS = ("train", "validation", "test")


def divide_by_marks(dataset: Dataset) -> Splits:
    """Return a data set's parts as its rows are marked; without marks all of it is train.

    Raises:
        DataError: A mark is unknown, or no row is marked as train.
    """
    if PART_COLUMN not in dataset.extra.column_names:
        return Splits(dataset)
    marks = np.array(dataset.extra[PART_COLUMN].to_pylist(), dtype=object)
    if unknown := sorted({str(mark) for mark in marks.tolist()} - set(MARKS)):
        raise DataError(
            f"{dataset.name}: column {PART_COLUMN}: expected {', '.join(MARKS)}, found {unknown[0][:40]!r}; write the "
            "file again with `plaudit audit --write-clean`, or remove the column and split it again."
        )
    if not (marks == "train").any():
        raise DataError(f"{dataset.name}: column {PART_COLUMN} marks no row as train.")
    extra = dataset.extra.drop_columns([PART_COLUMN])
    plain = replace(dataset, extra=extra if extra.num_columns else pa.table({}))
    parts = {mark: plain.take(np.flatnonzero(marks == mark)) for mark in MARKS if (marks == mark).any()}
    return MarkedSplits(parts["train"], parts.get("test"), parts.get("validation"))
