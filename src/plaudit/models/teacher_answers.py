"""What a teacher said of texts, read from a file: any teacher's, a large language model's too.

A row is a text, or the id of one, and the teacher's answer: a probability for each class, or one label with how sure it
is. The answers are understood when the classes are known, which is in `fit`; what needs no classes is checked at once.

The decision to question: an answer of one label without a probability counts as sure. A teacher of words alone says no
more than that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.column_names import LABEL_NAMES, rank_of
from plaudit.data.labels import label_name, label_set
from plaudit.data.readers.formats import format_of
from plaudit.data.readers.whole import WholeTable, read_whole
from plaudit.errors import ConfigError, DataError
from plaudit.models.answers import PREDICTION, PROBABILITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TABLES = ("csv", "tsv", "jsonl", "parquet")
_ANSWER_NAMES = (PREDICTION, "answer", *LABEL_NAMES)
_SURENESS_NAMES = (PROBABILITY, "confidence")
_FROM_ONE = 0.02  # how far probabilities that were rounded for a file may sum from 1; they are divided by their sum


@dataclass(frozen=True, eq=False, repr=False)
class TeacherAnswers:
    """The rows of a file of answers, those without one included.

    Attributes:
        texts: Arrow ``large_string`` [M].
        rows: int64 [M], the row of `table` that answers each text; several texts may share one.
        table: The file.
    """

    texts: pa.LargeStringArray
    rows: NDArray[np.int64]
    table: WholeTable

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"TeacherAnswers({str(self.table.path)!r}, {len(self):,} texts)"

    def of(self, texts: pa.LargeStringArray) -> TeacherAnswers:
        """Return the answers to texts that are among `texts`, letter by letter."""
        return self.where(pc.is_in(self.texts, value_set=texts).to_numpy(zero_copy_only=False))

    def where(self, chosen: NDArray[np.bool_]) -> TeacherAnswers:
        """Return the answers at True of `chosen`, bool [M]."""
        positions = np.flatnonzero(chosen)
        return replace(self, texts=self.texts.take(pa.array(positions)), rows=self.rows[positions])

    def probabilities(self, classes: Sequence[str], *, multi_label: bool) -> NDArray[np.float64]:
        """Return each class's probability, float64 [M, C]; NaN in all columns where the teacher gave no answer.

        Args:
            classes: The C names of the classes.
            multi_label: Whether a text may have several.

        Raises:
            DataError: The file has no column of answers for these classes, or a value is none.
        """
        columns = _class_columns(self.table, classes, multi_label=multi_label)
        if columns is not None:
            found = _from_columns(self.table, columns, multi_label=multi_label)
        elif multi_label:
            found = _from_sets(self.table, classes)
        else:
            found = _from_labels(self.table, classes)
        return found[self.rows]


@dataclass(frozen=True, eq=False, repr=False)
class AnswersFile:
    """A file of answers whose rows have not found their texts yet.

    Attributes:
        table: Its columns.
        text_name: Which holds the texts; None where it has ids alone.
        id_name: Which holds the ids; None where texts are matched as they are.
        sha256: The file's hash.
    """

    table: WholeTable
    text_name: str | None
    id_name: str | None
    sha256: str

    def answers(self) -> TeacherAnswers:
        """Return the answers to the texts that the file itself holds.

        Raises:
            DataError: A text is blank or no string.
        """
        assert self.text_name is not None  # `read_answers` saw to it where there are no ids
        texts = self.table.texts(self.text_name)
        return TeacherAnswers(texts, np.arange(len(texts)), _without(self.table, self.text_name))

    def answers_by_id(self, ids: pa.Array | pa.ChunkedArray, texts: pa.LargeStringArray) -> TeacherAnswers:
        """Return the answers to texts whose ids the file has.

        Args:
            ids: N, of any type, none twice.
            texts: The N texts.

        Raises:
            DataError: An id is there twice among the texts, or no id of the file is.
        """
        assert self.id_name is not None
        known, asked = _words(ids), _words(self.table.columns[self.id_name])
        given = known.drop_null()
        if len(given) > (different := len(given.unique())):
            raise DataError(f"--id-column {self.id_name}: {len(given) - different:,} texts have the id of another.")
        places = pc.index_in(asked, value_set=known, skip_nulls=True)
        rows = np.flatnonzero(places.is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
        if not len(rows):
            raise DataError(
                f"{self.table.path}: none of its {len(asked):,} ids is an id of the texts; it has {_example(asked)}, "
                f"the texts have {_example(given)}."
            )
        return TeacherAnswers(texts.take(places.take(pa.array(rows))), rows, _without(self.table, self.id_name))


def is_answers_file(teacher: object) -> TypeGuard[str | Path]:
    """Say whether a teacher is named by a file, or by what should be one; a model is a folder."""
    if not isinstance(teacher, str | Path):
        return False
    path = Path(teacher).expanduser()
    return path.is_file() or (not path.exists() and path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".parquet"))


def read_answers(path: str | Path, *, text_column: str | None = None, id_column: str | None = None) -> AnswersFile:
    """Read a file of answers: CSV, TSV, JSON Lines or Parquet.

    Args:
        path: The file.
        text_column: The column of texts; None, or where the file has no such column, finds it by name.
        id_column: The column of ids, in the file and in the data; None matches by text.

    Raises:
        DataError: The file is missing, damaged or no table, or it has neither texts nor ids.
        ConfigError: It has not the column that was named.
    """
    path = Path(path).expanduser()
    format = format_of(path)
    if format not in _TABLES:
        raise DataError(f"{path}: a teacher is a model's folder or a table of answers ({', '.join(_TABLES)}).")
    table = read_whole(str(path))
    names = list(table.columns)
    if id_column is not None and id_column not in names:
        raise ConfigError(f"--id-column {id_column}: {path} has no such column; it has {_listed(names)}.")
    ranks = {name: rank for name in names if (rank := rank_of(name, of_label=False)) is not None}
    text = text_column if text_column in names else min(ranks, key=lambda name: ranks[name], default=None)
    if id_column is None and text is None:
        raise DataError(
            f"{path}: no column of texts; the columns are {_listed(names)}. Name it with --text-column, or with "
            "--id-column a column of ids that the data have too."
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return AnswersFile(table, None if id_column else text, id_column, digest)


def _class_columns(table: WholeTable, classes: Sequence[str], *, multi_label: bool) -> list[str | None] | None:
    """Return the column of each class's probability; None where the file has one answer a row.

    Of two classes that exclude each other one column is enough, and the other is None.
    """
    names = [name for name in table.columns if name.startswith(f"{PROBABILITY}_")]
    if unknown := [name for name in names if name.removeprefix(f"{PROBABILITY}_") not in classes]:
        raise DataError(
            f"{table.path}: column {unknown[0]!r} is of a class that is not a label; the labels are {_listed(classes)}."
        )
    for prefix in (f"{PROBABILITY}_", ""):
        found = [prefix + name if prefix + name in table.columns else None for name in classes]
        n_missing = found.count(None)
        if not n_missing or (len(classes) == 2 and n_missing == 1 and not multi_label):
            return found
        if n_missing < len(classes):
            missing = classes[found.index(None)]
            raise DataError(
                f"{table.path}: no column of class {missing!r}; expected {f'{prefix}{missing}'!r} beside "
                f"{next(name for name in found if name)!r}."
            )
    return None


def _from_columns(table: WholeTable, columns: list[str | None], *, multi_label: bool) -> NDArray[np.float64]:
    shares = np.stack([np.full(len(table), np.nan) if name is None else _shares(table, name) for name in columns], 1)
    if None in columns:
        missing = columns.index(None)
        shares[:, missing] = 1 - shares[:, 1 - missing]
        return shares
    if some := _first((np.isnan(shares).any(axis=1)) & ~np.isnan(shares).all(axis=1)):
        raise DataError(f"{table.where(some[0])}: a class has no probability and another has one.")
    if multi_label:
        return shares
    sums = shares.sum(axis=1)
    if wrong := _first(np.abs(sums - 1) > _FROM_ONE):
        raise DataError(f"{table.where(wrong[0])}: the classes' probabilities sum to {sums[wrong[0]]:.3g}, expected 1.")
    divided: NDArray[np.float64] = shares / sums[:, None]
    return divided


def _from_labels(table: WholeTable, classes: Sequence[str]) -> NDArray[np.float64]:
    column = _answer_column(table, classes)
    sureness = next((name for name in _SURENESS_NAMES if name in table.columns), None)
    sure = np.ones(len(table)) if sureness is None else _shares(table, sureness)
    places = {name: place for place, name in enumerate(classes)}
    shares = np.full((len(table), len(classes)), np.nan)
    for row, value in enumerate(_values(table, column)):
        name = _named(table, row, column, value)
        if name is None or np.isnan(sure[row]):
            continue
        if name not in places:
            raise _unknown(table, row, column, name, classes)
        shares[row] = (1 - sure[row]) / (len(classes) - 1)
        shares[row, places[name]] = sure[row]
    return shares


def _from_sets(table: WholeTable, classes: Sequence[str]) -> NDArray[np.float64]:
    column = _answer_column(table, classes)
    places = {name: place for place, name in enumerate(classes)}
    shares = np.full((len(table), len(classes)), np.nan)
    for row, value in enumerate(_values(table, column)):
        if value is None:
            continue
        shares[row] = 0
        try:
            names = label_set(value, None)
        except DataError as error:
            raise DataError(f"{table.where(row)}: column {column!r}: {error}.") from None
        for name in names:
            if name not in places:
                raise _unknown(table, row, column, name, classes)
            shares[row, places[name]] = 1
    return shares


def _answer_column(table: WholeTable, classes: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in reversed(list(table.columns))}
    for known in _ANSWER_NAMES:
        if known in lowered:
            return lowered[known]
    raise DataError(
        f"{table.path}: no answers; expected a column of probabilities for each class, such as "
        f"{f'{PROBABILITY}_{classes[0]}'!r}, or the answer itself in {PREDICTION!r}; the columns are "
        f"{_listed(list(table.columns))}."
    )


def _named(table: WholeTable, row: int, column: str, value: object) -> str | None:
    try:
        return label_name(value)
    except DataError as error:
        raise DataError(f"{table.where(row)}: column {column!r}: {error}.") from None


def _unknown(table: WholeTable, row: int, column: str, name: str, classes: Sequence[str]) -> DataError:
    return DataError(
        f"{table.where(row)}: column {column!r} answers {name[:60]!r}; the labels are {_listed(classes)}. "
        "Leave it empty where the teacher has no answer."
    )


def _shares(table: WholeTable, name: str) -> NDArray[np.float64]:
    """Return a column of numbers from 0 to 1, float64 [rows]; NaN where a value is missing.

    Raises:
        DataError: A value is no such number.
    """
    shares = np.full(len(table), np.nan)
    for row, value in enumerate(_values(table, name)):
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            if isinstance(value, bool):
                raise TypeError
            shares[row] = number = float(value)
        except (TypeError, ValueError):
            number = np.nan
        if not 0 <= number <= 1 and not _is_nan(value):
            raise DataError(
                f"{table.where(row)}: column {name!r}: expected a probability from 0 to 1, got {str(value)[:40]!r}."
            )
    return shares


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and value != value


def _values(table: WholeTable, name: str) -> list[Any]:  # Any: what the format's reader found
    return table.columns[name]


def _words(values: list[Any] | pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return ids as strings, so that a number in one file is the same number as a word in another."""
    if isinstance(values, list):
        values = pa.array([None if value is None else str(value) for value in values], pa.large_string())
    try:
        words = values.cast(pa.large_string())
    except pa.ArrowException as error:
        raise DataError(f"ids: expected words or numbers, got {values.type}.") from error
    return words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words


def _example(words: pa.Array) -> str:
    return f"{words[0].as_py()!r}, …" if len(words) else "none"


def _without(table: WholeTable, name: str) -> WholeTable:
    """Leave out a column, which may be called as a class is."""
    return replace(table, columns={other: values for other, values in table.columns.items() if other != name})


def _first(wrong: NDArray[np.bool_]) -> list[int]:
    return [int(row) for row in np.flatnonzero(wrong)[:1]]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:12]) + (", …" if len(names) > 12 else "")
