"""Rows around the columns' names: a report's title above them, a survey's explanations below.

This module knows nothing of files. The decisions to question: titles are refused, not skipped, since only their owner
can tell one from a text, while what two survey tools write below their header is known and left out; and a single name
that is known ("text") is a header, however many fields the rows below have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from plaudit.data.column_names import is_header, is_known_name, rank_of

_MOST = 20  # rows above a header
_IMPORT = '{"ImportId":'  # Qualtrics, in each cell of the third row; the second one repeats the questions
RULE = re.compile(r"[-=:+|]+")  # between names and rows: databases' shells, Markdown
_TYPE = re.compile(r"(string|str|object|varchar|text|char|u?int(eger)?\d*|bigint|float\d*|double|bool(ean)?)(\(\d+\))?")
_OPEN = {"Open-Ended Response", "Open-Ended Comment"}  # SurveyMonkey, in the second row


def header_row(rows: Sequence[Sequence[str]], *, is_named: bool = False) -> int:
    """Return which of the first rows names the columns, 0 unless there is evidence that rows stand above it.

    Args:
        rows: The first rows that are not blank, a field a cell.
        is_named: Whether only names that are known count as evidence, not the rows' shape.
    """
    if len(rows) < 3 or is_header(rows[0]):
        return 0
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    first = next((i for i, n in enumerate(filled) if n > 1), 0)
    if filled[0] == 1 and 0 < first <= _MOST and not any(map(is_known_name, rows[0])):
        below = sorted(filled[first:])
        is_table = len(below) > 2 and below[len(below) // 2] > 1
        has_shape = len({len(row) for row in rows[first:]}) == 1 and not is_named
        if is_table and (has_shape or is_header(rows[first])):
            return first
    return next((i for i, row in enumerate(rows[1 : _MOST + 1], start=1) if _names_both(row)), 0)


def rows_below(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows below the header explain it: of survey tools, a rule, the columns' types.

    Args:
        rows: The first rows that are not blank, the header included.
    """
    for n, row in enumerate(rows[1:3], start=1):
        if row and all(cell.strip().startswith(_IMPORT) for cell in row):
            return n
    if len(rows) < 3:
        return 0
    second = [cell.strip() for cell in rows[1] if cell.strip()]
    is_of_types = 1 < len(second) == len(rows[0]) and all(_TYPE.fullmatch(cell.lower()) for cell in second)
    return int(not _OPEN.isdisjoint(second) or is_ruled(rows) or is_of_types)


def is_ruled(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether a rule stands below the header, as in a table that is drawn in text."""
    second = [cell.strip() for cell in rows[1] if cell.strip()] if len(rows) > 2 else []
    return all(map(RULE.fullmatch, second)) and any("--" in cell or "==" in cell for cell in second)


def said_below(n: int) -> str:
    """Say that `n` rows below the header are left out."""
    what = "a row below the header, which explains" if n == 1 else f"{n} rows below the header, which explain"
    return f"left out: {what} the columns"


def _names_both(row: Sequence[str]) -> bool:
    """Say whether a row names a text and a label, and nothing that a text or a label would be."""
    if not is_header(row) or any(len(cell) > 40 for cell in row):
        return False
    ranks = [(rank_of(cell, of_label=False), rank_of(cell, of_label=True)) for cell in row]
    texts = {i for i, (text, _) in enumerate(ranks) if text is not None and text.is_plain}
    labels = {i for i, (_, label) in enumerate(ranks) if label is not None and label.is_plain}
    return bool(texts - labels) and bool(labels - texts)


def above_header(title: Sequence[str], names: Sequence[str], n: int, *, unit: str) -> str:
    """Return what is wrong and what to do: `n` lines or rows stand above the columns' names."""
    shown = next((cell.strip() for cell in title if cell.strip()), "")[:40]
    listed = ", ".join(cell.strip() for cell in names)[:80]
    above = f"the {unit}" if n == 1 else f"the {n} {unit}s"
    return (
        f"{shown!r} is above the columns' names ({listed}), on {unit} {n + 1}. Remove {above} above the header, or "
        "say that there is none: --no-header."
    )
