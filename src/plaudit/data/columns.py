"""Find which column of a source is the text and which the label: by name, then by what the columns hold.

This module knows nothing of formats. The decisions to question: a name that people use for it wins over content, and of
two columns that are equally good by content neither is taken; whatever is found by content is said. With exactly two
columns, finding one finds the other; for prediction a label is never found that way, since ``id,text`` has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.data.column_facts import Facts, look
from plaudit.data.column_names import NameRank, is_known_name, is_other_name, is_whole_name, rank_of
from plaudit.errors import DataError
from plaudit.setting_values import typed

__all__ = ["LOOKED_AT", "PART_COLUMN", "ChosenColumns", "choose_columns", "column_flag", "is_known_name"]

PART_COLUMN = "plaudit_part"  # which part a row belongs to (`part_marks`); never text or label
LOOKED_AT = 1_000  # rows from which columns are chosen
_NEARLY = 0.67  # of the longest text's mean length, from which a second column is as good
_SHOWN = 20
_CONTROLS = ("\x01", "\x02", "\x1f", "^", "~")  # which stand in no text
_NAME_WORDS = 3
_BETWEEN_FIELDS = (",", ";", "\t", "|", "::", ":", "    ", *_CONTROLS)
_SENTENCE_WORDS, _SENTENCE_CHARACTERS = 4, 40  # from which a name may be a text


@dataclass(frozen=True)
class ChosenColumns:
    """The columns that matter.

    Attributes:
        text: One, or several, joined in this order.
        label: None, one, or several of 0 and 1, an indicator.
        said: What was found, in words; "" for columns that the user named, and of text alone where its name tells.
        others: Where the label has a single value, further columns that may be it, as the command line takes them.
        constant: Where the label was found by what columns hold, those that had one value in the rows looked at.
    """

    text: tuple[str, ...]
    label: tuple[str, ...]
    said: str = ""
    others: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()


class _Columns:
    """A source's columns; what each holds is looked at when it is asked for."""

    def __init__(self, names: Sequence[str], sample: Mapping[str, Sequence[Any]], where: str) -> None:
        self.names, self.where, self._sample = names, where, sample
        self._facts: dict[str, Facts] = {}
        self.said: list[str] = []

    def __getitem__(self, name: str) -> Facts:
        if name not in self._facts:
            self._facts[name] = look(self._sample.get(name, ()))
        return self._facts[name]

    def ranked(self, taken: Sequence[str], *, of_label: bool) -> list[tuple[NameRank, str]]:
        """Return the columns whose names say something, the best first, and in the source's order."""
        found = [(rank_of(name, of_label=of_label), name) for name in self.names if name not in taken]
        return sorted(((rank, name) for rank, name in found if rank is not None), key=lambda each: each[0])

    def holds_its_name(self, name: str) -> bool:
        """Say whether a name may be a value of its column: it comes again, is long, or is a number too."""
        is_number = re.fullmatch(r"[+-]?\d+([.,]\d+)?", name) is not None
        is_long = len(name.split()) >= _SENTENCE_WORDS or len(name) > _SENTENCE_CHARACTERS
        return is_long or (is_number and self[name].is_number) or name in self._sample.get(name, ())

    def values(self, name: str) -> Sequence[Any]:  # Any: a cell as the source has it
        """Return a column's first values."""
        return self._sample.get(name, ())

    def left(self, taken: Sequence[str]) -> list[str]:
        """Return the columns that may be something, by their names."""
        return [name for name in self.names if name not in taken and not is_other_name(name)]


def choose_columns(
    names: Sequence[str],
    sample: Mapping[str, Sequence[Any]],  # Any: a cell as the source has it
    *,
    text: Sequence[str] = (),
    label: Sequence[str] = (),
    is_label_needed: bool,
    where: str,
    may_lack_header: bool = False,
) -> ChosenColumns:
    """Return which columns to read.

    Args:
        names: The source's columns.
        sample: Each one's values in the first rows.
        text: The text columns, if the user names them.
        label: The label columns, if the user names them.
        is_label_needed: Whether to fail without a label.
        where: The source, for messages.
        may_lack_header: Whether the names are a first row that somebody took for a header.

    Raises:
        DataError: A named column does not exist; a needed one cannot be found; or two are equally good.
    """
    names = [name for name in names if name != PART_COLUMN] or names
    if is_label_needed and len(names) == 1 and not label:
        raise DataError(f"{where}: only one column ({_listed(names)}); expected a text and a label.")
    found_text = tuple(_given(names, each, "--text-column", where) for each in text)
    found_label = tuple(_given(names, each, "--label-column", where) for each in label)
    columns = _Columns(names, sample, where)
    constant: tuple[str, ...] = ()
    if not found_text and len(names) == 1 and not is_label_needed:
        _refuse_joined(columns)
        found_text = (names[0],)
    if not found_text:
        found_text = _text_by_name(columns, found_label)
    if not found_label:
        found_label = _label_by_name(columns, found_text, is_needed=is_label_needed)
    if not found_text:
        found_text = _other_of_two(columns, found_label, "text") or _text_by_content(columns, found_label)
    if not found_text and len(names) == 1:
        found_text = (names[0],)
    if found_text and not found_label and is_label_needed:
        found_label = _other_of_two(columns, found_text, "label")
        if not found_label:
            found_label = _label_by_content(columns, found_text)
            left = columns.left((*found_text, *found_label))
            constant = tuple(name for name in left if columns[name].different == 1 and not columns[name].is_no_label)
    if not found_text or (not found_label and is_label_needed):
        raise _not_found("label" if found_text else "text", columns, may_lack_header=may_lack_header)
    if both := [name for name in found_text if name in found_label]:
        raise DataError(f"{where}: text and label are both set to column {both[0]!r}.")
    for option, chosen in (("--text-column", found_text), ("--label-column", found_label)):
        if repeated := [name for i, name in enumerate(chosen) if name in chosen[:i]]:
            raise DataError(f"{where}: {option} {repeated[0]}: named twice.")
    told = columns.said if is_label_needed else [line for line in columns.said if not line.startswith("label")]
    if is_label_needed:  # a whole reading of the file hangs on the choice, so that even the plainest is said
        told += _plainest(columns, told, text=() if text else found_text, label=() if label else found_label)
    said = sorted(told, key=lambda line: not line.startswith("text"))
    others: tuple[str, ...] = ()
    if is_label_needed and len(found_label) == 1 and columns[found_label[0]].different == 1:
        left = columns.left((*found_text, *found_label))[:_SHOWN]
        others = tuple(column_flag(name) for name in left if columns[name].is_label)
    return ChosenColumns(found_text, found_label, "; ".join(said), others, constant)


def _plainest(columns: _Columns, told: Sequence[str], *, text: Sequence[str], label: Sequence[str]) -> Iterator[str]:
    """Yield a line for a choice that nobody made and nothing is said of yet."""
    if text and not any(line.startswith("text") for line in told):
        yield f"text: column {text[0]!r}"
    if label and not any(line.startswith("label") for line in told):
        yield f"label: column {label[0]!r} ({_values(columns[label[0]])})"


def _refuse_joined(columns: _Columns) -> None:
    """Raise `DataError` where one column looks like several that no delimiter divided: a line of them is no text."""
    name = columns.names[0]
    values = [value for value in columns.values(name) if isinstance(value, str) and value.strip()]
    for mark in _BETWEEN_FIELDS if values else ():
        n = next((n for each in (name, values[0]) if (n := _count_names(each, mark))), 0)
        is_divided = n and sum(value.count(mark) >= n - 1 for value in values) >= 0.9 * len(values)
        if is_divided or (mark in _CONTROLS and all(mark in value for value in values)):
            advice = f'--delimiter "{typed(mark)}" divides them'
            if mark == ",":
                advice = "Whole lines are in quotation marks: remove them"
            elif len(mark) > 1 or not mark.isprintable():
                advice = "Put one character between them, such as a tab"
            raise DataError(
                f"{columns.where}: one column, {name[:60]!r}, seems to be fields with {mark!r} between. {advice}; "
                "if its lines are texts, name it with --text-column."
            )


def _count_names(line: str, mark: str) -> int:
    """Return how many names of columns a line holds with a mark between, 0 where it is none of them."""
    parts = [part.strip(' "') for part in line.split(mark)]
    are_names = all(part and len(part.split()) <= _NAME_WORDS for part in parts) and any(map(is_whole_name, parts))
    return len(parts) if len(parts) > 1 and are_names else 0


def _text_by_name(columns: _Columns, taken: Sequence[str]) -> tuple[str, ...]:
    """Return the column that is named like a text, unless it holds none and another one does."""
    ranked = columns.ranked(taken, of_label=False)
    if not ranked:
        return ()
    kept = [(rank, name) for rank, name in ranked if not columns[name].is_no_text]
    others = [name for name in columns.left(taken) if columns[name].is_text]
    if not kept and (others or not ranked[0][0].is_plain):
        return ()
    rank, found = (kept or ranked)[0]
    if not columns[found].is_text and (rank.place or not rank.is_plain):  # "text" means what it says
        rank, found = next(((rank, name) for rank, name in kept if columns[name].is_text), (rank, found))
    if rank.n_further:
        rivals = [name for other, name in kept if (other.is_weak, other.n_further) == (rank.is_weak, rank.n_further)]
        _refuse_alike("text", [name for name in rivals if columns[name].is_text or len(kept) == 1], columns)
    longer = max((name for name in others if name != found), key=lambda name: columns[name].characters, default=None)
    is_short = longer is not None and columns[longer].words > 4 * max(columns[found].words, 1)
    if is_short and not (rank.is_plain and columns[found].is_text):
        if not rank.is_plain:
            return ()  # as good as no name
        columns.said.append(
            f"text: column {found!r}, by its name, though column {longer!r} holds longer texts (--text-column "
            f"{column_flag(str(longer))})"
        )
    elif not kept:
        columns.said.append(f"text: column {found!r}, by its name, though it holds {columns[found].kind}")
    elif not rank.is_plain:
        columns.said.append(f"text: column {found!r} (by its name)")
    return (found,)


def _label_by_name(columns: _Columns, taken: Sequence[str], *, is_needed: bool) -> tuple[str, ...]:
    """Return the column that is named like a label, or several of 0 and 1 whose names begin alike."""
    ranked = columns.ranked(taken, of_label=True)
    kept = [(rank, name) for rank, name in ranked if not columns[name].is_no_label]
    if not kept:
        return (ranked[0][1],) if ranked and ranked[0][0].is_plain else ()  # what it holds is told with its line
    rank, found = kept[0]
    alike = [name for other, name in kept if (other.is_weak, other.n_further) == (rank.is_weak, rank.n_further)]
    alike = [name for name in alike if columns[name].is_label or columns[name].is_flag] or [found]
    if rank.n_further and len(alike) > 1 and all(columns[name].is_flag for name in alike):
        return _indicator(alike, columns)
    if rank.is_weak and columns[found].is_flag:
        flags = [name for name in columns.left(taken) if columns[name].is_flag]
        alike = flags if len(flags) > 2 else alike
    if not rank.is_plain:
        if is_needed:
            _refuse_alike("label", alike, columns)
        columns.said.append(f"label: column {found!r} (by its name; {_values(columns[found])})")
    elif is_needed and len(alike) > 1 and rank.place:
        further = _listed([name for name in alike if name != found])
        columns.said.append(f"label: column {found!r} ({_values(columns[found])}), not {further}")
    return (found,)


def _other_of_two(columns: _Columns, found: Sequence[str], kind: str) -> tuple[str, ...]:
    """Return the other one of two columns, unless it is something else."""
    if len(columns.names) != 2 or len(found) != 1:
        return ()
    other = next(name for name in columns.names if name not in found)
    is_meant = columns[other].is_label if kind == "label" else columns[other].is_text
    if (is_other_name(other) and not is_meant) or columns[other].is_other:
        return ()
    what = f"; {_values(columns[other])}" if kind == "label" else ""
    columns.said.append(f"{kind}: column {other!r} (the other one{what})")
    return (other,)


def _text_by_content(columns: _Columns, taken: Sequence[str]) -> tuple[str, ...]:
    left = columns.left(taken)
    found = sorted((name for name in left if columns[name].is_text), key=lambda name: -columns[name].characters)
    if not found:  # whatever a name says, sentences are texts where nothing else is
        further = (name for name in columns.names if name not in (*left, *taken))
        found = [name for name in further if columns[name].is_text and columns[name].words >= _SENTENCE_WORDS]
    if not found:
        return _beside_a_label(columns, left)
    _refuse_alike(
        "text", [name for name in found if columns[name].characters >= _NEARLY * columns[found[0]].characters], columns
    )
    columns.said.append(f"text: column {found[0]!r} (longest text)")
    return (found[0],)


def _beside_a_label(columns: _Columns, left: Sequence[str]) -> tuple[str, ...]:
    """Return the column of single words beside a column of labels, where there are no others."""
    found = [name for name in left if not columns[name].is_label and not columns[name].is_no_text]
    if len(columns.names) != 2 or len(found) != 1 or not any(columns[name].is_label for name in left):
        return ()
    columns.said.append(f"text: column {found[0]!r} ({_values(columns[found[0]])})")
    return (found[0],)


def _label_by_content(columns: _Columns, taken: Sequence[str]) -> tuple[str, ...]:
    left = columns.left(taken)
    flags = [name for name in left if columns[name].is_flag]
    words = [name for name in left if columns[name].is_label and name not in flags and not columns[name].is_number]
    numbers = [name for name in left if columns[name].is_label and name not in (*flags, *words)]
    if len(flags) > 2 and not words:
        return _indicator(flags, columns)
    found = [*words, *(name for name in flags if columns[name].different == 2)] or numbers
    _refuse_alike("label", found, columns)
    if found:
        columns.said.append(f"label: column {found[0]!r} ({_values(columns[found[0]])})")
    return tuple(found)


def _indicator(flags: Sequence[str], columns: _Columns) -> tuple[str, ...]:
    columns.said.append(f"labels: columns {_listed(flags)} (0 or 1 in each)")
    return tuple(flags)


def _refuse_alike(kind: str, found: Sequence[str], columns: _Columns) -> None:
    """Raise `DataError` where several columns are equally good."""
    if len(found) < 2:
        return

    def holds(name: str) -> str:
        each = columns[name]
        return _values(each) if kind == "label" else f"{each.words:.0f} words on average"

    listed = ", ".join(f"{name!r} ({holds(name)})" for name in found[:_SHOWN])
    flags = " or ".join(f"--{kind}-column {column_flag(name)}" for name in found[:3])
    raise DataError(f"{columns.where}: {len(found)} columns could be the {kind}: {listed}. Say which: {flags}.")


def _values(facts: Facts) -> str:
    where = f" in the first {facts.n:,} rows" if facts.n >= LOOKED_AT else ""
    return f"{facts.different:,} value{'' if facts.different == 1 else 's'}{where}"


def _not_found(kind: str, columns: _Columns, *, may_lack_header: bool) -> DataError:
    message = f"{columns.where}: no {kind} column found; the columns are {_listed(columns.names)}. Name it with "
    message += f"--{kind}-column."
    if may_lack_header and any(columns.holds_its_name(name) for name in columns.names):
        message += " If that is the first row and not names, the file has no header: give --no-header."
    return DataError(message)


def column_flag(name: str) -> str:
    """Return a column's name as the command line takes it."""
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
