"""Whether a run may take the place where it would write its model.

A model is trained again in its place as often as one likes: by other settings, or when its data have grown. What stands
there and is of other data is another model, and nobody loses one by a name that was typed before.
"""

from __future__ import annotations

from pathlib import Path

from plaudit.app.run.own_run import is_same_source
from plaudit.config import RunConfig
from plaudit.errors import ConfigError
from plaudit.models.artifact import MANIFEST, check_target


def check_place(output: Path, config: RunConfig, *, overwrite: bool, labels: tuple[str, ...] = ()) -> None:
    """Refuse a folder that holds something else than an earlier model of the same data.

    The same data are those of the same source and label column; what they hold may have changed.

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
