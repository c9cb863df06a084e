"""Label a file's rows: one output row for each input row, in order, the other columns kept."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from plaudit.data import Dataset, read_file
from plaudit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from plaudit.models import Classifier

PREDICTION, PROBABILITY = "prediction", "probability"
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def predict_file(model: Classifier, source: Path, target: Path | None, *, text_column: str | None) -> None:
    """Write the rows of `source` with two more columns, "prediction" and its "probability".

    Args:
        model: A fitted classifier.
        source: What `read_file` reads; labels are not needed, and an empty text is a row like any other.
        target: A .csv, .tsv, .jsonl or .parquet file, written whole or not at all; None prints CSV.
        text_column: The column of the texts; None finds it by name.
    """
    suffix = ".csv" if target is None else target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigError(f"{target}: cannot tell the format; name a file that ends in {', '.join(_SUFFIXES)}.")
    dataset = read_file(source, text_column=text_column, require_labels=False)
    table = _answer(model, dataset)
    if target is None:
        sys.stdout.buffer.write(_encode(table, ".csv"))
        sys.stdout.buffer.flush()
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(_encode(table, suffix))
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _answer(model: Classifier, dataset: Dataset) -> pa.Table:
    probabilities = model.predict_proba(dataset.texts)
    labels = model.predict(dataset.texts)
    position = {label: i for i, label in enumerate(model.classes_.tolist())}
    columns = np.array([position[label] for label in labels.tolist()], dtype=np.int64)
    table = pa.table({"text": dataset.texts})
    if dataset.labels is not None:
        table = table.append_column("label", pa.array(dataset.label_names(), pa.large_string()))
    for name in dataset.extra.column_names:
        table = table.append_column(name, dataset.extra[name])
    for name in (PREDICTION, PROBABILITY):
        if name in table.column_names:
            raise DataError(f"{dataset.name}: there is a column {name!r} already; rename it so that it is not lost.")
    table = table.append_column(PREDICTION, pa.array(labels.tolist()))
    chosen = probabilities[np.arange(len(columns)), columns]
    return table.append_column(PROBABILITY, pa.array(chosen))


def _encode(table: pa.Table, suffix: str) -> bytes:
    sink = io.BytesIO()
    if suffix == ".parquet":
        pa.parquet.write_table(table, sink)
    elif suffix == ".csv":
        pa.csv.write_csv(table, sink, pa.csv.WriteOptions(quoting_style="needed"))
    elif suffix == ".jsonl":
        import json

        for row in table.to_pylist():
            sink.write(json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n")
    else:
        sink.write(_tsv(table))
    return sink.getvalue()


def _tsv(table: pa.Table) -> bytes:
    """Return tab-separated lines; TSV has no quoting, so a tab or line break inside a field cannot be written."""
    lines = ["\t".join(table.column_names)]
    for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=1):
        fields = ["" if value is None else str(value) for value in row]
        if any(mark in field for field in fields for mark in "\t\n\r"):
            raise DataError(
                f"row {number} holds a tab or a line break, which TSV cannot hold: write .csv or .jsonl instead."
            )
        lines.append("\t".join(fields))
    return ("\n".join(lines) + "\n").encode()
