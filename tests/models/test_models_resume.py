"""A run that was cut off goes on to the weights of one that was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plaudit import NetworkClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, ModelError
from plaudit.models.artifact import check_target
from plaudit.training import EpochResult, History
from plaudit.training import checkpoint as checkpoints

SETTINGS: dict[str, Any] = {"epochs": 6, "batch_size": 16, "seed": 4, "patience": 2}


class CutOffError(Exception):
    """The run is cut off."""


class CuttingMonitor:
    """Raises at the end of an epoch, or in the middle of one."""

    def __init__(self, epoch: int, step: int | None = None) -> None:
        self.epoch, self.step, self.current = epoch, step, 1

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        self.current = len(done) + 1

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        if (self.current, step) == (self.epoch, self.step):
            raise CutOffError

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        if self.step is None and epoch == self.epoch:
            raise CutOffError
        self.current = epoch + 1

    def end(self) -> None:
        pass


def run(table: EmbeddingTable, data: Dataset, path: Path, **options: Any) -> NetworkClassifier:
    settings = {name: options.pop(name) for name in list(options) if name not in ("resume", "monitors")}
    model = NetworkClassifier(table, **{**SETTINGS, **settings})
    return model.fit(data.texts, data.label_names(), checkpoint=path, **options)


@pytest.mark.parametrize(
    "settings", [{}, {"trainable": False}, {"dropout": 0.4, "hidden": (6, 5)}, {"early_stopping": False}]
)
@pytest.mark.parametrize(("epoch", "step"), [(1, 2), (1, None), (2, 1), (3, None), (6, 2), (6, None)])
def test_the_bits_are_those_of_an_uninterrupted_run(
    tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path, settings: Any, epoch: int, step: int | None
) -> None:
    whole = run(tiny_table, reviews, tmp_path / "whole", **settings)
    with pytest.raises(CutOffError):
        run(tiny_table, reviews, tmp_path / "cut", monitors=[CuttingMonitor(epoch, step)], **settings)
    resumed = run(tiny_table, reviews, tmp_path / "cut", resume=True, **settings)
    assert np.array_equal(whole.table_.vectors, resumed.table_.vectors)
    for name, tensor in whole.layers_.tensors().items():
        assert np.array_equal(tensor, resumed.layers_.tensors()[name])
    assert whole.history_ is not None
    assert resumed.history_ is not None
    assert whole.history_.history == resumed.history_.history
    assert whole.kept_epoch_ == resumed.kept_epoch_


@pytest.mark.parametrize("settings", [{}, {"trainable": False}, {"dropout": 0.4, "hidden": (6, 5)}])
@pytest.mark.parametrize(("epoch", "step"), [(1, 2), (2, 4)])
def test_the_bits_are_the_same_after_a_cut_inside_a_long_epoch(
    tiny_table: EmbeddingTable,
    reviews: Dataset,
    tmp_path: Path,
    settings: Any,
    epoch: int,
    step: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = run(tiny_table, reviews, tmp_path / "whole", **settings)
    monkeypatch.setattr(checkpoints, "_INTERVAL_S", 0.0)
    monkeypatch.setattr(checkpoints, "_SHARE", float("inf"))
    with pytest.raises(CutOffError):
        run(tiny_table, reviews, tmp_path / "cut", monitors=[CuttingMonitor(epoch, step)], **settings)
    resumed = run(tiny_table, reviews, tmp_path / "cut", resume=True, **settings)
    assert np.array_equal(whole.decision_function(reviews.texts), resumed.decision_function(reviews.texts))
    assert whole.history_ is not None
    assert resumed.history_ is not None
    assert whole.history_.history == resumed.history_.history


def test_a_run_cut_off_again_and_again_arrives(tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path) -> None:
    whole = run(tiny_table, reviews, tmp_path / "whole")
    for epoch in range(2, 7):
        with pytest.raises(CutOffError):
            run(tiny_table, reviews, tmp_path / "cut", resume=True, monitors=[CuttingMonitor(epoch, 1)])
    resumed = run(tiny_table, reviews, tmp_path / "cut", resume=True)
    assert np.array_equal(whole.decision_function(reviews.texts), resumed.decision_function(reviews.texts))


@pytest.mark.parametrize(
    "change", [{"seed": 5}, {"epochs": 7}, {"hidden": (3,)}, {"learning_rate": 0.01}, {"class_weight": "balanced"}]
)
def test_a_checkpoint_of_other_settings_is_refused(
    tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path, change: Any
) -> None:
    run(tiny_table, reviews, tmp_path / "state")
    with pytest.raises(ConfigError, match="belongs to a run with other settings or data; run again without --resume"):
        run(tiny_table, reviews, tmp_path / "state", resume=True, **change)


def test_a_checkpoint_of_other_texts_or_vectors_is_refused(
    tiny_table: EmbeddingTable, reviews: Dataset, more_reviews: Dataset, tmp_path: Path
) -> None:
    run(tiny_table, reviews, tmp_path / "state")
    with pytest.raises(ConfigError, match="other settings or data"):
        run(tiny_table, more_reviews, tmp_path / "state", resume=True)
    with pytest.raises(ConfigError, match="other settings or data"):
        run(tiny_table.with_vectors(2 * tiny_table.vectors), reviews, tmp_path / "state", resume=True)


def test_without_resume_an_old_checkpoint_is_passed_over(
    tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "state").write_bytes(b"rubbish")
    run(tiny_table, reviews, tmp_path / "state")


def test_a_damaged_checkpoint_is_one_clear_error(tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path) -> None:
    run(tiny_table, reviews, tmp_path / "state")
    whole = (tmp_path / "state").read_bytes()
    for cut in (0, 7, 100, len(whole) - 1):
        (tmp_path / "state").write_bytes(whole[:cut])
        with pytest.raises(ModelError, match="a damaged checkpoint"):
            run(tiny_table, reviews, tmp_path / "state", resume=True)


def test_resuming_without_a_checkpoint_starts_anew(
    tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path
) -> None:
    assert run(tiny_table, reviews, tmp_path / "state", resume=True).history_ is not None


def test_a_kill_while_the_state_is_saved_leaves_nothing_that_stops_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import safetensors.numpy

    def killed(arrays: object, path: Path, metadata: object) -> None:
        (Path(path).parent / ".tmpFWIIRK").write_bytes(b"half")  # as safetensors calls it until it is whole
        raise SystemExit

    monkeypatch.setattr(safetensors.numpy, "save_file", killed)
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)  # a kill runs nothing any more
    with pytest.raises(SystemExit):
        checkpoints.Checkpoint(tmp_path / "model" / "checkpoint.safetensors", "same").save({"a": np.zeros(2)}, {})
    assert list((tmp_path / "model").iterdir())
    check_target(tmp_path / "model")
