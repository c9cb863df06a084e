"""Where the files of a recorded run lie: run.toml names them as they were named where it was written.

The decision to question: a name that is no file here is looked for beside run.toml and in the folders above it, the
nearest first, so that the command in a model's folder works as the report prints it. Whether the texts are those of
then is not this module's to say: their fingerprints are compared.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from plaudit.config import DataConfig
from plaudit.data import DATASET_NAMES

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
