"""Read fastText's format: a line a text, its labels in front, each as ``__label__name``.

The format is fastText's: https://fasttext.cc/docs/en/supervised-tutorial.html. This module knows nothing of
classes. The decision to question: one line with several labels makes every line's label a list, so that the file
is multi-label; fastText itself makes no difference.
"""

from __future__ import annotations

import re
from pathlib import Path

from plaudit.data.formats.raw import Column, RawTable
from plaudit.data.formats.text_file import read_text_bytes
from plaudit.errors import DataError

_PREFIX = "__label__"
_LABELLED = re.compile(rf"{_PREFIX}([^ \t]*)[ \t]*(.*)", re.DOTALL)
_LATER_LABEL = re.compile(rf"(?:^|[ \t])({_PREFIX}[^ \t]*)")


def read_fasttext(path: Path) -> RawTable:
    """Read a fastText file into the columns text and label.

    The words in front that begin with ``__label__`` are labels, what follows the white space after them is
    the text, as it stands. A label is a string, or a list of strings if some line has several. A line without
    one has the label None, or the empty list, so a plain list of texts can be read too; a blank line is an
    empty text.

    Raises:
        DataError: Not UTF-8 text, or a line with a label within its text.
    """
    lines = read_text_bytes(path).decode("utf-8").split("\n")
    if not lines[-1]:
        lines.pop()
    texts: list[object] = []
    labels: list[list[str]] = []
    for number, line in enumerate(lines, start=1):
        text, names = parse_line(line.removesuffix("\r"), f"{path}:{number}")
        texts.append(text)
        labels.append(names)
    columns: dict[str, Column] = {"text": texts}
    most = max(map(len, labels))
    if most > 1:
        columns["label"] = list(labels)
    elif most == 1:
        columns["label"] = [names[0] if names else None for names in labels]
    return RawTable(path, columns, "line", range(1, len(lines) + 1))


def parse_line(line: str, where: str) -> tuple[str, list[str]]:
    """Return a line's text and the labels in front of it.

    Raises:
        DataError: A label stands within the text; `where` opens the message.
    """
    text, names = line, []
    while match := _LABELLED.match(text):
        names.append(match[1])
        text = match[2]
    if further := _LATER_LABEL.search(text):
        raise DataError(f"{where}: the label {further[1]} stands within the text; expected it in front.")
    return text, names
