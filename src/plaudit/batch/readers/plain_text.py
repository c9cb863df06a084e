"""Read texts without columns: a text a line, fastText's format, a folder per class.

This module knows nothing of scoring. fastText's and the folder's rules are those of `data.formats`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from plaudit.batch import rows
from plaudit.batch.readers.text_input import TextInput, too_long
from plaudit.batch.rows import Batch, Reader, Row, groups, make_batch
from plaudit.batch.sources import Source
from plaudit.data.columns import choose_columns
from plaudit.data.formats.fasttext import parse_line
from plaudit.data.formats.folder import list_texts
from plaudit.data.formats.text_file import read_text_bytes
from plaudit.errors import DataError

TEXT, LABEL, FILE = "text", "label", "file"


class LineReader(Reader):
    """A text a line, whatever stands in it; a blank line is an empty text."""

    def __init__(self, source: Source, text_column: str | None) -> None:
        """Open the file.

        Raises:
            DataError: It is no text.
        """
        self.schema = pa.schema([(TEXT, pa.large_string())])
        choose_columns(self.schema.names, text=text_column, label=None, is_label_needed=False, where=source.name)
        self._input = TextInput(source)
        if self._input.is_empty:
            self._input.close()
            raise DataError(f"{source.name}: the file is empty.")

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        with self._input:
            for group in groups(self._rows(self._input)):
                yield make_batch(group, self.schema, self._input.position())

    def close(self) -> None:
        """Close the file."""
        self._input.close()

    def _rows(self, file: TextInput) -> Iterator[Row]:
        for number, line in file.lines():
            if line is None:
                yield Row((None,), None, rows.MOST_BYTES, f"{file.source.name}:{number}: {too_long()}")
            else:
                text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
                yield Row((text,), text, len(line))


class FastTextReader(Reader):
    """A line a text, its labels in front; a column of them if some line has one, of lists if some has several."""

    def __init__(self, source: Source, text_column: str | None) -> None:
        """Read the whole file once, for its labels.

        Raises:
            DataError: It is no text.
        """
        self._source = source
        with TextInput(source) as file:
            if file.is_empty:
                raise DataError(f"{source.name}: the file is empty.")
            self._most = max((len(_parsed(line)[1]) for _, line in file.lines()), default=0)
        kind = pa.list_(pa.large_string()) if self._most > 1 else pa.large_string()
        self.schema = pa.schema([(TEXT, pa.large_string()), *([(LABEL, kind)] if self._most else [])])
        choose_columns(self.schema.names, text=text_column, label=None, is_label_needed=False, where=source.name)

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        with TextInput(self._source) as file:
            for group in groups(self._rows(file)):
                yield make_batch(group, self.schema, file.position())

    def _rows(self, file: TextInput) -> Iterator[Row]:
        empty = (None,) * len(self.schema)
        for number, line in file.lines():
            where = f"{self._source.name}:{number}: "
            text, labels, reason = _parsed(line)
            if reason is not None:
                yield Row(empty, None, rows.MOST_BYTES if line is None else len(line), where + reason)
                continue
            label = labels if self._most > 1 else (labels[0] if labels else None)
            yield Row((text, label)[: len(self.schema)], text, len(line or b""))


def _parsed(line: bytes | None) -> tuple[str, list[str], str | None]:
    """Return a line's text, its labels, and why it has neither."""
    if line is None:
        return "", [], too_long()
    try:
        return *parse_line(line.removesuffix(b"\r").decode(), ""), None
    except UnicodeDecodeError as error:
        return "", [], f"byte 0x{line[error.start]:02x} is not UTF-8"
    except DataError as error:
        return "", [], str(error).removeprefix(": ")


class FolderReader(Reader):
    """A folder per class, one text a file."""

    def __init__(self, source: Source, text_column: str | None) -> None:
        """List the files.

        Raises:
            DataError: There is no sub-folder, or one without a .txt file.
        """
        assert source.path is not None
        self._path: Path = source.path
        self._files = list_texts(self._path)
        self.schema = pa.schema([(name, pa.large_string()) for name in (TEXT, LABEL, FILE)])
        choose_columns(self.schema.names, text=text_column, label=None, is_label_needed=False, where=source.name)

    def batches(self) -> Iterator[Batch]:
        """Yield all rows, in order."""
        for group in groups(self._rows()):
            yield make_batch(group, self.schema, 0)

    def _rows(self) -> Iterator[Row]:
        for path in self._files:
            text, reason, size = None, None, path.stat().st_size
            if size > rows.MOST_BYTES:
                reason = f"{path}: {too_long()}"
            else:
                try:
                    text = read_text_bytes(path, may_be_empty=True).decode("utf-8")
                except DataError as error:
                    reason = str(error)
            yield Row((text, path.parent.name, path.relative_to(self._path).as_posix()), text, size, reason)
