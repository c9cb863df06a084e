"""From a classifier's answers to the figures of a report.

The decision to question: what the accuracy is held against. It is always answering what is commonest in training, as
somebody would who has read no text.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import DataError
from plaudit.evaluation import Metrics, MultiLabelMetrics, Reliability, reliability
from plaudit.evaluation.calibration import stated
from plaudit.evaluation.figures import figures_of
from plaudit.evaluation.slices import CHARACTERS, accuracy_by_slice, divide
from plaudit.report.facts import (
    BinFacts,
    ClassFigures,
    Confused,
    DivisionFacts,
    Figure,
    FurtherFigure,
    HeldOutFacts,
    Measured,
    SliceFacts,
)
from plaudit.training.losses import probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data import Dataset
    from plaudit.evaluation import Answers

MOST_IN_MATRIX = 12  # classes; of more a reader sees no pattern in a matrix
_MOST_CONFUSED = 15
_MOST_COLUMNS = 6


def measured_facts(answers: Answers, guessed: tuple[str, ...] | None = None) -> Measured:
    """Return the figures of what was answered to N labelled texts; `guessed` is what `commonest` gives of training."""
    metrics = answers.metrics
    is_single = isinstance(metrics, Metrics)
    bins_raw: tuple[BinFacts, ...] = ()
    if answers.raw is not None:
        shares = probabilities(answers.raw, multi_label=answers.multi_label)
        bins_raw = _bins(reliability(*stated(answers.labels, shares), repeats=answers.repeats))
    matrix = metrics.confusion if isinstance(metrics, Metrics) else None
    is_small = matrix is not None and len(matrix) <= MOST_IN_MATRIX
    return Measured(
        n=metrics.n,
        coverage=metrics.coverage if isinstance(metrics, Metrics) else 1.0,
        figures={
            each.name: _figure(getattr(metrics, each.name), metrics.intervals.get(each.name))
            for each in figures_of("one label" if is_single else "sets")
            if each.meaning and getattr(metrics, each.name) is not None
        },
        classes=_classes(answers, metrics, "f1_by_class" if is_single else "f1"),
        matrix=tuple(map(tuple, matrix.tolist())) if matrix is not None and is_small else (),
        confused=() if matrix is None else _confused(matrix, metrics.classes),
        bins=_bins(answers.reliability),
        bins_raw=bins_raw,
        further=tuple(FurtherFigure(m.name, m.words, v) for m, v in answers.further.items() if math.isfinite(v)),
        guess=None if guessed is None else guess_accuracy(answers, guessed),
    )


def guess_accuracy(answers: Answers, guessed: tuple[str, ...]) -> float:
    """Return for which share of the texts that were answered a label, or a set of labels, is right."""
    is_it = np.array([name in guessed for name in answers.classes])
    if answers.multi_label:
        return float((answers.labels == is_it).all(axis=1).mean())
    return float(is_it[answers.labels[answers.predictions >= 0]].mean())


def held_out_facts(
    answers: Answers,
    dataset: Dataset,
    *,
    what: str,
    guessed: tuple[str, ...],
    unseen: Answers | None = None,
    crossed: Answers | None = None,
) -> HeldOutFacts:
    """Return the figures of texts that decided nothing, with their slices and beside a guess.

    Args:
        answers: What was answered to N texts.
        dataset: The texts.
        what: What they are called.
        guessed: The label that is commonest in training, or the set of labels (`commonest`).
        unseen: What was answered to those that are not among the training texts, where some are.
        crossed: Cross-validated answers, where texts are few.
    """
    divisions, undivided = _divisions(dataset, answers.right)
    return HeldOutFacts(
        what=what,
        measured=measured_facts(answers, guessed),
        divisions=divisions,
        undivided=undivided,
        guess=guess_accuracy(answers, guessed),
        guessed=guessed,
        unseen=None if unseen is None else measured_facts(unseen, guessed),
        crossed=None if crossed is None else measured_facts(crossed, guessed),
    )


def commonest(dataset: Dataset) -> tuple[str, ...]:
    """Return the label that most texts have, alone in a tuple, or the set of labels; the first of equals."""
    names: Sequence[Any] = dataset.label_names()
    (most, _), *_ = Counter(names).most_common(1)
    return most if isinstance(most, tuple) else (str(most),)


def _figure(value: float, interval: Any) -> Figure:  # Any: an Interval, or None
    return Figure(float(value)) if interval is None else Figure(float(value), interval.low, interval.high)


def _classes(answers: Answers, metrics: Metrics | MultiLabelMetrics, f1: str) -> tuple[ClassFigures, ...]:
    n_classes = len(metrics.classes)
    columns = []
    for name in ("precision", "recall", f1):
        found = metrics.intervals.get(name)
        intervals = found if isinstance(found, tuple) else (None,) * n_classes
        columns.append([_figure(*pair) for pair in zip(getattr(metrics, name), intervals, strict=True)])
    given = (
        answers.predictions.sum(axis=0)
        if answers.multi_label
        else np.bincount(answers.predictions[answers.predictions >= 0], minlength=n_classes)
    )
    precision = [figure if n else None for figure, n in zip(columns[0], given.tolist(), strict=True)]
    rows = zip(metrics.classes, answers.class_counts, precision, *columns[1:], strict=True)
    return tuple(ClassFigures(*row) for row in rows)


def _confused(matrix: NDArray[np.int64], classes: Sequence[str]) -> tuple[Confused, ...]:
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_CONFUSED]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return tuple(Confused(classes[i], classes[j], int(wrong[i, j])) for i, j in pairs if wrong[i, j])


def _bins(found: Reliability) -> tuple[BinFacts, ...]:
    return tuple(
        BinFacts(each.n, each.probability, each.share, each.interval.low, each.interval.high) for each in found.bins
    )


def _divisions(dataset: Dataset, right: NDArray[np.bool_]) -> tuple[tuple[DivisionFacts, ...], tuple[str, ...]]:
    """Return the accuracy by length and by each column that divides the texts, and the columns that do not."""
    found: list[DivisionFacts] = []
    undivided: list[str] = []
    for by in dict.fromkeys((CHARACTERS, *dataset.extra.column_names)):
        slices = _slices(dataset, by, right) if len(found) < _MOST_COLUMNS else None
        if slices is not None:
            found.append(DivisionFacts(by, slices))
        elif by != CHARACTERS:
            undivided.append(by)
    return tuple(found), tuple(undivided)


def _slices(dataset: Dataset, by: str, right: NDArray[np.bool_]) -> tuple[SliceFacts, ...] | None:
    """Return the slices of one division; None if there is but one, or most texts have a value of their own."""
    if by != CHARACTERS and not _divides(dataset.extra[by]):  # cheap: a table may have thousands of columns
        return None
    try:
        division = divide(dataset, by)
    except DataError:
        return None
    slices = accuracy_by_slice(division, right, alike=dataset.text_numbers())
    is_rest = slices[-1].name.startswith("other (") and slices[-1].n > len(dataset) / 2
    if len(slices) < 2 or is_rest:
        return None
    return tuple(SliceFacts(each.name, each.n, _figure(each.accuracy, each.interval)) for each in slices)


def _divides(column: pa.ChunkedArray) -> bool:
    """Say whether a column has several values, a missing one among them, but no value of its own for most texts."""
    if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
        return False
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    several = pc.count_distinct(column, mode="all").as_py() > 1
    return several and bool(pc.count_distinct(column).as_py() <= len(column) / 2)
