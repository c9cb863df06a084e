"""One run of `plaudit train`: from a name or a file to a model folder with its figures and curves.

The order is the honest one: data are divided, the model is trained and everything about it decided on training and
validation texts, and only then are the test texts opened, once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from plaudit.app.parts import Parts, choose_source, describe_part, load_parts
from plaudit.app.record import Record, differences, run_versions
from plaudit.config import RunConfig
from plaudit.embeddings import EmbeddingTable, available_embeddings, load_embedding
from plaudit.errors import require
from plaudit.evaluation import Metrics, MultiLabelMetrics, count_opening, evaluate, fingerprint
from plaudit.models import NetworkClassifier
from plaudit.models.artifact import check_target, publish
from plaudit.models.summary import NetworkSummary
from plaudit.training import History, Monitor, describe, refit_epochs

Say = Callable[[str], None]
CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Outcome:
    """What a run leaves.

    Attributes:
        model: The trained classifier.
        folder: Where it was written.
        metrics: What metrics.json holds: "train", "validation", "test".
        test: The test figures.
        config: The run with everything decided.
    """

    model: NetworkClassifier
    folder: Path
    metrics: dict[str, dict[str, Any]]
    test: Metrics | MultiLabelMetrics
    config: RunConfig


def run_training(
    config: RunConfig,
    output: Path | None,
    *,
    say: Say,
    monitors: Sequence[Monitor] = (),
    resume: bool = False,
    progress: bool = False,
    recorded_versions: Mapping[str, str] | None = None,
) -> Outcome:
    """Carry out a run and write its folder, whole or not at all.

    Args:
        config: What to do.
        output: The model's folder; None names one after data and recipe under ``models``.
        say: Takes each line that a person should read.
        monitors: Who watches the epochs.
        resume: Go on from the checkpoint of a run that was cut off.
        progress: Show bars for downloads and distilling.
        recorded_versions: Of the run that is repeated; differences are said.
    """
    started = time.perf_counter()
    require("matplotlib", extra="train", purpose="Drawing the curves")  # missing, it should be missed before training
    config = replace(config, data=choose_source(config.data, say, progress=progress))
    output = output or default_output(config)
    check_target(output)
    parts = load_parts(config.data, seed=config.training.seed, progress=progress)
    say(f"Data: {config.data.source}")
    described = describe_part("train", parts.train) + describe_part("validation", parts.validation, parts.train)
    _say_all(say, described)
    table = _load_embedding(config, parts, say, progress=progress)
    versions = run_versions(table, parts.train)
    if changed := differences(recorded_versions or {}, versions):
        say(f"note: the weights may differ from the recorded run's: {changed}.")
    summary = NetworkSummary.of(
        table,
        config.model.hidden,
        len(parts.train.classes),
        trainable=config.model.trainable,
        multi_label=parts.train.multi_label,
    )
    say(str(summary))
    checkpoint = output / CHECKPOINT
    fitted = _fit(config, parts, table, checkpoint, say, monitors=monitors, resume=resume)
    seconds = time.perf_counter() - started
    test_texts = parts.open_test()  # here, and nowhere before
    lines = describe_part("test", test_texts, parts.train)
    _say_all(say, lines)
    test = evaluate(fitted.model, test_texts)
    metrics: dict[str, dict[str, Any]] = {
        "train": {
            "seconds": round(seconds, 3),
            "epochs": len(fitted.history),
            "best_epoch": fitted.history.best_epoch,
            "n": len(parts.train) + (len(parts.validation) if config.training.refit else 0),
            "peak_memory_bytes": _peak_memory_bytes(),
        },
        "validation": fitted.validation.to_dict(),
        "test": test.to_dict(),
    }
    config = replace(
        config,
        data=parts.config,
        model=replace(config.model, combiner=table.combiner),
        training=replace(config.training, batch_size=fitted.model.batch_size_),
    )
    record = Record(
        config=config,
        versions={**versions, "test_texts": fingerprint(test_texts)},
        classes=parts.train.classes,
        history=fitted.history,
        metrics=metrics,
        story=fitted.story,
        data=described + lines,
    )
    with publish(output) as folder:
        fitted.model.write(folder)
        openings = count_opening(folder, test_texts, command="train")
        record.write(folder, fitted.model, name=output.name, openings=openings)
    return Outcome(fitted.model, output, metrics, test, config)


def default_output(config: RunConfig) -> Path:
    """Return ``models/<data>-<recipe>``."""
    return Path("models") / f"{Path(config.data.source).resolve().stem}-{config.model.recipe}"


def _load_embedding(config: RunConfig, parts: Parts, say: Say, *, progress: bool) -> EmbeddingTable:
    started = time.perf_counter()
    status = {info.name: info.status for info in available_embeddings()}.get(config.model.embedding, "ready")
    if status.startswith("can be "):  # said before it begins, because it takes its time
        say(f"Embedding: {config.model.embedding} is being {status.removeprefix('can be ')}, once; give it a minute.")
    table = load_embedding(
        config.model.embedding, training_texts=parts.train.texts, seed=config.training.seed, progress=progress
    )
    if config.model.combiner is not None:
        table = replace(table, combiner=config.model.combiner)
    coverage = table.coverage(parts.validation.texts, n_missing=3)
    missing = ", ".join(repr(token) for token, _ in coverage.missing)
    say(
        f"Embedding: {table.name}, {len(table.vectors):,} x {table.dimension}, knows {100 * coverage.tokens:.1f} % "
        f"of the validation texts' tokens{f' (not: {missing}, …)' if missing else ''}, "
        f"{time.perf_counter() - started:.1f} s"
    )
    return table


@dataclass(frozen=True)
class _Fitted:
    """A trained model, with the curves, their story and the validation figures of the run that chose the epoch."""

    model: NetworkClassifier
    history: History
    story: str
    validation: Metrics | MultiLabelMetrics


def _fit(
    config: RunConfig,
    parts: Parts,
    table: EmbeddingTable,
    checkpoint: Path,
    say: Say,
    *,
    monitors: Sequence[Monitor],
    resume: bool,
) -> _Fitted:
    """Train, and with --refit train again on training and validation texts."""
    settings, training = config.model, config.training
    model = NetworkClassifier(
        table,
        trainable=settings.trainable,
        hidden=settings.hidden,
        dropout=settings.dropout,
        loss=settings.loss,
        class_weight=settings.class_weight,
        epochs=training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        early_stopping=training.early_stopping,
        patience=training.patience,
        seed=training.seed,
    )
    train_labels, validation_labels = parts.train.label_names(), parts.validation.label_names()
    model.fit(
        parts.train.texts,
        train_labels,
        validation=(parts.validation.texts, validation_labels),
        monitors=monitors,
        checkpoint=checkpoint,
        resume=resume,
    )
    history, validation = model.history_, evaluate(model, parts.validation)
    assert history is not None  # it was just fitted
    story = describe(history, epochs=training.epochs, stopped=training.early_stopping)
    say(story)
    if training.refit:
        texts = pa.concat_arrays([parts.train.texts, parts.validation.texts])
        epochs = refit_epochs(history.best_epoch, n_before=len(parts.train), n_after=len(texts))
        say(f"Refit: {epochs} epochs on all {len(texts):,} training and validation texts.")
        model.set_params(epochs=epochs, early_stopping=False, batch_size=model.batch_size_)
        model.fit(texts, train_labels + validation_labels, monitors=monitors)
        story += f" Then trained again on all {len(texts):,} texts for {epochs} epochs (--refit)."
    return _Fitted(model, history, story, validation)


def _say_all(say: Say, lines: list[str]) -> None:
    for line in lines:
        say(f"  {line}")


def _peak_memory_bytes() -> int | None:
    """Return the most memory that this process has held, None where the system does not tell."""
    if os.name != "posix":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB
