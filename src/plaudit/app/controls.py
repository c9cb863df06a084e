"""Four simple models, trained on a model's own training texts, to tell what the model adds.

The largest class, always; the tutorial's network on random vectors; TF-IDF and logistic regression, and TF-IDF of
words and characters under a linear support vector machine, the strongest that is quick: both from scikit-learn, so that
a fault of ours does not cancel out. None is tuned.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from plaudit.app.run.own_run import OwnRun
from plaudit.app.run.parts import join_texts
from plaudit.data import Dataset
from plaudit.errors import DataError, ModelError, require
from plaudit.evaluation import Answers, Interval, answer
from plaudit.evaluation.paired import Comparison, compare_answers
from plaudit.evaluation.scoring import labels_for
from plaudit.report.facts import ControlFacts, Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


MAJORITY, RANDOM, TFIDF = "majority class", "network of random vectors", "TF-IDF (1,2) + logistic regression"
SVM = "TF-IDF of words and characters + linear SVM"
_PURPOSE = "A control with TF-IDF"
_FOLDS, _SLOPE = 3, 3.0


@dataclass(frozen=True)
class TrainingTexts:
    """What a model learned from.

    Attributes:
        texts: The training texts; after a refit the validation texts too.
        validation: What watched for overfitting; None after a refit.
        seed: Of the run.
    """

    texts: Dataset
    validation: Dataset | None
    seed: int


@dataclass(frozen=True)
class Control:
    """A simple model beside the model.

    Attributes:
        name: What it is.
        comparison: The model against it; None if it cannot be trained on these texts.
        reason: Why it cannot.
        interval: Wilson's 95 % interval of its accuracy.
    """

    name: str
    comparison: Comparison | None
    reason: str | None = None
    interval: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON values; the differences are the model's minus the control's."""
        if self.comparison is None or self.interval is None:
            return {"control": self.name, "reason": self.reason}
        figures = self.comparison.to_dict()
        return {
            "control": self.name,
            "accuracy": self.comparison.accuracy[1],
            "accuracy_interval_95": self.interval.to_list(),
            "loss": self.comparison.loss[1],
            **{name: figures[name] for name in figures if "difference" in name or name == "p_value"},
        }

    def to_facts(self) -> ControlFacts:
        """Return what a report says of it."""
        found, span = self.comparison, self.interval
        if found is None or span is None:
            return ControlFacts(self.name, None, None, self.sentence())
        gain = found.accuracy_interval
        return ControlFacts(
            self.name,
            Figure(found.accuracy[1], span.low, span.high),
            Figure(found.accuracy_difference, gain.low, gain.high),
            self.sentence(),
        )

    def sentence(self) -> str:
        """Say in words how the model stands to it."""
        if self.comparison is None:
            return f"{self.name}: {self.reason}"
        return self.comparison.sentence("The model", self.name)


def training_texts(model: Path, *, data_dir: str | None = None) -> TrainingTexts:
    """Load what the model in a folder was trained on, by its run.toml; `data_dir` says where IMDB lies now.

    Raises:
        ModelError: The folder has no record of a run.
        DataError: The texts cannot be read, or have changed since.
        MissingExtraError: What trains the controls is not installed.
    """
    for module, extra in (("sklearn", "controls"), ("numba", "train")):
        require(module, extra=extra, purpose="Training the controls")
    run = OwnRun.of(model, data_dir=data_dir)
    if run is None:
        raise ModelError(
            f"{model}: no run.toml that can be read, so what the model was trained on is unknown; --controls "
            "takes a folder that `plaudit train` wrote."
        )
    instead = "leave out --controls, which needs the texts that the model was trained on"
    train = run.part("train", instead=instead)
    validation = run.part("validation", instead=instead)
    seed = run.config.training.seed
    if not run.config.training.refit:
        return TrainingTexts(train, validation, seed)
    return TrainingTexts(join_texts((train, validation)), None, seed)


def compare_controls(answers: Answers, dataset: Dataset, run: TrainingTexts) -> list[Control]:
    """Train the four controls, and compare a model with each.

    Args:
        answers: The model's.
        dataset: To these labelled texts.
        run: What the controls learn from.
    """
    makers: dict[str, Callable[[Answers, Dataset, TrainingTexts], Answers]] = {
        MAJORITY: _majority, RANDOM: _random_network, TFIDF: _tfidf, SVM: _svm,
    }  # fmt: skip
    found = []
    for name, make in makers.items():
        try:
            others = replace(make(answers, dataset, run), alike=answers.alike)
            found.append(Control(name, compare_answers(answers, others), interval=others.accuracy_interval))
        except DataError as error:
            found.append(Control(name, None, f"cannot be trained on these texts: {error}"))
    return found


def controls_table(answers: Answers, controls: list[Control]) -> Table:
    """Return a row for the model, whose answers these are, and one for each control."""
    table = Table(title="beside controls", title_style="dim", title_justify="left", box=None, padding=(0, 2))
    for heading in ("", "accuracy", "95 % interval", "loss", "the model is better by"):
        table.add_column(heading, justify="right" if heading else "left")
    own, loss = answers.accuracy_interval, answers.losses.mean()
    table.add_row("the model", f"{answers.right.mean():.4f}", f"{own.low:.4f} to {own.high:.4f}", f"{loss:.4f}", "")
    for each in controls:
        if each.comparison is None or each.interval is None:
            table.add_row(escape(each.name), "-", "", "", "")
            continue
        gain, span = each.comparison.accuracy_difference, each.comparison.accuracy_interval
        table.add_row(
            escape(each.name),
            f"{each.comparison.accuracy[1]:.4f}",
            f"{each.interval.low:.4f} to {each.interval.high:.4f}",
            f"{each.comparison.loss[1]:.4f}",
            f"{gain:+.4f} ({span.low:+.4f} to {span.high:+.4f})",
        )
    return table


def _majority(answers: Answers, dataset: Dataset, run: TrainingTexts) -> Answers:
    """Answer every text with the largest class, as probable as it is among the training texts."""
    counts = run.texts.class_counts()
    shares = np.array([counts.get(name, 0) for name in answers.classes]) / len(run.texts)
    found = (shares > 0.5).astype(np.int64) if answers.multi_label else np.argmax(shares)
    return Answers(
        answers.labels,
        np.tile(shares, (len(answers), 1)),
        np.broadcast_to(found, answers.labels.shape),
        answers.classes,
        answers.multi_label,
    )


def _random_network(answers: Answers, dataset: Dataset, run: TrainingTexts) -> Answers:
    from plaudit.models import NetworkClassifier

    watched = None if run.validation is None else (run.validation.texts, run.validation.label_column())
    network = NetworkClassifier("random", seed=run.seed)
    network.fit(run.texts.texts, run.texts.label_column(), validation=watched)
    return answer(network, dataset)


def _tfidf(answers: Answers, dataset: Dataset, run: TrainingTexts) -> Answers:
    """Answer with TF-IDF of words and pairs under logistic regression."""
    text = require("sklearn.feature_extraction.text", extra="controls", purpose=_PURPOSE)
    linear = require("sklearn.linear_model", extra="controls", purpose=_PURPOSE)
    vectorizer = text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    head = linear.LogisticRegression(C=10, max_iter=1000, random_state=run.seed % 2**32)
    return _from_sklearn(vectorizer, head, answers, dataset, run, has_probabilities=True)


def _svm(answers: Answers, dataset: Dataset, run: TrainingTexts) -> Answers:
    """Answer with TF-IDF of words, pairs and characters within words under a linear support vector machine.

    Its scores become probabilities by Platt's method, over three folds of the training texts; where a class has fewer
    than three of them, and of sets of labels, by three times the score as a logit.
    """
    text = require("sklearn.feature_extraction.text", extra="controls", purpose=_PURPOSE)
    pipeline = require("sklearn.pipeline", extra="controls", purpose=_PURPOSE)
    svm = require("sklearn.svm", extra="controls", purpose=_PURPOSE)
    calibration = require("sklearn.calibration", extra="controls", purpose=_PURPOSE)
    vectorizer = pipeline.make_union(
        text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        text.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    head = svm.LinearSVC(C=0.3, random_state=run.seed % 2**32)
    counts = [n for n in run.texts.class_counts().values() if n]
    is_calibrated = not answers.multi_label and len(counts) > 1 and min(counts) >= _FOLDS
    if is_calibrated:
        head = calibration.CalibratedClassifierCV(head, cv=_FOLDS, ensemble=False)
    return _from_sklearn(vectorizer, head, answers, dataset, run, has_probabilities=is_calibrated)


def _from_sklearn(
    vectorizer: Any, head: Any, answers: Answers, dataset: Dataset, run: TrainingTexts, *, has_probabilities: bool
) -> Answers:
    """Answer with a linear model of scikit-learn (Any: it has no types) on the rows that a vectorizer makes."""
    multiclass = require("sklearn.multiclass", extra="controls", purpose=_PURPOSE)
    if answers.multi_label:
        head = multiclass.OneVsRestClassifier(head)
    labels = labels_for(answers.classes, run.texts, multi_label=answers.multi_label)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a label that all texts have, of a solver that might go on
        try:
            rows = vectorizer.fit_transform(run.texts.texts.to_pylist())
            head.fit(rows, labels)
        except ValueError as error:  # its vocabulary is empty, or all texts have one label
            raise DataError(f"{str(error).partition(';')[0]}.") from error
        asked = vectorizer.transform(dataset.texts.to_pylist())
        if has_probabilities:
            found = head.predict_proba(asked)
        else:
            found = _from_scores(head.decision_function(asked), multi_label=answers.multi_label)
    if answers.multi_label:
        return Answers(answers.labels, found, (found > 0.5).astype(np.int64), answers.classes, multi_label=True)
    probabilities = np.zeros((len(answers), len(answers.classes)))
    probabilities[:, head.classes_] = found
    return Answers(answers.labels, probabilities, np.argmax(probabilities, axis=1), answers.classes, multi_label=False)


def _from_scores(scores: NDArray[np.float64], *, multi_label: bool) -> NDArray[np.float64]:
    """Return probabilities, float64 [N, C], of scores; of many classes the sigmoids divided by their sum."""
    found: NDArray[np.float64] = 1 / (1 + np.exp(-_SLOPE * scores))
    if multi_label:
        return found.reshape(len(found), -1)
    return np.stack([1 - found, found], axis=1) if found.ndim == 1 else found / found.sum(axis=1, keepdims=True)
