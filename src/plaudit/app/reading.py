"""How a command reads data: the options that all of them share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plaudit.data import Dataset, Splits, load_dataset, read_file


@dataclass(frozen=True)
class Reading:
    """What a user says of data, None for what is found by itself.

    Attributes:
        text_column: The column that holds the text.
        label_column: The column that holds the label.
        label_separator: What separates several labels of a text.
        data_dir: Where IMDB lies.
    """

    text_column: str | None = None
    label_column: str | None = None
    label_separator: str | None = None
    data_dir: Path | None = None

    def load(self, source: str, **more: Any) -> Splits:  # Any: as `load_dataset` has them
        """Load a data set; further arguments and errors are `load_dataset`'s."""
        return load_dataset(source, **asdict(self), **more)

    def file(self, path: str | Path, **more: Any) -> Dataset:  # Any: as `read_file` has them
        """Read one file; further arguments and errors are `read_file`'s."""
        columns = {name: value for name, value in asdict(self).items() if name != "data_dir"}
        return read_file(path, **columns, **more)

    def given(self) -> list[str]:
        """Return the options that were given, as the command line names them."""
        return [f"--{name.replace('_', '-')}" for name, value in asdict(self).items() if value is not None]
