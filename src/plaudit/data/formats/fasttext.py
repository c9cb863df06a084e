"""Read fastText's format: a line a text, its label in front as ``__label__name``.

The format is fastText's: https://fasttext.cc/docs/en/supervised-tutorial.html. This module knows nothing of
classes. The decision to question: a line with several labels is an error. fastText takes them; Plaudit gives
a text one class.
"""

from __future__ import annotations

import re
from pathlib import Path

from plaudit.data.formats.raw import Column, RawTable
from plaudit.data.formats.text_file import read_text_bytes
from plaudit.errors import DataError

_PREFIX = "__label__"
_LABELLED = re.compile(rf"{_PREFIX}([^ \t]*)[ \t]*(.*)", re.DOTALL)
_FURTHER_LABEL = re.compile(rf"(?:^|[ \t])({_PREFIX}[^ \t]*)")


def read_fasttext(path: Path) -> RawTable:
    """Read a fastText file into the columns text and label.

    The words in front that begin with ``__label__`` are labels, what follows the white space after them is
    the text, as it stands. A line without a label has the label None, so a plain list of texts can be read
    too; a blank line is an empty text.

    Raises:
        DataError: Not UTF-8 text, or a line with several labels.
    """
    lines = read_text_bytes(path).decode("utf-8").split("\n")
    if not lines[-1]:
        lines.pop()
    texts: list[object] = []
    labels: list[object] = []
    for number, line in enumerate(lines, start=1):
        text, label = _parse(line.removesuffix("\r"), f"{path}:{number}")
        texts.append(text)
        labels.append(label)
    columns: dict[str, Column] = {"text": texts}
    if any(label is not None for label in labels):
        columns["label"] = labels
    return RawTable(path, columns, "line", range(1, len(lines) + 1))


def _parse(line: str, where: str) -> tuple[str, str | None]:
    match = _LABELLED.match(line)
    label, text = (match[1], match[2]) if match else (None, line)
    if further := _FURTHER_LABEL.search(text):
        if label is None:
            raise DataError(f"{where}: the label {further[1]} stands within the text; expected it in front.")
        raise DataError(
            f"{where}: two labels, {_PREFIX}{label} and {further[1]}; expected one class a text. "
            "Keep one of them, or join them into a class of its own."
        )
    return text, label
