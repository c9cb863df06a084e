"""Explain answers: each word's share in the logit behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.data.dataset import as_text_column
from plaudit.errors import ConfigError
from plaudit.explanation.explanation import ExplainedBatch, Explanation
from plaudit.explanation.shares import coefficients, share_out
from plaudit.models.label_values import plain_labels
from plaudit.training.losses import probabilities

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models import Classifier


def explain(model: Classifier, texts: object, label: object = None) -> list[Explanation]:
    """Return why a model answers texts as it does: the share of each word in a logit.

    The shares add up to the logit less that of the text they are counted from (`Explanation.method` names it): for
    n-grams and the network that is the empty text and the sum exact except for rounding; for an encoder padding,
    and `completeness_error` says what the numerical integral misses.

    Args:
        model: A fitted classifier.
        texts: N texts: a list of str, a NumPy or Arrow array, or a pandas or polars Series.
        label: The class to explain; None explains, of two classes, the second's logit, which is the model's only
            one; of many the predicted class's; multi-label each label that is given, and where none is the nearest.

    Returns:
        One explanation a text, in order; multi-label without `label` one for each label that a text is given, at
        least one.

    Raises:
        ConfigError: `label` is not one of the model's classes, or the kind of model cannot be explained.
        DataError: The texts are not texts.
        NotFittedError: The model is not fitted.
    """
    column = as_text_column(texts)
    logits = model.logits(column)
    predicted = model.predicted(logits, unlike=model.unlike(column))
    rows, classes = chosen_classes(model, logits, predicted, label)
    return explain_classes(model, column, rows, classes, logits=logits, predicted=predicted)


def explain_classes(
    model: Classifier,
    texts: pa.LargeStringArray,
    rows: NDArray[np.int64],
    classes: NDArray[np.int64],
    *,
    logits: NDArray[np.float32],
    predicted: NDArray[Any],
) -> list[Explanation]:
    """Explain class `classes[m]` of text `rows[m]`, M times.

    Args:
        model: A fitted classifier.
        texts: N texts.
        rows: int64 [M].
        classes: int64 [M].
        logits: What its `logits` gives for the N texts.
        predicted: What its `predict` does.
    """
    names = model.classes_.tolist()
    answers = model.label_sets(predicted) if model.multi_label_ else predicted.tolist()
    chances = probabilities(logits, multi_label=model.multi_label_)
    own = (coefficients(model, classes) * logits[rows].astype(np.float64)).sum(axis=1)
    found: list[Explanation] = []
    for batch in share_out(model, texts, rows, classes):
        columns = _cut(batch)
        for place, (row, number) in enumerate(zip(batch.texts.tolist(), batch.classes.tolist(), strict=True)):
            found.append(
                Explanation(
                    text=texts[row].as_py(),
                    row=row,
                    label=names[number],
                    against=names[1 - number] if len(names) == 2 and not model.multi_label_ else None,
                    predicted=answers[row],
                    probability=float(chances[row, number]),
                    logit=float(own[len(found)]),
                    base_logit=float(batch.found.base[place]),
                    method=batch.found.method,
                    **{name: arrays[place] for name, arrays in columns.items()},
                )
            )
    return found


def chosen_classes(
    model: Classifier, logits: NDArray[np.float32], predicted: NDArray[Any], label: object = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which texts to explain, int64 [M], and which class of each, int64 [M]; see `explain`."""
    every = np.arange(len(logits))
    if label is not None:
        return every, np.full(len(logits), class_number(model, label))
    if model.multi_label_:
        given = predicted.astype(bool)
        given[every, logits.argmax(axis=1)] |= ~given.any(axis=1)
        rows, classes = np.nonzero(given)
        return rows, classes
    if len(model.classes_) == 2:
        return every, np.ones(len(logits), np.int64)
    places = {name: i for i, name in enumerate(model.classes_.tolist())}
    nearest = logits.argmax(axis=1).tolist()  # where a model gives no answer
    return every, np.array([places.get(n, at) for n, at in zip(predicted.tolist(), nearest, strict=True)], np.int64)


def class_number(model: Classifier, label: object) -> int:
    """Return the place of a class, named as the model has it or as data sets spell it.

    Raises:
        ConfigError: There is none of that name.
    """
    if isinstance(label, str | bool | int | np.generic):
        (label,) = plain_labels([label], may_be_missing=True)
    for names in (model.classes_.tolist(), list(model.class_names)):
        for number, name in enumerate(names):
            if type(name) is type(label) and name == label:
                return number
    shown = ", ".join(model.class_names[:8]) + (", …" if len(model.class_names) > 8 else "")
    raise ConfigError(f"--class {label}: not one of the model's classes ({shown}).")


def _cut(batch: ExplainedBatch) -> dict[str, list[NDArray[Any]]]:
    """Return the fields of words that explanations have, each as M arrays."""
    at = np.flatnonzero(batch.is_shown)
    bounds = np.searchsorted(at, batch.words.offsets)[1:-1]
    blank = batch.words.is_blank()
    columns = {
        "starts": batch.words.starts,
        "ends": batch.words.ends,
        "shares": batch.found.shares,
        "unseen": ~batch.found.is_known & batch.found.is_read & ~blank,
        "unread": ~batch.found.is_read,
    }
    return {name: np.split(array[at], bounds) for name, array in columns.items()}
