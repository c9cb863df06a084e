"""Where the rows of a data set stand in the files that they were read from, for whoever goes there to look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def describe_place(name: str, unit: str, place: int | str) -> str:
    """Return where a row begins: ``"reviews.csv:12"``, ``"reviews.parquet, row 12"``, ``"reviews/a.txt"``."""
    if unit == "line":
        return f"{name}:{place}"
    return f"{name}, row {place}" if unit == "row" else f"{name}/{place}"


@dataclass(frozen=True, eq=False)
class Places:
    """Where N rows begin.

    Attributes:
        sources: What was read, each with what its places count: "line", "row" or "file".
        source: int32 [N], which of them each row is of.
        place: Its line or row, counted from 1, Arrow int32 [N]; or its file's name, Arrow string [N].
    """

    sources: tuple[tuple[str, str], ...]
    source: NDArray[np.int32]
    place: pa.Array

    @classmethod
    def of(cls, parts: Sequence[tuple[str, str, Sequence[int | str]]]) -> Places:
        """Return those of rows that were read one part after the other: a source's name, its unit, the rows' places."""
        sources = tuple(dict.fromkeys((name, unit) for name, unit, _ in parts))
        numbers = {source: i for i, source in enumerate(sources)}
        source = np.repeat([numbers[name, unit] for name, unit, _ in parts], [len(each) for _, _, each in parts])
        arrays = [_column(each) for _, _, each in parts]
        if len({array.type for array in arrays}) > 1:
            arrays = [array.cast(pa.string()) for array in arrays]
        return cls(sources, source.astype(np.int32), pa.concat_arrays(arrays))

    def take(self, positions: NDArray[np.integer]) -> Places:
        """Return the places of the rows at `positions`."""
        at = np.asarray(positions, np.int64)
        return replace(self, source=self.source[at], place=self.place.take(pa.array(at)))

    def where(self, row: int) -> str:
        """Return where a row begins, in words."""
        return describe_place(*self.sources[int(self.source[row])], self.place[row].as_py())


def _column(places: Sequence[int | str]) -> pa.Array:
    if isinstance(places, range):
        return pa.array(np.arange(places.start, places.stop, places.step, dtype=np.int32))
    return pa.array(places, pa.string() if len(places) and isinstance(places[0], str) else pa.int32())
