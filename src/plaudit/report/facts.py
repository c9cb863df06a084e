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
from plaudit.report.figure_facts import HeldOutFacts, Measured
from plaudit.report.text_facts import ExplainedFacts
from plaudit.training.temperature import LEAST_TEXTS

FACTS = "report.json"
FORMAT_VERSION = 2


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
        if n < LEAST_TEXTS:
            return f"Logits are not scaled: {n} validation texts are too few to choose a temperature on"
        return "Logits are not scaled: no temperature helps validation texts that did not choose it"

    def write(self, folder: Path) -> None:
        """Write report.json."""
        text = json.dumps(asdict(self), ensure_ascii=False, allow_nan=False, indent=1)
        (folder / FACTS).write_text(text + "\n", encoding="utf-8")


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
    return read_value(ReportFacts, value if version == FORMAT_VERSION else _renamed(value), str(path))


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
