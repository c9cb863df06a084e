"""Read JSON Lines: one object a line, its keys the columns.

This module knows nothing of which key is the text. The decision to question: a key that a line lacks is a
missing value, not an error, because exports leave out what is null; what is missing where it matters is
reported later.
"""

from __future__ import annotations

import json
from pathlib import Path

from plaudit.data.formats.raw import Column, RawTable
from plaudit.data.formats.text_file import read_text_bytes
from plaudit.errors import DataError


def read_jsonl(path: Path) -> RawTable:
    """Read a JSON Lines file. Blank lines are skipped; columns are in the order in which keys first appear.

    Raises:
        DataError: Not UTF-8 text, a line that is not a JSON object, or a string in it that is not Unicode.
    """
    records: list[dict[str, object]] = []
    lines: list[int] = []
    for number, line in enumerate(read_text_bytes(path).split(b"\n"), start=1):
        if line.strip():
            records.append(parse_record(line, f"{path}:{number}"))
            lines.append(number)
    names = dict.fromkeys(name for record in records for name in record)
    columns: dict[str, Column] = {name: [record.get(name) for record in records] for name in names}
    return RawTable(path, columns, "line", lines)


def parse_record(line: bytes, where: str) -> dict[str, object]:
    """Return a line's object.

    Raises:
        DataError: The line is none, or a string in it is not Unicode; `where` opens the message.
    """
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        hint = " A JSON array is not JSON Lines: write one object a line." if line.lstrip()[:1] == b"[" else ""
        raise DataError(f"{where}: not JSON: {error.msg} at character {error.colno}.{hint}") from error
    except RecursionError as error:
        raise DataError(f"{where}: not a record: the JSON is nested too deeply.") from error
    if not isinstance(record, dict):
        raise DataError(f"{where}: expected a JSON object a line, got {type(record).__name__}.")
    if b"\\u" in line and not _is_unicode(record):
        raise DataError(
            f"{where}: a string holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."
        )
    return record


def _is_unicode(record: dict[str, object]) -> bool:
    try:
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
