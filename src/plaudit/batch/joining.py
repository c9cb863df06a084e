"""Make the output of the parts, in constant memory; the steps may be cut off anywhere and done again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from plaudit.batch.job import Piece
    from plaudit.batch.work import Work

_ROW_GROUP_BYTES = 16 * 2**20


def join_parts(work: Work, suffix: str) -> None:
    """Make one file of all parts, in their order, as `work.whole`.

    Raises:
        OSError: It cannot be written.
    """
    if work.whole.exists():
        return
    paths = [part.path for part in work.parts]
    beside = work.folder / "joined"
    if suffix == ".parquet":
        _to_parquet(paths, beside)
    elif len(paths) == 1:
        beside = paths[0]
    else:
        with beside.open("wb") as file:
            for path in paths:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, file, 2**20)
            file.flush()
            os.fsync(file.fileno())
    beside.replace(work.whole)


def make_folder(work: Work, pieces: Sequence[Piece], names: Sequence[str]) -> None:
    """Make a file of each part, in the folder `work.whole`.

    Raises:
        OSError: It cannot be written.
    """
    for piece, part, name in zip(pieces, work.parts, names, strict=True):
        target = work.whole / name
        if not part.path.exists():  # made before the run was cut off
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if piece.suffix == ".parquet":
            beside = work.folder / "joined"
            _to_parquet([part.path], beside)
            beside.replace(target)
            part.path.unlink()
        else:
            part.path.replace(target)


def _to_parquet(parts: Sequence[Path], target: Path) -> None:
    """Write Arrow streams of one schema as a Parquet file whose row groups are not tiny."""
    import pyarrow.parquet as pq

    with parts[0].open("rb") as part, pa.ipc.open_stream(part) as first:
        schema = first.schema
    with target.open("wb") as file:
        with pq.ParquetWriter(file, schema) as writer:
            for batches in _row_groups(_batches(parts)):
                writer.write_table(pa.Table.from_batches(batches, schema))
        file.flush()
        os.fsync(file.fileno())


def _batches(parts: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in parts:
        with path.open("rb") as file, pa.ipc.open_stream(file) as stream:
            yield from stream


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(each.nbytes for each in group) >= _ROW_GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group
