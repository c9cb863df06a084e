"""Text from files and models as a terminal may show it; imports nothing heavy, for every command starts with it."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Return `text` on one line, with what a terminal would obey (escape sequences, bells) written out."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], " ".join(text.split()))
