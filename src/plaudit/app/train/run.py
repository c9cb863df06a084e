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

from plaudit.app.advise import advice_line, choose_recipe, language_line
from plaudit.app.run.cross_validating import CrossValidated, cross_validate, few_note, why_not_crossed
from plaudit.app.run.met import Met, taught_rows, unseen_rows
from plaudit.app.run.own_run import is_same_source, short_name
from plaudit.app.run.parts import choose_source, describe_absent, describe_origin, describe_part, load_parts
from plaudit.app.run.record import Record, Tested, differences, gather_facts, run_facts, run_versions, write_held_out
from plaudit.app.train.fitting import (
    Say,
    fit,
    fit_better,
    load_first_layer,
    load_unlabelled,
    open_answers,
    refit,
)
from plaudit.app.train.monitors import peak_memory_bytes
from plaudit.config import DataSpec, RunConfig
from plaudit.data import Dataset
from plaudit.errors import ConfigError, PlauditError
from plaudit.evaluation import Answers, Metrics, MultiLabelMetrics, answer, count_opening, fingerprint
from plaudit.evaluation.profile import Profile
from plaudit.models import Classifier, NetworkClassifier, load
from plaudit.models.advice import look_at
from plaudit.models.artifact import MANIFEST, check_target, publish
from plaudit.models.recipes import build, further_decided, refits
from plaudit.plugins import owner
from plaudit.progress import doing
from plaudit.report import ReportFacts
from plaudit.report.audit_facts import near_note
from plaudit.report.mistakes import explained_facts
from plaudit.report.verdict import caution_line
from plaudit.scratch import MEMORY, work_folder
from plaudit.text.token_memory import keep_tokens, remembering_tokens
from plaudit.training import Monitor
from plaudit.wording import counted

CHECKPOINT = "checkpoint.safetensors"
_FINAL = "All figures are from the model before that, which had not seen the test texts."


@dataclass(frozen=True)
class Outcome:
    """What a run leaves.

    Attributes:
        model: The trained classifier.
        folder: Where it was written.
        metrics: What metrics.json holds: "train", "validation", "calibration", "test", and "test_unseen" where
            some test texts are among the training texts too: the figures of the others;
            "cross_validation" where texts are few.
        test: What was answered to the test texts, and how good that is.
        unseen: Those of the texts not seen in training; None where that is all of them, or none.
        config: The run with everything decided.
        crossed: The cross-validated figures; None where texts are many or the recipe is slow.
        caution: That the figures prove nothing: all texts were trained on, or the model is hardly better than a guess.
        unreadable: Why what a plugin's recipe wrote cannot be opened; None where it can.
    """

    model: Classifier
    folder: Path
    metrics: dict[str, dict[str, Any]]
    test: Answers
    config: RunConfig
    unseen: Metrics | MultiLabelMetrics | None = None
    crossed: CrossValidated | None = None
    caution: str | None = None
    unreadable: str | None = None


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
        run = _Run(config, output, say=say, monitors=monitors, progress=progress, overwrite=overwrite)
        run.read(held)
        others = run.choose(is_open=is_open, advise=advise)
        run.train(others, recorded_versions=recorded_versions or {}, resume=resume)
        return run.write(run.test())


class _Run:
    """A run under way: what was asked, what has been read and decided, and, step by step, what came of it."""

    def __init__(
        self,
        config: RunConfig,
        output: Path | None,
        *,
        say: Say,
        monitors: Sequence[Monitor],
        progress: bool,
        overwrite: bool,
    ) -> None:
        """Refuse what cannot be done before the data are read."""
        self.started = time.perf_counter()
        self.say, self.monitors, self.progress, self.overwrite = say, monitors, progress, overwrite
        self.model = build(config)
        _find_encoder(self.model)
        self.taught_by = open_answers(config)
        self.config = replace(config, data=choose_source(config.data, say, progress=progress))
        self.is_named = output is not None
        self.output = output or default_output(self.config)
        check_place(self.output, self.config, overwrite=overwrite)

    def read(self, held: contextlib.ExitStack) -> None:
        """Read and divide the data, and say what they are; `held` ends with the run."""
        data, model, say = self.config.data, self.model, self.say
        if data.streaming:
            model.scratch = held.enter_context(work_folder(self.output))
            held.callback(setattr, model, "scratch", MEMORY)
        on_disk = model.scratch if data.streaming else None
        self.parts = parts = load_parts(data, seed=self.config.training.seed, progress=self.progress, scratch=on_disk)
        if not data.streaming:
            held.enter_context(remembering_tokens())
            keep_tokens(parts.train.texts, parts.validation.texts)
        say(f"Data: {data.source}")
        self._check_labels()
        _say_all(say, describe_origin(parts.train))
        described = describe_part("train", parts.train) + describe_part("validation", parts.validation, parts.train)
        further = load_unlabelled(model, self.config, parts, self.taught_by)
        self.unlabelled, self.versions = further.texts, further.versions
        if self.unlabelled is not None:
            described += describe_part("unlabelled", self.unlabelled)
        _say_all(say, described + describe_absent(train=parts.train, validation=parts.validation))
        for note in parts.notes:
            say(f"note: {note}")

    def choose(self, *, is_open: bool, advise: bool) -> tuple[RunConfig, ...]:
        """Choose the recipe from the data where it is open; return the runs to train beside it."""
        config, say = self.config, self.say
        others: tuple[RunConfig, ...] = ()
        with doing("Looking at the texts"):
            looked = look_at(self.parts.train, language=config.data.language)
        if is_open:
            with doing("Choosing the recipe"):
                plan = choose_recipe(config, looked)
            say(plan.reason)
            others = plan.runs[1:]
            if plan.runs[0] != config:
                self.config, self.model = plan.runs[0], build(plan.runs[0])
        elif advise and (line := advice_line(looked, recipe=config.model.recipe, source=config.data.source)):
            say(line)
        if (line := language_line(self.config, looked)) is not None:
            say(line)
        return others

    def train(self, others: Sequence[RunConfig], *, recorded_versions: Mapping[str, str], resume: bool) -> None:
        """Train, calibrate, take the better of two recipes, say why it answers so, and train again on more texts."""
        parts, say = self.parts, self.say
        self.versions = self._versions() | self.versions
        if isinstance(self.model, NetworkClassifier):
            self.config = replace(self.config, model=replace(self.config.model, embedding=str(self.model.embedding)))
            self.versions |= load_first_layer(self.model, parts, say, progress=self.progress)
        if changed := differences(recorded_versions, self.versions):
            say(f"note: the weights may differ from the recorded run's: {changed}.")
        self.fitted = fit(
            self.model, parts, self.unlabelled, self.output / CHECKPOINT, say, self.monitors, resume=resume,
            name=self.config.model.recipe if others else "",
        )  # fmt: skip
        for other in others:
            if (better := fit_better(other, self.fitted, parts, say, than=self.config.model.recipe)) is not None:
                self.config, (self.model, self.fitted) = other, better
                self.versions |= self._versions()
        if not self.is_named:
            self.output = default_output(self.config)
            self._check_labels()
        trained = time.perf_counter()  # of the model that was validated
        with doing("Explaining mistakes"):
            self.explained = explained_facts(self.model, parts.validation, self.fitted.calibrated.logits)
        self.started += time.perf_counter() - trained  # seconds that were not training
        self.config = replace(self.config, training=replace(self.config.training, refit=refits(self.config)))
        if self.config.training.refit:
            self._refit(None)
        if not isinstance(self.model, NetworkClassifier):  # whose layers were told before training
            say(self.model.described())
        for note in self.model.notes_:
            say(f"note: {note}")
        self.seconds = time.perf_counter() - self.started
        self.model.learn_scope(parts.train.texts, parts.validation.texts)

    def test(self) -> Tested:
        """Open the test texts, here and nowhere before, and answer them."""
        parts, model = self.parts, self.model
        texts = parts.open_test()
        if not self.config.data.streaming:
            keep_tokens(texts.texts)
        taught, notes = taught_rows(self.config.model.teacher, self.unlabelled, texts)
        not_trained, not_chosen = (unseen_rows(texts, (part,)) for part in (parts.train, parts.validation))
        is_refit = bool(self.config.training.refit)
        if n := int((not_trained & ~not_chosen).sum()):
            what = "the model was trained on them (--refit)" if is_refit else "it was chosen by them"
            notes.append(
                f"note: {counted(n, 'test text is', 'test texts are')} also among the validation texts (equal except "
                f"for case and punctuation), and {what}: the test figures are optimistic by what they gain from that."
            )
        _say_all(self.say, describe_part("test", texts, parts.train) + notes + describe_absent(test=texts))
        is_unseen = not_trained & ~taught & (not_chosen if is_refit else True)
        tested = Tested(texts, answer(model, texts), is_unseen, taught)
        self.profile = Profile.of(model, texts.texts, tested.answers.logits)
        self.versions["test_texts"] = fingerprint(texts)
        self.config = _decided(
            replace(self.config, data=parts.config, reading=reading_of(parts.train)), self.fitted.params
        )
        all_texts = (parts.train, parts.validation, texts)
        n = sum(map(len, all_texts))
        why = why_not_crossed(self.config, n, is_cleaned=parts.is_cleaned)
        if why is None:
            return replace(tested, crossed=cross_validate(self.config, all_texts, temperature=model.temperature_))
        if tested.is_unseen.any() and (note := few_note(why, n, len(texts))) is not None:
            self.say(f"note: {note}")
            self.parts = replace(parts, notes=(*parts.notes, note))
        return tested

    def write(self, tested: Tested) -> Outcome:
        """Train on the test texts too where that was asked for, and write the folder, whole or not at all."""
        metrics = self._metrics(tested)
        if self.config.training.final:  # all has been measured
            self._refit(tested.dataset)
            self.say(f"note: {_FINAL}")
            metrics["final"] = {"n": len(self.parts.train) + len(self.parts.validation) + len(tested.dataset)}
        model, fitted = self.model, self.fitted
        with doing("Writing the model and its report"), publish(self.output) as folder:
            model.write_whole(folder)
            unreadable = _fault_of_reading(model, folder)
            size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            metrics["train"]["size_bytes"] = size_bytes
            record = Record(
                config=self.config,
                versions=self.versions,
                history=fitted.history,
                kept_epoch=fitted.kept_epoch,
                metrics=metrics,
                calibrated=fitted.calibrated,
                facts=(facts := self._facts(tested, size_bytes)),
            )
            if note := near_note(facts.audit, len(tested.dataset)):
                self.say(f"  note: {note}")
            if self.config.training.refit:  # what `plaudit threshold` chooses on: the model has learned these texts
                write_held_out(folder, fitted.calibrated.logits)
            self.profile.write(folder)
            Met.of_run(self.parts, tested.dataset, self.config.training, tested.taught).write(folder)
            identity = self.versions["test_texts"]
            openings = count_opening(folder, tested.dataset, command="train", identity=identity)
            for line in record.write(folder, model, name=self.output.name, openings=openings):
                self.say(line)
        alone = None if tested.unseen is None else tested.unseen.metrics
        return Outcome(
            model, self.output, metrics, tested.answers, self.config,
            unseen=alone, crossed=tested.crossed, caution=caution_line(facts),
            unreadable=unreadable,
        )  # fmt: skip

    def _metrics(self, tested: Tested) -> dict[str, dict[str, Any]]:
        """Return what metrics.json holds, except what only the written folder knows."""
        parts, fitted, test = self.parts, self.fitted, tested.answers
        found: dict[str, dict[str, Any]] = {
            "train": {
                **({"left_out": left_out} if (left_out := _left_out_counts(parts.train)) else {}),
                "seconds": round(self.seconds, 3),
                **fitted.epochs(),
                "n": len(parts.train) + (len(parts.validation) if self.config.training.refit else 0),
                "peak_memory_bytes": peak_memory_bytes(),
            },
            "validation": fitted.calibrated.validation.to_dict(),
            "calibration": fitted.calibrated.to_dict(),
            "test": test.to_dict(),
        }
        if tested.unseen is not None:
            found["test_unseen"] = tested.unseen.to_dict()
        if tested.crossed is not None:
            found["cross_validation"] = tested.crossed.to_dict()
        return found

    def _facts(self, tested: Tested, size_bytes: int) -> ReportFacts:
        fitted, notes = self.fitted, (*self.model.notes_, *_left_out(self.parts.train))
        final = (f"The model in this folder has learned from the test texts too (--final). {_FINAL}",)
        made = run_facts(
            self.model,
            self.config,
            versions=self.versions,
            story=" ".join([fitted.story, *notes]).strip(),
            notes=(*self.parts.notes, *(final if self.config.training.final else ())),
            seconds=self.seconds,
            size_bytes=size_bytes,
        )
        return gather_facts(
            self.model,
            self.parts,
            tested,
            calibrated=fitted.calibrated,
            explained=self.explained,
            history=fitted.history,
            kept_epoch=fitted.kept_epoch,
            run=made,
        )

    def _versions(self) -> dict[str, str]:
        parts = self.parts
        return run_versions(self.config, self.model.packages, parts.train, parts.validation, self.unlabelled)

    def _check_labels(self) -> None:
        """Refuse the place of a model of other labels, which only the data tell."""
        labels = reading_of(self.parts.train).label_columns
        check_place(self.output, self.config, overwrite=self.overwrite, labels=labels)

    def _refit(self, test: Dataset | None) -> None:
        self.fitted = refit(self.fitted, self.model, self.parts, test, self.unlabelled, self.say, self.monitors)


def _find_encoder(model: Classifier) -> None:
    """Refuse an encoder that is not there before the data are read; one that a teacher has is its own matter."""
    settings = model.get_params()
    if settings.get("encoder") is not None and "teacher" not in settings:
        from plaudit.embeddings.hugging_face import find_encoder

        find_encoder(settings["encoder"])


def _fault_of_reading(model: Classifier, folder: Path) -> str | None:
    """Return why what a plugin's recipe wrote cannot be opened, None where it can; of ours tests say so."""
    if owner(type(model)) is None:
        return None
    try:
        load(folder)
    except PlauditError as fault:
        return str(fault).replace(f"{folder}/", "").replace(str(folder), "its folder")
    return None


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
    return (
        [f"{counted(sum(counts.values()), 'row of the data was', 'rows of the data were')} left out ({why})."]
        if counts
        else []
    )


def _decided(config: RunConfig, params: Mapping[str, Any]) -> RunConfig:
    """Return the run with what the classifier decided in place of what was left open."""

    def fill(table: Any) -> Any:  # Any: one of the config classes
        left_open = [field.name for field in fields(table) if getattr(table, field.name) is None]
        return replace(table, **{name: params[name] for name in left_open if name in params})

    further = further_decided(config, params)
    return replace(config, model=replace(fill(config.model), further=further), training=fill(config.training))


def _say_all(say: Say, lines: list[str]) -> None:
    for line in lines:
        say(f"  {line}")


def check_place(output: Path, config: RunConfig, *, overwrite: bool, labels: tuple[str, ...] = ()) -> None:
    """Refuse a folder that holds something other than an earlier model of the same data.

    The same data are those of the same source and label column; what they hold may have changed: a model is trained
    again in its place as often as one likes. What is of other data is another model, and nobody loses one by a name.

    Args:
        output: The model's folder.
        config: The run; its source is named.
        overwrite: Replace a model of other data.
        labels: The label columns of the run's data; empty where they are not known yet, or have none.

    Raises:
        ConfigError: A model of other data stands there, or one whose data nobody can tell.
        ModelError: Something other than a model stands there.
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
        return "that `plaudit train` did not write"
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
