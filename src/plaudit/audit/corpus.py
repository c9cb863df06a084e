"""The rows that an audit looks at: every part of a data set in one column, and where each row stands in its file.

The policy of an audit: nothing is refused for what a row holds. A broken row, a blank text, a missing label or a class
that only the test part has is what an audit is to find. The decision to question: the parts are one column, training
first, so that "the same text again" is one question whether the two stand in one part or in two.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data import Dataset, load_dataset
from plaudit.data.columns import ChosenColumns
from plaudit.data.dataset import label_sets
from plaudit.data.faults import BROKEN, MISSING, Faults
from plaudit.data.intake import Intake
from plaudit.data.label_reading import LabelReading, Labels
from plaudit.data.labels import sort_classes
from plaudit.data.load import find_parts, find_path
from plaudit.data.named import find_named
from plaudit.data.reading import Columns
from plaudit.errors import ConfigError, DataError
from plaudit.text import WordTokenizer
from plaudit.text.token_memory import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data.label_findings import LabelFinding
    from plaudit.text import TokenColumn

Names = list[tuple[str, ...] | None]  # each row's labels; None where it has none and should


@dataclass(frozen=True)
class CorpusPart:
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
        faults: What is wrong with rows that cannot be read, by row; their text is "".
        findings: What is odd about the labels.
        said: How the source was read, a line each.
    """

    name: str
    file: str
    unit: str
    places: Sequence[int | str]
    texts: pa.LargeStringArray
    names: Names
    multi_label: bool
    table: pa.Table
    chosen: ChosenColumns
    faults: Mapping[int, str] = field(default_factory=dict)
    findings: tuple[LabelFinding, ...] = ()
    said: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    def where(self, row: int) -> str:
        """Return where a row begins, to open a message."""
        place = self.places[row]
        if isinstance(place, str) and self.unit != "file":
            return place  # of a further file, with its name
        return {"line": f"{self.file}:{place}", "row": f"{self.file}, row {place}"}.get(
            self.unit, f"{self.file}/{place}"
        )


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

    parts: tuple[CorpusPart, ...]
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
        return tuple(tokens_of(WordTokenizer(), part.texts) for part in self.parts)

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
    source: str, *, test: str | None = None, spec: DataSpec | None = None, progress: bool = False
) -> Corpus:
    """Load a data set and, where it has one or one is named, its test part.

    Args:
        source: A named data set, a file, a folder, a glob or a database, or a folder with parts.
        test: A file or folder to take as the test part.
        spec: How files are read.
        progress: Show a bar while downloading.

    Raises:
        ConfigError: `test` is not a file or folder.
        DataError: A part cannot be read, or no row has a label.
    """
    spec = spec or DataSpec()
    if test is not None and not Path(test).expanduser().exists():
        raise ConfigError(f"--test {test}: expected a file or folder of test texts; nothing is there.")
    parts: list[CorpusPart] = []
    places: dict[str, str] = {}
    if find_named(source, spec.data_dir) is not None:
        splits = load_dataset(source, spec=spec, progress=progress, parts=("train", "validation", "test"))
        named = {name: getattr(splits, name) for name in ("train", "validation", "test")}
        parts = [_known(part, name) for name, part in named.items() if part is not None]
    else:
        path = Path(source).expanduser()
        found = find_parts(path) if path.is_dir() else {}
        places = {name: str(found[name]) for name in ("train", "validation", "test") if name in found}
        places = places if "train" in places else {"train": source}
    if test is not None:
        places["test"] = test
        parts = [part for part in parts if part.name != "test"]
    memory: DataSpec | None = None
    for name, place in places.items():  # the training part first, whose columns the others take
        part, first = _read(name, place, spec, memory)
        parts.append(part)
        memory = memory or first.alike()
    return _join(parts)


def corpus_of(parts: Mapping[str, Dataset]) -> Corpus:
    """Return labelled data sets as a corpus, by the names of their parts, "train" first.

    Raises:
        DataError: There is no labelled text.
    """
    return _join([_known(dataset, name) for name, dataset in parts.items()])


def _known(dataset: Dataset, name: str) -> CorpusPart:
    """Return a part of a loaded data set; where its rows have files of their own, these are their places."""
    names = dataset.label_names()
    label_type = pa.list_(pa.large_string()) if dataset.multi_label else pa.large_string()
    columns = {dataset.text_name: dataset.texts, dataset.label_name: pa.array(names, label_type)}
    columns |= dict(zip(dataset.extra.column_names, dataset.extra.columns, strict=True))
    has_files = "file" in dataset.extra.column_names
    return CorpusPart(
        name=name,
        file=dataset.name,
        unit="file" if has_files else "row",
        places=dataset.extra["file"].to_pylist() if has_files else range(1, len(dataset) + 1),
        texts=dataset.texts,
        names=names if dataset.multi_label else [(label,) for label in names],
        multi_label=dataset.multi_label,
        table=pa.table(columns),
        chosen=ChosenColumns((dataset.text_name,), (dataset.label_name,), ""),
    )


def _read(name: str, place: str, spec: DataSpec, memory: DataSpec | None) -> tuple[CorpusPart, DataSpec]:
    """Read what a path names as a part: every row stays, and what is wrong with one is kept beside it.

    Returns:
        The part, and how it was read.
    """
    texts: list[pa.LargeStringArray] = []
    places: list[int | str] = []
    faults: dict[int, str] = {}
    columns = Columns()
    labels = LabelReading(separator=spec.label_separator, merge=spec.merge_labels, where=place, least=1)
    first: Intake | None = None
    sources = find_path(place, spec)
    for source in sources:
        intake = Intake(source, spec, is_label_needed=True, remembered=memory)
        first = first or intake
        if len(intake.chosen.label) > 1:
            labels.indicator_columns(intake.chosen.label)
        with contextlib.closing(intake):
            for taken in intake:
                n, rows = len(places), taken.rows
                faults |= {n + i: message for i, message in taken.faults.items()}
                whole = taken.texts.fill_null("")
                cells = intake.labels(rows)
                for i in taken.faults:  # of a broken row nothing counts, as in training
                    cells[i] = (None,) * len(cells[i]) if isinstance(cells[i], tuple) else None
                labels.add(cells, whole)
                texts.append(whole)
                places += rows.places if len(sources) == 1 else [intake.reader.where(at) for at in rows.places]
                columns.add(rows, list(dict.fromkeys((*intake.names, *rows.columns))))
    assert first is not None
    if not places:
        raise DataError(f"{place}: no rows.")
    faults |= {row: message for row, message in labels.faults().items() if row not in faults}
    lacking = np.flatnonzero(labels.missing()).tolist()
    reader = first.reader
    read = labels.finish(lambda row: reader.where(places[row]) if len(sources) == 1 else str(places[row]))
    names = _label_names(read, faults, lacking)
    file = reader.name if len(sources) == 1 else place
    part = CorpusPart(
        name, file, reader.unit, places, pa.concat_arrays(texts), names, read.multi_label, columns.finish(),
        ChosenColumns(first.chosen.text, first.chosen.label, first.chosen.said), faults, read.findings,
        (*first.said, *read.read_as),
    )  # fmt: skip
    return part, first.spec


def _label_names(read: Labels, broken: Iterable[int], lacking: Sequence[int]) -> Names:
    """Return each row's labels; None of a row that lacks them, and of a broken one, which in sets has none."""
    names: Names = (
        list(label_sets(read.values, read.classes))
        if read.multi_label
        else [(read.classes[value],) if read.classes else None for value in read.values.tolist()]
    )
    for row in broken:
        names[row] = None if not read.multi_label else ()
    for row in lacking:
        names[row] = None
    return names


def _nothing_labelled(part: CorpusPart) -> DataError:
    """Return the error of a part without a label, with what is wrong with its rows as training would tell it."""
    faults = Faults(part.unit)
    for row, message in sorted(part.faults.items()):
        faults.add(BROKEN, part.where(row), part.places[row], message)
    for row in (row for row, names in enumerate(part.names) if names is None and row not in part.faults):
        faults.add(MISSING, part.where(row), part.places[row])
    if not faults:
        return DataError(f"{part.file}: no text has a label.")
    return faults.error(text=" + ".join(part.chosen.text), label=" + ".join(part.chosen.label), n=len(part))


def _join(parts: Sequence[CorpusPart]) -> Corpus:
    """Put the parts into one column, their labels numbered alike."""
    multi_label = any(part.multi_label for part in parts)
    names = [row if row is not None or not multi_label else () for part in parts for row in part.names]
    classes = sort_classes(name for row in names for name in row or ())
    if not classes:
        raise _nothing_labelled(parts[0])
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
