"""Which rows a command may look at: those of a test for `evaluate`, those to choose on for `threshold`.

Never, without being told, those that the model was trained on; and a rule is never chosen on the test texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plaudit.app.run.own_run import OwnRun, is_same_source
from plaudit.app.run.record import read_held_out
from plaudit.config import DataSpec
from plaudit.data import Dataset, has_parts, has_test_part, load_dataset
from plaudit.errors import DataError
from plaudit.evaluation import fingerprint
from plaudit.models.remembered import remembered_spec
from plaudit.models.targets import count_logits

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
    is_part = own_part and splits.test is not None
    found = splits.test if is_part and splits.test is not None else splits.train
    run = None if every_row else OwnRun.of(model, data_dir=spec.data_dir)
    if run is not None and run.config.training.final and fingerprint(found) == run.recorded.get("test_texts"):
        raise DataError(_learned(model, data))
    return Chosen(found, f"{data}: its test part" if is_part else f"{data}: every row")


def _learned(model: Path, data: str) -> str:
    return (
        f"{data}: the model in {model} has learned from these, its test texts (--final); what the model before that "
        "answered is in its metrics.json. Name other texts, or measure these all the same with --all."
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
        raise DataError(f"{data}: these are the model's test texts; a rule chosen on them would make them useless.")
    rows = load_dataset(
        data, spec=spec, parts=("train",), classes=classes, multi_label=multi_label, remembered=remembered_spec(model)
    ).train
    what = f"{data}: its training part" if has_parts(data) else f"{data}: every row"
    identity, recorded = fingerprint(rows), {} if run is None else run.recorded
    if identity == recorded.get("test_texts"):
        raise DataError(f"{data}: these are the model's test texts; a rule chosen on them would make them useless.")
    if identity == recorded.get("train_texts"):
        raise DataError(f"{data}: the model was trained on these texts, and is surer of them than of others.")
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
            f"{run.folder}: it was trained again on its validation texts (--refit), and is surer of them than of "
            "others; name labelled texts that it was not trained on."
        )
    return Chosen(held, f"{what}, as answered before it was trained on them too (--refit)", logits=logits)
