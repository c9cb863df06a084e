"""Count the values in a JSON body before it is parsed, and stop at a bound.

A parser makes an object of every value, and holds Python's one lock while it does: 1.5 million little lists in 9 MB
hold the event loop for a second, whether or not they are refused then. Counting commas and brackets outside strings is
a few passes of NumPy over the bytes, a mebibyte at a time, most of them without the lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUOTE, _BACKSLASH = ord('"'), ord("\\")
_MARKS = np.zeros(256, np.bool_)
_MARKS[[ord(","), ord("["), ord("{")]] = True
_PART_BYTES = 1 << 20


def has_more_values(body: bytes, most: int) -> bool:
    """Say whether JSON has more than `most` commas and opening brackets outside its strings.

    Of what is no JSON it says something, too: the parser refuses it.
    """
    data = np.frombuffer(body, np.uint8)
    n_found, in_string, n_backslashes = 0, False, 0
    for start in range(0, len(data), _PART_BYTES):
        part = data[start : start + _PART_BYTES]
        quotes = _quotes(part, n_backslashes)
        n_before = np.searchsorted(quotes, np.flatnonzero(_MARKS[part]))  # quotation marks; an odd number: inside
        n_found += int(((n_before + in_string) % 2 == 0).sum())
        in_string ^= bool(len(quotes) % 2)
        if n_found > most:
            return True
        n_backslashes = _backslashes_at_end(part, n_backslashes)
    return False


def _quotes(part: NDArray[np.uint8], before: int) -> NDArray[np.int64]:
    """Return where quotation marks stand that no backslash escapes; `before` backslashes stand before the part."""
    quotes = np.flatnonzero(part == _QUOTE)
    if not len(quotes) or not (before or (part == _BACKSLASH).any()):
        return quotes
    others = np.flatnonzero(part != _BACKSLASH)
    at = np.searchsorted(others, quotes) - 1
    last = np.where(at >= 0, others[np.maximum(at, 0)], -1 - before)  # the last byte before it that is no backslash
    unescaped: NDArray[np.int64] = quotes[(quotes - last - 1) % 2 == 0]
    return unescaped


def _backslashes_at_end(part: NDArray[np.uint8], before: int) -> int:
    others = np.flatnonzero(part != _BACKSLASH)
    return len(part) - 1 - int(others[-1]) if len(others) else before + len(part)
