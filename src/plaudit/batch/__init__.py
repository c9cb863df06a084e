"""Score files of any size, here or on a cluster; the output appears whole or not at all."""

from typing import TYPE_CHECKING

from plaudit.lazy import lazy

if TYPE_CHECKING:
    from plaudit.batch.job import Options
    from plaudit.batch.run import Totals, predict_files, predict_stream

_HOMES = {
    "Options": "plaudit.batch.job",
    "Totals": "plaudit.batch.run",
    "predict_files": "plaudit.batch.run",
    "predict_stream": "plaudit.batch.run",
}

__all__ = ["Options", "Totals", "predict_files", "predict_stream"]

__getattr__ = lazy(__name__, _HOMES)
