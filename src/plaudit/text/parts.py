"""Long texts in parts: a teacher that answers each part teaches more than one that answers the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.text.chunks import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 360  # characters: about sixty words of English, which an encoder reads at once
_SPACE_WITHIN = 90  # characters past an equal share in which a part ends at a space


def in_parts(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Cut N texts into parts of about equal length, at spaces where there are any; nothing is left out.

    Returns:
        The parts in the order of the texts, at least one of each; a text's parts joined are the text.
    """
    parts = [
        pa.array([part for text in run.to_pylist() for part in _cut(text)], pa.large_string()) for run in chunks(texts)
    ]
    return pa.concat_arrays(parts)


def _cut(text: str) -> Iterator[str]:
    n_parts, start = max(-(-len(text) // _MOST), 1), 0
    for i in range(1, n_parts):
        end = i * len(text) // n_parts
        space = text.find(" ", end, end + _SPACE_WITHIN)
        end = end if space < 0 else space
        yield text[start:end]
        start = end
    yield text[start:]
