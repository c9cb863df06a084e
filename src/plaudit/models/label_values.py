"""Labels as Python callers hold them, as plain values: one a text, a list of them a text, or an indicator matrix.

Nothing is guessed and nothing changes its value in silence: a label is a str without outer white space, a whole number
that fits into 64 bits, or a bool, all of one kind; whatever else comes is refused with its place. NumPy alone would
make "1" of 1 beside "a", 1 of True beside 2, and a number of its own of 1e30.

The decision to question: a set of labels is a list of names or a row of an indicator matrix, and only an array or a
table is such a matrix. ``[[0, 1], [1, 0]]`` could be either and is refused; a column, [N, 1], is one label a text.
"""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.data.label_cells import listed_labels
from plaudit.data.label_findings import LabelWarning, look_alike_findings, odd_name_findings, separator_of
from plaudit.data.labels import label_name
from plaudit.data.tables import asking_for, column_names, column_values
from plaudit.errors import DataError, outside

if TYPE_CHECKING:
    from numpy.typing import NDArray

Label = str | int | bool

_SETS = (list, tuple, set, frozenset, np.ndarray)
MOST_CLASS_BYTES = 64 * 1024 * 1024  # of all classes' names: more is no model's, and is not read back
_LEAST, _MOST = -(2**63), 2**63 - 1
_SHOWN = 5  # labels in a warning
_ADVICE = {
    "look alike": "spell labels of one class alike",
    "odd name": "leave those texts out, if so",
}
_KINDS = "OUTiubf"  # NumPy's: objects, two kinds of strings, whole numbers, booleans, floats


class DataConversionWarning(UserWarning):
    """A column of labels, [N, 1], was taken for one label a text: scikit-learn's warning where it is not installed."""


@dataclass(frozen=True)
class Indicator:
    """A matrix of 0 and 1.

    Attributes:
        values: uint8 [N, C].
        names: What its columns are called, C names; None for those of an array.
    """

    values: NDArray[np.uint8]
    names: list[object] | None


def given_labels(labels: Any, n: int) -> list[Any] | Indicator:  # Any: what a caller holds
    """Return the labels of N texts as Python values, N long, or as an indicator; a column is made one label a text.

    Raises:
        DataError: They are not N, have no order, or are no labels at all.
    """
    names = column_names(labels)
    if names is not None or getattr(labels, "ndim", 1) == 2:
        columns, matrix = _columns(labels, names)
        shape = (len(columns[0]) if columns else 0, len(columns)) if matrix is None else matrix.shape
        if shape[1] != 1:
            return Indicator(_zeros_and_ones(columns if matrix is None else matrix, shape, n), names)
        _warn_of_a_column(labels, names)
        values = columns[0] if matrix is None else matrix.ravel().tolist()
    else:
        values = _listed(labels)
    if len(values) != n:
        raise DataError(f"labels: expected {n:,}, one for each text, got {len(values):,}.")
    return values


def _columns(labels: Any, names: list[object] | None) -> tuple[list[list[Any]], NDArray[Any] | None]:
    """Return a table's columns, or a matrix."""
    if names is not None:
        return column_values(labels, names), None
    return [], np.asarray(labels.toarray() if hasattr(labels, "toarray") else labels)  # SciPy's sparse matrices


def _zeros_and_ones(found: Any, shape: tuple[int, ...], n: int) -> NDArray[np.uint8]:
    if shape[0] != n or not shape[1]:
        raise DataError(f"labels: expected an indicator matrix of {n:,} rows and a column a class, got {shape}.")
    try:
        matrix = np.column_stack(found) if isinstance(found, list) else found
        is_indicator = matrix.dtype.kind in "uibfO" and bool(np.isin(matrix, (0, 1)).all())
    except (TypeError, ValueError):
        is_indicator = False
    if not is_indicator:
        raise DataError("labels: expected an indicator matrix of 0 and 1, one column a class.")
    return matrix.astype(np.uint8)


def _warn_of_a_column(labels: object, names: list[object] | None) -> None:
    advice = "labels.ravel()" if names is None else asking_for(labels, names[0])
    warnings.warn(
        f"labels: a column of shape [N, 1] was given; it is read as one label for each text. Give {advice} instead.",
        _conversion_warning(),
        stacklevel=outside(),
    )


def _conversion_warning() -> type[Warning]:
    try:
        from sklearn.exceptions import DataConversionWarning as Theirs
    except ImportError:
        return DataConversionWarning
    found: type[Warning] = Theirs
    return found


def _listed(labels: Any) -> list[Any]:
    """Return one-dimensional labels as a list, in their order."""
    kind = type(labels).__name__
    if isinstance(labels, str | bytes | bytearray):
        raise DataError(f"labels: expected a list of labels, got one {kind}.")
    if isinstance(labels, Set | Mapping | io.IOBase):
        raise DataError(f"labels: expected a list of labels, got {kind}, which has no order.")
    if getattr(labels, "ndim", 1) != 1:
        raise DataError(f"labels: expected one for each text, got shape {tuple(np.shape(labels))}.")
    dtype = getattr(labels, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind not in _KINDS:
        raise DataError(f"labels: expected str, int or bool, got {dtype}.")
    for method in ("to_pylist", "tolist", "to_list"):  # Arrow; NumPy and pandas; polars
        if callable(convert := getattr(labels, method, None)):
            found = convert()
            if isinstance(found, list):
                return found
    if isinstance(labels, Sequence | Iterator) or type(labels).__name__ == "dict_values":
        return list(labels)
    if hasattr(labels, "__array__"):
        return _listed(np.asarray(labels))
    raise DataError(f"labels: expected a list of labels, got {kind}.")


def as_sets(values: list[Any]) -> list[list[Any]] | None:
    """Return each text's labels as a list; None if each has one label, not in a list.

    Raises:
        DataError: Some texts have a list and others do not, or the lists are rows of an indicator matrix.
    """
    are_sets = {kind for kind in set(map(type, values)) if issubclass(kind, _SETS)}
    if not are_sets:
        return None
    for row, each in enumerate(values):
        if type(each) not in are_sets or getattr(each, "ndim", 1) != 1:
            raise DataError(f"labels: text {row} has no list of labels, and others have one.")
    sets = [each.tolist() if isinstance(each, np.ndarray) else list(each) for each in values]
    width = len(sets[0])
    if width > 1 and all(len(row) == width and _is_zeros_and_ones(row) for row in sets):
        raise _is_matrix(f"every text has a list of {width} times 0 or 1")
    return sets


def _is_zeros_and_ones(row: list[Any]) -> bool:
    return all(isinstance(each, int | float | np.generic) and each in (0, 1) for each in row)


def _is_matrix(what: str) -> DataError:
    return DataError(
        f"labels: {what}. If these are rows of an indicator matrix, give the matrix as a NumPy array; a list names "
        "each of its labels once."
    )


def set_names(sets: list[list[Any]]) -> tuple[list[Label], NDArray[np.int64]]:
    """Return the labels of all sets, one after the other, and how many each text has, int64 [N]; blank ones left out.

    Raises:
        DataError: A text names a label twice, or a label is none.
    """
    flat = [name for names in sets for name in names]
    owners = np.repeat(np.arange(len(sets)), [len(names) for names in sets]).tolist()
    plain = plain_labels(flat, places=owners, may_be_missing=True)
    kept = [(row, name) for row, name in zip(owners, plain, strict=True) if name is not None]
    if len(set(kept)) != len(kept):
        seen: set[tuple[int, Label]] = set()
        row = next(row for row, name in kept if (row, name) in seen or seen.add((row, name)))  # type: ignore[func-returns-value]
        raise _is_matrix(f"text {row} names a label twice: {str(sets[row])[:60]}")
    return [name for _, name in kept], np.bincount([row for row, _ in kept], minlength=len(sets)).astype(np.int64)


def plain_labels(
    values: list[Any], *, places: Sequence[int] | None = None, may_be_missing: bool = False
) -> list[Any]:  # Any: all str, all int or all bool; None for a missing one
    """Return labels as str without outer white space, as int or as bool: each different one is understood once.

    Args:
        values: N labels.
        places: Which text each is of, for messages; None counts them.
        may_be_missing: Whether a missing label (None, NaN, blank) is None; else it is refused.

    Raises:
        DataError: A label is no str, no whole number of 64 bits and no bool, they are of several kinds, or one is
            missing.
    """
    values = _without_nan(values)
    kinds = {kind: _family(kind) for kind in set(map(type, values))}
    at = range(len(values)) if places is None else places
    _refuse_mixed(values, kinds, at)
    found: dict[Any, Label | None] = {}
    try:
        for value in set(values):
            found[value] = None if kinds[type(value)] == "missing" else _plain(value)
        plain = [found[value] for value in values]
    except (DataError, TypeError) as error:
        raise _placed(values, kinds, at) from error
    n_missing = plain.count(None)
    if n_missing and not may_be_missing:
        raise DataError(
            f"labels: {n_missing:,} of {len(values):,} {'is' if n_missing == 1 else 'are'} missing, the first that of "
            f"text {at[plain.index(None)]}; give each text its label, or leave it out."
        )
    return plain


def _without_nan(values: list[Any]) -> list[Any]:
    """Return labels with None in place of NaN where they are words, since pandas fills gaps between words with it."""
    kinds = set(map(type, values))
    if not any(issubclass(kind, float | np.floating) for kind in kinds) or len(kinds) == 1:
        return values
    return [None if isinstance(value, float | np.floating) and np.isnan(value) else value for value in values]


def warn_of_labels(values: list[Any], plain: Sequence[Label | None]) -> None:
    """Warn of words that are spelled otherwise as classes, that look alike, or that may mean that there is no label.

    Args:
        values: Labels as they were given.
        plain: The same as `plain_labels` returns them, the missing ones left out.
    """
    counts = Counter(name for name in plain if isinstance(name, str))
    if not counts:
        return
    words = {str.__str__(value) for value in set(values) if isinstance(value, str)}
    spelled = {word: name for word in sorted(words) if (name := label_name(word)) not in (None, word)}
    told = []
    if spelled:
        shown = ", ".join(f"{value!r:.40} as {name!r:.40}" for value, name in list(spelled.items())[:_SHOWN])
        more = f" and {len(spelled) - _SHOWN} more" if len(spelled) > _SHOWN else ""
        told.append(f"words are read as files spell them: {shown}{more}; `predict` answers so.")
    if (lists := listed_labels(sorted(counts))) is not None:
        one = next(name for name, read in zip(sorted(counts), lists[0], strict=True) if isinstance(read, list))
        told.append(f"{one!r:.40} is one of several lists written as text; give such a text the list of its labels.")
    elif (mark := separator_of(counts)) is not None:
        one = next(name for name in counts if mark in name)
        told.append(f"{one!r:.40} looks like several that {mark!r} separates; give such a text the list of its labels.")
    findings = (*look_alike_findings(counts), *odd_name_findings(counts))
    told += [f"{finding.message.partition(';')[0]}; {_ADVICE[finding.kind]}." for finding in findings]
    for message in told:
        warn_of_label(message.removeprefix("labels "))


def warn_of_label(message: str) -> None:
    """Warn the code that called us of something odd about the labels that it gave."""
    warnings.warn(f"labels: {message}", LabelWarning, stacklevel=outside())


def class_bytes(classes: Sequence[Label]) -> int:
    """Return how many bytes NumPy takes for the classes, each of which takes as many as the longest."""
    return len(classes) * max((len(str(name)) for name in classes), default=0) * 4


def _family(kind: type) -> str:
    """Return "str", "int" or "bool" of a type of label, "missing" of None's and pandas's, "" of any other."""
    if issubclass(kind, str):
        return "str"
    if issubclass(kind, bool | np.bool_):
        return "bool"
    if issubclass(kind, int | float | np.integer | np.floating):
        return "int"
    is_missing = kind is type(None) or (
        kind.__module__.startswith("pandas.") and kind.__name__ in ("NAType", "NaTType")
    )
    return "missing" if is_missing else ""


def _refuse_mixed(values: list[Any], kinds: dict[type, str], at: Sequence[int]) -> None:
    """Refuse types that are no labels', and labels of several kinds, for of [1, "a"] NumPy would make two words."""
    if bad := {kind for kind, family in kinds.items() if not family}:
        row = next(i for i, value in enumerate(values) if type(value) in bad)
        hint = "; give its value" if isinstance(values[row], Enum) else ""
        raise DataError(f"labels: text {at[row]}: expected str, int or bool, got {type(values[row]).__name__}{hint}.")
    families = {family for kind, family in kinds.items() if family != "missing"}
    if len(families) > 1:
        firsts = [next(i for i, value in enumerate(values) if kinds[type(value)] == family) for family in families]
        shown = " and ".join(f"{values[i]!r:.40} (text {at[i]})" for i in sorted(firsts))
        raise DataError(f"labels: expected all str, all int or all bool, got {shown}.")


def _plain(value: Any) -> Label | None:
    """Return one label as it is kept.

    Raises:
        DataError: It cannot be; the message is the end of a sentence.
    """
    if isinstance(value, str):
        return _word(str.__str__(value))
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        if not (np.isfinite(value) and value == np.floor(value)):
            raise DataError(f"expected a word or a whole number, got {float(value)!r}")
    if not _LEAST <= (number := int(value)) <= _MOST:
        raise DataError(f"{value!r} does not fit into 64 bits; give such numbers as words (str)")
    return number


def _word(value: str) -> str | None:
    name = label_name(value)
    if name is not None and name.endswith("\0"):
        raise DataError(f"{name[:40]!r} ends in the character NUL, which NumPy's words cannot hold")
    try:
        (name or "").encode()
    except UnicodeEncodeError:
        raise DataError(f"{value[:40]!r} holds half of a surrogate pair, which is not a character") from None
    return name


def _placed(values: list[Any], kinds: dict[type, str], at: Sequence[int]) -> DataError:
    """Return what is wrong with the first label that cannot be kept, with its place."""
    for row, value in enumerate(values):
        try:
            if kinds[type(value)] != "missing":
                _plain(value)
        except DataError as error:
            return DataError(f"labels: text {at[row]}: {error}.")
    return DataError("labels: some cannot be compared with each other.")
