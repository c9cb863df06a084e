"""From texts, labels and weights as callers hold them to the numbers that every recipe learns from.

They become numbers once, in `Classifier.fit`, and stay numbers: what is held out, taken or handed to a member of a
blend is a `TrainingData` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, as_text_column, normalise_texts, number_texts
from plaudit.data.labels import label_name
from plaudit.data.split import held_rows
from plaudit.errors import ConfigError, DataError
from plaudit.models.targets import Labels, Targets, label_positions, to_indicator
from plaudit.text.token_memory import take_texts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from plaudit.training.loop import Monitor


@dataclass(frozen=True)
class TrainingData:
    """Texts with their labels as numbers.

    Attributes:
        texts: Arrow ``large_string`` [N].
        codes: int64 [N], class numbers; multi-label: uint8 [N, C], 1 where a text has the class.
        classes: The labels that the numbers stand for, [C].
        weights: float64 [N], each text's share in the loss, multi-label also [N, C]; None for all 1.
    """

    texts: pa.LargeStringArray
    codes: NDArray[np.int64] | NDArray[np.uint8]
    classes: NDArray[Any]
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def text_numbers(self) -> NDArray[np.int64]:
        """Return a number for each text, int64 [N]: the same for texts that are equal after normalising."""
        return number_texts(normalise_texts(self.texts))

    @property
    def multi_label(self) -> bool:
        """Whether each text has a set of labels, which may be empty."""
        return self.codes.ndim == 2

    @property
    def n_logits(self) -> int:
        """1 for two classes of which a text has one, else C."""
        return self.targets.n_logits

    @property
    def targets(self) -> Targets:
        """The labels alone."""
        return Targets(self.classes, self.codes, self.multi_label)

    def stored_codes(self) -> NDArray[np.int32] | NDArray[np.uint8]:
        """Return the codes as a `Dataset` has its labels."""
        return self.codes.astype(np.int32) if self.codes.ndim == 1 else self.codes.astype(np.uint8)

    def take(self, rows: NDArray[np.int64]) -> TrainingData:
        """Return the texts at `rows`, in that order."""
        weights = None if self.weights is None else self.weights[rows]
        return TrainingData(take_texts(self.texts, rows), self.codes[rows], self.classes, weights)

    def hold_out(self, share: float, *, seed: int) -> tuple[TrainingData, TrainingData]:
        """Return what is left to learn from and the share that is held out, drawn as `data.split.hold_out` draws.

        Raises:
            DataError: One of them would be empty, or a class would have no text left.
        """
        dataset = Dataset(self.texts, self.stored_codes(), tuple(map(str, self.classes)), "the training texts")
        is_held = held_rows(dataset, share, seed=seed)
        return self.take(np.flatnonzero(~is_held)), self.take(np.flatnonzero(is_held))


@dataclass(frozen=True)
class Course:
    """What goes along with a fit, beside the data that are learned from.

    Attributes:
        validation: A pair of texts and labels as callers hold them, or what was held out; None for none. It is looked
            at when a recipe asks for it (`watched`, `watched_texts`), not before.
        unlabelled: Texts as callers hold them, likewise (`further_texts`).
        monitors: Who watches the epochs.
        checkpoint: A file that keeps the state of the run.
        resume: Whether to continue from it.
    """

    validation: tuple[object, Labels] | TrainingData | None = None
    unlabelled: object = None
    monitors: Sequence[Monitor] = ()
    checkpoint: Path | None = None
    resume: bool = False

    def watched(self, training: TrainingData) -> TrainingData | None:
        """Return the validation texts with the class numbers of the training texts, None for none.

        Raises:
            DataError: They are no pair, or as `known_data`.
        """
        given = self.validation
        if given is None or isinstance(given, TrainingData):
            return given
        _check_pair(given)
        return known_data(*given, training.classes, multi_label=training.multi_label)

    def watched_texts(self) -> pa.LargeStringArray | None:
        """Return the validation texts alone, None for none."""
        if self.validation is None or isinstance(self.validation, TrainingData):
            return None if self.validation is None else self.validation.texts
        _check_pair(self.validation)
        return as_text_column(self.validation[0], name="validation texts")

    def further_texts(self) -> pa.LargeStringArray | None:
        """Return the texts without labels, None for none."""
        return None if self.unlabelled is None else as_text_column(self.unlabelled, name="unlabelled texts")

    def watching(self, held: TrainingData | None) -> Course:
        """Return the same with other validation texts."""
        return replace(self, validation=held)


def _check_pair(validation: object) -> None:
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise DataError(f"validation: expected a pair of texts and labels, got {type(validation).__name__}.")


def known_data(texts: object, labels: Labels, classes: NDArray[Any], *, multi_label: bool) -> TrainingData:
    """Return validation texts with the numbers of classes that are known already.

    Raises:
        DataError: There are no texts, their number is not that of the labels, or a label is none of the classes.
    """
    column = as_text_column(texts, name="validation texts")
    if not len(column):
        raise DataError("validation: expected texts with their labels, got none.")
    try:
        if multi_label:
            return TrainingData(column, to_indicator(labels, len(column), classes), classes)
        return TrainingData(column, label_positions(labels, len(column), classes), classes)
    except DataError as error:
        raise DataError(f"validation: {error}") from error


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
