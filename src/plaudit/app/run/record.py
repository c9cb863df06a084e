"""What a run leaves beside the weights: its settings, versions, figures, curves, report and card.

What the report says is gathered while texts and logits are in memory; nothing is scored again. The worst mistakes and
the words that weigh most are those of the validation texts, so they are gathered before the test is opened
(`explained_facts`), and the rest after.
"""

from __future__ import annotations

import datetime
import json
import math
import platform
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import plaudit
from plaudit.app.run.calibrating import Calibrated
from plaudit.app.run.cross_validating import CrossValidated
from plaudit.app.run.parts import Parts, count_shared_texts, describe_sets, is_size
from plaudit.budget import read_document
from plaudit.config import DataConfig, RunConfig
from plaudit.data import DATASET_NAMES, Dataset
from plaudit.data.readers import FORMATS, find_sources
from plaudit.data.spill import SpilledDataset
from plaudit.embeddings.registry import embedding_package
from plaudit.errors import MissingExtraError
from plaudit.evaluation import Answers, fingerprint
from plaudit.models import Classifier
from plaudit.models.artifact import read_tensors
from plaudit.models.recipes import settings_of
from plaudit.plugins import installed_version
from plaudit.registry import find_recipe
from plaudit.report import ReportFacts, model_card, plot_curves, plot_reliability, report_page
from plaudit.report.audit_facts import quick_audit
from plaudit.report.card import CARD
from plaudit.report.facts import (
    FORMAT_VERSION,
    TEST_TEXTS,
    CalibrationFacts,
    CurvesFacts,
    ExplainedFacts,
    PartFacts,
    RunFacts,
)
from plaudit.report.measuring import commonest, held_out_facts, measured_facts
from plaudit.training import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPORT = "report.html"
_HELD_OUT = "validation.safetensors"
_UNKNOWN = "no provenance recorded"
_LOOKED_AT_BYTES = 2_000_000  # of the texts of a part that is too large for memory


@dataclass(frozen=True)
class Record:
    """A finished run.

    Attributes:
        config: Its settings, with everything decided.
        versions: What its bits depend on besides (`run_versions`).
        history: The curves; None for a recipe without epochs.
        kept_epoch: The epoch (from 1) whose weights were kept.
        metrics: What metrics.json holds.
        calibrated: What the temperature did to the probabilities.
        facts: What report and card say.
    """

    config: RunConfig
    versions: Mapping[str, str]
    history: History | None
    kept_epoch: int | None
    metrics: Mapping[str, Mapping[str, Any]]
    calibrated: Calibrated
    facts: ReportFacts

    def write(self, folder: Path, model: Classifier, *, name: str, openings: int) -> list[str]:
        """Write run.toml, metrics.json, README.md, the report, the plots, and of epochs history.json into a folder.

        Returns:
            Lines that a person should read: what could not be written.
        """
        (folder / "run.toml").write_text(self.config.to_toml(versions=self.versions), encoding="utf-8")
        (folder / "metrics.json").write_text(_json(self.metrics), encoding="utf-8")
        if self.history is not None:
            (folder / "history.json").write_text(_json(_finite(self.history.history)), encoding="utf-8")
            plot_curves(self.history, folder, kept_epoch=self.kept_epoch)
        found = self.calibrated
        plot_reliability(found.before, found.after, folder, is_scaled=found.is_scaled, multi_label=model.multi_label_)
        self.facts.write(folder)
        card = model_card(self.facts, title=name, openings=openings)
        (folder / CARD).write_text(card, encoding="utf-8")
        try:
            page = report_page(self.facts, name=name, openings=openings, rule=None)
            (folder / REPORT).write_text(page, encoding="utf-8")
        except MissingExtraError as error:  # jinja2; report.json is there, and draws the page later
            return [f"note: {error}"]
        return []


def run_versions(
    config: RunConfig, packages: Sequence[str], train: Dataset, validation: Dataset, unlabelled: Dataset | None
) -> dict[str, str]:
    """Return what a run's bits depend on besides its settings: versions, plugins, and hashes of the texts."""
    plugins = _plugins_of(config)
    versions = {
        **({"plugins": ", ".join(plugins)} if plugins else {}),
        "plaudit": plaudit.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for package in (*packages, *plugins):
        if (version := installed_version(package)) is not None:
            versions[package] = version
    versions["train_texts"], versions["validation_texts"] = fingerprint(train), fingerprint(validation)
    if unlabelled is not None:
        versions["unlabelled_texts"] = fingerprint(unlabelled)
    return versions


def _plugins_of(config: RunConfig) -> list[str]:
    """Return the packages without which a run cannot be repeated, in order of their names."""
    found = {find_recipe(config.model.recipe).package}
    if config.model.embedding is not None:
        found.add(embedding_package(str(config.model.embedding)) or "plaudit")
    if any(each.package != "plaudit" for each in FORMATS.values()) and config.data.source not in DATASET_NAMES:
        found |= {FORMATS[each.format].package for each in find_sources(config.data.source, config.data.format)}
    return sorted(found - {"plaudit"})


def missing_plugins(recorded: Mapping[str, str]) -> str:
    """Return in a sentence which packages a recorded run needs that are not installed here; empty for none."""
    missing = [each for each in recorded.get("plugins", "").split(", ") if each and installed_version(each) is None]
    if not missing:
        return ""
    return f"The run needs {' and '.join(missing)}, not installed here; install that, if you trust it."


def read_versions(path: Path) -> dict[str, str]:
    """Return the versions that a run.toml recorded; the file has been read before."""
    recorded = tomllib.loads(read_document(path)).get("versions", {})
    return {str(key): str(value) for key, value in recorded.items()} if isinstance(recorded, dict) else {}


def differences(recorded: Mapping[str, str], present: Mapping[str, str]) -> str:
    """Say where a repeated run stands on other ground than the recorded one; empty when nowhere."""
    changed = [key for key in present if key in recorded and recorded[key] != present[key]]
    return ", ".join(
        f"{key} {present[key]} (was {recorded[key]})" if len(present[key]) < 20 else f"other {key}" for key in changed
    )


def _finite(curves: Mapping[str, list[float]]) -> dict[str, list[float | None]]:
    """Return the curves with null where a loss was no finite number: JSON has no NaN."""
    return {name: [x if math.isfinite(x) else None for x in curve] for name, curve in curves.items()}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write_held_out(folder: Path, logits: NDArray[np.floating]) -> None:
    """Write the logits of N validation texts, [N, K], divided by the temperature."""
    from safetensors.numpy import save

    (folder / _HELD_OUT).write_bytes(save({"logits": np.ascontiguousarray(logits, np.float32)}))


def read_held_out(folder: Path, n_texts: int, n_logits: int) -> NDArray[np.float32] | None:
    """Read them, float32 [N, K]; None where the folder has none, as those of older versions.

    Raises:
        ModelError: The file is damaged.
    """
    path = folder / _HELD_OUT
    return read_tensors(path, {"logits": (n_texts, n_logits)}, np.float32)["logits"] if path.is_file() else None


@dataclass(frozen=True)
class Tested:
    """What a model answered to the test texts.

    Attributes:
        dataset: N texts.
        answers: What it answered.
        is_unseen: Which of the texts are not known from training, bool [N].
        taught: Which of them a teacher may have handed on, bool [N].
        crossed: The cross-validated answers of few texts; None of many.
    """

    dataset: Dataset
    answers: Answers
    is_unseen: NDArray[np.bool_]
    taught: NDArray[np.bool_]
    crossed: CrossValidated | None = None

    @cached_property
    def unseen(self) -> Answers | None:
        """What was answered to the texts not known from training; None where that is all of them, or none."""
        rows = self.is_unseen
        return None if rows.all() or not rows.any() else self.answers.take(np.flatnonzero(rows))


def gather_facts(
    model: Classifier,
    parts: Parts,
    tested: Tested,
    *,
    calibrated: Calibrated,
    explained: ExplainedFacts,
    history: History | None,
    kept_epoch: int | None,
    run: RunFacts,
) -> ReportFacts:
    """Return all that the report of a run says.

    Args:
        model: The trained classifier.
        parts: Its texts.
        tested: Its answers to the test texts.
        calibrated: Its answers to the validation texts, and their temperature.
        explained: Its words and mistakes.
        history: Its curves; None for a recipe without epochs.
        kept_epoch: The epoch (from 1) whose weights were kept.
        run: How it was made.
    """
    named = {"train": parts.train, "validation": parts.validation, "test": tested.dataset}
    guessed = commonest(parts.train)
    is_on_disk = isinstance(parts.train, SpilledDataset)
    audit = quick_audit(named, command=audit_command(parts.config), most_bytes=_LOOKED_AT_BYTES if is_on_disk else None)
    found = [part_facts(name, dataset, parts.train, model.class_names) for name, dataset in named.items()]
    found[-1] = replace(found[-1], shared=int((~tested.is_unseen).sum()))
    return ReportFacts(
        format_version=FORMAT_VERSION,
        classes=model.class_names,
        multi_label=model.multi_label_,
        parts=tuple(found),
        curves=None if history is None else _curves(history, kept_epoch),
        calibration=CalibrationFacts(**calibrated.to_dict()),
        validation=measured_facts(calibrated.validation, guessed),
        test=held_out_facts(
            tested.answers,
            tested.dataset,
            what=TEST_TEXTS,
            guessed=guessed,
            unseen=tested.unseen,
            crossed=None if tested.crossed is None else tested.crossed.answers,
        ),
        explained=explained,
        audit=audit,
        run=run,
    )


def run_facts(
    model: Classifier,
    config: RunConfig,
    *,
    versions: Mapping[str, str],
    story: str,
    notes: Sequence[str],
    seconds: float,
    size_bytes: int,
) -> RunFacts:
    """Return how a model was made; the arguments are those of the run's record."""
    provenance = (
        f"{name.capitalize()}: " + ("; ".join(f"{key}: {value}" for key, value in facts.items()) or _UNKNOWN)
        for name, facts in model.provenance().items()
    )
    return RunFacts(
        recipe=config.model.recipe,
        plaudit_version=versions["plaudit"],
        source=config.data.source,
        settings={name: json.dumps(value, ensure_ascii=False) for name, value in settings_of(config).items()},
        versions=dict(versions),
        provenance=tuple(provenance),
        summary=model.described(),
        story=story,
        seconds=round(seconds, 3),
        size_bytes=size_bytes,
        is_refit=bool(config.training.refit),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        notes=tuple(each[0].upper() + each[1:] for each in notes),
    )


def audit_command(config: DataConfig) -> str:
    """Return the command that looks at a run's data as a whole."""
    words = ["plaudit", "audit", config.source]
    if config.test is not None and not is_size(config.test):
        words += ["--test", config.test]
    spec = config.reading()
    return shlex.join([*words, *(spec if config.source in DATASET_NAMES else replace(spec, data_dir=None)).flags()])


def part_facts(name: str, dataset: Dataset, train: Dataset | None, classes: tuple[str, ...]) -> PartFacts:
    """Return what there is to say of a part; `classes` are the model's, `train` None where it is not available."""
    counts = dataset.class_counts()
    return PartFacts(
        name=name,
        n=len(dataset),
        counts=tuple(counts.get(each, 0) for each in classes),
        shared=0 if train is None or train is dataset else count_shared_texts(train, dataset),
        sets=describe_sets(dataset) if dataset.multi_label else "",
    )


def _curves(history: History, kept_epoch: int | None) -> CurvesFacts:
    finite = {
        name: tuple(value if math.isfinite(value) else None for value in values)
        for name, values in history.history.items()
    }
    return CurvesFacts(**finite, best_epoch=history.best_epoch, kept_epoch=kept_epoch)
