"""Read one's own texts into a `Dataset`: CSV, TSV, JSON Lines, Parquet, fastText or a folder per class.

`formats` parses, `columns` finds the text and the label, `labels` names the classes; here they come together,
and what is missing is reported with its line. This module knows nothing of named data sets or of splits.

The decision to question: training data with a blank text or label is refused, not repaired. Dropping rows in
silence changes what a figure is measured on; the message gives the lines, and the owner decides. Only where a
text has a set of labels (multi-label) is a blank one an answer: none of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data import formats
from plaudit.data.columns import ChosenColumns, choose_columns
from plaudit.data.dataset import Dataset, as_text_column
from plaudit.data.formats.raw import Column, RawTable
from plaudit.data.labels import label_name, label_names, label_set, sort_classes
from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    label_separator: str | None = None,
    format: str | None = None,
    require_labels: bool = True,
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
) -> Dataset:
    """Read labelled texts, or texts alone.

    The data set is multi-label (`Dataset.labels` is an indicator) when some text has a list of labels (a list in
    JSON or Parquet, several ``__label__`` on a line of fastText's format), when `label_separator` says how a cell
    holds several, or when `multi_label` says so. A cell without a label is then the empty set; a label named
    twice counts once.

    Columns are found by name whatever the case (`columns.TEXT_NAMES`, `columns.LABEL_NAMES`); of two columns,
    finding one finds the other. The remaining columns are kept in `extra`. Rows keep the file's order.

    Args:
        path: A file whose suffix tells its format (text formats also with .gz), or a folder per class.
        text_column: The text column, if its name does not tell.
        label_column: The label column, if its name does not tell.
        label_separator: What separates the labels of a text that has several (","); None: a cell of text is one
            label.
        format: One of `FORMATS`, if the suffix does not tell.
        require_labels: If false, the file may lack labels and texts may be blank (a missing one reads as ""):
            what prediction takes. Labels are then read only if every row has one.
        classes: The classes to use, for data a classifier with these classes is tested on. Labels outside
            them are an error, and one class alone is allowed. By default the file's own, sorted (numbers by
            value).
        multi_label: Whether to read sets of labels even if no text has several: a further part of multi-label
            data.

    Raises:
        DataError: The file is missing, empty, binary, damaged or of unknown format; a column cannot be found;
            a text or label is missing; there is one class only, or none when multi-label. The message names the
            file and, where there is one, the line.
    """
    path = Path(path)
    if label_separator is not None and not label_separator.strip(" "):
        raise DataError(f"{path}: --label-separator {label_separator!r}: expected a mark such as a comma.")
    raw, chosen = read_columns(
        path, text_column=text_column, label_column=label_column, format=format, is_label_needed=require_labels
    )
    texts = read_texts(raw, chosen.text, may_be_blank=not require_labels)
    sets: list[tuple[str, ...]] | None = None
    if chosen.label is not None:
        column = raw.columns[chosen.label]
        values = column.to_pylist() if isinstance(column, pa.ChunkedArray) else column
        has_lists = any(isinstance(value, list) for value in values)
        multi_label = multi_label or has_lists or label_separator is not None
        if multi_label:
            sets = _read_sets(raw, chosen.label, values, label_separator)
        else:
            is_optional = not require_labels and label_column is None
            sets = _read_labels(raw, chosen.label, values, is_optional=is_optional)
    used = {chosen.text} if sets is None else {chosen.text, chosen.label}
    extra = pa.table({name: to_arrow(values) for name, values in raw.columns.items() if name not in used})
    if sets is None:
        return Dataset(texts, None, (), name=str(path), extra=extra, text_name=chosen.text)
    if classes is None:
        classes = sort_classes(name for names in sets for name in names)
        if require_labels and multi_label and not classes:
            raise DataError(f"{path}: no text has a label.")
        if require_labels and not multi_label and len(classes) == 1:
            raise DataError(f"{path}: every text has the label {classes[0]!r}; expected at least two classes.")
    hint = ""
    if multi_label and label_separator is None and not has_lists:
        hint = ' If a text has several labels, say what separates them: --label-separator ",".'
    return Dataset(
        texts,
        _number(raw, sets, classes, multi_label=multi_label, hint=hint),
        classes,
        name=str(path),
        extra=extra,
        text_name=chosen.text,
        label_name=chosen.label or "label",
    )


def read_columns(
    path: Path, *, text_column: str | None, label_column: str | None, format: str | None = None, is_label_needed: bool
) -> tuple[RawTable, ChosenColumns]:
    """Read a file's rows as they stand there, and find which columns are the text and the label.

    Raises:
        DataError: The file cannot be read, or a column cannot be found.
    """
    raw = FORMATS[format_of(path, format)](path)
    chosen = choose_columns(
        list(raw.columns), text=text_column, label=label_column, is_label_needed=is_label_needed, where=str(path)
    )
    if raw.splits_last_field and chosen.text != list(raw.columns)[-1]:
        check_last_field(raw)
    return raw, chosen


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


def read_texts(raw: RawTable, name: str, *, may_be_blank: bool) -> pa.LargeStringArray:
    """Return a column as texts, Arrow ``large_string`` [N]; a missing one is "".

    Raises:
        DataError: A value is not a string, or is blank and must not be.
    """
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


def _number(
    raw: RawTable, sets: list[tuple[str, ...]], classes: tuple[str, ...], *, multi_label: bool, hint: str
) -> NDArray[np.int32] | NDArray[np.uint8]:
    """Return the labels as `Dataset` has them; `hint` ends the message of an unknown one."""
    numbers = {name: number for number, name in enumerate(classes)}
    for row, names in enumerate(sets):
        for name in names:
            if name not in numbers:
                raise DataError(f"{raw.where(row)}: unknown class {name!r}; expected one of {_listed(classes)}.{hint}")
    if not multi_label:
        return np.array([numbers[name] for (name,) in sets], dtype=np.int32)
    indicator = np.zeros((len(sets), len(classes)), np.uint8)
    for row, names in enumerate(sets):
        indicator[row, [numbers[name] for name in names]] = 1
    return indicator


def _read_sets(raw: RawTable, name: str, values: Sequence[object], separator: str | None) -> list[tuple[str, ...]]:
    """Return each text's label names, when it may have several."""
    sets = []
    for row, value in enumerate(values):
        try:
            sets.append(label_set(value, separator))
        except DataError as error:
            raise DataError(f"{raw.where(row)}: column {name!r}: {error}.") from None
    return sets


def _read_labels(
    raw: RawTable, name: str, values: Sequence[object], *, is_optional: bool
) -> list[tuple[str, ...]] | None:
    """Return each text's one label name; None if some are missing and they are optional."""
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
    return [(str(label),) for label in names]


def check_last_field(raw: RawTable) -> None:
    """Refuse tabs in the last column when it is not the text: the row has a field too many.

    Raises:
        DataError: It holds one.
    """
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


def to_arrow(values: Column) -> pa.ChunkedArray | pa.Array:
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
