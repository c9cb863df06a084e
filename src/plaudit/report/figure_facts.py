"""The figures of a report, as plain values: a model's on some texts, by class, by slice, and beside a guess."""

from __future__ import annotations

from dataclasses import dataclass

TEST_TEXTS = "the test texts"  # what those are called that a run opened once, at its end


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval; None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval of a share; all that is possible where there is none."""
        return self.low or 0.0, 1.0 if self.high is None else self.high


@dataclass(frozen=True)
class FurtherFigure:
    """A figure of an installed package's metric, and what it is in words."""

    name: str
    words: str
    value: float


@dataclass(frozen=True)
class ClassFigures:
    """How good a model is at one class; `n` texts have it. Precision is None where it is never answered."""

    name: str
    n: int
    precision: Figure | None
    recall: Figure
    f1: Figure


@dataclass(frozen=True)
class Confused:
    """How many texts of one class were taken for another."""

    true: str
    predicted: str
    n: int


@dataclass(frozen=True)
class BinFacts:
    """A point of the reliability diagram: `n` cases, and the share that came true with its interval."""

    n: int
    probability: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class SliceFacts:
    """A part of the texts, and the share of it that is answered right."""

    name: str
    n: int
    accuracy: Figure


@dataclass(frozen=True)
class DivisionFacts:
    """All texts divided by something: "length", or a column."""

    by: str
    slices: tuple[SliceFacts, ...]


@dataclass(frozen=True)
class Measured:
    """How good a model is on some texts.

    Attributes:
        n: Texts.
        coverage: Share of them that was answered.
        figures: By the names of metrics.json, those that are defined.
        classes: Of each class.
        matrix: True classes down, predicted ones across; empty for sets of labels and for many classes.
        confused: The most frequent confusions; empty for sets of labels.
        bins: Probabilities beside what came true.
        bins_raw: The same without the temperature; empty where that is 1.
        further: The figures of installed packages' metrics that are defined.
    """

    n: int
    coverage: float
    figures: dict[str, Figure]
    classes: tuple[ClassFigures, ...]
    matrix: tuple[tuple[int, ...], ...]
    confused: tuple[Confused, ...]
    bins: tuple[BinFacts, ...]
    bins_raw: tuple[BinFacts, ...]
    further: tuple[FurtherFigure, ...] = ()


@dataclass(frozen=True)
class HeldOutFacts:
    """How good a model is on texts that decided nothing about it.

    Attributes:
        what: Which texts these are.
        measured: The figures.
        divisions: The accuracy on parts of the texts.
        undivided: Columns that divide into too many parts, or into none.
        guess: What always answering the commonest training label would be right for, 0 to 1.
        guessed: That label alone, or the labels of that set.
        unseen: The figures of the texts that are not among the training texts too; None where that is all, or none.
        crossed: Cross-validated figures of all texts of a small data set; None of others.
    """

    what: str
    measured: Measured
    divisions: tuple[DivisionFacts, ...]
    undivided: tuple[str, ...]
    guess: float
    guessed: tuple[str, ...]
    unseen: Measured | None = None
    crossed: Measured | None = None
