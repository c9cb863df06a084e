"""Which rows `plaudit threshold` may choose on: never the test texts, and never those that the model was trained on."""

from __future__ import annotations

from pathlib import Path

from plaudit.app.held_out import read_held_out
from plaudit.app.own_run import OwnRun, is_same_source
from plaudit.app.test_part import Chosen
from plaudit.config import DataSpec
from plaudit.data import has_parts, load_dataset
from plaudit.errors import DataError
from plaudit.evaluation import fingerprint
from plaudit.models.remembered import remembered_spec
from plaudit.models.targets import count_logits


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
