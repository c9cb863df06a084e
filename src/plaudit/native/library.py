"""The compiled kernels, where they are there: a shared library that the wheel brings, called through ctypes.

They depend on no version of Python and import nothing, so that a process that scores one text pays for opening a file.
A call releases the lock. Whoever calls one has the same thing in NumPy and Arrow beside it, and tests hold the two
equal to the bit: which of them ran shows in nothing but the time.

The decision to question: C and not numba, which takes 0.5 s to import and seconds to compile, and is no requirement of
scoring. Without a C compiler at build time there is no library, and nothing is lost but speed.
"""

from __future__ import annotations

import ctypes
import os
import secrets
from functools import cache
from typing import TYPE_CHECKING

from plaudit.native.source_hash import library_path

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

SWITCH = "PLAUDIT_KERNELS"  # "off": do without them

_POINTER, _LONG, _INT, _SEED = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int, ctypes.c_uint64
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "split": (_POINTER, [_POINTER, _LONG, _POINTER, _LONG, _INT, _SEED, _SEED]),
    "merge": (_POINTER, [_POINTER, _LONG]),
    "free": (None, [_POINTER]),
    "sizes": (None, [_POINTER, _POINTER]),
    "dictionary": (None, [_POINTER, _POINTER, _POINTER]),
    "values": (None, [_POINTER, _LONG, _POINTER, _POINTER]),
    "index": (None, [_POINTER, _LONG, _POINTER, _LONG, _POINTER, _LONG, _SEED, _SEED]),
    "rows": (None, [_POINTER, _POINTER, _LONG, _POINTER, _LONG, _POINTER]),
    "wordpiece": (
        _LONG,
        [_POINTER, _POINTER, _POINTER, _LONG, ctypes.c_char_p, _LONG, _LONG, _INT, ctypes.c_int32, _POINTER, _POINTER],
    ),
    "positions": (None, [_POINTER, _LONG, _INT, _POINTER, _LONG, _POINTER]),
    "gathered_sums": (None, [_INT, _POINTER, _POINTER, _POINTER, _LONG, _POINTER]),
    "add_to": (None, [_POINTER, _POINTER, _POINTER, _LONG, _POINTER]),
    "weighted_sums": (None, [_POINTER, _POINTER, _POINTER, _POINTER, _LONG, _POINTER, _POINTER]),
    "scaled": (None, [_POINTER, _POINTER, _POINTER, _POINTER, _LONG, _LONG, _POINTER, _POINTER]),
    "row_sums": (None, [_POINTER, _POINTER, _POINTER, _POINTER, _LONG, _LONG, _POINTER, _POINTER]),
    "expanded": (_LONG, [_POINTER, _POINTER, _LONG, _POINTER, _POINTER]),
    "expand": (None, [_POINTER, _LONG, _POINTER, _POINTER, _POINTER]),
    "ngram_rows": (_LONG, [_POINTER, _POINTER, _LONG, _POINTER, _LONG, _POINTER, _LONG, _POINTER, _POINTER]),
    "distinct": (_LONG, [_POINTER, _POINTER, _LONG, _POINTER, _POINTER, _POINTER]),
    "character_sizes": (None, [_POINTER, _POINTER, _LONG, _POINTER, _POINTER, _POINTER, _POINTER]),
    "character_rows": (
        _LONG,
        [_POINTER, _POINTER, _POINTER, _POINTER, _LONG, _POINTER, _POINTER, _LONG, _LONG, *[_POINTER] * 4],
    ),
}

SEED = (secrets.randbits(64), secrets.randbits(64))  # of the hash tables of this process


@cache
def kernels() -> ctypes.CDLL | None:
    """Return the compiled kernels, each function named without its prefix; None where they are not there."""
    if os.environ.get(SWITCH) == "off":
        return None
    try:
        library = ctypes.CDLL(str(library_path()))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, f"plaudit_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(library, name, function)
    except (OSError, AttributeError):
        return None
    return library


def address(array: NDArray[np.generic]) -> int:
    """Return where an array's numbers begin; it must be contiguous, and outlive the call."""
    found: int = array.__array_interface__["data"][0]
    return found


def string_addresses(strings: pa.LargeStringArray) -> tuple[int, int, int]:
    """Return where the bytes of strings begin, how many may be read, and where their offsets begin."""
    _, offsets, data = strings.buffers()
    if offsets is None:
        return 0, 0, 0
    begin = offsets.address + 8 * strings.offset
    return (data.address, data.size, begin) if data is not None else (0, 0, begin)
