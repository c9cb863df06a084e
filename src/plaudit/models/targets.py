"""From labels as callers hold them to the numbers that training reads: one label a text, or a set of them.

The decision to question: a set is written as a list of names, or a row of an indicator matrix, and only a NumPy array
(or a DataFrame) is such a matrix. ``[[0, 1], [1, 0]]`` could be either; as lists they are the labels 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.labels import sort_classes
from plaudit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

# A list, NumPy or Arrow array, or Series of str, int or bool; multi-label: of lists, tuples or sets of those, or an
# indicator matrix.
Labels = Any


@dataclass(frozen=True)
class Targets:
    """What N texts are to be answered with.

    Attributes:
        classes: The different labels in order, [C].
        values: int64 [N], class numbers; multi-label: uint8 [N, C], 1 where a text has the class.
        multi_label: Whether each text has a set of labels, which may be empty.
    """

    classes: NDArray[Any]
    values: NDArray[np.int64] | NDArray[np.uint8]
    multi_label: bool

    @property
    def n_logits(self) -> int:
        """1 for two classes of which a text has one, else C."""
        return count_logits(len(self.classes), multi_label=self.multi_label)


def count_logits(n_classes: int, *, multi_label: bool) -> int:
    """Return how many logits answer for so many classes: one for two of which a text has one, else one each."""
    return 1 if n_classes == 2 and not multi_label else n_classes


def encode_labels(labels: Labels, n: int) -> Targets:
    """Return the distinct labels in order (by number when all are numbers) and each text's as numbers.

    Args:
        labels: Of N texts: words, whole numbers or booleans; or, multi-label, lists, tuples or sets of those, or an
            indicator matrix [N, C] of 0 and 1, whose classes are 0 to C-1.
        n: N.

    Raises:
        DataError: The number of labels differs from `n`, one is missing or named twice for a text, or there are fewer
            than two classes (multi-label: none).
    """
    if isinstance(labels, pa.DictionaryArray):
        distinct, places = used_values(labels, n)
        targets = encode_labels(distinct, len(distinct))
        return Targets(targets.classes, targets.values[places], targets.multi_label)
    if getattr(labels, "ndim", 1) == 2:
        indicator = _indicator(labels, n)
        return Targets(np.arange(indicator.shape[1]), indicator, multi_label=True)
    sets = _as_sets(labels)
    if sets is None:
        classes, codes = _encode(labels, n)
        if len(classes) < 2:
            found = f"only {classes[0]!s}" if len(classes) else "none"
            raise DataError(f"labels: at least two classes are needed to learn from, found {found}.")
        return Targets(classes, codes, multi_label=False)
    _check_sets(sets, n)
    names = [name for names in sets for name in names]
    if not names:
        raise DataError("labels: no text has a label; at least one class is needed to learn from.")
    classes, codes = _encode(names, len(names))
    values = np.zeros((n, len(classes)), np.uint8)
    values[np.repeat(np.arange(n), [len(names) for names in sets]), codes] = 1
    return Targets(classes, values, multi_label=True)


def used_values(labels: pa.DictionaryArray, n: int) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the values of a dictionary column that occur in it, and each label's place among them, int64 [n].

    Raises:
        DataError: The number of labels differs from `n`, or one is missing.
    """
    if len(labels) != n:
        raise DataError(f"labels: expected {n:,}, one for each text, got {len(labels):,}.")
    if labels.indices.null_count:
        raise DataError(f"labels: {labels.indices.null_count:,} are missing.")
    indices = labels.indices.to_numpy()
    is_used = np.bincount(indices, minlength=len(labels.dictionary)) > 0
    places = np.cumsum(is_used) - 1
    return labels.dictionary.take(pa.array(np.flatnonzero(is_used))).to_pylist(), places[indices]


def to_indicator(labels: Labels, n: int, classes: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the sets of labels of N texts as an indicator matrix of a classifier's classes, uint8 [N, C].

    Args:
        labels: An indicator matrix of those classes, or lists, tuples or sets of them.
        n: N.
        classes: [C].

    Raises:
        DataError: These are no sets of labels, their number is not `n`, or a label is not among `classes`.
    """
    if isinstance(labels, pa.DictionaryArray):
        distinct, places = used_values(labels, n)
        return to_indicator(distinct, len(distinct), classes)[places]
    if getattr(labels, "ndim", 1) == 2:
        indicator = _indicator(labels, n)
        if indicator.shape[1] != len(classes):
            raise DataError(f"labels: expected an indicator of {len(classes)} classes, got {indicator.shape[1]}.")
        return indicator
    sets = _as_sets(labels)
    if sets is None:
        raise DataError("labels: expected a set of labels for each text, as the classifier was fitted on, got one.")
    _check_sets(sets, n)
    position = {label: i for i, label in enumerate(classes.tolist())}
    values = np.zeros((n, len(classes)), np.uint8)
    for row, names in enumerate(sets):
        if unknown := [name for name in names if name not in position]:
            raise DataError(f"labels: {unknown[0]!r} does not occur in the training texts.")
        values[row, [position[name] for name in names]] = 1
    return values


def _indicator(labels: Labels, n: int) -> NDArray[np.uint8]:
    """Return a matrix of 0 and 1 as uint8."""
    matrix = labels.toarray() if hasattr(labels, "toarray") else np.asarray(labels)  # SciPy's sparse matrices
    if len(matrix) != n or not matrix.shape[1]:
        raise DataError(f"labels: expected an indicator matrix of {n:,} rows and a column a class, got {matrix.shape}.")
    if matrix.dtype.kind not in "uibf" or not np.isin(matrix, (0, 1)).all():
        raise DataError("labels: expected an indicator matrix of 0 and 1, one column a class.")
    return matrix.astype(np.uint8)


def _as_sets(labels: Labels) -> list[list[Any]] | None:
    """Return each text's labels as a list; None if each has one label, not in a list."""
    if getattr(labels, "ndim", 1) != 1:
        return None
    for method in ("to_pylist", "tolist", "to_list"):  # Arrow, NumPy and pandas, polars
        if hasattr(labels, method):
            labels = getattr(labels, method)()
            break
    if not isinstance(labels, list | tuple):
        return None
    kinds = (list, tuple, set, frozenset, np.ndarray)
    are_sets = [isinstance(each, kinds) for each in labels]
    if not any(are_sets):
        return None
    if not all(are_sets):
        raise DataError(f"labels: text {are_sets.index(False)} has no list of labels, and others have one.")
    return [list(each) for each in labels]


def _check_sets(sets: Iterable[list[Any]], n: int) -> None:
    rows = list(sets)
    if len(rows) != n:
        raise DataError(f"labels: expected {n:,}, a set of labels for each text, got {len(rows):,}.")
    for row, names in enumerate(rows):
        if not all(isinstance(name, str | int | np.generic) for name in names):
            raise DataError(f"labels: text {row}: expected a list of str or int, got {str(names)[:60]}.")
        if len(set(names)) != len(names):
            raise DataError(
                f"labels: text {row} names a label twice: {str(names)[:60]}. If this is a row of an indicator matrix, "
                "give the matrix as a NumPy array."
            )


def _encode(labels: Labels, n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the distinct labels in order and each one's position there, int64 [N]."""
    column = np.asarray(labels)
    if column.shape != (n,):
        raise DataError(f"labels: expected {n:,}, one for each text, got shape {column.shape}.")
    if column.dtype == object or (column.dtype.kind == "U" and isinstance(labels, list | tuple)):
        kinds = {type(value).__name__ for value in (labels if column.dtype.kind == "U" else column)}
        if not kinds <= {"str", "str_"}:  # of [1, "a"] NumPy would make the words "1" and "a"
            raise DataError(f"labels: expected all str or all int, got {', '.join(sorted(kinds))}.")
        column = column.astype(str)
    if column.dtype.kind == "f":
        if not (np.isfinite(column).all() and (column == np.floor(column)).all()):
            raise DataError("labels: expected words or whole numbers, got fractions or missing values.")
        column = column.astype(np.int64)
    if column.dtype.kind not in "Uiub":
        raise DataError(f"labels: expected str, int or bool, got {column.dtype}.")
    classes, codes = np.unique(column, return_inverse=True)
    if classes.dtype.kind == "U":
        order = np.array([classes.tolist().index(name) for name in sort_classes(classes.tolist())])
        classes, codes = classes[order], np.argsort(order)[codes]
    return classes, codes.astype(np.int64)
