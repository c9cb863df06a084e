"""A classifier's answers to labelled texts, and how good they are."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.config import DataSpec
from plaudit.data.dataset import Dataset, Splits, as_text_column
from plaudit.data.frames import Names, as_setting, read_table
from plaudit.data.label_findings import LabelWarning
from plaudit.data.label_reading import TAKEN_FOR
from plaudit.data.tables import is_table
from plaudit.errors import DataError, outside
from plaudit.evaluation.bootstrap import RESAMPLES
from plaudit.evaluation.calibration import Reliability, reliability, stated
from plaudit.evaluation.intervals import Interval, wilson_interval
from plaudit.evaluation.metrics import Metrics, log_losses, measure
from plaudit.evaluation.multilabel import MultiLabelMetrics, measure_sets
from plaudit.evaluation.named_metrics import Metric, plugin_figures
from plaudit.evaluation.repeats import Repeats
from plaudit.models.targets import known_labels
from plaudit.progress import doing
from plaudit.training.losses import probabilities
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier


@dataclass(frozen=True)
class Answers:
    """What a classifier answered to N labelled texts, and how good that is, measured once when it is first asked for.

    Attributes:
        labels: int64 [N], the true class numbers; multi-label int64 [N, C], 1 where a text has the class.
        probabilities: float64 [N, C].
        predictions: Like `labels`, what was answered; -1 where a decision rule gave no answer.
        classes: C label names, those of the classifier.
        multi_label: Whether an answer is a set of labels.
        logits: What `Classifier.logits` gave, float [N, K]; None where somebody else answered.
        raw: The same without temperature or scaling by class; None where there is neither.
        alike: int [N], a number for each text that equal texts share; None where all differ.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    predictions: NDArray[np.int64]
    classes: tuple[str, ...]
    multi_label: bool
    logits: NDArray[np.floating] | None = None
    raw: NDArray[np.floating] | None = None
    alike: NDArray[np.integer] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.integer]) -> Answers:
        """Return the answers to some of the texts, by their positions."""
        return replace(
            self,
            labels=self.labels[rows],
            probabilities=self.probabilities[rows],
            predictions=self.predictions[rows],
            logits=None if self.logits is None else self.logits[rows],
            raw=None if self.raw is None else self.raw[rows],
            alike=None if self.alike is None else self.alike[rows],
        )

    def copied(self) -> Answers:
        """Return the same answers with arrays of their own: what another package writes into them changes nothing."""
        copied = self.take(np.arange(len(self)))
        for array in vars(copied).values():
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        return copied

    @property
    def class_counts(self) -> list[int]:
        """How many of the texts have each class."""
        if self.multi_label:
            return list(map(int, self.labels.sum(axis=0)))
        return list(map(int, np.bincount(self.labels, minlength=len(self.classes))))

    @cached_property
    def repeats(self) -> Repeats:
        """Which texts are equal: intervals count them as one."""
        return Repeats.of(self.alike, len(self))

    @property
    def accuracy_interval(self) -> Interval:
        """Wilson's 95 % interval of the share that is right, no answer counting as wrong."""
        return wilson_interval(int(self.right.sum()), len(self), self.repeats.worth())

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each text's label, or whole set of labels, is right: bool [N]. No answer is not right."""
        same: NDArray[np.bool_] = self.labels == self.predictions
        whole: NDArray[np.bool_] = np.asarray(same.all(axis=1)) if self.multi_label else same
        return whole

    @property
    def n_unanswered(self) -> int:
        """How many texts got no answer."""
        return int((self.predictions < 0).sum())

    @property
    def n_answered(self) -> int:
        """How many texts got an answer."""
        return len(self) - self.n_unanswered

    @property
    def losses(self) -> NDArray[np.float64]:
        """Each text's log loss in nats, float64 [N]; multi-label the mean over the classes."""
        if self.multi_label:
            given = np.where(self.labels > 0, self.probabilities, 1 - self.probabilities)
            mean: NDArray[np.float64] = log_losses(given).mean(axis=1)
            return mean
        return log_losses(self.probabilities[np.arange(len(self)), self.labels])

    @property
    def reliability(self) -> Reliability:
        """The probabilities beside what came true."""
        return reliability(*stated(self.labels, self.probabilities), repeats=self.repeats)

    @cached_property
    def metrics(self) -> Metrics | MultiLabelMetrics:
        """All figures, as `measure` gives them."""
        return self.measure()

    @cached_property
    def further(self) -> dict[Metric, float]:
        """The figures of installed packages' metrics; NaN where these texts do not define one."""
        return plugin_figures(self)

    def to_dict(self) -> dict[str, object]:
        """Return all figures as JSON values; those of installed packages stand in "further"."""
        further = {each.name: None if math.isnan(value) else value for each, value in self.further.items()}
        return self.metrics.to_dict() | ({"further": further} if further else {})

    def measure(self, *, resamples: int = RESAMPLES, seed: int = 0) -> Metrics | MultiLabelMetrics:
        """Return all figures; the arguments are those of `evaluate`.

        Raises:
            DataError: There are no texts, or none was answered.
        """
        how = measure_sets if self.multi_label else measure
        return how(
            self.labels,
            self.probabilities,
            self.classes,
            predictions=self.predictions,
            resamples=resamples,
            seed=seed,
            alike=self.alike,
        )


def evaluate(
    model: Classifier,
    dataset: object,
    *,
    text: Names = None,
    label: Names = None,
    logits: NDArray[np.floating] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Metrics | MultiLabelMetrics:
    """Measure `model` on a labelled data set, whose classes are matched by name, deciding by the model's rule.

    A multi-label model's answers are compared with sets of labels; one label a text is then a set of one.

    Args:
        model: A fitted classifier.
        dataset: N labelled texts: a `Dataset`, a table that `load_dataset` takes, or a pair of texts and labels as
            `fit` takes them.
        text: A table's column of texts, or several, if names do not tell.
        label: A table's column of labels, or several of 0 and 1, if names do not tell.
        logits: Its `decision_function` or `logits` of them, where they are available; None computes them.
        resamples: Of the bootstrap intervals, at most; 0 for figures without them (but Wilson's), which saves about
            two seconds for 25,000 texts.
        seed: Of the resamples; the same seed gives the same intervals.

    Raises:
        DataError: These are no labelled texts, or there are none; a label is not one of the model's, or the texts have
            sets of labels and the model answers with one label; or its rule answers none of them.
    """
    held = as_dataset(model, dataset, text=text, label=label)
    return answer(model, held, logits=logits).measure(resamples=resamples, seed=seed)


def answer(model: Classifier, dataset: Dataset, *, logits: NDArray[np.floating] | None = None) -> Answers:
    """Return `model`'s answers to a labelled data set, whose classes are matched by name; arguments as `evaluate`'s.

    Raises:
        DataError: As `evaluate`; no texts and no answers are no fault here.
    """
    labels = labels_for(model.class_names, dataset, multi_label=model.multi_label_)
    if logits is None:
        with doing(f"Answering {counted(len(dataset), 'text')}"):
            logits = model.logits(dataset.texts)
    return Answers(
        labels,
        probabilities(logits, multi_label=model.multi_label_),
        model.decide(logits, unlike=model.unlike(dataset.texts)),
        model.class_names,
        model.multi_label_,
        logits,
        model.unscaled(logits),
        dataset.text_numbers(),
    )


def as_dataset(
    model: Classifier,
    source: Any,  # Any: what a caller has
    *,
    text: Names = None,
    label: Names = None,
) -> Dataset:
    """Return labelled texts as a data set: one as it is, a table, or a pair of texts and labels as `fit` takes them.

    Raises:
        DataError: It is none of these, or a label is not one of the model's.
    """
    if isinstance(source, Dataset):
        return source
    classes = model.class_names
    if is_table(source):
        kind = type(source).__name__
        spec = DataSpec(text_column=as_setting(text), label_column=as_setting(label))
        found = read_table(source, spec, name=kind, classes=classes, multi_label=model.multi_label_)
        for line in found.origin.said if found.origin is not None else ():
            if TAKEN_FOR in line:
                warnings.warn(f"{kind}: {line}", LabelWarning, stacklevel=outside())
        return found
    if isinstance(source, tuple) and len(source) == 2:
        texts = as_text_column(source[0])
        labels = known_labels(source[1], len(texts), model.classes_, multi_label=model.multi_label_)
        return Dataset(texts, labels, classes, "the texts")
    advice = "expected a Dataset, a table, or the pair (texts, labels)"
    if isinstance(source, Splits | Mapping):
        advice = "give one of its parts, such as splits.test"
    elif isinstance(source, str | PathLike):
        advice = "load it first: plaudit.load_dataset"
    raise DataError(f"no labelled texts to compare with, but {type(source).__name__}: {advice}.")


def labels_for(classes: tuple[str, ...], dataset: Dataset, *, multi_label: bool) -> NDArray[np.int64]:
    """Return a data set's labels as numbers of a model's classes, int64 [N]; multi-label an indicator, int64 [N, C].

    Args:
        classes: C label names, those of the model.
        dataset: N labelled texts.
        multi_label: Whether the model answers with sets of labels.

    Raises:
        DataError: As `evaluate`; no texts are no fault here.
    """
    if dataset.labels is None:
        raise DataError(f"{dataset.name}: these texts have no labels to compare with.")
    if unknown := [name for name, count in dataset.class_counts().items() if count and name not in classes]:
        raise DataError(
            f"{dataset.name}: label {unknown[0]!r} is not one of the model's classes ({_listed(classes)}). "
            "Is this the right label column (--label-column)?"
        )
    if dataset.multi_label and not multi_label:
        raise DataError(f"{dataset.name}: its texts have sets of labels, and this model answers with one label a text.")
    position = np.array([classes.index(name) if name in classes else -1 for name in dataset.classes], np.int64)
    if not multi_label:
        return position[dataset.labels]
    shares = [dataset.labels[:, i] if dataset.multi_label else dataset.labels == i for i in range(len(dataset.classes))]
    indicator = np.zeros((len(dataset), len(classes)), np.int64)
    for share, column in zip(shares, position.tolist(), strict=True):
        if column >= 0:
            indicator[:, column] = share
    return indicator


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
