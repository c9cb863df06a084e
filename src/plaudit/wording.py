"""Counts as a person says them: "1 text", "2,000 texts"."""

from __future__ import annotations


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, which is plural unless the number is 1.

    Args:
        n: How many.
        noun: One of them: "text", "test text", "class".
        plural: Several of them; None makes it of the noun.
    """
    return f"{n:,} {noun if n == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
