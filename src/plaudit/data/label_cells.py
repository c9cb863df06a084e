"""Cells that hold several labels: lists as programs write them into a string, annotation tools' records, marks between.

Nothing here is evaluated as code: a small grammar reads what Python and NumPy print, within a bound of length. The
decision to question: where few cells are written like lists, they are names, unless their items occur alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_MOST_CHARACTERS = 20_000  # of a cell that is read as a list
_DEEPEST = 8  # records within each other
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_CALL = re.compile(r"(?:np\.|numpy\.)?(?:frozenset|set|list|tuple|array)\((.*?)(?:,\s*dtype=[\w.'<>]+)?\)", re.DOTALL)
_SCALAR = re.compile(r"(?:np|numpy)\.\w+\(('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^()'\"]*)\)")  # np.str_('a')
_ITEM = re.compile(
    r"\s*(?:[ub]?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|([^\s,'\"\[\](){}]+))\s*(,|$|(?=\S))", re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_WORDS: dict[str, Any] = {"True": True, "False": False, "None": None, "nan": None, "null": None}
_ENDS = re.compile(r"[,;|]\s*$")
JSON, PYTHON, NUMPY = "lists as JSON writes them", "lists as Python writes them", "arrays as NumPy prints them"
BARE, CHOICES = "lists in brackets", "records with choices"
_BARE = {
    BARE: (re.compile(r"\[[^\[\]{}]*\]"), ","),
    "lists in braces": (re.compile(r"\{[^{}:]*\}"), ","),  # PostgreSQL's arrays
    "tags in angle brackets": (re.compile(r"(?:<[^<>]+>)+"), "><"),  # Stack Exchange's
}
_RECORD = re.compile(r"\s*\[?\s*\{\s*(['\"])[^'\"]{1,200}\1\s*:")


def listed_labels(cells: Sequence[Any]) -> tuple[list[Any], str] | None:  # Any: as the source has them
    """Return the different cells with lists in the place of what is written like one, and how; None if there are none.

    A cell among them that is none stays; an empty one is no label.
    """
    there = [i for i, cell in enumerate(cells) if cell is not None and cell != ""]
    read = {i: found for i in there if (found := _read(cells[i])) is not None}
    if not any(names for names, _ in read.values()) and len(there) > 1:
        read = _bare_lists(cells, there) or read
    if not read:
        return None
    plain = {cells[i].strip() for i in there if i not in read and isinstance(cells[i], str)}
    is_usual = 2 * len(read) >= len(there)
    if not is_usual and not any(name in plain for names, _ in read.values() for name in names if isinstance(name, str)):
        return None
    kinds = sorted({kind for _, kind in read.values()})
    if kinds == [CHOICES]:
        is_one = all(len(names) == 1 for names, _ in read.values())
        how = "records with choices, one a text" if is_one else f"{CHOICES}, read as sets of labels"
        return [_chosen(read[i][0], is_one) if i in read else _unanswered(cell) for i, cell in enumerate(cells)], how
    how = f"{' and '.join(kinds)}, read as sets of labels"
    return [read[i][0] if i in read else cell for i, cell in enumerate(cells)], how


def _chosen(names: list[Any], is_one: bool) -> Any:  # Any: a label, or several
    return names[0] if is_one else names


def _unanswered(cell: Any) -> Any:  # Any: as the source has it
    """Return nothing in the place of what nobody answered: no annotations, or cancelled ones alone."""
    is_annotation = isinstance(cell, list) and all(isinstance(each, dict) and "result" in each for each in cell)
    return None if is_annotation else cell


def _read(cell: Any) -> tuple[list[Any], str] | None:  # Any: as the source has it
    """Return the labels of a cell and how it writes them, None where it is no list in a string and no record."""
    if isinstance(cell, dict) or (isinstance(cell, list) and any(isinstance(each, dict) for each in cell)):
        names = choices(cell)
        return None if names is None else (names, CHOICES)
    if not isinstance(cell, str) or not 1 < len(cell) <= _MOST_CHARACTERS:
        return None
    text = cell.strip()
    if text[:1] in ("[", "{") and _BRACKETS[text[0]] == text[-1]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return _from_python(text)
        if isinstance(value, dict) or any(isinstance(each, dict) for each in value):
            names = choices(value)
            return None if names is None else (names, CHOICES)
        return value, JSON
    return _from_python(text)


def _from_python(text: str) -> tuple[list[Any], str] | None:
    """Return the items of a flat list, tuple, set or array as Python prints it."""
    while call := _CALL.fullmatch(text):
        text = call[1].strip() or "[]"
    if len(text) < 2 or _BRACKETS.get(text[0]) != text[-1]:
        return None
    is_tuple, body = text[0] == "(", _SCALAR.sub(r"\1", text[1:-1].strip())
    items: list[Any] = []
    at, has_space, has_comma = 0, False, False
    while at < len(body):
        match = _ITEM.match(body, at)
        if match is None:
            return None
        if match[1] is not None:
            items.append(_ESCAPE.sub(_character, match[1][1:-1]))
        else:
            known, value = _word(match[2])
            if not known:
                return None
            items.append(value)
        at = match.end()
        has_comma |= match[3] == ","
        has_space |= match[3] == "" and at < len(body)
    if (has_space and (has_comma or text[0] != "[")) or (is_tuple and items and not has_comma):
        return None
    return items, NUMPY if has_space else PYTHON


def _word(word: str) -> tuple[bool, Any]:  # Any: what it stands for
    if word in _WORDS:
        return True, _WORDS[word]
    if re.fullmatch(r"[+-]?\d{1,18}", word, re.ASCII):
        return True, int(word)
    if re.fullmatch(r"[+-]?\d{1,18}\.\d{0,18}", word, re.ASCII):
        return True, float(word)
    return False, None


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code is not None:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else escape[0]
    return _ESCAPED.get(escape[4], escape[4])


def _bare_lists(cells: Sequence[Any], there: Sequence[int]) -> dict[int, tuple[list[Any], str]]:
    """Return cells such as ``[a, b]``, if all are written alike and some hold several names."""
    strings = {i: cells[i].strip() if isinstance(cells[i], str) else "" for i in there}
    if any(len(cell) > _MOST_CHARACTERS for cell in strings.values()):
        return {}
    for written, (form, mark) in _BARE.items():
        if all(map(form.fullmatch, strings.values())):
            bodies = {i: [name.strip('"') for name in split_label(cell[1:-1], mark)] for i, cell in strings.items()}
            several = mark == "," or any(len(names) > 1 for names in bodies.values())
            return {i: (names, written) for i, names in bodies.items()} if several else {}
    return {}


def is_record(cell: Any) -> bool:  # Any: as the source has it
    """Say whether a string holds a record, or a list of records, as JSON or Python writes them."""
    return isinstance(cell, str) and _RECORD.match(cell) is not None


def choices(value: Any, depth: int = 0) -> list[Any] | None:  # Any: JSON
    """Return the labels that an annotation tool's answer holds: {"choices": ["a"]}, alone or within its results.

    Of several annotations of a text those count that were not cancelled, each label once; an annotation without a
    choice is the empty set. None: there is no answer, or this is none.
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        parts = [choices(each, depth + 1) for each in value]
        found = [part for part in parts if part is not None]
        all_names = [name for part in found for name in part]
        return [name for i, name in enumerate(all_names) if name not in all_names[:i]] if found else None
    if not isinstance(value, dict) or value.get("was_cancelled") is True:
        return None
    if (names := value.get("choices")) is not None:
        return names if isinstance(names, list) else [names] if isinstance(names, str) else None
    for key in ("value", "result", "annotations"):
        if isinstance(value.get(key), dict | list):
            return [] if key == "result" and value[key] == [] else choices(value[key], depth + 1)
    if len(value) == 1 and isinstance(names := value.get("labels", value.get("label")), list):
        return names
    return None


def split_label(name: str, mark: str) -> list[str]:
    """Return the parts of a name between marks, without outer white space and empty ones."""
    return [part for part in (each.strip() for each in name.split(mark)) if part]


def trailing_separator(names: Iterable[str]) -> str | None:
    """Return a mark that ends half the names ("a,b,", "a,"), as some tools write sets; None if there is none."""
    n, ends = 0, dict.fromkeys(",;|", 0)
    for name in names:
        n += 1
        if (match := _ENDS.search(name)) and split_label(name, match[0][0]):
            ends[match[0][0]] += 1
    mark = max(ends, key=lambda each: ends[each])
    return mark if n > 1 and 2 * ends[mark] >= n else None
