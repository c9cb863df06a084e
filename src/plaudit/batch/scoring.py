"""Score a batch: the one function that every engine calls.

This module knows nothing of files and engines. The decision to question: the column "reason" is there whether or not a
row needs it, so that a program that reads the answers can rely on it; only `--strict`, under which no row lacks an
answer for a reason, leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import DataError
from plaudit.models.answers import answer, answer_columns, answer_fields

if TYPE_CHECKING:
    from plaudit.batch.reading import Batch
    from plaudit.models import Classifier
    from plaudit.models.answers import Answering

REASON = "reason"


def added_fields(model: Classifier, *, strict: bool) -> list[pa.Field]:
    """Return the columns that scoring adds: those of `models.answers`, and "reason", a string, unless `strict`."""
    fields = answer_fields(model)
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
    """Return what the columns `fields` hold for a batch, each [N]; where a row has no text, all null but "reason".

    A text that is blank, or unlike the training texts, is answered as any text, and "reason" says so.

    Args:
        model: A fitted classifier.
        batch: N rows.
        fields: `added_fields` of the model.

    Raises:
        DataError: A row has no text, and there is no column for the reason.
    """
    is_strict = fields[-1].name != REASON
    if batch.reasons and is_strict:
        raise DataError(batch.reasons[min(batch.reasons)])
    texts, reasons = batch.texts.drop_null(), batch.reasons
    if len(texts):
        found = answer(model, texts, with_reasons=not is_strict)
        answers = answer_columns(model, found)
        reasons = {**reasons, **reasons_of_rows(found, batch.texts)}
    else:
        answers = [pa.nulls(0, field.type) for field in fields if field.name != REASON]
    return spread(answers, batch.texts, reasons, fields)


def reasons_of_rows(found: Answering, texts: pa.LargeStringArray) -> dict[int, str]:
    """Return the reasons of the answers to the texts that are there by the number of their row, of N rows' `texts`."""
    rows = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False)) if found.reasons else ()
    return {int(rows[i]): reason for i, reason in found.reasons.items()}


def spread(
    answers: list[pa.Array], texts: pa.LargeStringArray, reasons: Mapping[int, str], fields: Sequence[pa.Field]
) -> list[pa.Array]:
    """Return the answers to the texts that are there as columns of all N rows, and the reasons as the last of them.

    Args:
        answers: Columns, each as long as there are texts.
        texts: ``large_string`` [N], null where there is nothing to score.
        reasons: Why there is not, by row.
        fields: `added_fields` of the model.
    """
    if texts.null_count:
        has_text = texts.is_valid().to_numpy(zero_copy_only=False)
        places = pa.array(np.where(has_text, np.cumsum(has_text) - 1, 0), mask=~has_text)
        answers = [column.take(places) for column in answers]
    if fields[-1].name != REASON:
        return answers
    why = [reasons.get(i) for i in range(len(texts))] if reasons else None
    return [*answers, pa.nulls(len(texts), pa.large_string()) if why is None else pa.array(why, pa.large_string())]


def count_unanswered(answers: Sequence[pa.Array]) -> int:
    """Return how many rows have no answer: no text, or the model's rule gave none."""
    return int(pc.sum(answers[0].is_null()).as_py() or 0)


def count_answers(answers: Sequence[pa.Array]) -> dict[str, int]:
    """Return how many rows have each answer; of sets of labels, how many have each label."""
    found = answers[0].drop_null()
    if pa.types.is_nested(found.type):
        found = found.flatten()
    counts = pc.value_counts(found)
    return {str(each["values"]): int(each["counts"]) for each in counts.to_pylist()}
