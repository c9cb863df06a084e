"""Where a classifier is good and where it is not: its accuracy on parts of the texts.

The decision to question: slices are looked at one by one, and of many one is low by chance; their intervals say how
low, not whether it is the lowest of twenty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.dataset import Dataset
from plaudit.data.labels import sort_classes
from plaudit.errors import DataError
from plaudit.evaluation.figure_intervals import share_interval
from plaudit.evaluation.intervals import Interval
from plaudit.evaluation.repeats import Repeats
from plaudit.text import WordTokenizer
from plaudit.text.token_memory import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.evaluation.scoring import Answers

LENGTH = "length"
CHARACTERS = "characters"
_MOST_VALUES = 20  # slices of a column; a reader sees no more at once
_MISSING = "(missing)"


@dataclass(frozen=True)
class Division:
    """Which slice each of N texts is in.

    Attributes:
        by: What divides them: "length", "characters", or a column.
        names: What the slices are called, S of them, in order.
        numbers: int64 [N], each text's slice.
    """

    by: str
    names: tuple[str, ...]
    numbers: NDArray[np.int64]


@dataclass(frozen=True)
class Slice:
    """A part of the texts, and how good the classifier is there.

    Attributes:
        name: What the texts have in common.
        n: Texts, at least 1.
        accuracy: Share of them that is right; those without an answer are not.
        interval: Wilson's 95 % interval of it; None of too few texts (`figure_intervals.TOO_FEW`).
        further: The figures of installed packages' metrics, by name; NaN where these texts do not define one.
    """

    name: str
    n: int
    accuracy: float
    interval: Interval | None
    further: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values."""
        span = None if self.interval is None else self.interval.to_list()
        found: dict[str, object] = {
            "slice": self.name, "n": self.n, "accuracy": self.accuracy, "accuracy_interval_95": span,
        }  # fmt: skip
        if self.further:
            found["further"] = {name: None if math.isnan(value) else value for name, value in self.further.items()}
        return found


def divide(dataset: Dataset, by: str) -> Division:
    """Divide texts into quarters by length ("length" in tokens, "characters" is quicker), or by an extra column.

    A column of numbers with more than 20 different ones is divided into quarters; of other columns the values that most
    texts have are slices, and those beyond the twentieth are one, "other". Equal values are never divided.

    Raises:
        DataError: There is no such column, or it holds something other than words, numbers and booleans.
    """
    if by == LENGTH:
        return _quarters(by, tokens_of(WordTokenizer(), dataset.texts).lengths().astype(np.float64), "tokens")
    if by == CHARACTERS:
        return _quarters(by, pc.utf8_length(dataset.texts).to_numpy(zero_copy_only=False).astype(np.float64), by)
    if dataset.extra.schema.get_field_index(by) < 0:  # not the list of all names: each of many columns is asked for
        names = ", ".join(map(repr, [LENGTH, CHARACTERS, *dataset.extra.column_names]))
        raise DataError(f"{dataset.name}: --slice {by}: no such column; expected one of {names}.")
    column = dataset.extra[by].combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        raise DataError(f"{dataset.name}: --slice {by}: expected words, numbers or booleans, got {column.type}.")
    words = pc.fill_null(pc.cast(column, pa.large_string()), _MISSING)
    encoded = words.dictionary_encode()
    values, found = encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)
    if len(values) > _MOST_VALUES:
        numbers = _as_numbers(values)
        if numbers is not None:
            return _quarters(by, numbers[found], by)
    return _by_value(by, values, found)


def accuracy_by_slice(
    division: Division,
    right: NDArray[np.bool_],
    answers: Answers | None = None,
    *,
    alike: NDArray[np.integer] | None = None,
) -> list[Slice]:
    """Return the slices that have texts, in order.

    Args:
        division: Of N texts.
        right: Which texts are answered right, bool [N].
        answers: What was answered to them, of which installed packages' metrics are measured too; None for none.
        alike: int [N], a number for each text that equal texts share; None where all differ.
    """

    def further(number: int) -> dict[str, float]:
        rows = np.flatnonzero(division.numbers == number)
        return {} if answers is None else {each.name: v for each, v in answers.take(rows).further.items()}

    n_slices = len(division.names)
    sizes = np.bincount(division.numbers, minlength=n_slices).tolist()
    hits = np.bincount(division.numbers[right], minlength=n_slices).tolist()
    repeats = Repeats.of(alike, len(right))
    worth = repeats.worth_by(np.arange(len(right)), division.numbers, n_slices).tolist()
    return [
        Slice(name, n, hit / n, share_interval(hit, n, worth[number]), further(number))
        for number, (name, n, hit) in enumerate(zip(division.names, sizes, hits, strict=True))
        if n
    ]


def _by_value(by: str, values: Sequence[str], found: NDArray[np.int64]) -> Division:
    counts = np.bincount(found, minlength=len(values))
    order = np.argsort(-counts, kind="stable")
    shown = [values[i] for i in order[: _MOST_VALUES if len(values) <= _MOST_VALUES else _MOST_VALUES - 1]]
    names = tuple(sort_classes(shown))
    if len(values) == len(names):
        places = {name: place for place, name in enumerate(names)}
    else:
        places = dict.fromkeys(values, len(names)) | {name: place for place, name in enumerate(names)}
        names = (*names, f"other ({len(values) - len(names):,} values)")
    return Division(by, names, np.array([places[value] for value in values], np.int64)[found])


def _quarters(by: str, numbers: NDArray[np.float64], unit: str) -> Division:
    """Divide by the quartiles, NaN apart; equal numbers stay together, so a quarter may be empty or greater."""
    known = ~np.isnan(numbers)
    names: list[str] = []
    places = np.zeros(len(numbers), np.int64)
    if known.any():
        edges = np.unique(np.percentile(numbers[known], [25, 50, 75], method="lower"))
        places[known] = np.unique(np.searchsorted(edges, numbers[known]), return_inverse=True)[1]
        for place in range(int(places.max()) + 1):
            own = numbers[known & (places == place)]
            low, high = f"{own.min():,g}", f"{own.max():,g}"
            names.append(f"{low} {unit}" if low == high else f"{low} to {high} {unit}")
    if not known.all():
        places[~known] = len(names)
        names.append(_MISSING)
    return Division(by, tuple(names), places)


def _as_numbers(values: Sequence[str]) -> NDArray[np.float64] | None:
    """Return values as numbers, the missing ones NaN; None if one is not a finite number."""
    try:
        numbers = np.array([np.nan if value == _MISSING else float(value) for value in values])
    except ValueError:
        return None
    finite = np.isfinite(numbers) | np.array([value == _MISSING for value in values])
    return numbers if finite.all() else None
