"""Which rows `evaluate` should score: never, without being told, those that the model was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.app.own_run import OwnRun
from plaudit.config import DataSpec
from plaudit.data import Dataset, has_test_part, load_dataset
from plaudit.models.remembered import remembered_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Chosen:
    """Texts to score, and what to call them.

    Attributes:
        dataset: Labelled texts.
        what: A line for a person.
        is_own: Whether these were kept for testing when the model was trained on the same file.
        logits: What the model answered to them before it learned from them; None where it has not.
    """

    dataset: Dataset
    what: str
    is_own: bool = False
    logits: NDArray[np.float32] | None = None


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
        return sealed
    splits = load_dataset(data, spec=spec, classes=classes, multi_label=multi_label, remembered=remembered_spec(model))
    if own_part and splits.test is not None:
        return Chosen(splits.test, f"{data}: its test part")
    return Chosen(splits.train, f"{data}: every row")


def _sealed_part(model: Path, data: str, data_dir: str | None) -> Chosen | None:
    """Return the test texts of the model's own run if `data` is what it was trained on, else None."""
    run = OwnRun.of(model, data_dir=data_dir)
    if run is None or not run.is_of(data):
        return None
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
