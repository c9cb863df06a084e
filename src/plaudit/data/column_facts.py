"""What a column holds, by its first values: free text, the names of classes, numbers, 0 and 1, or something else.

This module knows nothing of names. The decision to question: only the beginning of a value is looked at, so that cells
of a megabyte cost no more than a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.data.label_cells import choices

NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)([eE][+-]?\d+)?\s*%?")
_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]+\d{1,2}[:.]\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?"
DATE = re.compile(_DATE)
_NO_TEXT = re.compile(
    rf"(https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w[\w.]*|{_DATE}|[0-9a-fA-F]{{8}}-[0-9a-fA-F-]{{27}}|[0-9a-fA-F]{{16,}})"
)
_FLAGS = {"0", "1", "0.0", "1.0", "true", "false"}
_MOST_CHARACTERS = 2_000  # of a value that are looked at
_MOST_CLASSES, _MOST_NUMBERS = 200, 20  # of a label that is found by content
_FEW_ROWS = 20  # below which a value that comes again is enough
_LABEL_WORDS, _LABEL_CHARACTERS = 5.0, 50.0  # at most, on the mean
_TEXT_WORDS = 1.5  # at least, on the mean; of scripts without spaces two characters are a word
# Plain numbers, none long enough for an identifier: of a table of thousands of columns nearly all are such.
_PLAIN_NUMBERS = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?(?:\0[+-]?\d{1,15}(?:[.,]\d{1,15})?)*")
_FRACTION = re.compile("[.,]0*[1-9]")
_WIDE = re.compile("[\u2e80-\U0010ffff]")  # from the CJK radicals on: Han, kana and Hangul


@dataclass(frozen=True)
class Facts:
    """What a column holds, in the first rows.

    Attributes:
        n: Values that are there; of lists, their entries.
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
        return self.is_string and not self.is_no_text and self.words >= _TEXT_WORDS and is_free

    @property
    def is_no_text(self) -> bool:
        """Whether these are certainly no texts."""
        return self.n > 0 and (not self.is_string or self.is_number or self.is_flag or self.is_other)

    @property
    def is_label(self) -> bool:
        """Whether these look like the names of classes: few, short, and each comes again."""
        most = min(
            _MOST_NUMBERS if self.is_number else _MOST_CLASSES, self.n / 2 if self.n >= _FEW_ROWS else self.n - 1
        )
        return 2 <= self.different <= most and not self.is_no_label

    @property
    def is_no_label(self) -> bool:
        """Whether these are certainly no names of classes."""
        is_long = self.words > _LABEL_WORDS or self.characters > _LABEL_CHARACTERS
        is_measure = self.is_decimal and self.different > _MOST_NUMBERS
        return self.n > 0 and (is_measure or self.is_other or (is_long and self.different > self.n / 2))

    @property
    def kind(self) -> str:
        """What these are, in a word."""
        if self.is_other:
            return "dates, addresses or identifiers"
        return "0 and 1" if self.is_flag else "numbers" if self.is_number else "no strings"


def look(values: Sequence[Any]) -> Facts:  # Any: a cell as the source has it
    """Return what a column's first values are."""
    there = [value for value in values if value is not None and value != ""]
    are_strings = bool(there) and all(isinstance(value, str) for value in there)
    if are_strings and _PLAIN_NUMBERS.fullmatch(joined := "\0".join(there)):
        return _look_at_numbers(there, joined, is_full=len(there) == len(values))
    parts = [_entries(value) for value in there]
    whole = [text for texts in parts for text in texts]
    strings = [text[:_MOST_CHARACTERS].strip() for text in whole]
    n = max(len(strings), 1)
    numbers = [text for text in strings if NUMBER.fullmatch(text)]
    is_flag = bool(there) and len(there) == len(values) and not any(isinstance(each, list | dict) for each in there)
    return Facts(
        n=len(strings) or len(there),  # lists may all be empty
        different=len(set(strings)),
        words=sum(map(_count_words, strings)) / n,
        characters=sum(map(len, whole)) / n,
        is_string=are_strings,
        is_number=bool(strings) and len(numbers) >= 0.9 * n,
        is_decimal=sum(_is_decimal(text) for text in numbers) > 0.1 * n,
        is_flag=is_flag and {text.lower() for text in set(strings)} <= _FLAGS,
        is_other=sum(_NO_TEXT.fullmatch(text) is not None for text in strings) > 0.5 * n,
    )


def _look_at_numbers(values: Sequence[str], joined: str, *, is_full: bool) -> Facts:
    """Return what `look` finds of plain numbers, quicker; `joined` by null bytes, `is_full` whether none is missing."""
    n, different = len(values), set(values)
    return Facts(
        n=n,
        different=len(different),
        words=1.0,
        characters=(len(joined) - n + 1) / n,
        is_string=True,
        is_number=True,
        is_decimal=len(_FRACTION.findall(joined)) > 0.1 * n,
        is_flag=is_full and different <= _FLAGS,
        is_other=False,
    )


def _entries(value: Any) -> list[str]:  # Any: a cell as the source has it
    """Return a cell as a string, or the entries of a list, also of one that is written in the cell."""
    if isinstance(value, str):
        is_list = len(value) < _MOST_CHARACTERS and value[:1] == "[" and value[-1:] == "]"
        return [part.strip(" '\"") for part in value[1:-1].split(",")] if is_list else [value]
    if isinstance(value, list | dict) and (names := choices(value)) is not None:
        return [_text_of(each) for each in names]
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return []  # annotations without an answer
    if isinstance(value, list | tuple):
        return [_text_of(each) for each in value[:_MOST_CHARACTERS]]
    return [_text_of(value)]


def _text_of(value: Any) -> str:  # Any: a cell as the source has it
    try:
        return str(value)
    except (RecursionError, ValueError):  # nested beyond measure; a whole number of thousands of digits
        return type(value).__name__


def _is_decimal(number: str) -> bool:
    fraction = re.split("[.,]", number.rstrip("% "))[1:]
    return bool(fraction) and bool(fraction[0].strip("0"))


def count_wide(text: str) -> int:
    """Return how many characters of scripts that put no spaces between words a text has."""
    return 0 if text.isascii() else len(_WIDE.findall(text))


def _count_words(text: str) -> float:
    wide = count_wide(text)
    return len(text.split()) if wide < 2 else max(len(text.split()), wide / 2)
