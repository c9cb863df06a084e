"""Find which column of a source is the text and which the label: by name, then by what the columns hold.

This module knows nothing of formats. The decisions to question: a name that people use for it wins over content, and of
two columns that are equally good by content neither is taken; whatever is found by content is said. With exactly two
columns, finding one finds the other, but for prediction a label is never found that way, since ``id,text`` has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.data.column_names import is_known_name, is_other_name, rank_of
from plaudit.errors import DataError

__all__ = ["PART_COLUMN", "ChosenColumns", "choose_columns", "is_known_name"]

PART_COLUMN = "plaudit_part"  # which part a row belongs to (`part_marks`); never text or label
_NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d+)?|[.,]\d+)([eE][+-]?\d+)?\s*%?\s*")
_DECIMAL = re.compile(r"\s*[+-]?\d*[.,]\d*[1-9]\d*\s*")
_NO_TEXT = re.compile(
    r"\s*(https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w[\w.]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,})\s*"
)
_MOST_CLASSES = 200  # of a label that is found by content
_LABEL_WORDS, _LABEL_CHARACTERS = 5.0, 50.0  # at most, on the mean
_TEXT_WORDS = 1.5  # at least, on the mean; of scripts without spaces two characters are a word
_FIRST_OF_CJK = "\u2e80"
_NEARLY = 0.67  # of the longest text's mean length, from which a second column is as good
_SHOWN = 20


@dataclass(frozen=True)
class ChosenColumns:
    """The columns that matter.

    Attributes:
        text: One, or several, joined in this order.
        label: None, one, or several of 0 and 1, an indicator.
        said: What was found by content or by a part of a name, in words; "" where names alone told, or the user.
    """

    text: tuple[str, ...]
    label: tuple[str, ...]
    said: str = ""


@dataclass(frozen=True)
class _Facts:
    """What a column holds, in the first rows.

    Attributes:
        n: Values that are there.
        different: How many of them differ.
        words: Mean number of words.
        characters: Mean number of characters.
        is_string: Whether all are strings.
        is_number: Whether nearly all are numbers, or read as such.
        is_decimal: Whether some are no whole numbers.
        is_flag: Whether all are 0, 1, true or false.
        is_other: Whether most are dates, addresses or identifiers.
    """

    n: int
    different: int
    words: float
    characters: float
    is_string: bool
    is_number: bool
    is_decimal: bool
    is_flag: bool
    is_other: bool

    @property
    def is_text(self) -> bool:
        """Whether these look like texts that somebody wrote."""
        is_free = self.different >= 0.5 * self.n
        return self.is_string and not self.is_number and not self.is_other and self.words >= _TEXT_WORDS and is_free

    @property
    def is_label(self) -> bool:
        """Whether these look like the names of classes: few, short, and each comes again."""
        is_short = self.words <= _LABEL_WORDS and self.characters <= _LABEL_CHARACTERS
        comes_again = 2 <= self.different <= min(_MOST_CLASSES, self.n / 2)
        return comes_again and is_short and not self.is_decimal and not self.is_other


def choose_columns(
    names: Sequence[str],
    sample: Mapping[str, Sequence[Any]],  # Any: a cell as the source has it
    *,
    text: Sequence[str] = (),
    label: Sequence[str] = (),
    is_label_needed: bool,
    where: str,
) -> ChosenColumns:
    """Return which columns to read.

    Args:
        names: The source's columns.
        sample: Each one's values in the first rows.
        text: The text columns, if the user names them.
        label: The label columns, if the user names them.
        is_label_needed: Whether to fail without a label.
        where: The source, for messages.

    Raises:
        DataError: A named column does not exist; a needed one cannot be found; or two are equally good.
    """
    names = [name for name in names if name != PART_COLUMN] or names
    if is_label_needed and len(names) == 1 and not label:
        raise DataError(f"{where}: only one column ({_listed(names)}); expected a text and a label.")
    found_text = tuple(_given(names, each, "--text-column", where) for each in text)
    found_label = tuple(_given(names, each, "--label-column", where) for each in label)
    facts = {name: _look(sample.get(name, ())) for name in names}
    said: list[str] = []
    if not found_text:
        found_text = _text_by_name(names, found_label, facts, said)
    if not found_label:
        found_label = _label_by_name(names, found_text, said)
    if not found_text:
        found_text = _other_of_two(names, found_label) or _text_by_content(names, found_label, facts, where, said)
    if not found_text and len(names) == 1:
        found_text = (names[0],)
    if found_text and not found_label and is_label_needed:
        found_label = _other_of_two(names, found_text) or _label_by_content(names, found_text, facts, where, said)
    if not found_text:
        raise _not_found("text", names, where)
    if not found_label and is_label_needed:
        raise _not_found("label", names, where)
    if both := [name for name in found_text if name in found_label]:
        raise DataError(f"{where}: text and label are both to come from column {both[0]!r}.")
    if repeated := [name for i, name in enumerate(found_text) if name in found_text[:i]]:
        raise DataError(f"{where}: --text-column {repeated[0]}: named twice.")
    return ChosenColumns(found_text, found_label, "; ".join(said))


def _look(values: Sequence[Any]) -> _Facts:  # Any: a cell as the source has it
    there = [value for value in values if value is not None and value != ""]
    strings = [value if isinstance(value, str) else str(value) for value in there]
    n = max(len(there), 1)
    numbers = sum(
        isinstance(value, int | float) or _NUMBER.fullmatch(text) is not None
        for value, text in zip(there, strings, strict=True)
    )
    decimals = sum(_DECIMAL.fullmatch(text) is not None for text in strings)
    return _Facts(
        n=len(there),
        different=len(set(strings)),
        words=sum(map(_count_words, strings)) / n,
        characters=sum(map(len, strings)) / n,
        is_string=bool(there) and all(isinstance(value, str) for value in there),
        is_number=bool(there) and numbers >= 0.9 * n,
        is_decimal=decimals > 0.1 * n,
        is_flag=bool(there) and len(there) == len(values) and {text.lower() for text in set(strings)} <= _FLAGS,
        is_other=sum(_NO_TEXT.fullmatch(text) is not None for text in strings) > 0.5 * n,
    )


_FLAGS = {"0", "1", "0.0", "1.0", "true", "false"}


def _count_words(text: str) -> float:
    wide = sum(letter >= _FIRST_OF_CJK for letter in text[:1000])
    return len(text.split()) if wide < 2 else max(len(text.split()), wide / 2)


def _text_by_name(
    names: Sequence[str], taken: Sequence[str], facts: Mapping[str, _Facts], said: list[str]
) -> tuple[str, ...]:
    found = _best_name(names, taken, of_label=False)
    if found is None:
        return ()
    longer = max(
        (name for name in names if name not in (found, *taken) and facts[name].is_text),
        key=lambda name: facts[name].characters,
        default=None,
    )
    if not facts[found].is_text and longer is not None and facts[longer].words > 4 * max(facts[found].words, 1):
        if facts[found].is_number or facts[found].is_other:
            return ()  # what it holds is no text, and another column's is
        said.append(
            f"text: column {found!r}, by its name, though column {longer!r} holds longer texts (--text-column {longer})"
        )
    elif rank_of(found, of_label=False) != (0, 0) and (rank_of(found, of_label=False) or (1,))[0]:
        said.append(f"text: column {found!r} (by its name)")
    return (found,)


def _label_by_name(names: Sequence[str], taken: Sequence[str], said: list[str]) -> tuple[str, ...]:
    found = _best_name(names, taken, of_label=True)
    if found is None:
        return ()
    if (rank_of(found, of_label=True) or (0,))[0]:
        said.append(f"label: column {found!r} (by its name)")
    return (found,)


def _best_name(names: Sequence[str], taken: Sequence[str], *, of_label: bool) -> str | None:
    """Return the column with the best name, the first of equal ones."""
    ranks = {name: rank for name in names if name not in taken and (rank := rank_of(name, of_label=of_label))}
    return min(ranks, key=lambda name: ranks[name]) if ranks else None


def _other_of_two(names: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Return the other one of two columns."""
    return tuple(name for name in names if name not in found) if len(names) == 2 and len(found) == 1 else ()


def _text_by_content(
    names: Sequence[str], taken: Sequence[str], facts: Mapping[str, _Facts], where: str, said: list[str]
) -> tuple[str, ...]:
    found = [name for name in names if name not in taken and facts[name].is_text and not is_other_name(name)]
    if not found:
        return ()
    found.sort(key=lambda name: -facts[name].characters)
    alike = [name for name in found if facts[name].characters >= _NEARLY * facts[found[0]].characters]
    if len(alike) > 1:
        raise _undecided("text", alike, facts, where)
    said.append(f"text: column {found[0]!r} (longest text)")
    return (found[0],)


def _label_by_content(
    names: Sequence[str], taken: Sequence[str], facts: Mapping[str, _Facts], where: str, said: list[str]
) -> tuple[str, ...]:
    left = [name for name in names if name not in taken and not is_other_name(name)]
    flags = [name for name in left if facts[name].is_flag]
    found = [name for name in left if facts[name].is_label and name not in flags]
    if not found and len(flags) > 2:
        said.append(f"labels: columns {_listed(flags)} (0 or 1 in each)")
        return tuple(flags)
    found += [name for name in flags if facts[name].different == 2]
    if len(found) > 1:
        raise _undecided("label", found, facts, where)
    if found:
        said.append(f"label: column {found[0]!r} ({facts[found[0]].different:,} values)")
    return tuple(found)


def _undecided(kind: str, found: Sequence[str], facts: Mapping[str, _Facts], where: str) -> DataError:
    def holds(name: str) -> str:
        each = facts[name]
        return f"{each.different:,} values" if kind == "label" else f"{each.words:.0f} words on the mean"

    listed = ", ".join(f"{name!r} ({holds(name)})" for name in found[:_SHOWN])
    flags = " or ".join(f"--{kind}-column {_quoted(name)}" for name in found[:3])
    return DataError(f"{where}: {len(found)} columns could be the {kind}: {listed}. Say which: {flags}.")


def _not_found(kind: str, names: Sequence[str], where: str) -> DataError:
    return DataError(
        f"{where}: no {kind} column found; the columns are {_listed(names)}. Name it with --{kind}-column. If these "
        "are no names but a first row, the file lacks its header: give --no-header."
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else f'"{name}"'


def _given(names: Sequence[str], name: str, option: str, where: str) -> str:
    matches = [each for each in names if each == name] or [each for each in names if each.lower() == name.lower()]
    if len(matches) != 1:
        fault = "several columns differ from it only in case" if matches else "no such column"
        raise DataError(f"{where}: {option} {name}: {fault}; the columns are {_listed(names)}.")
    return matches[0]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name if len(name) <= 40 else name[:37] + "...") for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
