"""The engine of a cluster: Ray Data hands the sources to workers, each of which has loaded the model once.

What a worker runs is the local engine's `score_piece`, on whole sources: the same batches, so the same bits, and rows
that keep their order without any sorting. A worker writes into a folder of its own and only a whole part is taken over,
so that one that dies, or that Ray takes for dead while it is not, neither loses nor doubles a row. The decision to
question: work is divided by files, so one large file keeps one worker busy; divide it, or score it on one machine.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.batch.work import Part, Progress
from plaudit.cluster import connected
from plaudit.cores import usable_cores
from plaudit.errors import ConfigError, DataError, PlauditError

if TYPE_CHECKING:
    import pyarrow as pa

    from plaudit.batch.job import Piece
    from plaudit.batch.plan import Plan


class RayEngine:
    """Scores sources on Ray: on a cluster that sees the same files, or on one that starts here by itself."""

    def __init__(self, address: str | None = None, *, workers: int | None = None) -> None:
        """Take note of where.

        Args:
            address: A cluster's; None: see `cluster.connected`.
            workers: How many models at a time at most; None is as many as there are cores.
        """
        self._address = address
        self._workers = workers

    def run(self, plan: Plan, watch: Callable[[int, int], None]) -> None:
        """Score what is not done, a source at a time on each worker; one that fails is tried again elsewhere.

        Raises:
            MissingExtraError: Ray is not installed.
            ConfigError: The source is standard input, or the cluster cannot be reached.
            DataError: As `score_piece`.
            OSError: A part cannot be written.
        """
        if plan.reader is not None:
            plan.reader.close()
        if any(piece.source.path is None for piece in plan.pieces):
            raise ConfigError("--engine ray: workers cannot read standard input; write it to a file.")
        todo = [each for each in zip(plan.pieces, plan.parts, strict=True) if not each[1].progress.is_done]
        if not todo:
            return
        n_cores = max(self._workers or usable_cores(), 2)  # one for a worker, one for Ray Data's own tasks
        with connected("ray.data", address=self._address, n_cores=n_cores) as ray:
            for found in self._results(ray, plan, [piece for piece, _ in todo]):
                _take_over(plan.parts[found["number"]], found)
                watch(found["number"], plan.pieces[found["number"]].source.size_bytes)

    def _results(self, ray: Any, plan: Plan, pieces: Sequence[Piece]) -> Any:  # Any: an iterator of Ray's rows
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        places = {piece.number: _with_whole_path(piece) for piece in pieces}
        folder = plan.parts[0].path.parent.absolute()
        items = [{"number": piece.number} for piece in pieces]
        workers = min(len(items), self._workers or max(int(ray.cluster_resources().get("CPU", 1)), 1))
        return (
            ray.data.from_items(items, override_num_blocks=len(items))
            .map_batches(
                _Worker,
                fn_constructor_kwargs={
                    "model_folder": str(plan.model_folder.absolute()),
                    "pieces": places,
                    "fields": list(plan.fields),
                    "folder": str(folder),
                },
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers, max_tasks_in_flight_per_actor=1),
                num_cpus=1,
            )
            .iter_rows()
        )


class _Worker:
    """Holds the model, and scores the sources that it is given the numbers of."""

    def __init__(self, model_folder: str, pieces: dict[int, Piece], fields: list[pa.Field], folder: str) -> None:
        from plaudit.models import load

        self._model = load(model_folder)
        self._pieces = pieces
        self._fields = fields
        self._folder = Path(folder)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:  # Any: a NumPy column in, values out
        found = [self._score(int(number)) for number in batch["number"]]
        return {name: [each[name] for each in found] for name in found[0]}

    def _score(self, number: int) -> dict[str, Any]:
        from plaudit.batch.local import score_piece

        own = self._folder / f"attempt-{os.getpid()}-{uuid.uuid4().hex}"
        answer = {"number": number, "folder": str(own), "error": "", "is_disk": False}
        try:
            own.mkdir()
            part = Part(own, number)
            score_piece(self._pieces[number], self._model, self._fields, part, at_once=1)
        except PlauditError as error:
            return answer | {"error": str(error)} | _as_row(Progress())
        except OSError as error:
            return answer | {"error": error.strerror or str(error), "is_disk": True} | _as_row(Progress())
        return answer | _as_row(part.progress)


def _as_row(progress: Progress) -> dict[str, Any]:  # Any: JSON values
    """Return a progress as a row of Ray's, in which a mapping would get every other row's keys."""
    return {**asdict(progress), "mix": json.dumps(progress.mix)}


def _take_over(part: Part, found: dict[str, Any]) -> None:
    """Put what a worker wrote in the part's place, or raise what stopped it."""
    if found["is_disk"]:
        raise OSError(0, found["error"])
    if found["error"]:
        raise DataError(found["error"])
    counts = {name: found[name] for name in asdict(Progress())} | {"mix": json.loads(found["mix"])}
    own = Path(found["folder"])
    part.adopt(own / part.path.name, Progress(**counts))
    shutil.rmtree(own, ignore_errors=True)


def _with_whole_path(piece: Piece) -> Piece:
    """Return a piece whose source is found from any working directory, under the name that it has here."""
    assert piece.source.path is not None
    return replace(piece, source=replace(piece.source, path=piece.source.path.absolute()))
