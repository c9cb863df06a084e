"""Label a file's rows: one output row for each input row, in order, the other columns kept."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from plaudit.data import read_file
from plaudit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from plaudit.models import Classifier

PREDICTION, PROBABILITY = "prediction", "probability"
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def predict_file(
    model: Classifier, source: Path, target: Path | None, *, text_column: str | None, as_json: bool = False
) -> None:
    """Write the rows of `source` with two more columns, "prediction" and its "probability".

    Multi-label: "prediction" is a list of the labels, in CSV and TSV their names joined by a comma, and each class has
    a column of its probabilities, "probability_NAME". Where the model's rule gives no answer, "prediction" is null (in
    CSV and TSV empty), and "probability" is that of the likeliest class.

    Args:
        model: A fitted classifier.
        source: What `read_file` reads; labels are not needed, and an empty text is a row like any other.
        target: A .csv, .tsv, .jsonl or .parquet file, written whole or not at all; None prints.
        text_column: The column of the texts; None finds it by name.
        as_json: Print JSON Lines instead of CSV.
    """
    if target is None:
        sys.stdout.buffer.write(_encode(_answer(model, source, text_column), ".jsonl" if as_json else ".csv"))
        sys.stdout.buffer.flush()
        return
    suffix = target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigError(f"{target}: cannot tell the format; name a file that ends in {', '.join(_SUFFIXES)}.")
    if target.is_dir() or not target.parent.is_dir():
        raise ConfigError(f"{target}: {'is a folder' if target.is_dir() else 'its folder does not exist'}.")
    encoded = _encode(_answer(model, source, text_column), suffix)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(encoded)
        temporary.replace(target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _answer(model: Classifier, source: Path, text_column: str | None) -> pa.Table:
    from plaudit.training.losses import probabilities

    dataset = read_file(source, text_column=text_column, require_labels=False)
    columns: dict[str, object] = {dataset.text_name: dataset.texts}
    if dataset.labels is not None:
        words = pa.list_(pa.large_string()) if dataset.multi_label else pa.large_string()
        columns[dataset.label_name] = pa.array(dataset.label_names(), words)
    logits = model.decision_function(dataset.texts)
    chosen = model.decide(logits)
    shares = probabilities(logits, multi_label=model.multi_label_)
    kind = pa.array(model.classes_.tolist()).type
    if model.multi_label_:
        added = {PREDICTION: pa.array(model.label_sets(chosen), pa.list_(kind))}
        added |= {f"{PROBABILITY}_{name}": pa.array(shares[:, i]) for i, name in enumerate(model.class_names)}
    else:
        named = np.where(chosen >= 0, chosen, shares.argmax(axis=1))
        added = {
            PREDICTION: pa.array(model.labels_of(chosen).tolist(), kind),
            PROBABILITY: pa.array(shares[np.arange(len(named)), named]),
        }
    columns |= {name: dataset.extra[name] for name in dataset.extra.column_names}
    if taken := [name for name in added if name in columns]:
        raise DataError(f"{source}: a column is named {taken[0]!r} already; rename it so that it is not lost.")
    return pa.table(columns | added)


def _encode(table: pa.Table, suffix: str) -> bytes:
    if suffix == ".tsv":
        return _tsv(_flat(table))
    if suffix == ".jsonl":
        rows = (json.dumps(row, ensure_ascii=False, default=str) for row in table.to_pylist())
        return "".join(f"{row}\n" for row in rows).encode()
    sink = io.BytesIO()
    try:
        if suffix == ".parquet":
            pa.parquet.write_table(table, sink)
        else:
            pa.csv.write_csv(_flat(table), sink, pa.csv.WriteOptions(quoting_style="needed"))
    except pa.ArrowException as error:
        raise DataError(f"a column cannot be written as {suffix[1:]}: {error}; write .jsonl instead.") from error
    return sink.getvalue()


def _flat(table: pa.Table) -> pa.Table:
    """Return the table with lists and records written as JSON, and predicted labels joined: a cell holds one value."""
    for i, column in enumerate(table.columns):
        if pa.types.is_nested(column.type):
            write = _joined if table.column_names[i] == PREDICTION else _as_json
            cells = [None if value is None else write(value) for value in column.to_pylist()]
            table = table.set_column(i, table.column_names[i], pa.array(cells, pa.large_string()))
    return table


def _joined(labels: Sequence[object]) -> str:
    return ",".join(map(str, labels))


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


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
