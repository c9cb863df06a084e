"""Read plain text: a text a line, whatever stands in it; a blank line is an empty text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from plaudit.config import DataSpec
from plaudit.data.readers.rows import Parsed, Reader, Rows, string_rows, too_long
from plaudit.data.readers.text_input import TextInput
from plaudit.errors import DataError

if TYPE_CHECKING:
    from plaudit.data.readers.sources import Source


class LineReader(Reader):
    """A text a line."""

    names = ("text",)
    schema = pa.schema([("text", pa.large_string())])

    def __init__(self, source: Source, spec: DataSpec) -> None:
        """Open the file.

        Raises:
            DataError: It is empty or no text.
        """
        self._input = TextInput(source, spec.encoding)
        self.name, self.said = source.name, self._input.said
        with self._input.kept_open():
            if self._input.is_empty:
                raise DataError(f"{source.name}: the file is empty.")
        self.decided = {} if self._input.encoding.is_utf8 else {"encoding": self._input.encoding.name}

    def batches(self) -> Iterator[Rows]:
        """Yield all rows, in order."""
        with self._input:
            encoding = self._input.encoding
            yield from string_rows(self.names, self._rows(), self._input.position, encoding.shown, encoding.advice)

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _rows(self) -> Iterator[Parsed]:
        for number, line in self._input.lines():
            if line is None:
                yield Parsed(None, number, self._input.most_bytes, too_long())
            else:
                yield Parsed([line.removesuffix(b"\r").decode("utf-8", "surrogateescape")], number, len(line))
