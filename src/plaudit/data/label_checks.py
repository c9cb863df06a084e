"""Where a column cannot be labels of one class a text: cells of several labels, text and label swapped, one class.

The decision to question: these stop a reading instead of being noted, for a model of such labels is worth nothing and
looks well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from plaudit.data.column_facts import count_wide
from plaudit.data.label_cells import split_label, trailing_separator
from plaudit.data.label_findings import odd_name_findings, separator_of
from plaudit.errors import DataError
from plaudit.setting_values import typed

ONE_LABEL = "none"  # as a separator: a cell is one label, whatever marks stand in it
_LEAST_SWAPPED = 10  # texts, from which labels that never come again are no labels
_PHRASE_CHARACTERS = 8


def refuse_several_labels(counts: Mapping[str, int], at: Callable[[str], str]) -> None:
    """Stop where cells hold several labels that one name would make one class.

    Args:
        counts: How many texts have each name.
        at: Says where a name stands first.

    Raises:
        DataError: They do.
    """
    mark = trailing_separator(counts) or separator_of(counts)
    if mark is None:
        return
    cell = next(name for name in counts if mark in name)
    n, told = len(split_label(cell, mark)), f'--label-separator "{typed(mark)}"'
    one = f"or that a cell is one label: --label-separator {ONE_LABEL}."
    if n == 1:
        raise DataError(
            f"{at(cell)}: the label {cell[:60]!r} ends in {mark!r}, as do most. Remove it; or say that it separates "
            f"labels: {told}; {one}"
        )
    raise DataError(
        f"{at(cell)}: the label {cell[:60]!r} looks like {n} labels, which also occur alone. Say that {mark!r} "
        f"separates them: {told}; {one}"
    )


def refuse_swapped(counts: Mapping[str, int], n: int, text_bytes: int, at: Callable[[str], str]) -> None:
    """Stop where what is called the label is what differs from text to text.

    Args:
        counts: How many texts have each name.
        n: How many texts there are.
        text_bytes: How long they are together.
        at: Says where a name stands first.

    Raises:
        DataError: It does.
    """
    if not n or not counts:
        return
    label_bytes = sum(len(name.encode("utf-8", "replace")) * count for name, count in counts.items())
    longest = max(counts, key=len)
    if label_bytes > 2 * max(text_bytes, 1) and _is_phrase(longest):
        raise DataError(
            f"{at(longest)}: the labels are longer than the texts (here {longest[:40]!r}). Are the two columns "
            "swapped? Name them with --text-column and --label-column."
        )
    if n >= _LEAST_SWAPPED and len(counts) > 0.9 * n:
        raise DataError(
            f"{at(longest)}: nearly every text has a label of its own ({len(counts):,} labels, {n:,} texts; here "
            f"{longest[:40]!r}). Name the right column with --label-column."
        )


def refuse_too_few(counts: Mapping[str, int], least: int, others: Sequence[str], where: str) -> None:
    """Stop where there are fewer classes than `least`; `others` are further columns that may be the label.

    Raises:
        DataError: There are.
    """
    if not counts and least > 1:
        raise DataError(f"{where}: no text has a label.")
    if counts and len(counts) < least:
        name = next(iter(counts))
        odd = ", which may mean that there is none" if odd_name_findings(counts) else ""
        flags = " or ".join(f"--label-column {each}" for each in others)
        advice = f" Other columns may be the label: {flags}." if flags else ""
        raise DataError(f"{where}: every text has the label {name!r}{odd}; expected at least two classes.{advice}")


def _is_phrase(name: str) -> bool:
    """Say whether a label is one of several words."""
    return len(name.split()) > 1 or (len(name) > _PHRASE_CHARACTERS and count_wide(name) > 0)
