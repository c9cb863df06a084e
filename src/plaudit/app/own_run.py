"""The run that a model is from, and whether some data are those that it was made of."""

from __future__ import annotations

import re
from pathlib import Path

from plaudit.config import RunConfig
from plaudit.data import DATASET_NAMES
from plaudit.data.readers.database import database_file
from plaudit.data.readers.formats import PACKED
from plaudit.errors import ConfigError


def own_run(model: Path) -> RunConfig | None:
    """Return what `plaudit train` recorded in a model's folder; None for a model of another origin."""
    record = model / "run.toml"
    if not record.is_file():  # saved by `save`, not by a run
        return None
    try:
        config = RunConfig.from_toml(record)
    except ConfigError:
        return None
    return config if config.data.source else None


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
