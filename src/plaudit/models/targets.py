"""From labels as callers hold them to the numbers that training reads: one label a text, or a set of them.

The decision to question: labels are matched to a classifier's classes by value and, of words, by how files spell them,
so that a model whose classes are "1.0" or " x" takes the data that are read as "1" and "x" today; but 1 is not "1".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.labels import label_name, sort_classes
from plaudit.errors import DataError
from plaudit.models.label_values import (
    MOST_CLASS_BYTES,
    Indicator,
    as_sets,
    class_bytes,
    given_labels,
    plain_labels,
    set_names,
    warn_of_label,
    warn_of_labels,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A list, NumPy or Arrow array, or Series of str, int or bool; multi-label: of lists, tuples or sets of those, or an
# indicator matrix, or `Targets`.
Labels = Any
_KINDS = {"U": "str", "i": "int", "b": "bool"}  # what the classes of each kind of array are


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
            indicator matrix [N, C] of 0 and 1, whose classes are a table's columns, else 0 to C-1. Targets stay as
            they are.
        n: N.

    Raises:
        DataError: The number of labels differs from `n`, one is missing, none of those, or named twice for a text, or
            there are fewer than two classes (multi-label: none).
    """
    return labels if isinstance(labels, Targets) else _encoded(labels, n, is_new=True)


def _encoded(labels: Labels, n: int, *, is_new: bool) -> Targets:
    """Return the same; `is_new` says whether to warn of what is odd about the labels."""
    if (column := _dictionary(labels)) is not None:  # as `Dataset.label_column` gives them, with nothing left to say
        distinct, places = used_values(column, n)
        targets = _encoded(distinct, len(distinct), is_new=False)
        return Targets(targets.classes, targets.values[places], targets.multi_label)
    given = given_labels(labels, n)
    if isinstance(given, Indicator):
        _warn_of_singles(given.values, "row of the matrix has a single 1")
        return Targets(_column_classes(given), given.values, multi_label=True)
    sets = as_sets(given)
    if sets is None:
        plain = plain_labels(given)
        if is_new:
            warn_of_labels(given, plain)
        classes, codes = _numbered(plain)
        if len(classes) < 2:
            found = f"only {classes[0]!s}" if len(classes) else "none"
            raise DataError(f"labels: at least two classes are needed to learn from, found {found}.")
        return Targets(classes, codes, multi_label=False)
    names, lengths = set_names(sets)
    if is_new:
        warn_of_labels([name for each in sets for name in each], names)
    if not names:
        raise DataError("labels: no text has a label; at least one class is needed to learn from.")
    classes, codes = _numbered(names)
    values = np.zeros((n, len(classes)), np.uint8)
    values[np.repeat(np.arange(n), lengths), codes] = 1
    if is_new:
        _warn_of_singles(values, "text has a list of one label")
    return Targets(classes, values, multi_label=True)


def _warn_of_singles(indicator: NDArray[np.uint8], what: str) -> None:
    if (indicator.sum(axis=1) == 1).all() and indicator.any(axis=0).sum() > 1:
        warn_of_label(
            f"every {what}; they are read as sets of labels, which may have none or several. For one label a text give "
            "the labels themselves."
        )


def _dictionary(labels: Labels) -> pa.DictionaryArray | None:
    """Return a dictionary column of Arrow's in one piece, unless values of it are missing; None for all else."""
    if isinstance(labels, pa.ChunkedArray) and pa.types.is_dictionary(labels.type):
        labels = labels.unify_dictionaries().combine_chunks()
        labels = labels.chunk(0) if isinstance(labels, pa.ChunkedArray) else labels
    is_whole = isinstance(labels, pa.DictionaryArray) and not labels.dictionary.null_count
    return labels if is_whole and labels.dictionary.type != pa.string_view() else None


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


def _numbered(plain: list[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the different ones of plain labels in order and each one's position there, int64 [N]."""
    different = set(plain)
    if class_bytes(list(different)) > MOST_CLASS_BYTES:
        raise DataError(
            f"labels: the {len(different):,} different ones are too long for classes, up to "
            f"{max(len(str(each)) for each in different):,} characters; are texts and labels swapped?"
        )
    if different and isinstance(next(iter(different)), str):
        classes = np.array(sort_classes(different))
    else:
        classes = np.array(sorted(different))
    position = {label: i for i, label in enumerate(classes.tolist())}
    return classes, np.fromiter(map(position.__getitem__, plain), np.int64, len(plain))


def _column_classes(indicator: Indicator) -> NDArray[Any]:
    """Return the classes of an indicator, in the order of its columns."""
    if indicator.names is None:
        return np.arange(indicator.values.shape[1])
    try:
        names = plain_labels(indicator.names)
    except DataError as error:
        raise DataError(f"labels: the columns' names cannot be classes: {error}") from error
    if len(set(names)) != len(names):
        raise DataError(f"labels: two columns have the same name: {str(indicator.names)[:80]}.")
    return np.array(names)


def label_positions(
    labels: Labels, n: int, classes: NDArray[Any], *, may_be_unknown: bool = False
) -> NDArray[np.int64]:
    """Return where the label of each of N texts stands among a classifier's classes, int64 [N].

    Args:
        labels: N labels, one a text.
        n: N.
        classes: [C].
        may_be_unknown: Whether a label that is none of the classes is -1; else it is refused.

    Raises:
        DataError: They are not N, no labels, sets of labels, of another kind than the classes, or one is unknown.
    """
    if (column := _dictionary(labels)) is not None:
        distinct, places = used_values(column, n)
        return label_positions(distinct, len(distinct), classes, may_be_unknown=may_be_unknown)[places]
    given = given_labels(labels, n)
    if isinstance(given, Indicator) or as_sets(given) is not None:
        raise DataError("labels: expected one label each, as the classifier was fitted on, got sets of labels.")
    return _matched(plain_labels(given), classes, may_be_unknown=may_be_unknown)


def to_indicator(labels: Labels, n: int, classes: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the sets of labels of N texts as an indicator matrix of a classifier's classes, uint8 [N, C].

    Args:
        labels: An indicator matrix of those classes, or lists, tuples or sets of them.
        n: N.
        classes: [C].

    Raises:
        DataError: These are no sets of labels, their number is not `n`, or a label is not among `classes`.
    """
    if (column := _dictionary(labels)) is not None:
        distinct, places = used_values(column, n)
        return to_indicator(distinct, len(distinct), classes)[places]
    given = given_labels(labels, n)
    if isinstance(given, Indicator):
        return _arranged(given, classes)
    sets = as_sets(given)
    if sets is None:
        raise DataError("labels: expected a set of labels for each text, as the classifier was fitted on, got one.")
    names, lengths = set_names(sets)
    values = np.zeros((n, len(classes)), np.uint8)
    values[np.repeat(np.arange(n), lengths), _matched(names, classes)] = 1
    return values


def known_labels(
    labels: Labels, n: int, classes: NDArray[Any], *, multi_label: bool
) -> NDArray[np.int32] | NDArray[np.uint8]:
    """Return the labels of N texts as a `Dataset` with a classifier's classes has them.

    Where the classifier answers with sets of labels, labels may be one a text, too.

    Raises:
        DataError: As `label_positions` and `to_indicator`.
    """
    if (column := _dictionary(labels)) is not None:
        distinct, places = used_values(column, n)
        known: NDArray[Any] = known_labels(distinct, len(distinct), classes, multi_label=multi_label)[places]
        return known
    given = given_labels(labels, n)
    if isinstance(given, Indicator):
        if not multi_label:
            raise DataError("labels: expected one label each, as the classifier was fitted on, got sets of labels.")
        return _arranged(given, classes)
    if multi_label and as_sets(given) is not None:
        return to_indicator(given, n, classes)
    return label_positions(given, n, classes).astype(np.int32)


def _arranged(indicator: Indicator, classes: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an indicator whose columns are in the order of the classes: a table's are found by name."""
    if indicator.values.shape[1] != len(classes):
        raise DataError(
            f"labels: expected an indicator of {len(classes)} classes, got {indicator.values.shape[1]} columns."
        )
    if indicator.names is None:
        return indicator.values
    positions = _matched(_column_classes(indicator).tolist(), classes, may_be_unknown=True)
    if sorted(positions.tolist()) != list(range(len(classes))):
        raise DataError(
            f"labels: expected an indicator with the columns {str(classes.tolist())[:80]}, got "
            f"{str(indicator.names)[:80]}."
        )
    arranged = np.zeros_like(indicator.values)
    arranged[:, positions] = indicator.values
    return arranged


def _matched(plain: list[Any], classes: NDArray[Any], *, may_be_unknown: bool = False) -> NDArray[np.int64]:
    """Return where each of some plain labels stands among the classes, int64; -1 for one that may be unknown."""
    listed = classes.tolist()
    if plain and type(plain[0]) is not type(listed[0]):
        shown = ", ".join(map(repr, listed[:3])) + (", …" if len(listed) > 3 else "")
        raise DataError(
            f"labels: expected {_KINDS[classes.dtype.kind]}, as the model's classes are ({shown}), got "
            f"{type(plain[0]).__name__} ({plain[0]!r:.40})."
        )
    position = {label: i for i, label in reversed(list(enumerate(listed)))}
    if classes.dtype.kind == "U":  # models of before may have classes that are spelled differently today
        spelled = {label_name(label): i for i, label in reversed(list(enumerate(listed)))}
        position = spelled | position
    positions = np.fromiter((position.get(label, -1) for label in plain), np.int64, len(plain))
    if not may_be_unknown and (positions < 0).any():
        raise DataError(f"labels: {plain[int(positions.argmin())]!r} does not occur in the training texts.")
    return positions
