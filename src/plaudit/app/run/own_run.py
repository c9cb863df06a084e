"""The run that a model is from, and its texts: the one way to what a model was trained, validated and tested on.

A run's texts are not kept in the model's folder; they are read and divided again by its run.toml. Whether they are the
same texts is never taken on trust: each part's fingerprint is held against the recorded one. A command looks at the
rows of a test (`choose_texts`) or at those to choose on (`choosing_texts`), never, without being told, at those that
the model was trained on; and a rule is never chosen on the test texts.

The decision to question: run.toml names files as they were named where it was written. One that is no file here is
looked for beside run.toml and in the folders above it, the nearest first, so that the command in a model's folder works
as the report prints it (`found_from`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.app.run.met import Met
from plaudit.app.run.parts import Parts, clean, divide
from plaudit.app.run.record import missing_plugins, read_held_out, read_versions
from plaudit.config import DataConfig, DataSpec, RunConfig
from plaudit.data import DATASET_NAMES, Dataset, has_parts, has_test_part, load_dataset
from plaudit.data.readers.database import database_file
from plaudit.data.readers.formats import PACKED
from plaudit.errors import ConfigError, DataError, PlauditError
from plaudit.evaluation import fingerprint
from plaudit.models.remembered import remembered_spec
from plaudit.models.targets import count_logits

if TYPE_CHECKING:
    from numpy.typing import NDArray


PartName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class OwnRun:
    """The run of `plaudit train` that wrote a model's folder.

    Attributes:
        folder: The model's.
        config: The run, with everything decided.
        recorded: Its versions and fingerprints, by name.
    """

    folder: Path
    config: RunConfig
    recorded: Mapping[str, str]

    @classmethod
    def of(cls, model: Path, *, data_dir: str | None = None) -> OwnRun | None:
        """Return the run that a model's folder records; None for a model of another origin.

        `data_dir` says where IMDB lies now, if not where it lay then.
        """
        record = model / "run.toml"
        if not record.is_file():  # saved by `save`, not by a run
            return None
        try:
            config = RunConfig.from_toml(record)
        except ConfigError:
            return None
        if data_dir is not None:
            config = replace(config, data=replace(config.data, data_dir=data_dir))
        return cls(model, config, read_versions(record)) if config.data.source else None

    def is_of(self, data: str) -> bool:
        """Say whether `data` names what the run was divided from."""
        return is_same_source(data, self.config.data.source)

    def part(self, name: PartName, *, instead: str) -> Dataset:
        """Read the run's data and divide them again, and return a part that is the same as it was.

        Training texts are those of the division that chose the epoch, cleaned if the run cleaned; a refit learned from
        the validation texts too. What a run recorded of its validation texts is compared; one that recorded nothing of
        them is known by its training texts.

        Args:
            name: The part.
            instead: What to do where it cannot be had, the end of a message: "name other texts".

        Raises:
            DataError: The data cannot be had or divided again, or have changed since.
        """
        known_by = "train" if name == "validation" and "validation_texts" not in self.recorded else name
        try:
            found = self._read(name)
            known = found if known_by == name else self._read(known_by)
        except PlauditError as error:
            raise DataError(
                f"{self.folder}: the {name} texts of its run cannot be loaded again: {error} "
                f"{missing_plugins(self.recorded) or f'{instead[0].upper()}{instead[1:]}.'}"
            ) from error
        if fingerprint(known) != self.recorded.get(f"{known_by}_texts"):
            raise DataError(
                f"{self.config.data.source}: it has changed since {self.folder} was trained on it, so the model's "
                f"{name} texts can no longer be identified; {instead}."
            )
        return found

    def _read(self, name: PartName) -> Dataset:
        if name == "test":
            return self._parts.open_test()
        return self._train if name == "train" else self._parts.validation

    @cached_property
    def _parts(self) -> Parts:
        """The parts as the run divided them, the training texts not cleaned."""
        return divide(self.config.data, seed=self.config.training.seed)

    @cached_property
    def _train(self) -> Dataset:
        return clean(self._parts, self.config.data, seed=self.config.training.seed).train


def short_name(source: str) -> str:
    """Return a word for a data set, from its name, its path, or its database's."""
    path = Path(database_file(source) or source).resolve()
    while path.suffix in PACKED:
        path = path.with_suffix("")
    return re.sub(r"[*?\[\]]+", "", path.stem) or path.parent.name


def is_same_source(data: str, source: str) -> bool:
    """Say whether two arguments name the same data: one data set's name, or paths to one place."""
    if data in DATASET_NAMES or source in DATASET_NAMES:
        return data == source
    return Path(data).expanduser().resolve() == Path(source).expanduser().resolve()


_FIELDS = ("source", "test", "validation", "unlabelled", "clean_file")


def found_from(config: Path, data: DataConfig) -> DataConfig:
    """Return the data of a recorded run with each file that is not here named where it was found.

    Args:
        config: The run.toml.
        data: What it says.
    """
    changed: dict[str, Any] = {}  # Any: so that `replace` takes it
    for name in _FIELDS:
        value = getattr(data, name)
        if isinstance(value, str) and value not in DATASET_NAMES and not _is_there(Path(), value):
            folder = next((each for each in config.resolve().parents if _is_there(each, value)), None)
            if folder is not None:
                changed[name] = os.path.relpath(folder / value)
    return replace(data, **changed)


def _is_there(folder: Path, value: str) -> bool:
    """Say whether a folder has a file, a folder or files of a pattern; what is no relative path is nowhere."""
    try:
        if Path(value).is_absolute():
            return True
        return (folder / value).exists() or ("*" in value and any(True for _ in folder.glob(value)))
    except (OSError, ValueError):
        return False


@dataclass(frozen=True)
class Chosen:
    """Texts to score, and what to call them.

    Attributes:
        dataset: Labelled texts.
        what: A line for a person.
        is_own: Whether these were kept for testing when the model was trained on the same file.
        logits: What the model answered to them before it learned from them; None where it has not.
        seen: Which of them the model was trained on, or chosen by, bool [N]; None: none that is known.
        opened: The texts whose openings count, where those are not all: of a copy those that were not seen.
    """

    dataset: Dataset
    what: str
    is_own: bool = False
    logits: NDArray[np.float32] | None = None
    seen: NDArray[np.bool_] | None = None
    opened: Dataset | None = None

    @property
    def counted(self) -> Dataset:
        """The texts whose openings count."""
        return self.dataset if self.opened is None else self.opened


def choose_texts(
    model: Path,
    data: str,
    *,
    classes: tuple[str, ...],
    multi_label: bool,
    every_row: bool,
    spec: DataSpec,
) -> Chosen:
    """Return a data set's test part; of a file without parts all rows, unless the model was trained on it.

    A file that `plaudit train` divided into training, validation and test texts is divided again by the model's
    run.toml, and only its test texts are taken; `every_row` takes all. `classes` are the model's: a file may lack
    some, and hold one alone; `multi_label` is the model's too.
    """
    own_part = has_test_part(data)
    if not own_part and not every_row and (sealed := _sealed_part(model, data, spec.data_dir)) is not None:
        return _with_seen(sealed, model)
    splits = load_dataset(data, spec=spec, classes=classes, multi_label=multi_label, remembered=remembered_spec(model))
    is_part = splits.test is not None and (own_part or not every_row)
    found = splits.test if is_part and splits.test is not None else splits.train
    run = None if every_row else OwnRun.of(model, data_dir=spec.data_dir)
    if run is not None and run.config.training.final and fingerprint(found) == run.recorded.get("test_texts"):
        raise DataError(_learned(model, data))
    every = "every row" if splits.test is None else "its training part"
    return _with_seen(Chosen(found, f"{data}: its test part" if is_part else f"{data}: {every}"), model)


def _with_seen(chosen: Chosen, model: Path) -> Chosen:
    """Note which of the texts the model has met in training."""
    met = Met.read(model)
    if met is None or not (seen := met.is_seen(chosen.dataset)).any():
        return chosen
    run = OwnRun.of(model)
    is_test = run is not None and fingerprint(chosen.dataset) == run.recorded.get("test_texts")
    opened = None if is_test or seen.all() else chosen.dataset.take(np.flatnonzero(~seen))
    return replace(chosen, seen=seen, opened=opened)


def _learned(model: Path, data: str) -> str:
    return (
        f"{data}: the model in {model} was also trained on these, its test texts (--final); its metrics.json has the "
        "figures from before that. Name other texts, or measure on these with --all."
    )


def _sealed_part(model: Path, data: str, data_dir: str | None) -> Chosen | None:
    """Return the test texts of the model's own run if `data` is what it was trained on, else None."""
    run = OwnRun.of(model, data_dir=data_dir)
    if run is None or not run.is_of(data):
        return None
    if run.config.training.final:
        raise DataError(_learned(model, data))
    test = run.part("test", instead="name other data, or take every row with --all")
    separate = run.config.data.test
    if separate is not None and Path(separate).exists():
        what = f"{separate}: the test texts of this model, which was trained on {data} (--all takes its rows)"
    else:
        what = (
            f"{data}: the {len(test):,} of its texts that were kept for testing when this model was trained on it "
            "(--all takes every row)"
        )
    return Chosen(test, what, is_own=True)


def choosing_texts(
    model: Path,
    data: str | None,
    *,
    classes: tuple[str, ...],
    multi_label: bool,
    spec: DataSpec,
) -> Chosen:
    """Return the validation texts of the model's own run, or of other `data` what may be chosen on.

    That is every row of a file, and of a data set with parts its training part.

    Raises:
        DataError: The texts cannot be had, or are those that the model was trained or tested on.
    """
    run = OwnRun.of(model, data_dir=spec.data_dir)
    if data is None and run is None:
        raise DataError(
            f"{model}: it was not written by `plaudit train`, so its validation texts are not known; name labelled "
            "texts that it was not trained on."
        )
    if run is not None and (data is None or run.is_of(data)):
        return _own_validation(run, count_logits(len(classes), multi_label=multi_label))
    assert data is not None
    tested_on = None if run is None else run.config.data.test
    if tested_on is not None and is_same_source(data, tested_on):
        raise DataError(
            f"{data}: these are the model's test texts; a rule chosen on them would make them useless as a test."
        )
    rows = load_dataset(
        data, spec=spec, parts=("train",), classes=classes, multi_label=multi_label, remembered=remembered_spec(model)
    ).train
    what = f"{data}: its training part" if has_parts(data) else f"{data}: every row"
    identity, recorded = fingerprint(rows), {} if run is None else run.recorded
    if identity == recorded.get("test_texts"):
        raise DataError(
            f"{data}: these are the model's test texts; a rule chosen on them would make them useless as a test."
        )
    if identity == recorded.get("train_texts"):
        raise DataError(f"{data}: the model was trained on these texts, and is more confident on them than on others.")
    met = Met.read(model)
    if met is not None and not (kept := met.is_for_choosing(rows)).all():
        if not kept.any():
            raise DataError(f"{data}: the model was trained or tested on all of these texts; name others.")
        n_out = int((~kept).sum())
        rows = rows.take(np.flatnonzero(kept))
        what += f", without {n_out:,} that the model was trained or tested on"
    return Chosen(rows, what)


def _own_validation(run: OwnRun, n_logits: int) -> Chosen:
    """Return the run's validation part; after a refit with what the model answered before it."""
    held = run.part("validation", instead="name other labelled texts")
    what = f"{run.config.data.source}: the model's {len(held):,} validation texts"
    if not run.config.training.refit:
        return Chosen(held, what)
    logits = read_held_out(run.folder, len(held), n_logits)
    if logits is None:
        raise DataError(
            f"{run.folder}: it was trained again on its validation texts (--refit), and is more confident on them "
            "than on others; name labelled texts that it was not trained on."
        )
    return Chosen(held, f"{what}, with the answers from before it was trained on them (--refit)", logits=logits)
