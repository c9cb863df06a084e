"""How the data were read that a model is made of: what its folder remembers, so that nobody has to say it again."""

from __future__ import annotations

from pathlib import Path

from plaudit.config import DataSpec, RunConfig
from plaudit.errors import ConfigError


def remembered_spec(folder: str | Path) -> DataSpec | None:
    """Return the data settings of the run that wrote a model's folder; None for a model of another origin.

    What belongs to one file alone (where IMDB lies, a delimiter that was found by looking) is left out, and another
    file in UTF-8 is read as that, whatever encoding the model's own data had.
    """
    record = Path(folder) / "run.toml"
    if not record.is_file():  # saved by `save`, not by a run
        return None
    try:
        run = RunConfig.from_toml(record)
    except ConfigError:
        return None
    data = run.data.reading().over(run.reading)
    return DataSpec(
        text_column=data.text_column,
        label_column=data.label_column,
        label_separator=data.label_separator,
        label_prefix=data.label_prefix,
        format=run.data.format,
        delimiter=run.data.delimiter,
        header=data.header,
        encoding=None if data.encoding is None else f"utf-8,{data.encoding.removeprefix('utf-8,')}",
        sheet=data.sheet,
        skip_invalid=data.skip_invalid,
        merge_labels=data.merge_labels,
    )
