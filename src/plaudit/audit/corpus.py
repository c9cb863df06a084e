"""The rows that an audit looks at: every part of a data set in one column, and where each row stands in its file.

Unlike `data.read_file`, nothing is refused here for what a row holds: a blank text, a missing label or a class that
only the test part has is what an audit is to find. The decision to question: the parts are one column, training
first, so that "the same text again" is one question whether the two stand in one part or in two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.data import DATASET_NAMES, Dataset, load_dataset
from plaudit.data.columns import ChosenColumns
from plaudit.data.files import read_columns, read_texts, to_arrow
from plaudit.data.formats.raw import Column, RawTable
from plaudit.data.imdb_members import is_root
from plaudit.data.labels import label_name, label_set, sort_classes
from plaudit.data.load import find_parts
from plaudit.errors import ConfigError, DataError
from plaudit.text import WordTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text import TokenColumn

Names = list[tuple[str, ...] | None]  # each row's labels; None where it has none and should


@dataclass(frozen=True)
class Part:
    """N rows of one file, folder or named data set, as they stand there.

    Attributes:
        name: "train", "validation" or "test".
        file: What the user would open.
        unit: What `places` counts: "line", "row" or "file".
        places: Where each row begins: its line or row, counted from 1, or its file's name.
        texts: Arrow ``large_string`` [N]; a missing text is "".
        names: Each row's labels: one, or, multi-label, any number; None where one is missing.
        multi_label: Whether rows have sets of labels.
        table: All columns of the source, in its order.
        chosen: Which of them are text and label.
    """

    name: str
    file: str
    unit: str
    places: Sequence[int] | Sequence[str]
    texts: pa.LargeStringArray
    names: Names
    multi_label: bool
    table: pa.Table
    chosen: ChosenColumns

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Corpus:
    """All parts, N rows; the training part comes first.

    Attributes:
        parts: The training part, and others where there are any.
        texts: Arrow ``large_string`` [N].
        classes: The C label names of all parts, sorted.
        labels: int32 [N], -1 where a label is missing; or, multi-label, uint8 [N, C].
        part_of: int8 [N], the number of each row's part.
    """

    parts: tuple[Part, ...]
    texts: pa.LargeStringArray
    classes: tuple[str, ...]
    labels: NDArray[np.int32] | NDArray[np.uint8]
    part_of: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def multi_label(self) -> bool:
        """Whether rows have sets of labels."""
        return self.labels.ndim == 2

    @property
    def n_train(self) -> int:
        """The number of training rows: rows 0 to n_train - 1."""
        return len(self.parts[0])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first row of each part, and N."""
        return np.cumsum([0, *map(len, self.parts)])

    @cached_property
    def words(self) -> tuple[TokenColumn, ...]:
        """The word tokenizer's tokens of each part."""
        return tuple(WordTokenizer().tokenize(part.texts) for part in self.parts)

    @cached_property
    def has_label(self) -> NDArray[np.bool_]:
        """Whether a row has a label, bool [N]; of sets of labels the empty one is an answer too."""
        return np.array([names is not None for part in self.parts for names in part.names], np.bool_)

    @cached_property
    def label_keys(self) -> NDArray[np.int64]:
        """A number for each row's label or set of labels, int64 [N]: equal for equal ones; -1 where it is missing."""
        keys = np.unique(self.labels, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return np.where(self.has_label, keys, -1)

    def place(self, row: int) -> int | str:
        """Return the line (or row, counted from 1, or file) at which a row stands in its part's file."""
        part = int(self.part_of[row])
        return self.parts[part].places[row - int(self.starts[part])]

    def where(self, row: int, *, beside: int | None = None) -> str:
        """Return a row's place in words: ``"line 12"``, and the part unless `beside` is a row of the same one."""
        part = self.parts[self.part_of[row]]
        place = f"{part.unit} {self.place(row)}"
        return place if beside is not None and self.part_of[beside] == self.part_of[row] else f"{part.name} {place}"

    def label_text(self, row: int) -> str:
        """Return a row's label, or its labels with commas between; "" for none."""
        part = int(self.part_of[row])
        return ", ".join(self.parts[part].names[row - int(self.starts[part])] or ())


def load_corpus(
    source: str,
    *,
    test: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    label_separator: str | None = None,
    data_dir: Path | None = None,
    progress: bool = False,
) -> Corpus:
    """Load a data set and, where it has one or one is named, its test part.

    Args:
        source: A named data set, a file, a folder per class, or a folder with parts.
        test: A file or folder to take as the test part.
        text_column: For files.
        label_column: For files.
        label_separator: For files: what separates the labels of a text that has several.
        data_dir: Where imdb lies.
        progress: Show a bar while downloading.

    Raises:
        ConfigError: `test` is not a file or folder.
        DataError: A part cannot be read, or no row has a label.
    """
    if label_separator is not None and not label_separator.strip(" "):
        raise ConfigError(f"--label-separator {label_separator!r}: expected a mark such as a comma.")
    if test is not None and not Path(test).expanduser().exists():
        raise ConfigError(f"--test {test}: expected a file or folder of test texts; nothing is there.")
    path = Path(source).expanduser()
    paths: dict[str, Path] = {}
    if source in DATASET_NAMES or not path.exists() or (path.is_dir() and is_root(path)):
        splits = load_dataset(source, data_dir=data_dir, progress=progress, parts=("train", "validation", "test"))
        parts = [_known(splits.train, "train")]
        parts += [_known(part, name) for name in ("validation", "test") if (part := getattr(splits, name)) is not None]
    else:
        if data_dir is not None:
            raise DataError(f"{source}: --data-dir says where imdb lies; name a file or folder of your own directly.")
        found = find_parts(path) if path.is_dir() else {}
        paths = {name: found[name] for name in ("train", "validation", "test") if name in found}
        paths = paths if "train" in paths else {"train": path}
        parts = []
    if test is not None:
        paths["test"] = Path(test).expanduser()
        parts = [part for part in parts if part.name != "test"]
    read = [_read(name, path, text_column, label_column, label_separator) for name, path in paths.items()]
    return _join([*parts, *read])


def corpus_of(parts: Mapping[str, Dataset]) -> Corpus:
    """Return labelled data sets as a corpus, by the names of their parts, "train" first.

    Raises:
        DataError: There is no labelled text.
    """
    return _join([_known(dataset, name) for name, dataset in parts.items()])


def _known(dataset: Dataset, name: str) -> Part:
    """Return a part of a loaded data set; where its rows have files of their own, these are their places."""
    names = dataset.label_names()
    label_type = pa.list_(pa.large_string()) if dataset.multi_label else pa.large_string()
    columns = {dataset.text_name: dataset.texts, dataset.label_name: pa.array(names, label_type)}
    columns |= {column: dataset.extra[column] for column in dataset.extra.column_names}
    has_files = "file" in dataset.extra.column_names
    return Part(
        name=name,
        file=dataset.name,
        unit="file" if has_files else "row",
        places=dataset.extra["file"].to_pylist() if has_files else range(1, len(dataset) + 1),
        texts=dataset.texts,
        names=names if dataset.multi_label else [(label,) for label in names],
        multi_label=dataset.multi_label,
        table=pa.table(columns),
        chosen=ChosenColumns(dataset.text_name, dataset.label_name),
    )


def _read(name: str, path: Path, text: str | None, label: str | None, separator: str | None) -> Part:
    raw, chosen = read_columns(path, text_column=text, label_column=label, is_label_needed=True)
    texts = read_texts(raw, chosen.text, may_be_blank=True)
    values = raw.columns[str(chosen.label)]
    cells = values.to_pylist() if isinstance(values, pa.ChunkedArray) else values
    multi_label = separator is not None or any(isinstance(cell, list) for cell in cells)
    names = _names(raw, cells, separator, multi_label=multi_label)
    table = pa.table({column: _whole(cells, column == chosen.text) for column, cells in raw.columns.items()})
    return Part(name, str(path), raw.unit, raw.places, texts, names, multi_label, table, chosen)


def _whole(cells: Column, is_text: bool) -> pa.ChunkedArray | pa.Array:
    return pa.array(cells, pa.large_string()) if is_text and not isinstance(cells, pa.ChunkedArray) else to_arrow(cells)


def _names(raw: RawTable, cells: Sequence[object], separator: str | None, *, multi_label: bool) -> Names:
    names: Names = []
    for row, cell in enumerate(cells):
        try:
            if multi_label:
                names.append(label_set(cell, separator))
            else:
                found = label_name(cell)
                names.append(None if found is None else (found,))
        except DataError as error:
            raise DataError(f"{raw.where(row)}: {error}.") from None
    return names


def _join(parts: Sequence[Part]) -> Corpus:
    """Put the parts into one column, their labels numbered alike."""
    multi_label = any(part.multi_label for part in parts)
    names = [row if row is not None or not multi_label else () for part in parts for row in part.names]
    classes = sort_classes(name for row in names for name in row or ())
    if not classes:
        raise DataError(f"{parts[0].file}: no text has a label.")
    numbers = {name: number for number, name in enumerate(classes)}
    labels: NDArray[np.int32] | NDArray[np.uint8]
    if multi_label:
        labels = np.zeros((len(names), len(classes)), np.uint8)
        for i, row in enumerate(names):
            labels[i, [numbers[name] for name in row or ()]] = 1
    else:
        labels = np.array([-1 if row is None else numbers[row[0]] for row in names], np.int32)
    return Corpus(
        parts=tuple(parts),
        texts=pa.concat_arrays([part.texts for part in parts]),
        classes=classes,
        labels=labels,
        part_of=np.repeat(np.arange(len(parts), dtype=np.int8), [len(part) for part in parts]),
    )
