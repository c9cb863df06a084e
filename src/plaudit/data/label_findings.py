"""What is odd about a data set's labels: names that look alike, names that mean nothing, classes with too few texts.

One place for all who say it: `plaudit train` before training, `audit`, `data show`, the report, and Python's warnings.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from plaudit.data.label_cells import split_label

if TYPE_CHECKING:
    from plaudit.data.dataset import Dataset

Kind = Literal["look alike", "odd name", "too few texts", "absent"]

# Soft hyphen, joiners, directions, fillers, byte-order marks, variation selectors: Unicode's default ignorables.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_NOTHING = ("nan", "none", "null", "n/a", "na", "undefined", "unknown", "#n/a", "#value!", "#ref!", "-", "?")
_MARKS = ("|", ";", ",", "/", "+")
_WEAK_MARKS = ("/", "+")  # which stand in ordinary names too
_SHOWN = 5


@dataclass(frozen=True)
class LabelFinding:
    """Something odd.

    Attributes:
        kind: One of a few.
        message: What, with counts, and what to do, in a sentence.
        labels: The names that it is about.
        count: How many texts have them.
    """

    kind: Kind
    message: str
    labels: tuple[str, ...] = ()
    count: int = 0


class LabelWarning(UserWarning):
    """Something odd about the labels that Python code handed over, or a file that it loaded."""


def eye_key(name: str) -> str:
    """Return the same for names that look alike: other case, spaces, Unicode form, width, invisible characters."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", text).split())


def look_alike_findings(counts: Mapping[str, int]) -> list[LabelFinding]:
    """Return a finding for each group of names that look alike.

    Args:
        counts: How many texts have each name.
    """
    groups: dict[str, list[str]] = {}
    for name in counts:
        groups.setdefault(eye_key(name), []).append(name)
    found = []
    for names in groups.values():
        if len(names) > 1:
            names = sorted(names, key=lambda name: (-counts[name], name))
            shown = ", ".join(f"{_visible(name)} ({counts[name]:,})" for name in names[:_SHOWN])
            message = f"labels that look alike: {shown}; --merge-labels makes them one."
            found.append(LabelFinding("look alike", message, tuple(names), sum(counts[name] for name in names)))
    return found


def odd_name_findings(counts: Mapping[str, int]) -> list[LabelFinding]:
    """Return a finding for names that a program writes where there is no label."""
    names = [name for name in counts if name.lower() in _NOTHING]
    if not names or len(names) == len(counts):
        return []
    shown = ", ".join(f"{name!r} ({counts[name]:,})" for name in names)
    message = f"labels that may mean that there is none: {shown}; leave their cells empty if so."
    return [LabelFinding("odd name", message, tuple(names), sum(counts[name] for name in names))]


def class_findings(counts: Mapping[str, int]) -> list[LabelFinding]:
    """Return a finding for classes that have a single text."""
    names = [name for name, n in counts.items() if n == 1]
    if not names:
        return []
    message = (
        f"{_count(len(names), 'class has', 'classes have')} a single text ({_listed(names)}), which can be learned "
        "from or tested on, not both; add texts, or leave the class out."
    )
    return [LabelFinding("too few texts", message, tuple(names), len(names))]


def absent_findings(parts: Mapping[str, Dataset]) -> list[LabelFinding]:
    """Return a finding for each part that lacks a class which the others have.

    Args:
        parts: Labelled data sets with the same classes, by the names of their parts.
    """
    found = []
    for name, part in parts.items():
        absent = tuple(label for label, n in part.class_counts().items() if not n)
        if absent and len(absent) < len(part.classes):
            many = len(absent) > 1
            what = "cannot be learned" if name == "train" else f"{'have' if many else 'has'} no {name} figure"
            classes = f"{_count(len(absent), 'class', 'classes')} ({_listed(absent)})"
            message = f"the {name} part has no text of {classes}, which {what}."
            found.append(LabelFinding("absent", message, absent))
    return found


def separator_of(counts: Mapping[str, int]) -> str | None:
    """Return the mark between names that occur by themselves, or in other combinations, too; None if there is none."""
    for mark in _MARKS:
        joined = {name: split_label(name, mark) for name in counts if mark in name}
        joined = {name: parts for name, parts in joined.items() if len(parts) > 1}
        if not joined:
            continue
        alone = set(counts) - set(joined)
        combinations = Counter(part for parts in joined.values() for part in set(parts))
        if mark in _WEAK_MARKS:
            recurs = [all(part in alone for part in parts) for parts in joined.values()]
        else:
            recurs = [_recurs(parts, alone, combinations) for parts in joined.values()]
        is_known = len(joined) > 2 or any(part in alone for parts in joined.values() for part in parts)
        if is_known and sum(recurs) >= 0.5 * len(joined):
            return mark
    return None


def _recurs(parts: Sequence[str], alone: set[str], combinations: Counter[str]) -> bool:
    """Say whether most parts of a name occur alone or in another name."""
    n = sum(part in alone or combinations[part] > 1 for part in parts)
    return n == len(parts) or (n == len(parts) - 1 and any(part in alone for part in parts))


def _visible(name: str) -> str:
    """Return a name in quotes, with what the eye does not see written out."""
    shown = "".join(_shown(letter) for letter in name)
    return f"'{shown}'"


def _shown(letter: str) -> str:
    if letter == " ":
        return letter
    if _INVISIBLE.match(letter) or unicodedata.category(letter) in ("Zs", "Cc", "Cf", "Mn"):
        return f"\\u{ord(letter):04x}"
    return letter


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(_visible, names[:_SHOWN]))
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _count(n: int, one: str, several: str) -> str:
    return f"1 {one}" if n == 1 else f"{n:,} {several}"
