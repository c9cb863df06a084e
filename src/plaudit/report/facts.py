"""What a report says, as plain values: gathered once, kept in the model folder as report.json, drawn at any time.

Page and model card are made of these facts and of nothing else, so neither needs the data, and both say the same. This
module knows of no drawing and of no classifier. The decision to question: texts are kept (the worst mistakes, the
words that weigh most), so report.json is as private as the data.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plaudit.budget import read_document
from plaudit.data.label_findings import absent_findings, class_findings
from plaudit.errors import ModelError
from plaudit.evaluation.figures import BEFORE
from plaudit.report.facts_json import read_value
from plaudit.training.temperature import LEAST_TEXTS, why_unscaled

FACTS = "report.json"
FORMAT_VERSION = 2
_ALWAYS = ("accuracy", "log_loss", "calibration_error")  # figures that any texts define
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
        guess: What always answering the commonest training label, or set of labels, would be right for, 0 to 1; None
            where nobody asked, as in older reports.
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
    guess: float | None = None


@dataclass(frozen=True)
class ControlFacts:
    """A simple model beside the model.

    Attributes:
        name: What it is.
        accuracy: Its accuracy; None if it could not be trained on these texts.
        gain: The model's accuracy minus its own.
        sentence: How the model stands to it, in words.
    """

    name: str
    accuracy: Figure | None
    gain: Figure | None
    sentence: str


@dataclass(frozen=True)
class HeldOutFacts:
    """How good a model is on texts that decided nothing about it.

    Attributes:
        what: Which texts these are.
        measured: The figures.
        divisions: The accuracy on parts of the texts.
        undivided: Columns that divide into too many parts, or into none.
        guess: What always answering the commonest training label would be right for, 0 to 1; as in `measured`.
        guessed: That label alone, or the labels of that set.
        unseen: The figures of the texts that are not among the training texts too; None where that is all, or none.
        crossed: Cross-validated figures of all texts of a small data set; None of others.
        controls: Simple models that were trained on the same texts; empty where nobody asked for them.
    """

    what: str
    measured: Measured
    divisions: tuple[DivisionFacts, ...]
    undivided: tuple[str, ...]
    guess: float
    guessed: tuple[str, ...]
    unseen: Measured | None = None
    crossed: Measured | None = None
    controls: tuple[ControlFacts, ...] = ()


@dataclass(frozen=True)
class WordFacts:
    """A word, the sum of its shares in the logit of a class, and how often it occurs."""

    word: str
    total: float
    count: int


@dataclass(frozen=True)
class ClassWordsFacts:
    """The words that speak most for a class, in `n_texts` texts."""

    label: str
    n_texts: int
    words: tuple[WordFacts, ...]


@dataclass(frozen=True)
class MarkFacts:
    """A word of a text: its place, its share in the logit, and how strong that is beside the others, -3 to 3."""

    start: int
    end: int
    share: float
    level: int
    unseen: bool
    unread: bool


@dataclass(frozen=True)
class Mistake:
    """A wrong answer.

    Attributes:
        given: The label that the text has.
        predicted: What the model answered.
        explained: The class whose logit is shared out among the words.
        probability: The model's of `explained`.
        text: The text, or the passage of it that weighs most.
        is_cut: Whether the text goes on before the passage, and after it.
        marks: Its words; empty where the model cannot be explained.
        place: Where the text stands in what was read, like "reviews.csv:12"; None where that is not known.
    """

    given: str
    predicted: str
    explained: str
    probability: float
    text: str
    is_cut: tuple[bool, bool]
    marks: tuple[MarkFacts, ...]
    place: str | None = None


@dataclass(frozen=True)
class ExplainedFacts:
    """Why a model answers as it does, on its validation texts.

    Attributes:
        n: Validation texts.
        n_wrong: Those that were answered wrong.
        words: The words that weigh most, for each class.
        mistakes: The wrong answers that the model was surest of.
        n_words_of: How many of the texts `words` was counted in.
        notes: What else is to be known of them.
    """

    n: int
    n_wrong: int
    words: tuple[ClassWordsFacts, ...]
    mistakes: tuple[Mistake, ...]
    n_words_of: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PartFacts:
    """A part of the data.

    Attributes:
        name: "train", "validation" or "test".
        n: Texts.
        counts: Of each class, how many texts have it.
        shared: Texts that are also among the training texts, equal except for case and punctuation.
        sets: How many labels the texts have, in words; "" except for multi-label data.
    """

    name: str
    n: int
    counts: tuple[int, ...]
    shared: int
    sets: str


@dataclass(frozen=True)
class FindingFacts:
    """A kind of finding: how grave it is, in how many rows of each part, and what to do."""

    gravity: str
    title: str
    counts: tuple[int, ...]
    advice: str


@dataclass(frozen=True)
class RemarkFacts:
    """What an audit says of a whole part."""

    gravity: str
    part: str
    title: str
    detail: str
    advice: str


@dataclass(frozen=True)
class AuditFacts:
    """Whether the data are sound, as far as a quick look can tell.

    Attributes:
        parts: Their names.
        findings: What was found in rows.
        remarks: What was found in whole parts.
        with_near: Whether nearly equal texts were looked for.
        with_words: Whether words were counted that training has not seen.
        command: What looks for everything.
        looked_at: How many texts, evenly spaced, of data that are larger than memory; None for all.
    """

    parts: tuple[str, ...]
    findings: tuple[FindingFacts, ...]
    remarks: tuple[RemarkFacts, ...]
    with_near: bool
    with_words: bool
    command: str
    looked_at: int | None


@dataclass(frozen=True)
class CurvesFacts:
    """Each epoch's figures, None where one was no finite number, and the epoch (from 1) whose weights were kept."""

    loss: tuple[float | None, ...]
    accuracy: tuple[float | None, ...]
    val_loss: tuple[float | None, ...]
    val_accuracy: tuple[float | None, ...]
    best_epoch: int
    kept_epoch: int | None


@dataclass(frozen=True)
class CalibrationFacts:
    """The temperature, or scaling of some classes by themselves, that was chosen on the validation texts.

    What it does there is of each text with what other texts chose.
    """

    temperature: float
    loss_before: float
    loss: float
    calibration_error_before: float
    calibration_error: float
    classes_scaled: int = 0


@dataclass(frozen=True)
class RunFacts:
    """How a model was made, and how it is made again.

    Attributes:
        recipe: What it was made by.
        plaudit_version: Of Plaudit.
        source: The data's name.
        settings: By name, as JSON.
        versions: Packages' versions and texts' fingerprints.
        provenance: Where what it was built upon comes from, a line each.
        summary: What was built and how big it is, plain text.
        story: What the curves say, and what else is to be known of the fit.
        seconds: Training took.
        size_bytes: Of the model's files.
        is_refit: Whether it was trained again on the validation texts too.
        date: The day on which it was trained, in UTC, like "2026-01-31"; None in reports of before.
        notes: What was done to its texts (cleaning, `--final`), a sentence or two each.
    """

    recipe: str
    plaudit_version: str
    source: str
    settings: dict[str, str]
    versions: dict[str, str]
    provenance: tuple[str, ...]
    summary: str
    story: str
    seconds: float
    size_bytes: int
    is_refit: bool
    date: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportFacts:
    """All that a report says, except for what changes later: how often the test was opened, and the decision rule.

    Attributes:
        format_version: Of report.json.
        classes: The labels.
        multi_label: Whether an answer is a set of labels.
        parts: The data.
        curves: None for a recipe without epochs.
        calibration: What the temperature does.
        validation: The figures of the validation texts.
        test: Those of the test texts.
        explained: Words and mistakes.
        audit: The data, looked at.
        run: How it was made.
    """

    format_version: int
    classes: tuple[str, ...]
    multi_label: bool
    parts: tuple[PartFacts, ...]
    curves: CurvesFacts | None
    calibration: CalibrationFacts
    validation: Measured
    test: HeldOutFacts
    explained: ExplainedFacts
    audit: AuditFacts
    run: RunFacts

    @property
    def why_unscaled(self) -> str | None:
        """Say why logits are as they were trained, a sentence without a full stop; None where they are scaled."""
        if self.calibration.temperature != 1 or self.calibration.classes_scaled:
            return None
        n = next((part.n for part in self.parts if part.name == "validation"), LEAST_TEXTS)
        return f"Logits are not scaled: {why_unscaled(n)}"

    def write(self, folder: Path) -> None:
        """Write report.json."""
        (folder / FACTS).write_bytes(self.to_json())

    def to_json(self) -> bytes:
        """Return what report.json holds."""
        return (json.dumps(asdict(self), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def class_notes(facts: ReportFacts) -> list[str]:
    """Say in sentences which classes have a single text in all parts, or none in one of them."""
    counts = {part.name: dict(zip(facts.classes, part.counts, strict=True)) for part in facts.parts}
    in_all = {name: sum(of[name] for of in counts.values()) for name in facts.classes}
    found = [*class_findings(in_all), *absent_findings(counts)]
    return [each.message[0].upper() + each.message[1:] for each in found]


def read_facts(folder: Path) -> ReportFacts:
    """Return the facts that a run left in a model's folder.

    Raises:
        ModelError: There are none, they are damaged, or of a newer format.
    """
    path = folder / FACTS
    if not path.is_file():
        raise ModelError(
            f"{folder}: no {FACTS} in it, which `plaudit train` writes; a model that was saved from Python, or trained "
            "by an older Plaudit, has none. Train it with `plaudit train`, or measure it with `plaudit evaluate`."
        )
    try:
        value = json.loads(read_document(path))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: damaged or not JSON ({error}); train again, or copy it again.") from error
    version = value.get("format_version") if isinstance(value, dict) else None
    if type(version) is int and version > FORMAT_VERSION:
        raise ModelError(
            f"{path}: format version {version} is newer than this Plaudit reads ({FORMAT_VERSION}); upgrade Plaudit."
        )
    facts = read_value(ReportFacts, value if version == FORMAT_VERSION else _renamed(value), str(path))
    for measured in (facts.validation, facts.test.measured, facts.test.unseen, facts.test.crossed):
        if measured is None:
            continue
        occurs = not facts.multi_label or "f1_macro" in measured.figures  # of sets no label may occur
        needed = (*_ALWAYS, "f1_micro" if facts.multi_label else "f1_macro") if occurs else _ALWAYS
        if missing := [name for name in needed if name not in measured.figures]:
            raise ModelError(
                f"{path}: damaged: {missing[0]} is missing among the figures; train again, or copy it again."
            )
    return facts


def _renamed(value: Any) -> Any:  # Any: parsed JSON
    """Return an older report's facts with its figures called as they are today."""
    if isinstance(value, list):
        return [_renamed(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _renamed(each) for key, each in value.items()}
    if isinstance(figures := found.get("figures"), dict):
        found["figures"] = {BEFORE.get(name, name): each for name, each in figures.items()}
    return found
