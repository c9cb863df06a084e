"""The files of an audit: findings as a table, the training rows that stay, and those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.app.table_files import check_target, write_whole
from plaudit.audit import KINDS, Cleaning, Corpus, Finding
from plaudit.batch.encoding import encode_table
from plaudit.data.columns import PART_COLUMN
from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def findings_table(corpus: Corpus, findings: Sequence[Finding]) -> pa.Table:
    """Return findings as columns of text and numbers, a row each.

    "row" is the line on which the row begins in its file, counted from 1 with the header; in Parquet the row, counted
    from 1; in a folder per class, and of imdb, the file.
    """
    rows = [finding.row for finding in findings]
    text = pa.large_string()
    return pa.table(
        {
            "file": pa.array([corpus.parts[corpus.part_of[row]].file for row in rows], text),
            "row": pa.array([str(corpus.place(row)) for row in rows], text),
            "part": pa.array([corpus.parts[corpus.part_of[row]].name for row in rows], text),
            "kind": pa.array([finding.kind for finding in findings], text),
            "detail": pa.array([finding.detail for finding in findings], text),
            "group": pa.array([finding.group for finding in findings], pa.int64()),
            "given_label": pa.array([corpus.label_text(row) for row in rows], text),
            "suggested_label": pa.array([finding.suggested for finding in findings], text),
            "confidence": pa.array(
                [None if each.confidence is None else round(each.confidence, 4) for each in findings], pa.float64()
            ),
        }
    )


def write_clean_rows(target: Path, corpus: Corpus, cleaning: Cleaning, *, label_separator: str | None) -> None:
    """Write the training rows that stay, and ``TARGET.dropped.csv`` with the others; no other part loses a row.

    Every column is as it was; one more, ``plaudit_part``, says which part a row is of, so that `plaudit train` finds
    the same untouched test texts.

    Sets of labels that the source holds as lists are joined by `label_separator`, or a comma, where a cell is text.

    Raises:
        DataError: No row stays, or the format cannot hold a value.
    """
    train = corpus.parts[0]
    if not len(cleaning.kept):
        raise DataError(f"{target}: no training row would be left; name fewer kinds with --drop.")
    suffix, separator = check_target(target), label_separator or ","
    labels = train.chosen.label
    holds_lists = any(pa.types.is_nested(train.table[label].type) for label in labels)
    if holds_lists and suffix in (".csv", ".tsv") and any(separator in name for name in corpus.classes):
        raise DataError(f"{target}: a label's name holds {separator!r}; write .jsonl or .parquet instead.")
    kept = _with_marks(corpus, cleaning.kept)
    write_whole(target, encode_table(kept, suffix, joined=labels, separator=separator))
    dropped = findings_table(corpus, cleaning.dropped)
    why = pa.array([str(KINDS[finding.kind].drop) for finding in cleaning.dropped], pa.large_string())
    texts = train.texts.take(pa.array([finding.row for finding in cleaning.dropped], pa.int64()))
    dropped = dropped.add_column(3, "dropped_as", why).append_column("text", texts)
    write_whole(target.with_name(f"{target.name}.dropped.csv"), encode_table(dropped, ".csv"))


def _with_marks(corpus: Corpus, kept: NDArray[np.int64]) -> pa.Table:
    """Return the training rows that stay and all rows of the other parts, each with the name of its part."""
    train = corpus.parts[0]
    tables: list[pa.Table] = []
    places: list[int] = []
    for part in corpus.parts:
        rows = kept if part is train else np.arange(len(part))
        table = part.table.take(pa.array(rows))
        if part.unit != "file":
            places += [int(part.places[row]) for row in rows.tolist()]
        names = dict(zip(part.chosen.text + part.chosen.label, train.chosen.text + train.chosen.label, strict=False))
        table = table.rename_columns([names.get(name, name) for name in table.column_names])
        if PART_COLUMN in table.column_names:
            table = table.drop_columns([PART_COLUMN])
        tables.append(table.append_column(PART_COLUMN, pa.array([part.name] * len(table), pa.large_string())))
    try:
        whole = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"{train.file}: its parts have columns of different types: {error}") from error
    if {part.file for part in corpus.parts} != {train.file} or train.unit == "file":
        return whole
    return whole.take(np.argsort(np.array(places), kind="stable"))  # one file's rows keep their order
