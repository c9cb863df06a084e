"""The run that a model is from, and its texts: the one way to what a model was trained, validated and tested on.

A run's texts are not kept in the model's folder; they are read and divided again by its run.toml. Whether they are the
same texts is never taken on trust: each part's fingerprint is held against the recorded one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from plaudit.app.run.parts import Parts, clean, divide
from plaudit.app.run.record import read_versions
from plaudit.config import RunConfig
from plaudit.data import DATASET_NAMES, Dataset
from plaudit.data.readers.database import database_file
from plaudit.data.readers.formats import PACKED
from plaudit.errors import ConfigError, DataError, PlauditError
from plaudit.evaluation import fingerprint

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
                f"{self.folder}: the {name} texts of its run cannot be had again: {error} "
                f"{instead[0].upper()}{instead[1:]}."
            ) from error
        if fingerprint(known) != self.recorded.get(f"{known_by}_texts"):
            raise DataError(
                f"{self.config.data.source}: it has changed since {self.folder} was trained on it, so the model's "
                f"{name} texts can no longer be told from the others; {instead}."
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
