"""A classifier's answers to texts: as plain Python values for JSON and a terminal, as columns for files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
        reasons: By number of a text why not to rely on its answer, or why it has none: it is blank, or unlike the
            training texts. That the model is unsure is no such reason.
    """

    labels: list[Any]  # Any: see above
    numbers: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    reasons: Mapping[int, str] = field(default_factory=dict)

    def slice(self, start: int, n: int) -> Answering:
        """Return `n` of them from number `start`."""
        rows = slice(start, start + n)
        reasons = {i - start: why for i, why in self.reasons.items() if start <= i < start + n}
        return Answering(self.labels[rows], self.numbers[rows], self.probabilities[rows], reasons)


def joined(parts: Sequence[Answering]) -> Answering:
    """Return all answers of some parts, one or more."""
    starts = np.cumsum([0, *(len(part.labels) for part in parts)]).tolist()
    return Answering(
        [label for part in parts for label in part.labels],
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        {at + i: why for at, part in zip(starts, parts, strict=False) for i, why in part.reasons.items()},
    )


def answer(model: Classifier, texts: object, *, with_reasons: bool = True) -> Answering:
    """Score N texts by the model's own decision rule; `texts` are what `logits` takes.

    The reasons, which can be left out, are the rule's; without a rule on what is unlike the training texts, they name
    the plainest of these (`Scope.is_foreign`), for all of them cost more than an n-gram model's scores.
    """
    from plaudit.training.losses import probabilities

    column = as_text_column(texts)
    logits = model.logits(column)
    unlike = model.unlike(column)
    numbers = model.decide(logits, unlike=unlike)
    labels = model.label_sets(numbers) if model.multi_label_ else model.labels_of(numbers).tolist()
    found = Answering(labels, numbers, probabilities(logits, multi_label=model.multi_label_))
    if not with_reasons:
        return found
    if unlike is None and model.scope_ is not None:
        unlike = model.scope_.is_foreign(column)
    doubted = enumerate(doubts(model, column, unlike=unlike))
    reasons = {i: _reason(labels[i], why) for i, why in doubted if why is not None}
    return replace(found, reasons=reasons)


def doubts(model: Classifier, texts: object, *, unlike: NDArray[np.bool_] | None = None) -> list[str | None]:
    """Return why not to rely on any answer to each of N texts, whatever the model's rule; None where nothing is odd.

    A text is blank, or unlike the training texts, as one in a hundred like them is at most; the latter is known of
    models that `plaudit train` made. Where the model's rule has found out which are `unlike`, bool [N], that counts.
    """
    column = as_text_column(texts)
    if unlike is None:
        unlike = np.zeros(len(column), np.bool_) if model.scope_ is None else model.scope_.is_unlike(column)
    blank = is_blank(column)
    return [BLANK_TEXT if b else UNLIKE if u else None for b, u in zip(blank.tolist(), unlike.tolist(), strict=True)]


def answer_records(model: Classifier, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each text with its record; "reason" says why not to rely on the answer, where `doubts` has something."""
    found = answer(model, texts, with_reasons=False)
    for text, record, doubt in zip(texts, records(model, found), doubts(model, texts), strict=True):
        reason = {} if doubt is None else {"reason": _reason(record["label"], doubt)}
        yield {"text": text, **record, **reason}


def _reason(label: Any, doubt: str) -> str:  # Any: as `Answering.labels`
    return f"no answer: {doubt}" if label is None else doubt


def records(model: Classifier, found: Answering) -> list[dict[str, Any]]:
    """Return N answers as JSON values: "label" (multi-label a tuple; None for no answer) and "probabilities".

    Where a text is blank, or unlike the training texts, "reason" says so.
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
