"""Measure a classifier on labelled texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plaudit.data.dataset import Dataset
from plaudit.errors import DataError
from plaudit.evaluation.metrics import Metrics, measure
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.training.losses import probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier


def evaluate(
    model: Classifier, dataset: Dataset, *, logits: NDArray[np.floating] | None = None
) -> Metrics | MultiLabelMetrics:
    """Measure `model` on a labelled data set, whose classes are matched by name, deciding by the model's rule.

    A multi-label model's answers are compared with sets of labels; one label a text is then a set of one.

    Args:
        model: A fitted classifier.
        dataset: N labelled texts.
        logits: Its `decision_function` of them, where they are at hand; None computes them.

    Raises:
        DataError: The texts have no labels, there are none, a label is not one of the model's, or the texts have sets
            of labels and the model answers with one label; or its rule answers none of them.
    """
    truth = true_labels(model, dataset)
    if logits is None:
        logits = model.decision_function(dataset.texts)
    shares = probabilities(logits, multi_label=model.multi_label_)
    compute = measure_sets if model.multi_label_ else measure
    return compute(truth, shares, model.class_names, predictions=model.decide(logits))


def true_labels(model: Classifier, dataset: Dataset) -> NDArray[np.int64]:
    """Return the labels of a data set as the model numbers its classes, int64 [N]; multi-label an indicator [N, C].

    Raises:
        DataError: As `evaluate`.
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
    position = np.array([classes.index(name) if name in classes else -1 for name in dataset.classes], np.int64)
    if not model.multi_label_:
        return position[dataset.labels]
    shares = [dataset.labels[:, i] if dataset.multi_label else dataset.labels == i for i in range(len(dataset.classes))]
    indicator = np.zeros((len(dataset), len(classes)), np.int64)
    for share, column in zip(shares, position.tolist(), strict=True):
        if column >= 0:
            indicator[:, column] = share
    return indicator


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
