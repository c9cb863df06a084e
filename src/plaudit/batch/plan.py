"""What an engine is given, and what it must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from plaudit.batch.job import Piece
    from plaudit.batch.reading import BatchReader
    from plaudit.batch.work import Part
    from plaudit.models import Classifier


@dataclass(frozen=True)
class Plan:
    """A run, decided.

    Attributes:
        pieces: The sources, and how their rows go out.
        parts: Where each one's rows go.
        fields: The columns that scoring adds.
        model: The classifier.
        model_folder: Where it is.
        reader: The one source, if it is open already.
    """

    pieces: Sequence[Piece]
    parts: Sequence[Part]
    fields: Sequence[pa.Field]
    model: Classifier
    model_folder: Path
    reader: BatchReader | None


class Engine(Protocol):
    """Who scores."""

    def run(self, plan: Plan, watch: Callable[[int, int], None]) -> None:
        """Score each piece whose part is not done into its part, so that every part is done.

        Args:
            plan: The run.
            watch: To be called now and then, with a piece's number and how many bytes of it are used up.
        """
