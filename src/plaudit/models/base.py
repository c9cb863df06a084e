"""What every classifier is, and scikit-learn's contract without importing scikit-learn.

The constructor only stores its arguments, `fit` returns self, learned names end in ``_``, and a second `fit` forgets
the first, so that `clone`, `cross_val_score` and `GridSearchCV` work
(https://scikit-learn.org/stable/developers/develop.html). Nothing heavy is imported here: a process that scores texts
should start in a fraction of a second.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from plaudit.data.dataset import as_text_column, label_sets
from plaudit.data.labels import label_name
from plaudit.errors import ConfigError, DataError, ModelError, NotFittedError, PluginError
from plaudit.models.arguments import Arguments, from_json, to_json
from plaudit.models.label_values import warn_of_label
from plaudit.models.rules import DecisionRule, rule_from_manifest
from plaudit.models.scaling import ScaledLogits
from plaudit.models.scope import SCOPE, Scope, check_scope
from plaudit.models.targets import Labels, count_logits, encode_labels, label_positions, to_indicator
from plaudit.models.training_data import Course, TrainingData, given_weights, known_data, text_weights
from plaudit.plugins import asking, owner
from plaudit.scratch import MEMORY, Scratch
from plaudit.setting_values import ClassWeight
from plaudit.text.token_memory import keep_tokens, remembering_tokens

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.training.history import History
    from plaudit.training.loop import Monitor


class Classifier(Arguments, ScaledLogits, ABC):
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
        rule_: What is answered; None for the most probable class, or of sets of labels those above 0.5.
        scope_: What its training texts are like; None where nobody has counted (`learn_scope`).
        streams: Whether `fit` can keep on disk what grows with the number of tokens.
        resumes: Whether `fit` keeps its state in `checkpoint`, and can go on from it.
        scratch: Where it keeps that; in memory unless a folder is set.
        class_weight: "none", "balanced", or a weight for each class; as the two below, a setting of most recipes.
        validation_fraction: Share of the texts that `fit` holds out where it must.
        seed: Of everything random.
    """

    kind: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    uses_unlabelled: ClassVar[bool] = False
    streams: ClassVar[bool] = False
    resumes: ClassVar[bool] = False
    classes_: NDArray[Any]
    multi_label_: bool = False
    history_: History | None = None
    kept_epoch_: int | None = None
    notes_: tuple[str, ...] = ()
    rule_: DecisionRule | None = None
    scope_: Scope | None = None
    scratch: Scratch = MEMORY
    class_weight: ClassWeight | dict[Any, float] = "none"
    validation_fraction: float = 0.2
    seed: int = 0

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as data sets spell them: ``true`` for True, ``1`` for 1."""
        self._check_fitted()
        names = tuple(label_name(label) or "" for label in self.classes_.tolist())
        return names if len(set(names)) == len(names) else tuple(map(str, self.classes_.tolist()))

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
            labels: N labels, all words or all whole numbers; or N lists, tuples or sets of them, or an indicator matrix
                [N, C] of 0 and 1, for texts that have several (multi-label).
            sample_weight: N numbers from 0, each text's share in the loss; None for all 1.
            validation: Texts and labels to watch for overfitting. None holds out `validation_fraction` where the recipe
                stops early or chooses by held-out texts, and none otherwise; what has no epochs does not look at them.
            unlabelled: More texts, without labels; what does not set `uses_unlabelled` does not look at them.
            monitors: Who watches the epochs; never called where there are none.
            checkpoint: A file that keeps the state of the run, removed by whoever publishes the model; what does not
                set `resumes` writes none.
            resume: Whether to continue from `checkpoint` when it exists.

        Raises:
            DataError: Texts or labels are unusable, or a validation label never occurs in training.
            ConfigError: A setting is out of range, or training diverged.
            EmbeddingError: The embedding or the encoder is unknown or unreadable.
            MissingExtraError: Training needs a package that is not installed.
        """
        self._check_params()
        column = as_text_column(texts)
        targets = encode_labels(labels, len(column))
        weights = text_weights(targets, self.class_weight, sample_weight)
        data = TrainingData(column, targets.values, targets.classes, weights)
        return self._fit_data(data, Course(validation, unlabelled, monitors, checkpoint, resume))

    def _fit_data(self, data: TrainingData, course: Course) -> Self:
        """Learn from data that are numbers: hold out what is to be watched, and let the recipe learn from the rest."""
        with remembering_tokens():
            if self.scratch.folder is None:
                keep_tokens(data.texts)
            if course.validation is None and self._holds_out(data):
                data, held = data.hold_out(self.validation_fraction, seed=self.seed)
                course = course.watching(held)
            return self._fit_whole(data, course)

    def _fit_whole(self, data: TrainingData, course: Course) -> Self:
        """Learn from all of `data`, holding nothing out: what a blend asks of its members."""
        self.forget_scaling()
        self.rule_, self.scope_ = None, None
        with asking(owner(type(self)), "a training", faults=(SystemExit,)):
            self._fit(data, course)
        self.classes_, self.multi_label_ = data.classes, data.multi_label
        return self

    def _holds_out(self, data: TrainingData) -> bool:
        """Say whether texts must be held out of `data` where no validation texts are given."""
        return False

    @abstractmethod
    def _fit(self, data: TrainingData, course: Course) -> None:
        """Learn, and set the learned names: this is what a recipe is. `fit` sets `classes_` and `multi_label_`."""

    @abstractmethod
    def summary(self) -> object:
        """Return what was built and how big it is: an object whose `str` is a line or a short table."""

    def described(self) -> str:
        """Return `summary` in words; where a plugin's fails, its fault, so that no trained model is lost for words."""
        try:
            with asking(owner(type(self)), "a summary"):
                return str(self.summary())
        except PluginError as fault:
            return str(fault)

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
        from plaudit.registry import recipe_of_kind

        recipe = recipe_of_kind(self.kind)
        if self.scope_ is not None:
            self.scope_.write(folder)
        write_manifest(
            folder,
            kind=self.kind,
            classes=self.classes_,
            parameters=to_json(self._stored_params()),
            multi_label=self.multi_label_,
            temperature=float(self.temperature_),
            class_scaling=None if self.class_scaling_ is None else self.class_scaling_.to_dict(),
            rule=None if self.rule_ is None else self.rule_.to_dict(),
            package=None if recipe is None or recipe.package == "plaudit" else recipe.package,
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
        model = cls(**from_json(manifest["parameters"], cls._parameter_names(), str(folder)))
        try:
            model._check_params()
        except ConfigError as error:
            raise ModelError(f"{folder}: damaged: {error}") from error
        if missing := [name for name in files if name not in manifest["files"]]:
            raise ModelError(f"{folder}: damaged: the manifest does not list {missing[0]}.")
        classes, multi_label = np.array(manifest["classes"]), manifest["multi_label"]
        model.classes_, model.multi_label_ = classes, multi_label
        model.read_scaling(manifest, count_logits(len(classes), multi_label=multi_label), where=str(folder))
        model.rule_ = rule_from_manifest(manifest["rule"], len(classes), multi_label=multi_label, where=str(folder))
        model.scope_ = Scope.read(folder) if SCOPE in manifest["files"] else None
        return model

    def predict_proba(self, texts: object) -> NDArray[np.float64]:
        """Return each class's probability for N texts, float64 [N, C], rows summing to 1.

        Multi-label: each class is a question of its own, and rows do not sum to 1.

        Texts are a list of str, a NumPy or Arrow array, or a pandas or polars Series. One row comes back for each, in
        order, also for an empty text.
        """
        from plaudit.training.losses import probabilities

        return probabilities(self.logits(texts), multi_label=self.multi_label_)

    def predict(self, texts: object) -> NDArray[Any]:
        """Return the label of each of N texts: by `rule_`, else the second of two classes when its logit is above 0.

        A rule that may give no answer gives None there, in an array of objects. Multi-label: an indicator matrix, int64
        [N, C], 1 where a class's logit is above 0, or its probability above the rule's threshold; `label_sets` names
        them.
        """
        column = as_text_column(texts)
        return self.predicted(self.logits(column), unlike=self.unlike(column))

    def predicted(self, logits: NDArray[np.floating], *, unlike: NDArray[np.bool_] | None = None) -> NDArray[Any]:
        """Return what `predict` gives for texts of these logits; `unlike` is what `unlike` returns for them."""
        found = self.decide(logits, unlike=unlike)
        return found if self.multi_label_ else self.labels_of(found)

    def unlike(self, texts: pa.LargeStringArray) -> NDArray[np.bool_] | None:
        """Return which of N texts `rule_` does not answer, being unlike the training texts, bool [N] or None."""
        rate = None if self.rule_ is None else self.rule_.unlike
        return None if rate is None or self.scope_ is None else self.scope_.is_unlike(texts, rate)

    def decide(self, logits: NDArray[np.floating], *, unlike: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Return what `rule_` makes of logits: class numbers [N], -1 for none; multi-label an indicator [N, C]."""
        from plaudit.training.losses import predicted, probabilities

        if self.rule_ is None:
            return predicted(logits, multi_label=self.multi_label_)
        shares = probabilities(logits, multi_label=self.multi_label_)
        return self.rule_.decide(shares, multi_label=self.multi_label_, unlike=unlike)

    def labels_of(self, numbers: NDArray[np.integer]) -> NDArray[Any]:
        """Return the labels of class numbers [N]; under a rule that may give no answer objects, None for -1."""
        if self.rule_ is None or not self.rule_.may_abstain:
            named: NDArray[Any] = self.classes_[numbers]
        else:
            named = np.array([*self.classes_.tolist(), None], dtype=object)[numbers]
        return named

    def label_sets(self, indicator: NDArray[np.integer]) -> list[tuple[Any, ...]]:
        """Return the labels that each row of an indicator matrix [N, C] stands for, N tuples; none is ``()``."""
        return label_sets(indicator, self.classes_.tolist())

    def decision_function(self, texts: object) -> NDArray[np.float32]:
        """Return how much speaks for each class, in scikit-learn's shape: float32 [N] for two classes, else [N, C].

        These are `logits`; of two classes the second's, so that above 0 the second is the likelier one.
        """
        logits = self.logits(texts)
        return logits[:, 0] if len(self.classes_) == 2 and not self.multi_label_ else logits

    def logits(self, texts: object) -> NDArray[np.float32]:
        """Return the logits of N texts, divided by `temperature_` or scaled by class: float32 [N, K], a column a logit.

        K is 1 for two classes of which a text has one (the second's logit), else C.

        Raises:
            ModelError: One is not a finite number, because the weights are too large: such is never an answer.
            PluginError: The recipe is a plugin's, and failed, or returned something else, or such a number.
        """
        self._check_fitted()
        column = as_text_column(texts)
        with (
            asking(owner(type(self)), "logits"),
            np.errstate(over="ignore", invalid="ignore"),  # it is looked for right below
        ):
            logits = self._logits(column)
            expected = (len(column), count_logits(len(self.classes_), multi_label=self.multi_label_))
            if not isinstance(logits, np.ndarray) or logits.dtype != np.float32 or logits.shape != expected:
                found = f"{getattr(logits, 'dtype', type(logits).__name__)} {list(getattr(logits, 'shape', ()))}"
                raise TypeError(f"expected an array, float32 {list(expected)}, got {found}")
        if not np.isfinite(logits).all():
            row = int(np.argmin(np.isfinite(logits).all(axis=1)))
            if (package := owner(type(self))) is not None:
                odd = float(logits[row][~np.isfinite(logits[row])][0])
                raise PluginError(f"the plugin {package}: its recipe {self.kind} gave {odd} for text {row + 1:,}.")
            raise ModelError(
                f"this model's answer to text {row + 1:,} is not a finite number: its weights are too large. "
                "Train it again, or copy its folder again."
            )
        return self.scaled(logits)

    def calibrate(self, texts: object, labels: Labels) -> Self:
        """Choose `temperature_`, or `class_scaling_`, on texts that were not trained on, and return self.

        Both stay at nothing for fewer than 100 texts, and where they do not lower the log loss of texts that did not
        choose them. A scaling by class takes 500 texts, and may move answers of one label a text, nothing else does. A
        rule was chosen for other probabilities: choose it again.

        Args:
            texts: N texts, one or more.
            labels: N labels as `fit` takes them, each of them known.

        Raises:
            DataError: There are no texts, or a label is unknown.
        """
        from plaudit.training.class_scaling import choose_scaling

        self._check_fitted()
        held = known_data(texts, labels, self.classes_, multi_label=self.multi_label_)
        self.forget_scaling()
        chosen = choose_scaling(self.logits(held.texts), held.codes, alike=held.text_numbers())
        self.temperature_, self.class_scaling_ = chosen.temperature, chosen.by_class
        return self

    def learn_scope(self, texts: object, validation: object) -> Self:
        """Learn from the texts it was trained on, and from others of their kind, what is unlike them; return self."""
        self.scope_ = Scope.learn(as_text_column(texts), as_text_column(validation))
        return self

    def set_rule(self, rule: DecisionRule | None) -> Self:
        """Decide by `rule` from now on, by none for None, and return self.

        Raises:
            ConfigError: The rule is not for these classes.
        """
        self._check_fitted()
        if rule is not None:
            rule.check(len(self.classes_), multi_label=self.multi_label_)
            check_scope(rule.unlike, self.scope_)
        self.rule_ = rule
        return self

    def score(self, texts: object, labels: Labels, sample_weight: object = None) -> float:
        """Return the share of texts whose label is predicted, 0 to 1 (scikit-learn's default score).

        A text that gets no answer counts as wrong. Multi-label: whose set of labels is predicted whole (subset
        accuracy); labels are sets or an indicator matrix.

        Args:
            texts: N texts, one or more.
            labels: N labels of the classes' type, as `fit` takes them; one that is none of the classes counts as wrong.
            sample_weight: N numbers from 0, each text's share; None for all 1.

        Raises:
            DataError: There are no texts, or labels or weights do not fit: the label 1 is not the class "1".
        """
        texts = as_text_column(texts)
        found = self.decide(self.logits(texts), unlike=self.unlike(texts))
        if not len(found):
            raise DataError("score: there are no texts.")
        if self.multi_label_:
            right = (found == to_indicator(labels, len(found), self.classes_)).all(axis=1)
        else:
            known = label_positions(labels, len(found), self.classes_, may_be_unknown=True)
            if n_unknown := int((known < 0).sum()):
                warn_of_label(f"{n_unknown:,} of {len(known):,} are not among the model's classes and count as wrong.")
            right = (found == known) & (known >= 0)
        weights = None if sample_weight is None else given_weights(sample_weight, len(found))
        if weights is not None and not weights.any():
            raise DataError("sample_weight: all weights are 0.")
        return float(np.average(right, weights=weights))

    def save(self, path: str | Path) -> None:
        """Write the model as a folder, whole or not at all; a model that stands there is replaced.

        Raises:
            ModelError: `path` is a file, or a folder that holds something other than a model.
        """
        from plaudit.models.artifact import publish

        self._check_fitted()
        with publish(path) as folder:
            self.write_whole(folder)

    def write_whole(self, folder: Path) -> None:
        """Write into an existing folder, and see that what stands there is a model.

        Raises:
            PluginError: The recipe is a plugin's, and failed, or wrote no model.json.
        """
        from plaudit.models.artifact import MANIFEST

        with asking(owner(type(self)), "a model's files"):
            self.write(folder)
            if not (folder / MANIFEST).is_file():
                raise ValueError(f"expected {MANIFEST}: end `write` with self._write_manifest(folder)")

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return where what it was built upon comes from, by what that is: ``{"embedding": {"source": ...}}``."""
        return {}

    def decided_params(self) -> dict[str, Any]:
        """Return the constructor's arguments, with what the last `fit` decided in place of those left open."""
        return self.get_params()

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet: call fit, or plaudit.load a saved one."
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")
