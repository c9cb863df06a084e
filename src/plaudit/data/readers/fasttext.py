"""Read fastText's format: a line a text, its labels in front, each as ``__label__name``.

The format is fastText's: https://fasttext.cc/docs/en/supervised-tutorial.html. The decisions to question: a line with
several labels has a list for a label, so that the file is multi-label, where fastText itself makes no difference; and
another prefix than ``__label__`` is taken where most of the first lines begin with it, and said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.readers.rows import Parsed, Reader, Rows, groups, too_long
from plaudit.data.readers.text_input import TextInput
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source

PREFIX = "__label__"
_ANY_PREFIX = re.compile(r"(__[A-Za-z][\w-]*?__)\S")
_BEHIND = re.compile(rf"[ \t]{PREFIX}[^ \t]+$")
_JOINED = re.compile(r"([^\s,]+),\S+")
_LOOKED_AT = 1_000  # lines


class FastTextReader(Reader):
    """A line a text, its labels in front."""

    names: tuple[str, ...] = ("text", "label")

    def __init__(self, source: Source, spec: DataSpec, *, file: TextInput | None = None) -> None:
        """Open the file and look at its prefix.

        Args:
            source: A file, or standard input.
            spec: What the user says of it.
            file: The source, if it is open already.

        Raises:
            DataError: It is empty or no text.
        """
        self._input = file or TextInput(source, spec.encoding)
        self.name, self.said = source.name, self._input.said
        with self._input.kept_open():
            if self._input.is_empty:
                raise DataError(f"{self.name}: the file is empty.")
            found = spec.label_prefix or find_prefix(self._input.head)
            self._refuse_other_forms(found)
        self._prefix = found or PREFIX
        prefix = re.escape(self._prefix)
        self._labelled = re.compile(rf"{prefix}([^ \t]*)[ \t]*(.*)", re.DOTALL)
        self._later_label = re.compile(rf"(?:^|[ \t])({prefix}[^ \t]*)")
        decided: dict[str, Any] = {} if self._input.encoding.is_utf8 else {"encoding": self._input.encoding.name}
        if self._prefix != PREFIX:
            decided["label_prefix"] = self._prefix
            if spec.label_prefix is None:
                self.said = (*self.said, f"labels begin with {self._prefix}")
        self.decided = decided
        if found is None:  # a plain list of texts, as `predict` takes it
            self.names = ("text",)
            self.schema = pa.schema([("text", pa.large_string())])

    def _refuse_other_forms(self, prefix: str | None) -> None:
        """Refuse labels that stand behind the texts, or that a comma joins to them: both would be read as text.

        Raises:
            DataError: Most of the first lines are so.
        """
        lines = [
            (n, line.strip()) for n, line in enumerate(self._input.head.split("\n")[:_LOOKED_AT], 1) if line.strip()
        ]
        if prefix is None:
            behind = [n for n, line in lines if _BEHIND.search(line)]
            if 2 * len(behind) > len(lines):
                raise DataError(
                    f"{self.name}:{behind[0]}: the label comes after the text; expected __label__ in front."
                )
            return
        labels = [(n, line.removeprefix(prefix)) for n, line in lines if line.startswith(prefix)]
        joined = [(n, match[0], match[1]) for n, label in labels if (match := _JOINED.match(label))]
        n_labels, n_whole = len({label for _, _, label in joined}), len({whole for _, whole, _ in joined})
        if 2 * len(joined) > len(labels) and 2 * n_labels <= len(joined) < 2 * n_whole:
            line, whole, _ = joined[0]
            raise DataError(
                f"{self.name}:{line}: a comma joins label and text ({whole[:40]!r}); expected a space between them."
            )

    def begins_with(self, prefix: str) -> bool:
        """Say whether most of the first lines begin with another prefix than the one that was found."""
        lines = [line for line in self._input.head.split("\n")[:_LOOKED_AT] if line.strip()]
        return self._prefix != prefix and 2 * sum(line.startswith(prefix) for line in lines) > len(lines)

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        with self._input:
            for group in groups(self._rows(), lambda row: row.size_bytes):
                fields = [row.fields or (None, None) for row in group]
                yield Rows(
                    {name: [row[i] for row in fields] for i, name in enumerate(self.names)},
                    [row.place for row in group],
                    {i: row.fault for i, row in enumerate(group) if row.fault is not None},
                    self._input.position(),
                )

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _rows(self) -> Iterator[Parsed]:
        for number, line in self._input.lines():
            if line is None:
                yield Parsed(None, number, self._input.most_bytes, too_long())
                continue
            try:
                text = line.decode("utf-8").removesuffix("\r")
                text = text.lstrip(" \t") if text.lstrip(" \t").startswith(self._prefix) else text
            except UnicodeDecodeError as error:
                encoding = self._input.encoding
                fault = f"byte 0x{line[error.start]:02x} is not {encoding.shown}. {encoding.advice}"
                yield Parsed(None, number, len(line), fault)
                continue
            yield self._parsed(text, number, len(line))

    def _parsed(self, text: str, number: int, size: int) -> Parsed:
        labels: list[str] = []
        while match := self._labelled.match(text):
            labels.append(match[1])
            text = match[2]
        if further := self._later_label.search(text):
            fault = f"the label {further[1]} is inside the text; expected it in front."
            return Parsed(None, number, size, fault)
        return Parsed((text, labels if len(labels) > 1 else next(iter(labels), None)), number, size)


def find_prefix(head: str) -> str | None:
    """Return what most of the first lines begin with, in the form of fastText's prefix; None where they do not.

    A single line with the usual prefix is enough, for a text does not begin so by chance.
    """
    lines = [line for line in head.split("\n")[:_LOOKED_AT] if line.strip()]
    if any(line.lstrip(" \t").startswith(PREFIX) for line in lines):
        return PREFIX
    found = Counter(match[1] for line in lines if (match := _ANY_PREFIX.match(line)))
    (prefix, n), *_ = [*found.most_common(1), ("", 0)]
    return prefix if n > len(lines) / 2 else None
