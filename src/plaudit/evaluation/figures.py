"""Every figure of a classifier's answers, declared once: what it is called, what it says, and what is better.

metrics.json, the terminal, the report, the card and `plaudit tune --metric` are made from `FIGURES`. How a figure comes
from counts is a line of `_statistic`, of one label a text in `metrics`, of sets of labels in `multilabel`; a test holds
that both and this table name the same figures. The decision to question: a name that a figure had in an older
metrics.json (`BEFORE`) is read wherever a figure is named, and written nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["one label", "sets"]


@dataclass(frozen=True)
class FigureKind:
    """One figure, whatever texts it is measured on.

    Attributes:
        name: What `--metric` takes, its attribute of `Metrics`, and its name in metrics.json.
        title: What a person reads.
        words: What it is, in the terminal; empty where the title says it.
        words_of_sets: The same where a text has a set of labels.
        meaning: What it is, on the report's page; empty for a figure that stands there by class.
        kinds: Whose answers it is of: one label a text, sets of labels, or both.
        sign: 1 where more is better, -1 where less is.
        most: Its largest value; None without bound. The smallest is 0, but kappa's -1.
        needs_classes: Whether it is not defined where a class has no text.
        is_drawn: Whether the report draws it with its interval.
    """

    name: str
    title: str
    words: str = ""
    words_of_sets: str = ""
    meaning: str = ""
    kinds: tuple[Kind, ...] = ("one label", "sets")
    sign: int = 1
    most: float | None = 1.0
    needs_classes: bool = False
    is_drawn: bool = False


FIGURES = (
    FigureKind("accuracy", "accuracy", meaning="share of the answers that are right", is_drawn=True),
    FigureKind(
        "balanced_accuracy", "balanced accuracy", "mean of the classes' recall",
        meaning="mean of the classes' recall", kinds=("one label",), is_drawn=True,
    ),
    FigureKind(
        "log_loss", "log loss", meaning="0 is best; the logarithm of the true answer's probability", sign=-1, most=None,
    ),
    FigureKind(
        "brier", "Brier score", meaning="0 is best; the squared error of the probabilities", sign=-1, most=2.0,
    ),
    FigureKind(
        "calibration_error", "calibration error", "", "all labels together",
        meaning="0 is best; how far probabilities are off on average", sign=-1,
    ),
    FigureKind(
        "f1", "F1", "two classes: the second's; more: their mean; sets of labels: all labels together (micro)",
        kinds=("one label",),
    ),
    FigureKind(
        "f1_macro", "F1, macro", "mean over classes", "mean over classes",
        meaning="mean over classes; F1 balances precision and recall", is_drawn=True,
    ),
    FigureKind(
        "f1_micro", "F1, micro", "", "all labels together",
        meaning="all labels together", kinds=("sets",), is_drawn=True,
    ),
    FigureKind("f1_samples", "F1, samples", "", "mean over texts", meaning="mean over texts", kinds=("sets",)),
    FigureKind(
        "precision_macro", "precision, macro", meaning="of the answers with a class, the share that is right",
    ),
    FigureKind("recall_macro", "recall, macro", meaning="of the texts of a class, the share that is found"),
    FigureKind(
        "roc_auc", "ROC-AUC", "", "mean over classes",
        meaning="how well texts with a class are separated from the others: 0.5 is chance, 1 perfect",
        needs_classes=True, is_drawn=True,
    ),
    FigureKind(
        "average_precision", "average precision", "", "mean over classes", meaning="precision over all thresholds",
        needs_classes=True, is_drawn=True,
    ),
    FigureKind(
        "absolute_error", "absolute error", "grades off on average",
        meaning="0 is best; by how many grades the answers are off on average", kinds=("one label",), sign=-1,
        most=None,
    ),
    FigureKind(
        "within_one", "within one", "right, or one step of the scale off",
        meaning="share of the answers that are right or one step of the scale off", kinds=("one label",),
    ),
    FigureKind(
        "kappa_quadratic", "kappa, quadratic", "1 is perfect, 0 chance",
        meaning="agreement beyond chance, far misses counting more: 1 is perfect, 0 chance, less is worse than chance",
        kinds=("one label",),
    ),
)  # fmt: skip


BEFORE = {"macro_f1": "f1_macro", "loss": "log_loss"}  # names that figures had, and their names


def figure_key(name: str, *, of_sets: bool) -> str:
    """Return the key under which a figure is read: of sets of labels "f1" is that of all labels together."""
    return "f1_micro" if name == "f1" and of_sets else name


def figures_of(kind: Kind) -> tuple[FigureKind, ...]:
    """Return the figures that such answers have, in the order of tables."""
    return tuple(each for each in FIGURES if kind in each.kinds)


def scalar_keys(kind: Kind) -> tuple[str, ...]:
    """Return what metrics.json calls the figures of such answers, but the accuracy, which has a place of its own."""
    return tuple(each.name for each in figures_of(kind) if each.name != "accuracy")
