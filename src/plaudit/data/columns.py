"""Find which column of a file is the text and which the label, by name.

This module knows nothing of formats and values. The decision to question: with exactly two columns, finding
one finds the other, but for prediction a label is never found that way, since ``id,text`` has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.errors import DataError

# In order of preference: the first of these that a file has is taken. Upper and lower case are the same.
TEXT_NAMES = (
    "text", "review", "review_text", "sentence", "content", "comment", "message", "body", "document", "tweet",
    "utterance", "question", "description", "title",
)  # fmt: skip
LABEL_NAMES = (
    "label",
    "labels",
    "class",
    "category",
    "sentiment",
    "target",
    "polarity",
    "intent",
    "topic",
    "rating",
    "y",
)


@dataclass(frozen=True)
class ChosenColumns:
    """The names of the two columns that matter; `label` is None if there is none."""

    text: str
    label: str | None


def choose_columns(
    names: Sequence[str], *, text: str | None, label: str | None, is_label_needed: bool, where: str
) -> ChosenColumns:
    """Return which columns to read.

    Args:
        names: The file's columns.
        text: The text column's name if the user gave one.
        label: The label column's name if the user gave one.
        is_label_needed: Whether to fail without a label column.
        where: The file, for messages.

    Raises:
        DataError: A given column does not exist, or a needed one cannot be found.
    """
    if is_label_needed and len(names) == 1:
        raise DataError(f"{where}: only one column ({_listed(names)}); expected a text and a label.{_hint(names[0])}")
    found_text = _given(names, text, "--text-column", where) if text else _known(names, TEXT_NAMES, avoid=label)
    found_label = (
        _given(names, label, "--label-column", where) if label else _known(names, LABEL_NAMES, avoid=found_text)
    )
    if found_text is None and (len(names) == 1 or (len(names) == 2 and found_label)):
        found_text = next(name for name in names if name != found_label)
    if found_text is not None and found_label is None and is_label_needed and len(names) == 2:
        found_label = next(name for name in names if name != found_text)
    for found, kind in ((found_text, "text"), (found_label, "label")):
        if found is None and (kind == "text" or is_label_needed):
            raise DataError(
                f"{where}: no {kind} column found; the columns are {_listed(names)}. Name it "
                f"with --{kind}-column. If these are no names but a first row, the file lacks its header: "
                "add one, such as text and label."
            )
    if found_text == found_label:
        raise DataError(f"{where}: text and label are both to come from column {found_text!r}.")
    return ChosenColumns(str(found_text), found_label)


def _given(names: Sequence[str], name: str, option: str, where: str) -> str:
    matches = [each for each in names if each == name] or [each for each in names if each.lower() == name.lower()]
    if len(matches) != 1:
        fault = "several columns differ from it only in case" if matches else "no such column"
        raise DataError(f"{where}: {option} {name}: {fault}; the columns are {_listed(names)}.")
    return matches[0]


def _known(names: Sequence[str], known: Sequence[str], *, avoid: str | None) -> str | None:
    """Return the column with the most preferred name; `avoid` is taken for something else."""
    lowered = {name.lower(): name for name in reversed(names) if avoid is None or name.lower() != avoid.lower()}
    return next((lowered[name] for name in known if name in lowered), None)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name if len(name) <= 40 else name[:37] + "...") for name in names[:20])
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _hint(name: str) -> str:
    """Return what a single column's name suggests: another separator."""
    for separator, advice in (
        ("\t", "It holds tabs: name the file .tsv, or give --format tsv."),
        (";", "It holds semicolons: export the file with commas."),
        (",", "It holds commas: name the file .csv, or give --format csv."),
    ):
        if separator in name:
            return " " + advice
    return ""
