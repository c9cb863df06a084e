"""Read tables that other programs hold into a `Dataset`, by the rules that hold for files.

pandas and polars frames, Arrow tables and streams, Hugging Face data sets, DuckDB relations (`data.tables` knows them).
Columns are found and labels are spelled as in a file, so that a model from a frame takes the CSV of the same data. The
decision to question: an index is not read, rows count in their order from 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.columns import choose_columns
from plaudit.data.dataset import Dataset, Splits, as_text_column
from plaudit.data.labels import label_name, label_set, sort_classes
from plaudit.data.tables import is_table, read_columns
from plaudit.errors import DataError

_JOINT = "\n\n"  # between a text's parts from several columns
_SHOWN = 8
# What people call the parts of a data set, by the field of `Splits`.
PART_NAMES = {
    "train": ("train", "training"),
    "test": ("test",),
    "validation": ("validation", "valid", "val", "dev"),
    "unlabelled": ("unlabelled", "unlabeled", "unsupervised"),
}
Names = str | Sequence[str] | None
_Column: TypeAlias = pa.Array | list[Any]  # Any: cells as their owner has them


def has_tables(source: object) -> bool:
    """Say whether something is a table, or names tables as the parts of a data set (a Hugging Face `DatasetDict`)."""
    if isinstance(source, Mapping):
        return bool(source) and all(is_table(each) for each in source.values())
    return is_table(source)


def load_tables(
    source: Any,  # Any: a table of any of these libraries
    *,
    text: Names = None,
    label: Names = None,
    label_separator: str | None = None,
    parts: Sequence[str] = tuple(PART_NAMES),
) -> Splits:
    """Load a table, which is all train, or tables by the name of their part; arguments as `load_dataset` has them.

    Raises:
        DataError: A table cannot be read, a column is not found, a part has an unknown name, or as `read_table`.
    """
    kind = type(source).__name__
    settings: dict[str, Any] = {"text": text, "label": label, "label_separator": label_separator}
    if not isinstance(source, Mapping):
        return Splits(read_table(source, name=kind, **settings))
    found: dict[str, str] = {}
    for name in source:
        part = next((part for part, names in PART_NAMES.items() if str(name).lower() in names), None)
        if part is None or part in found:
            fault = f"no part is called {name!r}" if part is None else f"{found[part]!r} and {name!r} are both {part}"
            raise DataError(f"{kind}: {fault}; the parts are {', '.join(PART_NAMES)}.")
        found[part] = name
    if "train" not in found:
        raise DataError(f"{kind}: no part is called 'train'; its parts are {', '.join(map(repr, source))}.")
    train = read_table(source[found["train"]], name=f"{kind}[{found['train']!r}]", **settings)
    settings |= {"text": text or train.text_name.split(" + "), "label": label or train.label_name.split(" + ")}
    further = {
        part: read_table(
            source[found[part]],
            name=f"{kind}[{found[part]!r}]",
            classes=train.classes,
            multi_label=train.multi_label,
            is_labelled=part != "unlabelled",
            **settings,
        )
        for part in PART_NAMES
        if part in found and part in parts and part != "train"
    }
    return Splits(train, **further)


def read_table(
    source: Any,  # Any: as in `load_tables`
    *,
    name: str,
    text: Names = None,
    label: Names = None,
    label_separator: str | None = None,
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
    is_labelled: bool = True,
) -> Dataset:
    """Read a table's texts and labels.

    Args:
        source: The table.
        name: What messages call it.
        text: The column of texts, or several, joined in this order; None finds it.
        label: The column of labels, or several of 0 and 1 (a label each); None finds it.
        label_separator: What separates the labels of a text that has several.
        classes: The classes to use, for texts that a model with these classes is tested on.
        multi_label: Whether to read sets of labels even if no text has several.
        is_labelled: Whether labels are read.

    Raises:
        DataError: It cannot be read, a column is not found, a text or label is missing or none, or there is one class
            alone.
    """
    columns = read_columns(source)
    if not columns:
        raise DataError(f"{name}: no columns; expected a text and a label.")
    texts_of, labels_of = _choose(columns, _as_names(text), _as_names(label), is_labelled, name)
    texts = _texts(columns, texts_of, name, may_be_blank=not is_labelled)
    if not len(texts):
        raise DataError(f"{name}: no rows, only the columns {', '.join(map(repr, list(columns)[:_SHOWN]))}.")
    used = {*texts_of, *(labels_of if is_labelled else ())}
    extra = pa.table({each: _to_arrow(column) for each, column in columns.items() if each not in used})
    facts: dict[str, Any] = {"texts": texts, "name": name, "extra": extra, "text_name": " + ".join(texts_of)}
    if not is_labelled:
        return Dataset(**facts, labels=None, classes=())
    cells = _cells(columns, labels_of, name)
    has_sets = len(labels_of) > 1 or label_separator is not None or any(isinstance(cell, list) for cell in cells)
    sets = _sets(cells, label_separator, name, multi_label=multi_label or has_sets, column=" + ".join(labels_of))
    if classes is None:
        classes = sort_classes(each for names in sets for each in names)
        if len(classes) < (1 if multi_label or has_sets else 2):
            found = f"every text has the label {classes[0]!r}" if classes else "no text has a label"
            raise DataError(f"{name}: {found}; expected {'one class' if has_sets else 'two classes'} or more.")
    numbers = {each: number for number, each in enumerate(classes)}
    for row, names in enumerate(sets):
        if unknown := [each for each in names if each not in numbers]:
            shown = ", ".join(classes[:_SHOWN]) + (", …" if len(classes) > _SHOWN else "")
            raise DataError(f"{name}, row {row}: unknown class {unknown[0]!r}; expected one of {shown}.")
    if multi_label or has_sets:
        values = np.zeros((len(sets), len(classes)), np.uint8)
        for row, names in enumerate(sets):
            values[row, [numbers[each] for each in names]] = 1
        return Dataset(**facts, labels=values, classes=classes, label_name=" + ".join(labels_of))
    codes = np.array([numbers[each] for (each,) in sets], np.int32)
    return Dataset(**facts, labels=codes, classes=classes, label_name=labels_of[0])


def _as_names(names: Names) -> tuple[str, ...]:
    if names is None:
        return ()
    return tuple(map(str, names)) if isinstance(names, Sequence) and not isinstance(names, str) else (str(names),)


def _choose(
    columns: Mapping[str, _Column], text: tuple[str, ...], label: tuple[str, ...], is_labelled: bool, name: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of the texts and of the labels, found as in a file; the names that are given are there."""
    for kind, given in (("text", text), ("label", label)):
        if missing := [each for each in given if each not in columns]:
            listed = ", ".join(map(repr, list(columns)[:_SHOWN])) + (", …" if len(columns) > _SHOWN else "")
            raise DataError(f"{name}: {kind}={missing[0]!r}: no such column; the columns are {listed}.")
    try:
        chosen = choose_columns(
            list(columns),
            text=text[0] if text else None,
            label=label[0] if label else None,
            is_label_needed=is_labelled,
            where=name,
        )
    except DataError as error:
        raise DataError(_in_python(str(error))) from error
    return text or (chosen.text,), label or ((chosen.label,) if chosen.label else ())


def _in_python(message: str) -> str:
    """Return a message with an argument of Python's in place of a flag of the command line."""
    message = re.sub(r" If these are no names but a first row.*", "", message)
    return re.sub(
        r"--(text|label)-column( \"[^\"]*\"| \w+)?", lambda found: f"{found[1]}={found[2] or 'NAME'}", message
    )


def _texts(
    columns: Mapping[str, _Column], names: tuple[str, ...], where: str, *, may_be_blank: bool
) -> pa.LargeStringArray:
    parts = [as_text_column(_without_gaps(columns[name]), name=f"{where}: column {name!r}") for name in names]
    texts = parts[0]
    if len(parts) > 1:
        there = [pc.if_else(pc.equal(part, ""), pa.scalar(None, pa.large_string()), part) for part in parts]
        texts = pc.binary_join_element_wise(*there, pa.scalar(_JOINT, pa.large_string()), null_handling="skip")
    blank = np.flatnonzero(pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False)).tolist()
    if blank and not may_be_blank:
        raise DataError(
            f"{where}, row {blank[0]}: {len(blank):,} of {len(texts):,} texts are blank in column "
            f"{' + '.join(names)!r}. Fill or remove them."
        )
    return texts


def _without_gaps(column: _Column) -> _Column:
    """Return a column of texts with "" for a missing one."""
    if isinstance(column, list):
        return ["" if value is None else value for value in column]
    if pa.types.is_null(column.type):
        return [""] * len(column)
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return column.fill_null("") if is_text else column


def _cells(columns: Mapping[str, _Column], names: tuple[str, ...], where: str) -> list[Any]:
    """Return each row's label, or of several columns of 0 and 1 the list of those with a 1."""
    listed = [column if isinstance(column := columns[name], list) else column.to_pylist() for name in names]
    if len(names) == 1:
        return listed[0]
    for name, column in zip(names, listed, strict=True):
        if bad := [row for row, value in enumerate(column) if value not in (0, 1)]:
            raise DataError(
                f"{where}, row {bad[0]}: expected 0 or 1 in label column {name!r}, got {column[bad[0]]!r:.40}."
            )
    return [[name for name, value in zip(names, row, strict=True) if value] for row in zip(*listed, strict=True)]


def _sets(
    cells: list[Any], separator: str | None, where: str, *, multi_label: bool, column: str
) -> list[tuple[str, ...]]:
    """Return each text's names: one, or when multi-label any number."""
    found: list[tuple[str, ...]] = []
    missing: list[int] = []
    for row, cell in enumerate(cells):
        try:
            names = label_set(cell, separator) if multi_label else tuple(filter(None, [label_name(cell)]))
        except DataError as error:
            raise DataError(f"{where}, row {row}: column {column!r}: {error}.") from None
        if not names and not multi_label:
            missing.append(row)
        found.append(names)
    if missing:
        raise DataError(
            f"{where}, row {missing[0]}: {len(missing):,} of {len(cells):,} labels are missing in column {column!r}. "
            "Fill them, or remove the rows."
        )
    return found


def _to_arrow(column: _Column) -> pa.Array:
    """Return a further column as Arrow; values of mixed types are written as JSON."""
    if isinstance(column, pa.Array):
        return column
    try:
        return pa.array(column)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return pa.array([None if value is None else json.dumps(value, default=str) for value in column])
