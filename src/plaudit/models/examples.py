"""From texts, labels and weights as callers hold them to the examples that training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, as_text_column
from plaudit.errors import ConfigError, DataError
from plaudit.models.targets import Labels, Targets, to_indicator, used_values
from plaudit.scratch import MEMORY, Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.embeddings.table import EmbeddingTable
    from plaudit.training.bag_network import Examples

_WEIGHT = "weight"


def training_set(
    texts: pa.LargeStringArray,
    targets: Targets,
    weights: NDArray[np.float64] | None,
) -> Dataset:
    """Return the training texts as a data set, with their weights as a column so that a split carries them along."""
    columns: dict[str, object] = {}
    if weights is not None:
        by_class = weights.shape[1] if weights.ndim == 2 else 0
        columns[_WEIGHT] = pa.FixedSizeListArray.from_arrays(weights.ravel(), by_class) if by_class else weights
    return _dataset(texts, targets.values, targets.classes, "the training texts", pa.table(columns))


def _dataset(
    texts: pa.LargeStringArray, values: NDArray[np.integer], classes: NDArray[Any], name: str, extra: pa.Table
) -> Dataset:
    labels = values.astype(np.int32) if values.ndim == 1 else values.astype(np.uint8)
    return Dataset(texts, labels, tuple(map(str, classes)), name, extra)


def to_examples(table: EmbeddingTable, dataset: Dataset, scratch: Scratch = MEMORY) -> Examples:
    """Turn texts into bags of the table's rows, kept in `scratch`, with their labels and weights."""
    from plaudit.training.bag_network import Examples

    labels = np.zeros(0, np.int32) if dataset.labels is None else dataset.labels
    return Examples(table.bags(dataset.texts, scratch), labels, weights_of(dataset))


def targets_of(part: Dataset, whole: Targets) -> Targets:
    """Return the targets of a part of what `training_set` gave for `whole`."""
    assert part.labels is not None
    values = part.labels.astype(np.uint8) if whole.multi_label else part.labels.astype(np.int64)
    return Targets(whole.classes, values, whole.multi_label)


def weights_of(dataset: Dataset) -> NDArray[np.float64] | None:
    """Return the weights that `training_set` put in, float64 [N] or [N, C], or None."""
    if _WEIGHT not in dataset.extra.column_names:
        return None
    column = dataset.extra[_WEIGHT].combine_chunks()
    weights: NDArray[np.float64]
    if pa.types.is_fixed_size_list(column.type):
        weights = column.flatten().to_numpy().reshape(len(dataset), -1)
    else:
        weights = column.to_numpy()
    return weights


def validation_set(texts: object, labels: Labels, targets: Targets) -> Dataset:
    """Return validation texts as a data set whose class numbers are those of the training texts' `targets`.

    Raises:
        DataError: There are no texts, their number is not that of the labels, or a label does not occur in training.
    """
    column = as_text_column(texts, name="validation texts")
    classes, name = targets.classes, "the validation texts"
    if targets.multi_label and len(column):
        try:
            indicator = to_indicator(labels, len(column), classes)
        except DataError as error:
            raise DataError(f"validation: {error}") from error
        return _dataset(column, indicator, classes, name, pa.table({}))
    if isinstance(labels, pa.DictionaryArray):
        values, places = used_values(labels, len(column))
        if values:
            return _dataset(column, _positions(_one_label_each(values), classes)[places], classes, name, pa.table({}))
    found = _one_label_each(labels)
    if found.shape != (len(column),) or not len(column):
        raise DataError(f"validation: expected texts with one label each, got {len(column):,} and {found.shape}.")
    return _dataset(column, _positions(found, classes), classes, name, pa.table({}))


def _positions(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int32]:
    """Return where each label stands among the classes, int32."""
    position = {label: i for i, label in enumerate(classes.tolist())}
    if unknown := [label for label in labels.tolist() if label not in position]:
        raise DataError(f"validation: label {unknown[0]!r} does not occur in the training texts.")
    return np.array([position[label] for label in labels.tolist()], np.int32)


def _one_label_each(labels: Labels) -> NDArray[Any]:
    try:
        found = np.asarray(labels)
        if found.dtype != object or not any(isinstance(label, list | tuple | set | frozenset) for label in found):
            return found
    except ValueError:  # lists of different lengths
        pass
    raise DataError("validation: expected one label each, as the training texts have, got sets of labels.")


def text_weights(
    targets: Targets,
    class_weight: str | dict[Any, float],
    sample_weight: object,
) -> NDArray[np.float64] | None:
    """Return each text's weight in the loss, float64 [N]; None when all are 1.

    Multi-label, and with weights of classes: float64 [N, C], each text's weight in the loss of each class. A class is
    then a question of its own, with a "yes" and a "no" to balance: "balanced" gives its n_c texts n / (2 * n_c) and the
    others n / (2 * (n - n_c)); a weight for each class goes to the texts that have it.

    Args:
        targets: The labels of N texts.
        class_weight: "none", "balanced", or a weight for each class.
        sample_weight: N finite numbers from 0, or None.

    Raises:
        DataError: The sample weights do not fit.
        ConfigError: A class has no weight.
    """
    if sample_weight is None and class_weight == "none":
        return None
    classes, codes, n = targets.classes, targets.values, len(targets.values)
    weight = np.ones(n)
    if sample_weight is not None:
        weight = np.asarray(sample_weight, dtype=np.float64)
        if weight.shape != (n,) or not (np.isfinite(weight).all() and (weight >= 0).all()):
            raise DataError(f"sample_weight: expected {n:,} finite numbers from 0, one for each text.")
    if isinstance(class_weight, dict):
        if missing := [c for c in classes.tolist() if c not in class_weight]:
            raise ConfigError(f"class_weight: no weight for class {missing[0]!r}.")
        by_class = np.array([class_weight[c] for c in classes.tolist()], dtype=np.float64)
        if not (np.isfinite(by_class).all() and (by_class >= 0).all()):
            raise ConfigError(f"class_weight: expected finite numbers from 0, got {class_weight!r}.")
        weight = weight[:, None] * np.where(codes, by_class, 1) if targets.multi_label else weight * by_class[codes]
    elif class_weight == "balanced" and targets.multi_label:
        n_with = codes.sum(axis=0)
        balanced = np.where(codes, n / (2 * np.maximum(n_with, 1)), n / (2 * np.maximum(n - n_with, 1)))
        weight = weight[:, None] * np.where((n_with > 0) & (n_with < n), balanced, 1)
    elif class_weight == "balanced":
        # n / (C * n_c): King & Zeng 2001, as scikit-learn's compute_class_weight
        weight = weight * (n / (len(classes) * np.bincount(codes)))[codes]
    elif class_weight not in ("none", None):
        raise ConfigError(f'class_weight: expected "none", "balanced" or a dict, got {class_weight!r}.')
    return weight
