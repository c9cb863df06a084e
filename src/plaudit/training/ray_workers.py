"""An encoder fine-tuned here, or by several workers of a Ray cluster, through Ray Train (Moritz et al. 2018, "Ray").

Ray Train starts the workers, joins them in a torch.distributed group, and starts all of them again when one dies; then
they go on from the run's checkpoint, where one is kept in a place that all of them see. What they do is
`FineTuning.run`, as on one machine: a worker takes its share of each batch (`team`). The first of them tells the driver
how far it is, and hands over the weights.
"""

from __future__ import annotations

import queue
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plaudit.cluster import connected
from plaudit.errors import ConfigError, PlauditError
from plaudit.training.fine_tuning import FineTuning
from plaudit.training.history import EpochResult, History
from plaudit.training.loop import Monitor, TrainingResult
from plaudit.training.torch_device import Placement, count_workers, place

_TRIES = 3  # a worker that died this often is not bad luck
_STEP_INTERVAL_S = 0.5


class _Teller:
    """A monitor on the first worker: what it hears goes to the driver."""

    def __init__(self, letters: Any) -> None:
        self._letters, self._told_at = letters, 0.0

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        self._letters.put(("begin", {"epochs": epochs, "steps": steps, "done": done}))

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        if time.monotonic() - self._told_at >= _STEP_INTERVAL_S:
            self._told_at = time.monotonic()
            self._letters.put(("after_step", {"step": step, "loss": loss, "accuracy": accuracy}))

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        self._letters.put(("after_epoch", {"epoch": epoch, "result": result, "is_best": is_best}))

    def end(self) -> None:
        self._letters.put(("end", {}))


def _on_worker(given: dict[str, Any]) -> None:
    """Train as one of the group; runs in a worker's process."""
    import ray
    from ray import train

    is_first = train.get_context().get_world_rank() == 0
    work: FineTuning = ray.get(given["work"][0])
    try:
        result = work.run(
            place("auto"),
            monitors=[_Teller(given["letters"])] if is_first else [],
            checkpoint=given["checkpoint"],
            resume=True,
            keeps=is_first,
        )
    except PlauditError as error:  # of the data or the settings: the next try would end alike
        given["letters"].put(("refused", {"error": error}))
        return
    if is_first:
        given["letters"].put(("result", {"result": result}))


def run_on_workers(
    work: FineTuning,
    n_workers: int,
    *,
    monitors: Sequence[Monitor] = (),
    checkpoint: Path | None = None,
    resume: bool = False,
) -> TrainingResult:
    """Train on `n_workers` processes of the cluster at $RAY_ADDRESS, or of one on this machine.

    Args:
        work: What is trained.
        n_workers: From 1; each gets the same share of the cluster's processors, or a GPU where there are enough.
        monitors: Who watches the run, here.
        checkpoint: A file that keeps the state of the run, for `resume` and for a worker that dies; on a cluster of
            several machines in a folder that all of them have.
        resume: Whether to continue from it.

    Raises:
        ConfigError: The cluster has fewer processors, or training failed again and again.
        MissingExtraError: The extra "ray" is not installed.
    """
    if checkpoint is not None and not resume:
        checkpoint.unlink(missing_ok=True)
    with connected("ray.train.torch") as ray, tempfile.TemporaryDirectory(prefix="plaudit-ray-") as storage:
        has = ray.cluster_resources()
        cores, n_gpus = int(has.get("CPU", 0)), int(has.get("GPU", 0))
        if cores < n_workers:
            raise ConfigError(f"--device ray:{n_workers}: the cluster has {cores} processors; give it as many workers.")
        letters = ray.util.queue.Queue(actor_options={"num_cpus": 0})
        trainer = ray.train.torch.TorchTrainer(
            _on_worker,
            # in a list, for Ray would replace a bare reference by what it stands for
            train_loop_config={"work": [ray.put(work)], "letters": letters, "checkpoint": _absolute(checkpoint)},
            scaling_config=ray.train.ScalingConfig(
                num_workers=n_workers,
                use_gpu=n_gpus >= n_workers,
                resources_per_worker={"CPU": cores // n_workers} | ({"GPU": 1} if n_gpus >= n_workers else {}),
            ),
            run_config=ray.train.RunConfig(
                storage_path=storage, failure_config=ray.train.FailureConfig(max_failures=_TRIES)
            ),
        )
        return _follow(trainer, letters, monitors)


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.resolve()


def _follow(trainer: Any, letters: Any, monitors: Sequence[Monitor]) -> TrainingResult:
    """Let the trainer run, and tell `monitors` what the first worker tells."""
    failures: list[BaseException] = []

    def fit() -> None:
        try:
            trainer.fit()
        except BaseException as error:  # SystemExit too, when the cluster ends; the other thread tells it
            failures.append(error)

    thread = threading.Thread(target=fit, daemon=True)
    thread.start()
    while True:
        is_over = not thread.is_alive()
        try:
            name, told = letters.get(timeout=0.5)
        except queue.Empty:
            if is_over:
                break
            continue
        if name == "refused":
            thread.join()
            raise told["error"]
        if name == "result":
            thread.join()
            result: TrainingResult = told["result"]
            own = {name: array.copy() for name, array in result.weights.items()}  # Ray's arrays cannot be written to
            return replace(result, weights=own)
        for monitor in monitors:
            getattr(monitor, name)(**told)
    reason = str(failures[0]).strip().split("\n")[-1] if failures else "no result came"
    raise ConfigError(f"training on the workers failed {_TRIES + 1} times: {reason}")


def fine_tune(
    work: FineTuning,
    placement: Placement,
    *,
    monitors: Sequence[Monitor] = (),
    checkpoint: Path | None = None,
    resume: bool = False,
) -> TrainingResult:
    """Train a model, here or on the workers that its device names, and leave the kept weights in it."""
    n_workers = count_workers(work.settings["device"])
    if n_workers is None:
        result = work.run(placement, monitors=monitors, checkpoint=checkpoint, resume=resume)
    else:
        result = run_on_workers(work, n_workers, monitors=monitors, checkpoint=checkpoint, resume=resume)
    work.model.load(result.weights)
    return result
