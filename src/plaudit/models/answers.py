"""A classifier's answers to texts: as plain Python values for JSON and a terminal, as columns for files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier

PREDICTION, PROBABILITY = "prediction", "probability"


@dataclass(frozen=True, eq=False)
class Answers:
    """What a classifier says of N texts.

    Attributes:
        labels: N labels, each a str, int or bool as the classes are; None for no answer; multi-label a tuple of them.
        numbers: What was chosen: class numbers, int64 [N], -1 for no answer; multi-label an indicator, int64 [N, C].
        probabilities: float64 [N, C].
    """

    labels: list[Any]  # Any: see above
    numbers: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def answer(model: Classifier, texts: object) -> Answers:
    """Score N texts by the model's own decision rule; `texts` are what `logits` takes."""
    from plaudit.training.losses import probabilities

    logits = model.logits(texts)
    numbers = model.decide(logits)
    labels = model.label_sets(numbers) if model.multi_label_ else model.labels_of(numbers).tolist()
    return Answers(labels, numbers, probabilities(logits, multi_label=model.multi_label_))


def answer_records(model: Classifier, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each text with its record."""
    for text, record in zip(texts, records(model, answer(model, texts)), strict=True):
        yield {"text": text, **record}


def records(model: Classifier, found: Answers) -> list[dict[str, Any]]:
    """Return N answers as JSON values: "label" (multi-label a tuple; None for no answer) and "probabilities"."""
    names = [str(name) for name in model.classes_.tolist()]
    return [
        {"label": label, "probabilities": dict(zip(names, row, strict=True))}
        for label, row in zip(found.labels, found.probabilities.tolist(), strict=True)
    ]


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


def answer_columns(model: Classifier, found: Answers) -> list[pa.Array]:
    """Return N answers as the columns of `answer_fields`, each [N].

    Where the model's rule gives no answer, "prediction" is null, and "probability" that of the likeliest class.
    """
    labels = pa.array(found.labels, answer_fields(model)[0].type)
    shares = found.probabilities
    if model.multi_label_:
        return [labels, *(pa.array(np.ascontiguousarray(column)) for column in shares.T)]
    named = np.where(found.numbers >= 0, found.numbers, shares.argmax(axis=1))
    return [labels, pa.array(shares[np.arange(len(named)), named])]
