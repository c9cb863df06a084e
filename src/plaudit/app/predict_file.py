"""Label a file's rows: one output row for each input row, in order, the other columns kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.app.table_files import check_target, encode_table, write_whole
from plaudit.data import read_file
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.models import Classifier

PREDICTION, PROBABILITY = "prediction", "probability"


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
        suffix = ".jsonl" if as_json else ".csv"
        sys.stdout.buffer.write(encode_table(_answer(model, source, text_column), suffix, joined=(PREDICTION,)))
        sys.stdout.buffer.flush()
        return
    suffix = check_target(target)
    write_whole(target, encode_table(_answer(model, source, text_column), suffix, joined=(PREDICTION,)))


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
