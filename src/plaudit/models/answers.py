"""A classifier's answers to texts: as plain Python values for JSON and a terminal, as columns for files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import as_text_column
from plaudit.data.faults import is_blank
from plaudit.models.scope import BLANK_TEXT, UNLIKE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier

PREDICTION, PROBABILITY = "prediction", "probability"


@dataclass(frozen=True, eq=False)
class Answering:
    """What a classifier says of N texts.

    Attributes:
        labels: N labels, each a str, int or bool as the classes are; None for no answer; multi-label a tuple of them.
        numbers: What was chosen: class numbers, int64 [N], -1 for no answer; multi-label an indicator, int64 [N, C].
        probabilities: float64 [N, C].
        unlike: Which texts the rule does not answer because they are unlike the training texts, bool [N]; None: none.
    """

    labels: list[Any]  # Any: see above
    numbers: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    unlike: NDArray[np.bool_] | None = None

    def slice(self, start: int, n: int) -> Answering:
        """Return `n` of them from number `start`."""
        rows = slice(start, start + n)
        unlike = None if self.unlike is None else self.unlike[rows]
        return Answering(self.labels[rows], self.numbers[rows], self.probabilities[rows], unlike)

    @property
    def reasons(self) -> dict[int, str]:
        """Why texts have no answer, by number, where it is not that the model is unsure."""
        return {} if self.unlike is None else {int(i): f"no answer: {UNLIKE}" for i in np.flatnonzero(self.unlike)}


def joined(parts: Sequence[Answering]) -> Answering:
    """Return all answers of some parts, one or more."""
    unlike = [part.unlike for part in parts if part.unlike is not None]
    return Answering(
        [label for part in parts for label in part.labels],
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate(unlike) if len(unlike) == len(parts) else None,
    )


def answer(model: Classifier, texts: object) -> Answering:
    """Score N texts by the model's own decision rule; `texts` are what `logits` takes."""
    from plaudit.training.losses import probabilities

    column = as_text_column(texts)
    logits = model.logits(column)
    unlike = model.unlike(column)
    numbers = model.decide(logits, unlike=unlike)
    labels = model.label_sets(numbers) if model.multi_label_ else model.labels_of(numbers).tolist()
    return Answering(labels, numbers, probabilities(logits, multi_label=model.multi_label_), unlike)


def doubts(model: Classifier, texts: object) -> list[str | None]:
    """Return why not to rely on any answer to each of N texts, whatever the model's rule; None where nothing is odd.

    A text is blank, or unlike the training texts, as one in a hundred like them is at most; the latter is known of
    models that `plaudit train` made.
    """
    column = as_text_column(texts)
    unlike = np.zeros(len(column), np.bool_) if model.scope_ is None else model.scope_.is_unlike(column)
    blank = is_blank(column)
    return [BLANK_TEXT if b else UNLIKE if u else None for b, u in zip(blank.tolist(), unlike.tolist(), strict=True)]


def answer_records(model: Classifier, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each text with its record; "reason" says why not to rely on the answer, where `doubts` has something."""
    for text, record, doubt in zip(texts, records(model, answer(model, texts)), doubts(model, texts), strict=True):
        yield {"text": text, **record, **({} if doubt is None else {"reason": f"no answer: {doubt}"})}


def records(model: Classifier, found: Answering) -> list[dict[str, Any]]:
    """Return N answers as JSON values: "label" (multi-label a tuple; None for no answer) and "probabilities".

    Where there is no answer because the text is unlike the training texts, "reason" says so.
    """
    names = [str(name) for name in model.classes_.tolist()]
    given: list[dict[str, Any]] = [
        {"label": label, "probabilities": dict(zip(names, row, strict=True))}
        for label, row in zip(found.labels, found.probabilities.tolist(), strict=True)
    ]
    for i, reason in found.reasons.items():
        given[i]["reason"] = reason
    return given


def answer_fields(model: Classifier) -> list[pa.Field]:
    """Return what `answer_columns` holds.

    "prediction", of the type of the model's classes, and "probability", that of the answer, float64. Multi-label:
    "prediction" is a list of the labels, and each class has a column of its probabilities, "probability_NAME".
    """
    kind = pa.array(model.classes_.tolist()).type
    if model.multi_label_:
        names = [f"{PROBABILITY}_{name}" for name in model.class_names]
        return [pa.field(PREDICTION, pa.list_(kind)), *(pa.field(name, pa.float64()) for name in names)]
    return [pa.field(PREDICTION, kind), pa.field(PROBABILITY, pa.float64())]


def answer_columns(model: Classifier, found: Answering) -> list[pa.Array]:
    """Return N answers as the columns of `answer_fields`, each [N].

    Where the model's rule gives no answer, "prediction" is null, and "probability" that of the most probable class.
    """
    labels = pa.array(found.labels, answer_fields(model)[0].type)
    shares = found.probabilities
    if model.multi_label_:
        return [labels, *(pa.array(np.ascontiguousarray(column)) for column in shares.T)]
    named = np.where(found.numbers >= 0, found.numbers, shares.argmax(axis=1))
    return [labels, pa.array(shares[np.arange(len(named)), named])]
