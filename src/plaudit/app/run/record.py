"""What a run leaves beside the weights: its settings, versions, figures, curves and card."""

from __future__ import annotations

import json
import math
import platform
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import plaudit
from plaudit.app.run.calibrating import Calibrated
from plaudit.budget import read_document
from plaudit.config import RunConfig
from plaudit.data import Dataset
from plaudit.errors import MissingExtraError
from plaudit.evaluation import fingerprint
from plaudit.models import Classifier
from plaudit.models.artifact import read_tensors
from plaudit.report import ReportFacts, model_card, plot_curves, plot_reliability, report_page
from plaudit.training import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPORT = "report.html"


@dataclass(frozen=True)
class Record:
    """A finished run.

    Attributes:
        config: Its settings, with everything decided.
        versions: What its bits depend on besides (`run_versions`).
        history: The curves; None for a recipe without epochs.
        kept_epoch: The epoch (from 1) whose weights were kept.
        metrics: What metrics.json holds.
        calibrated: What the temperature did to the probabilities.
        facts: What report and card say.
    """

    config: RunConfig
    versions: Mapping[str, str]
    history: History | None
    kept_epoch: int | None
    metrics: Mapping[str, Mapping[str, Any]]
    calibrated: Calibrated
    facts: ReportFacts

    def write(self, folder: Path, model: Classifier, *, name: str, openings: int) -> list[str]:
        """Write run.toml, metrics.json, README.md, the report, the plots, and of epochs history.json into a folder.

        Returns:
            Lines that a person should read: what could not be written.
        """
        (folder / "run.toml").write_text(self.config.to_toml(versions=self.versions), encoding="utf-8")
        (folder / "metrics.json").write_text(_json(self.metrics), encoding="utf-8")
        if self.history is not None:
            (folder / "history.json").write_text(_json(_finite(self.history.history)), encoding="utf-8")
            plot_curves(self.history, folder, kept_epoch=self.kept_epoch)
        found = self.calibrated
        plot_reliability(found.before, found.after, folder, is_scaled=found.is_scaled, multi_label=model.multi_label_)
        self.facts.write(folder)
        card = model_card(self.facts, title=name, openings=openings)
        (folder / "README.md").write_text(card, encoding="utf-8")
        try:
            page = report_page(self.facts, name=name, openings=openings, rule=None)
            (folder / REPORT).write_text(page, encoding="utf-8")
        except MissingExtraError as error:  # jinja2; report.json is there, and draws the page later
            return [f"note: {error}"]
        return []


def run_versions(
    packages: Sequence[str], train: Dataset, validation: Dataset, unlabelled: Dataset | None
) -> dict[str, str]:
    """Return what a run's bits depend on besides its settings: versions, and hashes of the texts."""
    versions = {
        "plaudit": plaudit.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    versions["train_texts"], versions["validation_texts"] = fingerprint(train), fingerprint(validation)
    if unlabelled is not None:
        versions["unlabelled_texts"] = fingerprint(unlabelled)
    return versions


def read_versions(path: Path) -> dict[str, str]:
    """Return the versions that a run.toml recorded; the file has been read before."""
    recorded = tomllib.loads(read_document(path)).get("versions", {})
    return {str(key): str(value) for key, value in recorded.items()} if isinstance(recorded, dict) else {}


def differences(recorded: Mapping[str, str], present: Mapping[str, str]) -> str:
    """Say where a repeated run stands on other ground than the recorded one; empty when nowhere."""
    changed = [key for key in present if key in recorded and recorded[key] != present[key]]
    return ", ".join(
        f"{key} {present[key]} (was {recorded[key]})" if len(present[key]) < 20 else f"other {key}" for key in changed
    )


def _finite(curves: Mapping[str, list[float]]) -> dict[str, list[float | None]]:
    """Return the curves with null where a loss was no finite number: JSON has no NaN."""
    return {name: [x if math.isfinite(x) else None for x in curve] for name, curve in curves.items()}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


_FILE = "validation.safetensors"


def write_held_out(folder: Path, logits: NDArray[np.floating]) -> None:
    """Write the logits of N validation texts, [N, K], divided by the temperature."""
    from safetensors.numpy import save

    (folder / _FILE).write_bytes(save({"logits": np.ascontiguousarray(logits, np.float32)}))


def read_held_out(folder: Path, n_texts: int, n_logits: int) -> NDArray[np.float32] | None:
    """Read them, float32 [N, K]; None where the folder has none, as those of older versions.

    Raises:
        ModelError: The file is damaged.
    """
    path = folder / _FILE
    return read_tensors(path, {"logits": (n_texts, n_logits)}, np.float32)["logits"] if path.is_file() else None
