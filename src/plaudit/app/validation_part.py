"""Which rows `plaudit threshold` may choose on: never the test texts, and never those that the model was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from plaudit.app.own_run import is_same_source, own_run
from plaudit.app.parts import load_parts
from plaudit.app.record import read_versions
from plaudit.app.test_part import Chosen
from plaudit.config import DataSpec, RunConfig
from plaudit.data import has_parts, load_dataset
from plaudit.errors import ConfigError, DataError
from plaudit.evaluation import fingerprint
from plaudit.models.remembered import remembered_spec


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
        ConfigError: run.toml is no run's.
    """
    run = own_run(model)
    recorded = {} if run is None else read_versions(model / "run.toml")
    if data is None and run is None:
        raise DataError(
            f"{model}: it was not written by `plaudit train`, so its validation texts are not known; name labelled "
            "texts that it was not trained on."
        )
    if run is not None and (data is None or is_same_source(data, run.data.source)):
        return _own_validation(model, run, recorded, spec.data_dir)
    assert data is not None
    if run is not None and run.data.test is not None and is_same_source(data, run.data.test):
        raise DataError(f"{data}: these are the model's test texts; a rule chosen on them would make them useless.")
    rows = load_dataset(
        data, spec=spec, parts=("train",), classes=classes, multi_label=multi_label, remembered=remembered_spec(model)
    ).train
    what = f"{data}: its training part" if has_parts(data) else f"{data}: every row"
    identity = fingerprint(rows)
    if identity == recorded.get("test_texts"):
        raise DataError(f"{data}: these are the model's test texts; a rule chosen on them would make them useless.")
    if identity == recorded.get("train_texts"):
        raise DataError(f"{data}: the model was trained on these texts, and is surer of them than of others.")
    return Chosen(rows, what)


def _own_validation(model: Path, run: RunConfig, recorded: dict[str, str], data_dir: str | None) -> Chosen:
    """Divide the run's data again, and return the validation part."""
    if run.training.refit:
        raise DataError(
            f"{model}: it was trained again on its validation texts (--refit), and is surer of them than of others; "
            "name labelled texts that it was not trained on."
        )
    source = run.data.source
    config = run.data if data_dir is None else replace(run.data, data_dir=data_dir)
    try:
        parts = load_parts(config, seed=run.training.seed)
    except (ConfigError, DataError) as error:
        raise DataError(
            f"{model}: the validation texts of its run cannot be had again: {error} Name other labelled texts."
        ) from error
    if fingerprint(parts.train) != recorded.get("train_texts"):
        raise DataError(
            f"{source}: it has changed since this model was trained on it, so its validation texts can no longer be "
            "told from its training texts; name other labelled texts."
        )
    return Chosen(parts.validation, f"{source}: the model's {len(parts.validation):,} validation texts")
