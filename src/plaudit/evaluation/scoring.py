"""Measure a classifier on labelled texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.data.dataset import Dataset
from plaudit.errors import DataError
from plaudit.evaluation.metrics import Metrics, measure
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.training.losses import predicted, probabilities

if TYPE_CHECKING:
    from plaudit.models.base import Classifier


def evaluate(model: Classifier, dataset: Dataset) -> Metrics | MultiLabelMetrics:
    """Measure `model` on a labelled data set, whose classes are matched by name.

    A multi-label model's answers are compared with sets of labels; one label a text is then a set of one.

    Raises:
        DataError: The texts have no labels, there are none, a label is not one of the model's, or the texts have sets
            of labels and the model answers with one label.
    """
    if dataset.labels is None:
        raise DataError(f"{dataset.name}: these texts have no labels to compare with.")
    classes = model.class_names
    if unknown := [name for name, count in dataset.class_counts().items() if count and name not in classes]:
        raise DataError(
            f"{dataset.name}: label {unknown[0]!r} is none of the model's classes ({_listed(classes)}). "
            "Is this the right label column (--label-column)?"
        )
    if dataset.multi_label and not model.multi_label_:
        raise DataError(f"{dataset.name}: its texts have sets of labels, and this model answers with one label a text.")
    position = np.array([classes.index(name) if name in classes else -1 for name in dataset.classes])
    logits = model.decision_function(dataset.texts)
    if not model.multi_label_:
        return measure(position[dataset.labels], probabilities(logits), classes, predictions=predicted(logits))
    shares = [dataset.labels[:, i] if dataset.multi_label else dataset.labels == i for i in range(len(dataset.classes))]
    indicator = np.zeros(logits.shape, np.int64)
    for share, column in zip(shares, position.tolist(), strict=True):
        if column >= 0:
            indicator[:, column] = share
    chosen = predicted(logits, multi_label=True)
    return measure_sets(indicator, probabilities(logits, multi_label=True), classes, predictions=chosen)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
