"""Gather what a run's report says, while its texts and logits are in memory; nothing is scored again.

The worst mistakes and the words that weigh most are those of the validation texts, so they are gathered before the
test is opened (`explained_facts`), and the rest after.
"""

from __future__ import annotations

import datetime
import json
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plaudit.app.run.parts import count_shared_texts, describe_sets, is_size
from plaudit.data import DATASET_NAMES, Dataset
from plaudit.data.spill import SpilledDataset
from plaudit.models.recipes import settings_of
from plaudit.report.audit_facts import quick_audit
from plaudit.report.facts import (
    FORMAT_VERSION,
    TEST_TEXTS,
    CalibrationFacts,
    CurvesFacts,
    PartFacts,
    ReportFacts,
    RunFacts,
)
from plaudit.report.measuring import commonest, held_out_facts, measured_facts

if TYPE_CHECKING:
    from plaudit.app.run.calibrating import Calibrated
    from plaudit.app.run.parts import Parts
    from plaudit.app.train.cross_validation import CrossValidated
    from plaudit.config import DataConfig, RunConfig
    from plaudit.evaluation import Answers
    from plaudit.models import Classifier
    from plaudit.report.facts import ExplainedFacts
    from plaudit.training import History

_UNKNOWN = "no provenance recorded"
_LOOKED_AT_BYTES = 2_000_000  # of the texts of a part that is too large for memory


@dataclass(frozen=True)
class Tested:
    """What a model answered to the test texts.

    Attributes:
        dataset: N texts.
        answers: What it answered.
        unseen: To the texts that are not among the training texts too; None where that is all, or none.
        crossed: The cross-validated answers of few texts; None of many.
    """

    dataset: Dataset
    answers: Answers
    unseen: Answers | None = None
    crossed: CrossValidated | None = None


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
    is_on_disk = isinstance(parts.train, SpilledDataset)
    audit = quick_audit(named, command=audit_command(parts.config), most_bytes=_LOOKED_AT_BYTES if is_on_disk else None)
    return ReportFacts(
        format_version=FORMAT_VERSION,
        classes=model.class_names,
        multi_label=model.multi_label_,
        parts=tuple(part_facts(name, dataset, parts.train, model.class_names) for name, dataset in named.items()),
        curves=None if history is None else _curves(history, kept_epoch),
        calibration=CalibrationFacts(**calibrated.to_dict()),
        validation=measured_facts(calibrated.validation),
        test=held_out_facts(
            tested.answers,
            tested.dataset,
            what=TEST_TEXTS,
            guessed=commonest(parts.train),
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
        summary=str(model.summary()),
        story=story,
        seconds=round(seconds, 3),
        size_bytes=size_bytes,
        is_refit=bool(config.training.refit),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def audit_command(config: DataConfig) -> str:
    """Return the command that looks at a run's data as a whole."""
    words = ["plaudit", "audit", config.source]
    if config.test is not None and not is_size(config.test):
        words += ["--test", config.test]
    spec = config.reading()
    return shlex.join([*words, *(spec if config.source in DATASET_NAMES else replace(spec, data_dir=None)).flags()])


def part_facts(name: str, dataset: Dataset, train: Dataset | None, classes: tuple[str, ...]) -> PartFacts:
    """Return what there is to say of a part; `classes` are the model's, `train` None where it is not at hand."""
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
