"""A command that needs no pandas, and so does not wait for it."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    """Finds no pandas anywhere."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def leave_pandas_out() -> None:
    """Keep pyarrow from importing pandas, where it is installed, to see whether what it is given comes from there.

    pyarrow looks once in a process, when a list first becomes an array, and waits 0.4 s for it. After this it has
    looked and found none; what asks for pandas by name, such as `Table.to_pandas`, still gets it.
    """
    import pyarrow as pa

    if "pandas" not in sys.modules:
        finder = _NoPandas()
        sys.meta_path.insert(0, finder)
        try:
            pa.array([""])
        finally:
            sys.meta_path.remove(finder)
