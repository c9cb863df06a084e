"""Measure a classifier on labelled texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.data.dataset import Dataset
from plaudit.errors import DataError
from plaudit.evaluation.metrics import Metrics, measure
from plaudit.training.losses import predicted, probabilities

if TYPE_CHECKING:
    from plaudit.models.base import Classifier


def evaluate(model: Classifier, dataset: Dataset) -> Metrics:
    """Measure `model` on a labelled data set, whose classes are matched by name.

    Raises:
        DataError: The texts have no labels, there are none, or a label is not one of the model's.
    """
    if dataset.labels is None:
        raise DataError(f"{dataset.name}: these texts have no labels to compare with.")
    classes = model.class_names
    if unknown := [name for name, count in dataset.class_counts().items() if count and name not in classes]:
        raise DataError(
            f"{dataset.name}: label {unknown[0]!r} is none of the model's classes ({_listed(classes)}). "
            "Is this the right label column (--label-column)?"
        )
    position = np.array([classes.index(name) if name in classes else -1 for name in dataset.classes])
    labels = position[dataset.labels]
    logits = model.decision_function(dataset.texts)
    return measure(labels, probabilities(logits), classes, predictions=predicted(logits))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
