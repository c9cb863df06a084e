"""Text of any kind as a page shows it: what cannot be seen is written out."""

from __future__ import annotations

import re

# Controls but tab and line ends, a carriage return that ends no line, and what HTML may not hold, whatever its escape
# (HTML standard 13.2.3.5).
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]|\r(?!\n)")


def visible(text: str) -> str:
    """Return a text with control characters written as ``[U+001B]``; it is still to be escaped."""
    return _UNSEEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)
