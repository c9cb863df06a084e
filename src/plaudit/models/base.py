"""What every classifier is, and scikit-learn's contract without importing scikit-learn.

The constructor only stores its arguments, `fit` returns self, learned names end in ``_``, and a second `fit` forgets
the first, so that `clone`, `cross_val_score` and `GridSearchCV` work
(https://scikit-learn.org/stable/developers/develop.html). Scikit-learn itself is imported only when it asks for its
tags: a process that scores texts should start in a fraction of a second.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from plaudit.config import check_setting
from plaudit.data.dataset import as_text_column, label_sets
from plaudit.data.labels import label_name
from plaudit.errors import ConfigError, ModelError, NotFittedError
from plaudit.models.targets import Labels, to_indicator

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.training.history import History
    from plaudit.training.loop import Monitor


class Classifier(ABC):
    """A text classifier.

    Attributes:
        kind: What model.json calls it.
        packages: What its bits can depend on besides settings and texts; run.toml records their versions.
        uses_unlabelled: Whether `fit` learns from texts without labels.
        classes_: The labels it can answer, in the order of `predict_proba`'s columns; of the type that `fit` was given.
        multi_label_: Whether it answers with a set of labels.
        history_: Loss and accuracy of every epoch; None when it has no epochs, or was loaded.
        kept_epoch_: The epoch (from 1) that it was taken from; None likewise.
        notes_: Sentences about the fit that its owner should read.
    """

    kind: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    uses_unlabelled: ClassVar[bool] = False
    classes_: NDArray[Any]
    multi_label_: bool = False
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
        """Return logits, float32 [N, 1] for two classes or [N, C]; multi-label always [N, C]."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write the fitted classifier's files into an existing folder; `save` publishes it whole."""

    @classmethod
    @abstractmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> Classifier:
        """Build a fitted classifier from what `write` wrote; `manifest` is the checked model.json."""

    def _write_manifest(self, folder: Path) -> None:
        """Write the manifest over all that `write` has put into `folder`; `_from_manifest` reads it."""
        from plaudit.models.artifact import write_manifest
        from plaudit.models.parameters import to_json

        write_manifest(
            folder,
            kind=self.kind,
            classes=self.classes_,
            parameters=to_json(self._stored_params()),
            multi_label=self.multi_label_,
        )

    def _stored_params(self) -> dict[str, Any]:
        """Return the settings that the manifest keeps: not those of the machine or of the training run alone."""
        return self.get_params()

    @classmethod
    def _from_manifest(cls, folder: Path, manifest: dict[str, Any], files: Iterable[str]) -> Self:
        """Build one with the settings and classes of a checked manifest, which must list `files`.

        Raises:
            ModelError: A setting is none of this class, is out of range, or a file is not listed.
        """
        from plaudit.models.parameters import from_json

        model = cls(**from_json(manifest["parameters"], cls._parameter_names(), str(folder)))
        try:
            model._check_params()
        except ConfigError as error:
            raise ModelError(f"{folder}: damaged: {error}") from error
        if missing := [name for name in files if name not in manifest["files"]]:
            raise ModelError(f"{folder}: damaged: the manifest does not list {missing[0]}.")
        model.classes_, model.multi_label_ = np.array(manifest["classes"]), manifest["multi_label"]
        return model

    def predict_proba(self, texts: object) -> NDArray[np.float64]:
        """Return each class's probability for N texts, float64 [N, C], rows summing to 1.

        Multi-label: each class is a question of its own, and rows do not sum to 1.

        Texts are a list of str, a NumPy or Arrow array, or a pandas or polars Series. One row comes back for each, in
        order, also for an empty text.
        """
        from plaudit.training.losses import probabilities

        logits = self.decision_function(texts)
        return probabilities(logits, multi_label=self.multi_label_)

    def predict(self, texts: object) -> NDArray[Any]:
        """Return the label of each of N texts: the second of two classes when its logit is above 0.

        Multi-label: an indicator matrix, int64 [N, C], 1 where a class's logit is above 0; `label_sets` names them.
        """
        from plaudit.training.losses import predicted

        logits = self.decision_function(texts)
        found = predicted(logits, multi_label=self.multi_label_)
        return found if self.multi_label_ else self.classes_[found]

    def label_sets(self, indicator: NDArray[np.integer]) -> list[tuple[Any, ...]]:
        """Return the labels that each row of an indicator matrix [N, C] stands for, N tuples; none is ``()``."""
        return label_sets(indicator, self.classes_.tolist())

    def decision_function(self, texts: object) -> NDArray[np.float32]:
        """Return the logits of N texts, float32 [N, 1] for two classes (the second's) or [N, C]; multi-label [N, C]."""
        self._check_fitted()
        return self._logits(as_text_column(texts))

    def score(self, texts: object, labels: Labels, sample_weight: object = None) -> float:
        """Return the share of texts whose label is predicted, 0 to 1 (scikit-learn's default score).

        Multi-label: whose set of labels is predicted whole (subset accuracy); labels are sets or an indicator matrix.
        """
        found = self.predict(texts)
        if self.multi_label_:
            right = (found == to_indicator(labels, len(found), self.classes_)).all(axis=1)
        else:
            right = found == np.asarray(labels)
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
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(two_d_array=False, one_d_array=True, string=True),
        )

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if not _is_same(v, defaults[k].default)]
        return f"{type(self).__name__}({', '.join(changed)})"


def _is_same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))
