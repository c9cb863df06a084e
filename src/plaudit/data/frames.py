"""Read tables that other programs hold into a `Dataset`, by the rules that hold for files.

pandas and polars frames, Arrow tables and streams, Hugging Face data sets, DuckDB relations (`data.tables` knows them).
Columns are found and labels are spelled as in a file, so that a model from a frame takes the CSV of the same data. The
decision to question: an index is not read, rows count in their order from 0.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.dataset import Dataset, Splits
from plaudit.data.label_findings import LabelWarning
from plaudit.data.part_marks import divide_by_marks
from plaudit.data.readers.rows import Column, Reader, Rows
from plaudit.data.reading import read_dataset
from plaudit.data.tables import is_table, read_columns
from plaudit.errors import DataError, outside

# What people call the parts of a data set, by the field of `Splits`.
PART_NAMES = {
    "train": ("train", "training"),
    "test": ("test",),
    "validation": ("validation", "valid", "val", "dev"),
    "unlabelled": ("unlabelled", "unlabeled", "unsupervised"),
}
Names = str | int | Sequence[str | int] | None


def has_tables(source: object) -> bool:
    """Say whether something is a table, or names tables as the parts of a data set (a Hugging Face `DatasetDict`)."""
    if isinstance(source, Mapping):
        return bool(source) and all(is_table(each) for each in source.values())
    return is_table(source)


def load_tables(
    source: Any,  # Any: a table of any of these libraries
    spec: DataSpec,
    *,
    parts: Sequence[str] = tuple(PART_NAMES),
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
    remembered: DataSpec | None = None,
) -> Splits:
    """Load a table, which is all train, or tables by the name of their part; arguments as `load_dataset` has them.

    Raises:
        DataError: A table cannot be read, a column is not found, a part has an unknown name, or as `read_table`.
    """
    kind = type(source).__name__
    if not isinstance(source, Mapping):
        return divide_by_marks(
            read_table(source, spec, name=kind, classes=classes, multi_label=multi_label, remembered=remembered)
        ).only(parts)
    found: dict[str, str] = {}
    for name in source:
        part = next((part for part, names in PART_NAMES.items() if str(name).lower() in names), None)
        if part is None or part in found:
            fault = f"no part is called {name!r}" if part is None else f"{found[part]!r} and {name!r} are both {part}"
            raise DataError(f"{kind}: {fault}; the parts are {', '.join(PART_NAMES)}.")
        found[part] = name
    if "train" not in found:
        raise DataError(f"{kind}: no part is called 'train'; its parts are {', '.join(map(repr, source))}.")
    train = read_table(source[found["train"]], spec, name=f"{kind}[{found['train']!r}]")
    assert train.origin is not None
    alike = replace(spec, text_column=train.origin.spec.text_column, label_column=train.origin.spec.label_column)
    further = {
        part: read_table(
            source[found[part]],
            alike if part != "unlabelled" else replace(alike, label_column=None),
            name=f"{kind}[{found[part]!r}]",
            classes=train.classes,
            multi_label=train.multi_label,
            is_labelled=part != "unlabelled",
        )
        for part in PART_NAMES
        if part in found and part in parts and part != "train"
    }
    return Splits(train, **further)


def read_table(
    source: Any,  # Any: as in `load_tables`
    spec: DataSpec | None = None,
    *,
    name: str,
    classes: tuple[str, ...] | None = None,
    multi_label: bool = False,
    remembered: DataSpec | None = None,
    is_labelled: bool = True,
) -> Dataset:
    """Read a table's texts and labels.

    Args:
        source: The table.
        spec: Its columns, where nothing tells; what belongs to files alone means nothing.
        name: What messages call it.
        classes: As in `read_dataset`.
        multi_label: As in `read_dataset`.
        remembered: As in `read_dataset`.
        is_labelled: Whether labels are read.

    Raises:
        DataError: It cannot be read, or as `read_dataset`.
    """
    spec = spec or DataSpec()
    columns = read_columns(source)
    if not columns:
        raise DataError(f"{name}: no columns; expected a text and a label.")
    try:
        found = read_dataset(
            [TableReader(name, columns)], spec, name=name, require_labels=is_labelled, classes=classes,
            multi_label=multi_label, remembered=remembered,
        )  # fmt: skip
    except DataError as error:
        raise DataError(in_python(str(error))) from error
    return found if is_labelled else replace(found, labels=None, classes=())


def warn_of(splits: Splits) -> None:
    """Warn the Python code that called us of what is odd about the labels of a data set's parts."""
    for part in (splits.train, splits.validation, splits.test):
        if part is not None and part.origin is not None:
            for finding in part.origin.findings:
                warnings.warn(f"{part.name}: {in_python(finding.message)}", LabelWarning, stacklevel=outside())


class TableReader(Reader):
    """A table's columns as one batch of rows, counted from 0."""

    unit = "row"

    def __init__(self, name: str, columns: Mapping[str, Column]) -> None:
        """Take the columns, all equally long."""
        self.name, self._columns = name, columns
        self.names = tuple(columns)
        self._n = len(next(iter(columns.values())))

    def batches(self) -> Iterator[Rows]:
        """Yield all rows at once."""
        if self._n:
            yield Rows({name: _plain(column) for name, column in self._columns.items()}, range(self._n), {})


def _plain(column: Column) -> Column:
    """Return a column in the form that readers give: values in place of a dictionary, and no strings where all lack."""
    if isinstance(column, list):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return [None] * len(column) if pa.types.is_null(column.type) else column


def as_setting(names: Names) -> str | tuple[str, ...] | None:
    """Return columns' names as `DataSpec` has them."""
    if names is None or isinstance(names, str):
        return names
    if not isinstance(names, Iterable):  # pandas numbers columns that have no names
        return str(names)
    found = tuple(map(str, names))
    return found[0] if len(found) == 1 else found or None


def in_python(message: str) -> str:
    """Return a message with an argument of Python's in place of a flag of the command line."""
    message = re.sub(r" If that is the first row and not names.*", "", message)
    message = re.sub(r"--(skip-invalid|merge-labels)", lambda found: f"{found[1].replace('-', '_')}=True", message)

    def argument(found: re.Match[str]) -> str:
        name = {"text-column": "text", "label-column": "label"}.get(found[1], found[1].replace("-", "_"))
        value = (found[2] or "").strip().strip('"')
        return f"{name}={value!r}" if value else f"{name}=NAME"

    value = r'"[^"]*"|(?!and |or )[\w.-]+(?=[:;. ]|$)'
    return re.sub(rf"--(text-column|label-column|label-separator)( (?:{value}))?", argument, message)
