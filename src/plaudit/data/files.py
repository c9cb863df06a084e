"""Read one's own texts into a `Dataset`: CSV, TSV, JSON Lines, Parquet, fastText or a folder per class.

`formats` parses, `columns` finds the text and the label, `labels` names the classes; here they come together,
and what is missing is reported with its line. This module knows nothing of named data sets or of splits.

The decision to question: training data with a blank text or label is refused, not repaired. Dropping rows in
silence changes what a figure is measured on; the message gives the lines, and the owner decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data import formats
from plaudit.data.columns import choose_columns
from plaudit.data.dataset import Dataset, as_text_column
from plaudit.data.formats.raw import Column, RawTable
from plaudit.data.labels import label_name, label_names, sort_classes
from plaudit.errors import DataError

FORMATS: dict[str, Callable[[Path], RawTable]] = {
    "csv": formats.read_csv,
    "tsv": formats.read_tsv,
    "jsonl": formats.read_jsonl,
    "parquet": formats.read_parquet,
    "fasttext": formats.read_fasttext,
    "folder": formats.read_folder,
}
SUFFIXES = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".txt": "fasttext", ".ft": "fasttext",
}  # fmt: skip


def read_file(
    path: str | Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    format: str | None = None,
    require_labels: bool = True,
    classes: tuple[str, ...] | None = None,
) -> Dataset:
    """Read labelled texts, or texts alone.

    Columns are found by name whatever the case (`columns.TEXT_NAMES`, `columns.LABEL_NAMES`); of two columns,
    finding one finds the other. The remaining columns are kept in `extra`. Rows keep the file's order.

    Args:
        path: A file whose suffix tells its format (text formats also with .gz), or a folder per class.
        text_column: The text column, if its name does not tell.
        label_column: The label column, if its name does not tell.
        format: One of `FORMATS`, if the suffix does not tell.
        require_labels: If false, the file may lack labels and texts may be blank (a missing one reads as ""):
            what prediction takes. Labels are then read only if every row has one.
        classes: The classes to use, for data a classifier with these classes is tested on. Labels outside
            them are an error, and one class alone is allowed. By default the file's own, sorted (numbers by
            value).

    Raises:
        DataError: The file is missing, empty, binary, damaged or of unknown format; a column cannot be found;
            a text or label is missing; there is one class only. The message names the file and, where there
            is one, the line.
    """
    path = Path(path)
    raw = FORMATS[format_of(path, format)](path)
    chosen = choose_columns(
        list(raw.columns),
        text=text_column,
        label=label_column,
        is_label_needed=require_labels,
        where=str(path),
    )
    if raw.splits_last_field and chosen.text != list(raw.columns)[-1]:
        _check_last_field(raw)
    texts = _read_texts(raw, chosen.text, may_be_blank=not require_labels)
    names = None
    if chosen.label is not None:
        names = _read_labels(raw, chosen.label, is_optional=not require_labels and label_column is None)
    used = {chosen.text} if names is None else {chosen.text, chosen.label}
    extra = pa.table({name: _to_arrow(values) for name, values in raw.columns.items() if name not in used})
    if names is None:
        return Dataset(texts, None, (), name=str(path), extra=extra, text_name=chosen.text)
    if classes is None:
        classes = sort_classes(names)
        if require_labels and len(classes) == 1:
            raise DataError(f"{path}: every text has the label {classes[0]!r}; expected at least two classes.")
    numbers = {name: number for number, name in enumerate(classes)}
    for row, name in enumerate(names):
        if name not in numbers:
            raise DataError(f"{raw.where(row)}: unknown class {name!r}; expected one of {_listed(classes)}.")
    labels = np.array([numbers[name] for name in names], dtype=np.int32)
    return Dataset(
        texts,
        labels,
        classes,
        name=str(path),
        extra=extra,
        text_name=chosen.text,
        label_name=chosen.label or "label",
    )


def format_of(path: Path, format: str | None = None) -> str:
    """Return the name of a path's format: the one given, else by what it is and its suffix.

    Raises:
        DataError: Nothing is there, or the format is unknown.
    """
    if format is not None and format not in FORMATS:
        raise DataError(f"{path}: unknown format {format!r}; expected one of {', '.join(FORMATS)}.")
    if not path.exists():
        raise DataError(f"{path}: no such file or folder (looked in {path.absolute().parent}).")
    if format is not None and path.is_dir() != (format == "folder"):
        raise DataError(f"{path}: a {'folder' if path.is_dir() else 'file'} cannot be read as {format}.")
    if path.is_dir():
        return "folder"
    if format is None and plain_suffix(path) not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise DataError(f"{path}: its name does not tell the format; rename it to end in one of {known}.")
    return format or SUFFIXES[plain_suffix(path)]


def plain_suffix(path: Path) -> str:
    """Return a file name's suffix in lower case, without .gz: ``".csv"`` for ``Reviews.CSV.gz``."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _read_texts(raw: RawTable, name: str, *, may_be_blank: bool) -> pa.LargeStringArray:
    values = raw.columns[name]
    where = f"{raw.path}: column {name!r}"
    if isinstance(values, pa.ChunkedArray):
        texts = as_text_column(_as_strings(values, where), name=where)
    else:
        for row, value in enumerate(values):
            if value is not None and not isinstance(value, str):
                raise DataError(f"{raw.where(row)}: expected a string as {name!r}, got {type(value).__name__}.")
        texts = as_text_column(["" if value is None else value for value in values], name=where)
    blank = np.flatnonzero(pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False)).tolist()
    if blank and not may_be_blank:
        raise DataError(
            f"{raw.where(blank[0])}: {_count(len(blank), 'text is', 'texts are')} blank in column {name!r} "
            f"({raw.list_places(blank)}). Fill or remove them."
        )
    return texts


def _read_labels(raw: RawTable, name: str, *, is_optional: bool) -> list[str] | None:
    """Return the label names; None if some are missing and they are optional."""
    column = raw.columns[name]
    values = column.to_pylist() if isinstance(column, pa.ChunkedArray) else column
    try:
        names = label_names(values)
    except DataError:
        for row, value in enumerate(values):
            try:
                label_name(value)
            except DataError as error:
                raise DataError(f"{raw.where(row)}: column {name!r}: {error}.") from None
        raise
    missing = [row for row, label in enumerate(names) if label is None]
    if missing and is_optional:
        return None
    if missing:
        raise DataError(
            f"{raw.where(missing[0])}: {_count(len(missing), 'label is', 'labels are')} missing in column "
            f"{name!r} ({raw.list_places(missing)}). Fill them, or remove the rows."
        )
    return [str(label) for label in names]


def _check_last_field(raw: RawTable) -> None:
    """Refuse tabs in the last column when it is not the text: the row has a field too many."""
    name, values = list(raw.columns.items())[-1]
    for row, value in enumerate(values):
        if "\t" in str(value):
            raise DataError(f"{raw.where(row)}: expected {len(raw.columns)} fields, got more: {name!r} holds a tab.")


def _as_strings(values: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Return a typed column as strings, the missing ones empty."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if not any(values.type == each for each in (pa.string(), pa.large_string(), pa.string_view())):
        raise DataError(f"{where}: expected strings, got {values.type}.")
    return values.cast(pa.large_string()).fill_null("")


def _to_arrow(values: Column) -> pa.ChunkedArray | pa.Array:
    """Return a further column as Arrow; values of mixed types are written as JSON."""
    if isinstance(values, pa.ChunkedArray):
        return values
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else json.dumps(value) for value in values])


def _count(n: int, one: str, several: str) -> str:
    return f"1 {one}" if n == 1 else f"{n:,} {several}"


def _listed(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:10]) + (", …" if len(classes) > 10 else "")
