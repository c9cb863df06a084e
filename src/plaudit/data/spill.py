"""Labelled texts whose characters lie on disk: read once, a batch at a time, and then a data set like any other.

A text costs memory for its label (4 bytes) and, where asked for, its group (4 bytes) and its digest (8 bytes). This
module knows nothing of formats. The decision to question: `SpilledDataset` is a `Dataset` that differs in one thing,
where `take` puts the texts, so that whatever divides a data set divides this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, normalise_texts
from plaudit.data.formats.raw import RawTable
from plaudit.data.labels import label_set, sort_classes
from plaudit.errors import DataError
from plaudit.scratch import MEMORY, Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TAKEN_TEXTS = 256  # copied at a time


@dataclass(frozen=True)
class SpilledDataset(Dataset):
    """A data set whose texts are a map of a file.

    Attributes:
        scratch: Where the texts of a part go.
    """

    scratch: Scratch = field(default=MEMORY, repr=False)

    @cached_property
    def digests(self) -> NDArray[np.uint64]:
        """A hash of each normalised text, uint64 [N]; made once and kept."""
        found = bytearray()
        for start in range(0, len(self), _TAKEN_TEXTS):
            for text in normalise_texts(self.texts.slice(start, _TAKEN_TEXTS)).to_pylist():
                found += hashlib.blake2b(text.encode(), digest_size=8).digest()
        return np.frombuffer(bytes(found), np.uint64)

    def take(self, positions: NDArray[np.integer], *, name: str | None = None) -> SpilledDataset:
        """Return the rows at `positions`, as `Dataset.take` does, with their texts on disk too."""
        growing, at = self.scratch.texts(), np.asarray(positions, np.int64)
        for start in range(0, len(at), _TAKEN_TEXTS):
            growing.append(self.texts.take(pa.array(at[start : start + _TAKEN_TEXTS])))
        return replace(
            self,
            texts=growing.finish(),
            labels=None if self.labels is None else self.labels[at],
            extra=self.extra.take(pa.array(at)) if self.extra.num_columns else self.extra,
            name=name or self.name,
        )


def spill(dataset: Dataset, scratch: Scratch) -> SpilledDataset:
    """Return a data set that is in memory as one on disk; further columns stay in memory."""
    whole = SpilledDataset(**{each.name: getattr(dataset, each.name) for each in fields(Dataset)}, scratch=scratch)
    return whole.take(np.arange(len(dataset)))


def count_shared(train: SpilledDataset, part: SpilledDataset) -> int:
    """Return how many texts of `part` are also in `train`, as `shared_texts` counts them.

    Texts are compared by a hash of 64 bits: among ten million, the chance that any two are wrongly taken for equal is 1
    in 370,000.
    """
    return int(np.isin(part.digests, train.digests).sum())


class Spill:
    """Rows of one or more files on their way to disk.

    Labels are those that `read_file` reads: a set of names a text, which must be one name each unless some text has a
    list, or it is said that a text may have several.
    """

    def __init__(
        self,
        scratch: Scratch,
        *,
        classes: tuple[str, ...] | None,
        multi_label: bool,
        label_separator: str | None,
    ) -> None:
        """Begin with no rows; the arguments are those of `read_file`."""
        self._scratch, self._texts = scratch, scratch.texts()
        self._classes, self._separator = classes, label_separator
        self._multi_label = multi_label or label_separator is not None
        self._codes: list[NDArray[np.int32]] = []
        self._sets: dict[tuple[str, ...], int] = {}
        self._known: dict[tuple[type, object], int] = {}  # by type too, since True == 1 == 1.0
        self._groups: list[NDArray[np.int32]] = []
        self._group_numbers: dict[str | None, int] = {None: -1}
        self._unlabelled: str | None = None  # where the first text without a label stands

    def add(
        self, raw: RawTable, texts: pa.LargeStringArray, labels: Sequence[object], groups: Sequence[object]
    ) -> None:
        """Put rows at the end.

        Args:
            raw: They, for messages.
            texts: [N].
            labels: [N], as the file has them.
            groups: [N], as the file has them, or none.

        Raises:
            DataError: A label is none, or unknown; or the disk is full.
        """
        self._texts.append(texts)
        self._codes.append(np.array([self._code(raw, row, value) for row, value in enumerate(labels)], np.int32))
        numbers = self._group_numbers
        keys = (None if value is None else json.dumps(value, default=str) for value in groups)
        self._groups.append(np.array([numbers.setdefault(key, len(numbers) - 1) for key in keys], np.int32))

    def _code(self, raw: RawTable, row: int, value: object) -> int:
        key = (type(value), value) if isinstance(value, str | int) else None
        if key in self._known:
            return self._known[key]
        self._multi_label = self._multi_label or isinstance(value, list)
        try:
            names = label_set(value, self._separator)
        except DataError as error:
            raise DataError(f"{raw.where(row)}: label: {error}.") from None
        if not names and self._unlabelled is None:
            self._unlabelled = raw.where(row)
        known = names if self._classes is None else self._classes
        for name in names:
            if name not in known:
                raise DataError(f"{raw.where(row)}: unknown class {name!r}; expected one of {', '.join(known[:10])}.")
        code = self._sets.setdefault(names, len(self._sets))
        if key is not None:
            self._known[key] = code
        return code

    def finish(self, *, name: str, text_name: str, label_name: str, group_by: str | None) -> SpilledDataset:
        """Return all rows as a data set; `group_by` names the extra column that the groups become.

        Raises:
            DataError: A text has no label, or there are too few classes, as `read_file` says it.
        """
        sets = list(self._sets)
        if self._unlabelled is not None and not self._multi_label:
            raise DataError(f"{self._unlabelled}: a label is missing. Fill it, or remove the row.")
        classes = self._classes
        if classes is None:
            classes = sort_classes(each for names in sets for each in names)
            if self._multi_label and not classes:
                raise DataError(f"{name}: no text has a label.")
            if not self._multi_label and len(classes) == 1:
                raise DataError(f"{name}: every text has the label {classes[0]!r}; expected at least two classes.")
        codes = np.concatenate([np.zeros(0, np.int32), *self._codes])
        labels: NDArray[np.int32] | NDArray[np.uint8]
        if self._multi_label:
            labels = np.array([[each in names for each in classes] for names in sets], np.uint8)[codes]
        else:
            labels = np.array([classes.index(each) for (each,) in sets], np.int32)[codes]
        extra = pa.table({})
        if group_by is not None:
            groups = np.concatenate([np.zeros(0, np.int32), *self._groups])
            names_of = pa.array([key for key in self._group_numbers if key is not None], pa.large_string())
            column = pa.DictionaryArray.from_arrays(pa.array(groups, mask=groups < 0), names_of)
            extra = pa.table({group_by: column})
        return SpilledDataset(
            self._texts.finish(), labels, classes, name, extra, text_name, label_name, scratch=self._scratch
        )
