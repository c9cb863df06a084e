"""What every classifier is, and scikit-learn's contract without importing scikit-learn.

The constructor only stores its arguments, `fit` returns self, learned names end in ``_``, and a second `fit` forgets
the first, so that `clone`, `cross_val_score` and `GridSearchCV` work
(https://scikit-learn.org/stable/developers/develop.html). Scikit-learn itself is imported only when it asks for its
tags: a process that scores texts should start in a fraction of a second.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from plaudit.config import check_setting
from plaudit.data.dataset import as_text_column
from plaudit.data.labels import label_name, sort_classes
from plaudit.errors import ConfigError, DataError, NotFittedError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.training.history import History
    from plaudit.training.loop import Monitor

Labels = Any  # a list, NumPy or Arrow array, or Series of str, int or bool


class Classifier(ABC):
    """A text classifier.

    Attributes:
        kind: What model.json calls it.
        packages: What its bits can depend on besides settings and texts; run.toml records their versions.
        uses_unlabelled: Whether `fit` learns from texts without labels.
        classes_: The labels it can answer, in the order of `predict_proba`'s columns; of the type that `fit` was given.
        history_: Loss and accuracy of every epoch; None when it has no epochs, or was loaded.
        kept_epoch_: The epoch (from 1) that it was taken from; None likewise.
        notes_: Sentences about the fit that its owner should read.
    """

    kind: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    uses_unlabelled: ClassVar[bool] = False
    classes_: NDArray[Any]
    history_: History | None = None
    kept_epoch_: int | None = None
    notes_: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as data sets spell them: ``true`` for True, ``1`` for 1."""
        return tuple(label_name(label) or "" for label in self.classes_.tolist())

    @abstractmethod
    def fit(
        self,
        texts: object,
        labels: Labels,
        *,
        sample_weight: object = None,
        validation: tuple[object, Labels] | None = None,
        unlabelled: object = None,
        monitors: Sequence[Monitor] = (),
        checkpoint: Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Learn from N texts and their labels, forgetting what was learned before.

        Args:
            texts: A list of str, a NumPy or Arrow array, or a pandas or polars Series.
            labels: N labels.
            sample_weight: N numbers from 0, each text's share in the loss; None for all 1.
            validation: Texts and labels to watch for overfitting, or None.
            unlabelled: More texts, without labels; what does not set `uses_unlabelled` does not look at them.
            monitors: Who watches the epochs; never called where there are none.
            checkpoint: A file that keeps the state of the run; where there are no epochs none is written.
            resume: Whether to continue from `checkpoint` when it exists.
        """

    @abstractmethod
    def summary(self) -> object:
        """Return what was built and how big it is: an object whose `str` is a line or a short table."""

    @abstractmethod
    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        """Return logits, float32 [N, 1] for two classes or [N, C]."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write the fitted classifier's files into an existing folder; `save` publishes it whole."""

    @classmethod
    @abstractmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> Classifier:
        """Build a fitted classifier from what `write` wrote; `manifest` is the checked model.json."""

    def predict_proba(self, texts: object) -> NDArray[np.float64]:
        """Return each class's probability for N texts, float64 [N, C], rows summing to 1.

        Texts are a list of str, a NumPy or Arrow array, or a pandas or polars Series. One row comes back for each, in
        order, also for an empty text.
        """
        from plaudit.training.losses import probabilities

        return probabilities(self.decision_function(texts))

    def predict(self, texts: object) -> NDArray[Any]:
        """Return the label of each of N texts: the second of two classes when its logit is above 0."""
        from plaudit.training.losses import predicted

        logits = self.decision_function(texts)
        return self.classes_[predicted(logits)]

    def decision_function(self, texts: object) -> NDArray[np.float32]:
        """Return the logits of N texts, float32 [N, 1] for two classes (the second's) or [N, C]."""
        self._check_fitted()
        return self._logits(as_text_column(texts))

    def score(self, texts: object, labels: Labels, sample_weight: object = None) -> float:
        """Return the share of texts whose label is predicted, 0 to 1 (scikit-learn's default score)."""
        right = self.predict(texts) == np.asarray(labels)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        return float(np.average(right, weights=weights))

    def save(self, path: str | Path) -> None:
        """Write the model as a folder, whole or not at all; a model that stands there is replaced.

        Raises:
            ModelError: `path` is a file, or a folder that holds something else than a model.
        """
        from plaudit.models.artifact import publish

        self._check_fitted()
        with publish(path) as folder:
            self.write(folder)

    def to_keras(self, **options: Any) -> Any:  # Any: keras.Sequential, which must not be imported here
        """Hand a fitted network over as a Keras 3 model with the same logits: `plaudit.interop.to_keras`.

        Raises:
            ConfigError: This is another kind of classifier.
            MissingExtraError: Keras is not installed.
        """
        from plaudit.interop import to_keras  # the one import against the direction: a door, opened when asked

        return to_keras(self, **options)

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return where what it was built upon comes from, by what that is: ``{"embedding": {"source": ...}}``."""
        return {}

    def decided_params(self) -> dict[str, Any]:
        """Return the constructor's arguments, with what the last `fit` decided in place of those left open."""
        return self.get_params()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments (scikit-learn's contract; `deep` changes nothing)."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments and return self.

        Raises:
            ConfigError: A name is not an argument of the constructor.
        """
        for name, value in params.items():
            if name not in self._parameter_names():
                raise ConfigError(f"{type(self).__name__} has no parameter {name!r}.")
            setattr(self, name, value)
        return self

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def _check_params(self) -> None:
        """Refuse arguments out of range, by the command line's rules; None passes where it is the default.

        Raises:
            ConfigError: One is.
        """
        for name, parameter in inspect.signature(type(self)).parameters.items():
            value = getattr(self, name)
            if value is not None or parameter.default is not None:
                check_setting(name, value)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet: call fit, or plaudit.load a saved one."
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __sklearn_tags__(self) -> Any:  # sklearn.utils.Tags, which this module must not import
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_label=False),
            input_tags=InputTags(two_d_array=False, one_d_array=True, string=True),
        )

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if not _is_same(v, defaults[k].default)]
        return f"{type(self).__name__}({', '.join(changed)})"


def encode_labels(labels: Labels, n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the distinct labels in order (by number when all are numbers) and each text's class number, int64 [N].

    Raises:
        DataError: The number of labels differs from `n`, one is missing, or there are fewer than two classes.
    """
    column = np.asarray(labels)
    if column.shape != (n,):
        raise DataError(f"labels: expected {n:,}, one for each text, got shape {column.shape}.")
    if column.dtype == object or (column.dtype.kind == "U" and isinstance(labels, list | tuple)):
        kinds = {type(value).__name__ for value in (labels if column.dtype.kind == "U" else column)}
        if not kinds <= {"str", "str_"}:  # of [1, "a"] NumPy would make the words "1" and "a"
            raise DataError(f"labels: expected all str or all int, got {', '.join(sorted(kinds))}.")
        column = column.astype(str)
    if column.dtype.kind == "f":
        if not (np.isfinite(column).all() and (column == np.floor(column)).all()):
            raise DataError("labels: expected words or whole numbers, got fractions or missing values.")
        column = column.astype(np.int64)
    if column.dtype.kind not in "Uiub":
        raise DataError(f"labels: expected str, int or bool, got {column.dtype}.")
    classes, codes = np.unique(column, return_inverse=True)
    if len(classes) < 2:
        found = f"only {classes[0]!s}" if len(classes) else "none"
        raise DataError(f"labels: at least two classes are needed to learn from, found {found}.")
    if classes.dtype.kind == "U":
        order = np.array([classes.tolist().index(name) for name in sort_classes(classes.tolist())])
        classes, codes = classes[order], np.argsort(order)[codes]
    return classes, codes.astype(np.int64)


def _is_same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))
