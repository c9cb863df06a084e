"""Epochs, early stopping and the curves' story, tested by feeding numbers."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plaudit.errors import ConfigError, ModelError
from plaudit.training import (
    EarlyStopping,
    EpochResult,
    History,
    LoopSettings,
    default_batch_size,
    describe,
    refit_epochs,
    train,
)
from plaudit.training import checkpoint as checkpoints
from plaudit.training.checkpoint import Checkpoint
from plaudit.training.loop import in_order

N = 10


class Scripted:
    """A model whose validation losses are given; its one weight counts the steps."""

    def __init__(self, val_losses: list[float] | None) -> None:
        self.val_losses, self.steps, self.evaluations = val_losses, 0, 0
        self.seen: list[list[int]] = []

    def __len__(self) -> int:
        return N

    def batches(self, order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
        return in_order(order, batch_size)

    def step(self, batch: NDArray[np.int64]) -> tuple[float, int]:
        self.steps += 1
        self.seen.append(batch.tolist())
        return 2.0 * len(batch), len(batch) // 2

    def evaluate(self) -> tuple[float, float] | None:
        self.evaluations += 1
        return None if self.val_losses is None else (self.val_losses[self.evaluations - 1], 0.5)

    def weights(self) -> dict[str, NDArray[Any]]:
        return {"w": np.array([self.steps])}

    def state(self) -> dict[str, NDArray[Any]]:
        return {"w": np.array([self.steps]), "evaluations": np.array([self.evaluations])}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        self.steps, self.evaluations = int(state["w"][0]), int(state["evaluations"][0])


def settings(epochs: int = 6, patience: int | None = 2, seed: int = 0) -> LoopSettings:
    return LoopSettings(epochs=epochs, batch_size=4, patience=patience, seed=seed)


def test_it_stops_after_patience_epochs_and_keeps_the_best_weights() -> None:
    result = train(Scripted([0.5, 0.4, 0.45, 0.41, 0.1, 0.0]), settings())
    assert len(result.history) == 4
    assert result.kept_epoch == 2
    assert result.weights["w"].tolist() == [6]  # two epochs of three steps


def test_without_patience_all_epochs_run_and_the_last_weights_stay() -> None:
    result = train(Scripted([0.5, 0.4, 0.45, 0.41, 0.6, 0.7]), settings(patience=None))
    assert len(result.history) == 6
    assert result.kept_epoch == 6
    assert result.weights["w"].tolist() == [18]


def test_without_validation_texts_nothing_stops_it() -> None:
    result = train(Scripted(None), settings())
    assert result.history.history["val_loss"] == []
    assert len(result.history.history["loss"]) == 6


def test_a_loss_that_is_not_a_number_never_counts_as_better() -> None:
    stopping = EarlyStopping(patience=2)
    assert [stopping.is_improved(x) for x in (math.nan, 0.5, math.nan, 0.5)] == [False, True, False, False]
    assert stopping.is_over


def test_every_epoch_sees_every_text_once_in_another_order() -> None:
    model = Scripted([1.0] * 6)
    train(model, settings(epochs=2, patience=None))
    epochs = [list(itertools.chain(*model.seen[i : i + 3])) for i in (0, 3)]
    assert [sorted(e) for e in epochs] == [list(range(N))] * 2
    assert epochs[0] != epochs[1]
    assert [len(b) for b in model.seen[:3]] == [4, 4, 2]


def test_the_seed_decides_the_order() -> None:
    orders = []
    for seed in (0, 0, 1):
        model = Scripted(None)
        train(model, settings(epochs=1, seed=seed))
        orders.append(model.seen)
    assert orders[0] == orders[1] != orders[2]


def test_history_holds_means_over_the_epoch() -> None:
    curves = train(Scripted([0.7]), settings(epochs=1)).history.history
    assert curves == {"loss": [2.0], "accuracy": [0.5], "val_loss": [0.7], "val_accuracy": [0.5]}


class StopAt:
    """A monitor that interrupts after an epoch, or after so many of the model's steps, as Ctrl-C would."""

    def __init__(self, epoch: int | None, n_steps: int | None = None) -> None:
        self.epoch, self.n_steps, self.ended = epoch, n_steps, False

    def begin(self, *, epochs: int, steps: int, done: History) -> None: ...

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        if self.n_steps is not None:
            self.n_steps -= 1
            if self.n_steps < 0:
                raise KeyboardInterrupt

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        if epoch == self.epoch:
            raise KeyboardInterrupt

    def end(self) -> None:
        self.ended = True


@pytest.mark.parametrize("n_steps", range(1, 9))
def test_a_run_cut_off_inside_an_epoch_goes_on_from_the_last_save_there(
    tmp_path: Path, n_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Scripted([0.5, 0.4, 0.3])
    whole = train(expected, settings(epochs=3))
    monkeypatch.setattr(checkpoints, "_INTERVAL_S", 0.0)
    monkeypatch.setattr(checkpoints, "_SHARE", math.inf)
    first = Scripted([0.5, 0.4, 0.3])
    with pytest.raises(KeyboardInterrupt):
        train(first, settings(epochs=3), monitors=[StopAt(None, n_steps)], checkpoint=Checkpoint(tmp_path / "c", "a"))
    second = Scripted([0.5, 0.4, 0.3])
    result = train(second, settings(epochs=3), checkpoint=Checkpoint(tmp_path / "c", "a", resume=True))
    assert len(first.seen) + len(second.seen) == 9 + 1  # the step whose end was not saved is run again
    assert first.seen[:n_steps] + second.seen == expected.seen
    assert result.history.history == whole.history.history


def test_short_epochs_are_saved_only_at_their_ends(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(Scripted(None), settings(), monitors=[StopAt(None, 2)], checkpoint=Checkpoint(tmp_path / "c", "a"))
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4])
def test_a_cut_off_run_goes_on_to_the_same_end(tmp_path: Path, stop_at: int) -> None:
    losses = [0.5, 0.4, 0.45, 0.41, 0.1, 0.0]
    expected = train(Scripted(losses), settings())
    monitor = StopAt(stop_at)
    with pytest.raises(KeyboardInterrupt):
        train(Scripted(losses), settings(), monitors=[monitor], checkpoint=Checkpoint(tmp_path / "c", "same"))
    assert monitor.ended
    result = train(Scripted(losses), settings(), checkpoint=Checkpoint(tmp_path / "c", "same", resume=True))
    assert result.weights["w"].tolist() == expected.weights["w"].tolist()
    assert result.history.history == expected.history.history
    assert result.kept_epoch == expected.kept_epoch


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "c", "one").save({"w": np.zeros(1)}, {})
    with pytest.raises(ConfigError, match="other settings or data"):
        Checkpoint(tmp_path / "c", "two", resume=True).load()


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_checkpoint_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(ModelError, match="damaged checkpoint"):
        Checkpoint(tmp_path / "c", "one", resume=True).load()


def test_without_resume_an_old_checkpoint_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"garbage")
    assert Checkpoint(tmp_path / "c", "one").load() is None


def test_a_failed_save_leaves_the_previous_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Checkpoint(tmp_path / "c", "one", resume=True)
    checkpoint.save({"w": np.array([1.0])}, {"epoch": 1})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    with pytest.raises(ModelError, match="No space left"):
        checkpoint.save({"w": np.array([2.0])}, {"epoch": 2})
    loaded = checkpoint.load()
    assert loaded is not None
    assert loaded[0]["w"].tolist() == [1.0]
    assert [p.name for p in tmp_path.iterdir()] == ["c"]


@pytest.mark.parametrize(
    ("n", "expected"), [(1, 8), (100, 8), (432, 8), (1_000, 32), (5_452, 128), (15_000, 512), (10**7, 512)]
)
def test_small_data_get_small_batches(n: int, expected: int) -> None:
    assert default_batch_size(n) == expected


def history(val_losses: list[float], losses: list[float]) -> History:
    result = History()
    for loss, val_loss in zip(losses, val_losses, strict=True):
        result.append(EpochResult(loss, 0.9, val_loss, 0.8, 0.1))
    return result


def test_the_story_names_the_best_epoch_the_gap_and_what_was_saved() -> None:
    story = describe(history([0.5, 0.3, 0.4], [0.5, 0.3, 0.1]), epochs=40, stopped=True)
    assert "Best epoch 2" in story
    assert "+10.0 points" in story
    assert "overfitting" in story
    assert "saved 37 epochs" in story


def test_the_story_says_when_more_epochs_may_help() -> None:
    assert "more epochs may help" in describe(history([0.5, 0.4], [0.5, 0.4]), epochs=2, stopped=True)


def test_the_story_of_a_run_without_early_stopping_says_what_it_would_have_kept() -> None:
    story = describe(history([0.5, 0.3, 0.6], [0.5, 0.3, 0.1]), epochs=3, stopped=False)
    assert "early stopping would have kept epoch 2" in story


@pytest.mark.parametrize(
    ("best", "n_after", "expected"), [(4, 25_000, 3), (7, 25_000, 5), (1, 10**9, 1), (6, 15_000, 6)]
)
def test_a_refit_on_more_texts_takes_fewer_epochs(best: int, n_after: int, expected: int) -> None:
    assert refit_epochs(best, n_before=15_000, n_after=n_after) == expected
