"""From texts, labels and weights as callers hold them to the examples that training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, as_text_column
from plaudit.errors import ConfigError, DataError
from plaudit.models.base import Labels
from plaudit.training.bag_network import Examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.embeddings.table import EmbeddingTable

_WEIGHT = "weight"


def training_set(
    texts: pa.LargeStringArray,
    codes: NDArray[np.int64],
    classes: NDArray[Any],
    weights: NDArray[np.float64] | None,
) -> Dataset:
    """Return the training texts as a data set, with their weights as a column so that a split carries them along."""
    extra = pa.table({} if weights is None else {_WEIGHT: weights})
    return Dataset(texts, codes.astype(np.int32), tuple(map(str, classes)), "the training texts", extra)


def to_examples(table: EmbeddingTable, dataset: Dataset) -> Examples:
    """Turn texts into bags of the table's rows, with their labels and weights."""
    labels = np.zeros(0, np.int32) if dataset.labels is None else dataset.labels
    return Examples(table.bags(dataset.texts), labels, weights_of(dataset))


def weights_of(dataset: Dataset) -> NDArray[np.float64] | None:
    """Return the weights that `training_set` put in, float64 [N], or None."""
    return dataset.extra[_WEIGHT].to_numpy() if _WEIGHT in dataset.extra.column_names else None


def validation_set(texts: object, labels: Labels, classes: NDArray[Any]) -> Dataset:
    """Return validation texts as a data set whose class numbers are those of training.

    Raises:
        DataError: There are no texts, their number is not that of the labels, or a label is not among `classes`.
    """
    column = as_text_column(texts, name="validation texts")
    found = np.asarray(labels)
    if found.shape != (len(column),) or not len(column):
        raise DataError(f"validation: expected texts with one label each, got {len(column):,} and {found.shape}.")
    position = {label: i for i, label in enumerate(classes.tolist())}
    if unknown := [label for label in found.tolist() if label not in position]:
        raise DataError(f"validation: label {unknown[0]!r} does not occur in the training texts.")
    codes = np.array([position[label] for label in found.tolist()], np.int32)
    return Dataset(column, codes, tuple(map(str, classes)), "the validation texts")


def text_weights(
    classes: NDArray[Any],
    codes: NDArray[np.int64],
    class_weight: str | dict[Any, float],
    sample_weight: object,
) -> NDArray[np.float64] | None:
    """Return each text's weight in the loss, float64 [N]; None when all are 1.

    Args:
        classes: The labels.
        codes: int64 [N], class numbers.
        class_weight: "none", "balanced", or a weight for each class.
        sample_weight: N finite numbers from 0, or None.

    Raises:
        DataError: The sample weights do not fit.
        ConfigError: A class has no weight.
    """
    if sample_weight is None and class_weight == "none":
        return None
    weight = np.ones(len(codes))
    if sample_weight is not None:
        weight = np.asarray(sample_weight, dtype=np.float64)
        if weight.shape != codes.shape or not (np.isfinite(weight).all() and (weight >= 0).all()):
            raise DataError(f"sample_weight: expected {len(codes):,} finite numbers from 0, one for each text.")
    if isinstance(class_weight, dict):
        if missing := [c for c in classes.tolist() if c not in class_weight]:
            raise ConfigError(f"class_weight: no weight for class {missing[0]!r}.")
        by_class = np.array([class_weight[c] for c in classes.tolist()], dtype=np.float64)
        if not (np.isfinite(by_class).all() and (by_class >= 0).all()):
            raise ConfigError(f"class_weight: expected finite numbers from 0, got {class_weight!r}.")
        weight = weight * by_class[codes]
    elif class_weight == "balanced":
        # n / (C * n_c): King & Zeng 2001, as scikit-learn's compute_class_weight
        weight = weight * (len(codes) / (len(classes) * np.bincount(codes)))[codes]
    elif class_weight not in ("none", None):
        raise ConfigError(f'class_weight: expected "none", "balanced" or a dict, got {class_weight!r}.')
    return weight
