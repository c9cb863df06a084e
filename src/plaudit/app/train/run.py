"""One run of `plaudit train`: from a name or a file to a model folder with its figures and curves.

The order is the honest one: data are divided, the model is trained and everything about it decided on training and
validation texts, and only then are the test texts opened, once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from plaudit.app.advise import advice_line
from plaudit.app.run.calibrating import measure_unseen
from plaudit.app.run.own_run import is_same_source, short_name
from plaudit.app.run.parts import choose_source, describe_absent, describe_origin, describe_part, load_parts
from plaudit.app.run.record import Record, differences, run_versions, write_held_out
from plaudit.app.train.cross_validation import CrossValidated, cross_validate, is_for
from plaudit.app.train.facts import Tested, gather_facts, run_facts
from plaudit.app.train.fitting import Say, fit, fit_better, load_first_layer, refit
from plaudit.app.train.monitors import peak_memory_bytes
from plaudit.app.train.recipe_choice import choose as choose_recipe
from plaudit.app.train.recipe_choice import language_line
from plaudit.app.train.teaching import load_unlabelled, open_answers, tell_shared
from plaudit.config import DataSpec, RunConfig
from plaudit.data import Dataset
from plaudit.errors import ConfigError
from plaudit.evaluation import Metrics, MultiLabelMetrics, answer, count_opening, fingerprint
from plaudit.evaluation.named_metrics import plugin_figures
from plaudit.models import Classifier, NetworkClassifier
from plaudit.models.advice import look_at
from plaudit.models.artifact import MANIFEST, check_target, publish
from plaudit.models.recipes import build, refits
from plaudit.report.mistakes import explained_facts
from plaudit.scratch import MEMORY, work_folder
from plaudit.text.token_memory import keep_tokens, remembering_tokens
from plaudit.training import Monitor

CHECKPOINT = "checkpoint.safetensors"
_FINAL = "All figures are those of the model before that, which had not learned from the test texts."


@dataclass(frozen=True)
class Outcome:
    """What a run leaves.

    Attributes:
        model: The trained classifier.
        folder: Where it was written.
        metrics: What metrics.json holds: "train", "validation", "calibration", "test", and "test_unseen" where
            some test texts are among the training texts too: the figures of the others;
            "cross_validation" where texts are few.
        test: The test figures.
        unseen: Those of the texts not seen in training; None where that is all of them, or none.
        config: The run with everything decided.
        crossed: The cross-validated figures; None where texts are many or the recipe is slow.
    """

    model: Classifier
    folder: Path
    metrics: dict[str, dict[str, Any]]
    test: Metrics | MultiLabelMetrics
    config: RunConfig
    unseen: Metrics | MultiLabelMetrics | None = None
    crossed: CrossValidated | None = None


def run_training(
    config: RunConfig,
    output: Path | None,
    *,
    say: Say,
    monitors: Sequence[Monitor] = (),
    resume: bool = False,
    progress: bool = False,
    recorded_versions: Mapping[str, str] | None = None,
    is_open: bool = False,
    advise: bool = False,
    overwrite: bool = False,
) -> Outcome:
    """Carry out a run and write its folder, whole or not at all.

    What a streaming run keeps on disk lies beside that folder, and is removed at the end, however the run ends.

    Args:
        config: What to do.
        output: The model's folder; None names one after data and recipe under ``models``.
        say: Takes each line that a person should read.
        monitors: Who watches the epochs.
        resume: Go on from the checkpoint of a run that was cut off.
        progress: Show bars for downloads and distilling.
        recorded_versions: Of the run that is repeated; differences are said.
        is_open: Choose the recipe from the data; the run's holds the place.
        advise: Say it when another recipe than the run's would suit the data better.
        overwrite: Replace a model of other data, too.

    Raises:
        PlauditError: What was asked for cannot be done; of a streaming run also when the disk is full.
    """
    with contextlib.ExitStack() as held:
        return _run(
            config, output, held,
            say=say, monitors=monitors, resume=resume, progress=progress, recorded_versions=recorded_versions,
            is_open=is_open, advise=advise, overwrite=overwrite,
        )  # fmt: skip


def _run(
    config: RunConfig,
    output: Path | None,
    held: contextlib.ExitStack,
    *,
    say: Say,
    monitors: Sequence[Monitor],
    resume: bool,
    progress: bool,
    recorded_versions: Mapping[str, str] | None,
    is_open: bool,
    advise: bool,
    overwrite: bool,
) -> Outcome:
    """Do what `run_training` says; `held` ends when it does."""
    started = time.perf_counter()
    model = build(config)
    _find_encoder(model)
    taught_by = open_answers(config)
    config = replace(config, data=choose_source(config.data, say, progress=progress))
    named, output = output, output or default_output(config)
    check_place(output, config, overwrite=overwrite)
    if config.data.streaming:
        model.scratch = held.enter_context(work_folder(output))
        held.callback(setattr, model, "scratch", MEMORY)
    on_disk = model.scratch if config.data.streaming else None
    parts = load_parts(config.data, seed=config.training.seed, progress=progress, scratch=on_disk)
    if not config.data.streaming:
        held.enter_context(remembering_tokens())
        keep_tokens(parts.train.texts, parts.validation.texts)
    say(f"Data: {config.data.source}")
    check_place(output, config, overwrite=overwrite, labels=reading_of(parts.train).label_columns)
    _say_all(say, describe_origin(parts.train))
    described = describe_part("train", parts.train) + describe_part("validation", parts.validation, parts.train)
    further = load_unlabelled(model, config, parts, taught_by)
    unlabelled = further.texts
    if unlabelled is not None:
        described += describe_part("unlabelled", unlabelled)
    _say_all(say, described + describe_absent(train=parts.train, validation=parts.validation))
    for note in parts.notes:
        say(f"note: {note}")
    others: tuple[RunConfig, ...] = ()
    looked = look_at(parts.train, language=config.data.language)
    if is_open:
        plan = choose_recipe(config, looked)
        say(plan.reason)
        others = plan.runs[1:]
        if plan.runs[0] != config:
            config, model = plan.runs[0], build(plan.runs[0])
    elif advise and (line := advice_line(looked, recipe=config.model.recipe, source=config.data.source)):
        say(line)
    if (line := language_line(config, looked)) is not None:
        say(line)
    versions = run_versions(model.packages, parts.train, parts.validation, unlabelled) | further.versions
    if isinstance(model, NetworkClassifier):
        config = replace(config, model=replace(config.model, embedding=str(model.embedding)))
        versions |= load_first_layer(model, parts, say, progress=progress)
    if changed := differences(recorded_versions or {}, versions):
        say(f"note: the weights may differ from the recorded run's: {changed}.")
    fitted = fit(model, parts, unlabelled, output / CHECKPOINT, say, monitors, resume=resume)
    for other in others:
        if (better := fit_better(other, fitted, parts, say, than=config.model.recipe)) is not None:
            config, (model, fitted) = other, better
            versions |= run_versions(model.packages, parts.train, parts.validation, unlabelled)
    if named is None:
        output = default_output(config)
        check_place(output, config, overwrite=overwrite, labels=reading_of(parts.train).label_columns)
    trained = time.perf_counter()
    explained = explained_facts(model, parts.validation, fitted.calibrated.logits)  # of the model that was validated
    started += time.perf_counter() - trained  # seconds that were not training
    config = replace(config, training=replace(config.training, refit=refits(config)))
    if config.training.refit:
        fitted = refit(fitted, model, parts, None, unlabelled, say, monitors)
    if not isinstance(model, NetworkClassifier):  # whose layers were told before training
        say(str(model.summary()))
    for note in model.notes_:
        say(f"note: {note}")
    seconds = time.perf_counter() - started
    model.learn_scope(parts.train.texts, parts.validation.texts)
    test_texts = parts.open_test()  # here, and nowhere before
    if not config.data.streaming:
        keep_tokens(test_texts.texts)
    lines = describe_part("test", test_texts, parts.train) + tell_shared(unlabelled, test_texts)
    lines += describe_absent(test=test_texts)
    _say_all(say, lines)
    logits = model.logits(test_texts.texts)
    answers = answer(model, test_texts, logits=logits)
    test = answers.measure()
    seen = (parts.train, parts.validation) if config.training.refit else (parts.train,)
    unseen = measure_unseen(answers, test_texts, seen)
    tested = Tested(test_texts, logits, answers, test, unseen)
    n = len(parts.train) + (len(parts.validation) if config.training.refit else 0)
    metrics: dict[str, dict[str, Any]] = {
        "train": {
            **({"left_out": left_out} if (left_out := _left_out_counts(parts.train)) else {}),
            "seconds": round(seconds, 3),
            **fitted.epochs(),
            "n": n,
            "peak_memory_bytes": peak_memory_bytes(),
        },
        "validation": fitted.calibrated.validation.to_dict(),
        "calibration": fitted.calibrated.to_dict(),
        "test": test.to_dict() | ({"further": more} if (more := plugin_figures(answers)) else {}),
    }
    if unseen is not None:
        metrics["test_unseen"] = unseen.metrics.to_dict()
    config = _decided(replace(config, data=parts.config, reading=reading_of(parts.train)), fitted.params)
    if is_for(config, all_texts := (parts.train, parts.validation, test_texts)):
        crossed = cross_validate(config, all_texts, temperature=model.temperature_)
        if crossed is not None:
            metrics["cross_validation"] = crossed.to_dict()
            tested = replace(tested, crossed=crossed)
    versions = {**versions, "test_texts": fingerprint(test_texts)}
    if config.training.final:  # all has been measured
        fitted = refit(fitted, model, parts, test_texts, unlabelled, say, monitors)
        fitted = replace(fitted, story=f"{fitted.story} {_FINAL}")
        say(f"note: {_FINAL}")
        metrics["final"] = {"n": sum(map(len, all_texts))}
    with publish(output) as folder:
        model.write(folder)
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        metrics["train"]["size_bytes"] = size_bytes
        facts = gather_facts(
            model,
            parts,
            tested,
            calibrated=fitted.calibrated,
            explained=explained,
            history=fitted.history,
            kept_epoch=fitted.kept_epoch,
            run=run_facts(
                model,
                config,
                versions=versions,
                story=" ".join([fitted.story, *parts.notes, *model.notes_, *_left_out(parts.train)]).strip(),
                seconds=seconds,
                size_bytes=size_bytes,
            ),
        )
        record = Record(
            config=config,
            versions=versions,
            history=fitted.history,
            kept_epoch=fitted.kept_epoch,
            metrics=metrics,
            calibrated=fitted.calibrated,
            facts=facts,
        )
        if config.training.refit:  # what `plaudit threshold` chooses on, for the model has learned these texts by now
            write_held_out(folder, fitted.calibrated.logits)
        openings = count_opening(folder, test_texts, command="train", identity=versions["test_texts"])
        for line in record.write(folder, model, name=output.name, openings=openings):
            say(line)
    alone = None if unseen is None else unseen.metrics
    return Outcome(model, output, metrics, test, config, unseen=alone, crossed=tested.crossed)


def _find_encoder(model: Classifier) -> None:
    """Refuse an encoder that is not there before the data are read; one that a teacher has is its own matter."""
    settings = model.get_params()
    if settings.get("encoder") is not None and "teacher" not in settings:
        from plaudit.embeddings.hugging_face import find_encoder

        find_encoder(settings["encoder"])


def default_output(config: RunConfig) -> Path:
    """Return ``models/<data>-<recipe>``."""
    return Path("models") / f"{short_name(config.data.source)}-{config.model.recipe}"


def reading_of(train: Dataset) -> DataSpec:
    """Return how the training texts were read, for the model's folder."""
    return DataSpec() if train.origin is None else replace(train.origin.spec, data_dir=None, skip_invalid=False)


def _left_out_counts(train: Dataset) -> dict[str, int]:
    """Return how many rows of the source were left out, by the kind of fault."""
    return {} if train.origin is None else dict(train.origin.left_out)


def _left_out(train: Dataset) -> list[str]:
    """Say in a sentence how many rows of the source were left out."""
    counts = _left_out_counts(train)
    why = ", ".join(f"{n:,} {kind}" for kind, n in counts.items())
    return [f"{sum(counts.values()):,} rows of the data were left out ({why})."] if counts else []


def _decided(config: RunConfig, params: Mapping[str, Any]) -> RunConfig:
    """Return the run with what the classifier decided in place of what was left open."""

    def fill(table: Any) -> Any:  # Any: one of the config classes
        left_open = [field.name for field in fields(table) if getattr(table, field.name) is None]
        return replace(table, **{name: params[name] for name in left_open if name in params})

    return replace(config, model=fill(config.model), training=fill(config.training))


def _say_all(say: Say, lines: list[str]) -> None:
    for line in lines:
        say(f"  {line}")


def check_place(output: Path, config: RunConfig, *, overwrite: bool, labels: tuple[str, ...] = ()) -> None:
    """Refuse a folder that holds something else than an earlier model of the same data.

    The same data are those of the same source and label column; what they hold may have changed: a model is trained
    again in its place as often as one likes. What is of other data is another model, and nobody loses one by a name.

    Args:
        output: The model's folder.
        config: The run; its source is named.
        overwrite: Replace a model of other data.
        labels: The label columns of the run's data; empty where they are not known yet, or have none.

    Raises:
        ConfigError: A model of other data stands there, or one whose data nobody can tell.
        ModelError: Something else than a model stands there.
    """
    check_target(output)
    if overwrite or not (output / MANIFEST).exists():
        return
    what = _other_than(output / "run.toml", config, labels)
    if what is not None:
        raise ConfigError(
            f"{output} holds a model {what}; name another folder with --output, or replace it with --overwrite."
        )


def _other_than(record: Path, config: RunConfig, labels: tuple[str, ...]) -> str | None:
    if not record.is_file():
        return "that no plaudit train wrote"
    try:
        old = RunConfig.from_toml(record)
    except ConfigError:
        return "whose run.toml cannot be read"
    if not is_same_source(old.data.source, config.data.source):
        return f"of other data ({old.data.source})"
    before = old.reading.label_columns
    if labels and before and labels != before:
        return f"of other labels (column {', '.join(map(repr, before))})"
    return None
