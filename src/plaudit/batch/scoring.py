"""Score a batch: the one function that every engine calls.

This module knows nothing of files and engines. The decision to question: the column "reason" is there whether or not a
row needs it, so that a program that reads the answers can rely on it; only `--strict`, under which no row lacks an
answer for a reason, leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.batch.rows import Batch
    from plaudit.models import Classifier

PREDICTION, PROBABILITY, REASON = "prediction", "probability", "reason"


def answer_fields(model: Classifier, *, strict: bool) -> list[pa.Field]:
    """Return the columns that scoring adds.

    "prediction", of the type of the model's classes, and "probability", that of the answer, float64. Multi-label:
    "prediction" is a list of the labels, and each class has a column of its probabilities, "probability_NAME". Last
    comes "reason", a string, unless `strict`.
    """
    kind = pa.array(model.classes_.tolist()).type
    if model.multi_label_:
        fields = [pa.field(PREDICTION, pa.list_(kind))]
        fields += [pa.field(f"{PROBABILITY}_{name}", pa.float64()) for name in model.class_names]
    else:
        fields = [pa.field(PREDICTION, kind), pa.field(PROBABILITY, pa.float64())]
    return fields if strict else [*fields, pa.field(REASON, pa.large_string())]


def check_names(names: Sequence[str], fields: Sequence[pa.Field], where: str) -> None:
    """Refuse a source that has a column of a name that scoring adds.

    Raises:
        DataError: It has.
    """
    if taken := [field.name for field in fields if field.name in names]:
        instead = ", or give --strict, which adds no such column" if taken[0] == REASON else ""
        raise DataError(f"{where}: a column is named {taken[0]!r} already; rename it so that it is not lost{instead}.")


def score(model: Classifier, batch: Batch, fields: Sequence[pa.Field]) -> list[pa.Array]:
    """Return what the columns `fields` hold for a batch, each [N].

    Where the model's rule gives no answer, "prediction" is null, and "probability" that of the likeliest class. Where a
    row has no text, all are null but "reason".

    Args:
        model: A fitted classifier.
        batch: N rows.
        fields: `answer_fields` of the model.

    Raises:
        DataError: A row has no text, and there is no column for the reason.
    """
    is_strict = fields[-1].name != REASON
    if batch.reasons and is_strict:
        raise DataError(batch.reasons[min(batch.reasons)])
    texts = batch.texts.drop_null()
    answers = _answers(model, texts) if len(texts) else [pa.nulls(0, field.type) for field in fields]
    if not is_strict:
        answers = answers[: len(fields) - 1]
    if len(texts) < len(batch.texts):
        has_text = batch.texts.is_valid().to_numpy(zero_copy_only=False)
        places = pa.array(np.where(has_text, np.cumsum(has_text) - 1, 0), mask=~has_text)
        answers = [column.take(places) for column in answers]
    if not is_strict:
        reasons = [batch.reasons.get(i) for i in range(len(batch.texts))] if batch.reasons else None
        empty = pa.nulls(len(batch.texts), pa.large_string())
        answers.append(empty if reasons is None else pa.array(reasons, pa.large_string()))
    return answers


def _answers(model: Classifier, texts: pa.LargeStringArray) -> list[pa.Array]:
    from plaudit.training.losses import probabilities

    kind = pa.array(model.classes_.tolist()).type
    logits = model.decision_function(texts)
    chosen = model.decide(logits)
    shares = probabilities(logits, multi_label=model.multi_label_)
    if model.multi_label_:
        sets = pa.array(model.label_sets(chosen), pa.list_(kind))
        return [sets, *(pa.array(np.ascontiguousarray(shares[:, i])) for i in range(shares.shape[1]))]
    named = np.where(chosen >= 0, chosen, shares.argmax(axis=1))
    labels = pa.array(model.labels_of(chosen).tolist(), kind)
    return [labels, pa.array(shares[np.arange(len(named)), named])]


def count_unanswered(answers: Sequence[pa.Array]) -> int:
    """Return how many rows have no answer: no text, or the model's rule gave none."""
    return int(pc.sum(answers[0].is_null()).as_py() or 0)
