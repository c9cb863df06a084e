"""From texts, labels and weights as callers hold them to the examples that training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, as_text_column
from plaudit.data.labels import label_name
from plaudit.errors import ConfigError, DataError
from plaudit.models.targets import Labels, Targets, label_positions, to_indicator
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


def watched_set(validation: Any, targets: Targets) -> Dataset:  # Any: what a caller gives as the pair
    """Return `fit`'s pair of validation texts and labels as `validation_set` does.

    Raises:
        DataError: It is no pair, or as `validation_set`.
    """
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise DataError(f"validation: expected a pair of texts and labels, got {type(validation).__name__}.")
    texts, labels = validation
    return validation_set(texts, labels, targets)


def validation_set(texts: object, labels: Labels, targets: Targets) -> Dataset:
    """Return validation texts as a data set whose class numbers are those of the training texts' `targets`.

    Raises:
        DataError: There are no texts, their number is not that of the labels, or a label does not occur in training.
    """
    column = as_text_column(texts, name="validation texts")
    classes, name = targets.classes, "the validation texts"
    if not len(column):
        raise DataError("validation: expected texts with their labels, got none.")
    try:
        if targets.multi_label:
            return _dataset(column, to_indicator(labels, len(column), classes), classes, name, pa.table({}))
        positions = label_positions(labels, len(column), classes)
    except DataError as error:
        raise DataError(f"validation: {error}") from error
    return _dataset(column, positions, classes, name, pa.table({}))


def given_weights(sample_weight: object, n: int) -> NDArray[np.float64]:
    """Return N texts' weights as callers hold them, float64 [N].

    Raises:
        DataError: They are not N finite numbers from 0.
    """
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        weight = np.zeros(0)
    if weight.shape != (n,) or not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise DataError(f"sample_weight: expected {n:,} finite numbers from 0, one for each text.")
    return weight


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
    weight = np.ones(n) if sample_weight is None else given_weights(sample_weight, n)
    if isinstance(class_weight, dict):
        if classes.dtype.kind == "U":  # as the classes are spelled
            words = {name: str.__str__(name) for name in class_weight if isinstance(name, str)}
            class_weight = {label_name(words[name]) if name in words else name: x for name, x in class_weight.items()}
        if missing := [c for c in classes.tolist() if c not in class_weight]:
            raise ConfigError(f"class_weight: no weight for class {missing[0]!r}.")
        try:
            by_class = np.array([class_weight[c] for c in classes.tolist()], dtype=np.float64)
        except (TypeError, ValueError):
            by_class = np.full(len(classes), np.nan)
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
