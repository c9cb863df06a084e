"""What is odd about a data set's labels: names that look alike, names that mean nothing, classes with too few texts.

One place for all who say it: `plaudit train` before training, `audit`, `data show`, the report, and Python's warnings.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from plaudit.data.label_cells import split_label

Kind = Literal["look alike", "odd name", "too few texts", "absent"]

# Soft hyphen, joiners, directions, fillers, byte-order marks, variation selectors: Unicode's default ignorables.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# What word processors put in the place of a key, and Cyrillic letters that are drawn like Latin ones.
_DRAWN_ALIKE = str.maketrans(
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2018\u2019\u201a\u02bc\u201c\u201d\u201e"
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0455\u0458",
    7 * "-" + 4 * "'" + 3 * '"' + "aeopcxyisj",
)
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,12})?", re.ASCII)
_NOTHING = (
    "nan", "none", "null", "n/a", "na", "n.a.", "k.a.", "undefined", "unknown", "#n/a", "#value!", "#ref!", "-", "?",
    "\\n", "<na>", "nat", "(blank)", "(none)", "(null)",
)  # fmt: skip
_MARKS = ("|", ";", ",", "\n", "\t", "::", "\u3001", "\uff0c", "\uff1b", "\u060c", "\u00b7", "/", "+", "&", "#")
_WEAK_MARKS = ("/", "+", "&", "#")  # which stand in ordinary names too
_SHOWN = 5
_LONGEST = 60  # characters of a name in a message


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
    """Return the same for names that look alike.

    They differ in case, spaces, Unicode form, width, dashes or what none sees; or they are one number: 1.5, 1.50, 01.5.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).casefold().translate(_DRAWN_ALIKE)
    key = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).split())
    return f"{Decimal(key).normalize() + 0:f}" if _NUMBER.fullmatch(key) else key


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
            shown = ", ".join(f"{_apart(name, names)} ({counts[name]:,})" for name in names[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            message = f"labels that look alike: {shown}{more}; --merge-labels makes them one."
            found.append(LabelFinding("look alike", message, tuple(names), sum(counts[name] for name in names)))
    return found


def truth_findings(counts: Mapping[str, int]) -> list[LabelFinding]:
    """Return a finding where true and 1, or false and 0, stand side by side, as programs write one flag."""
    pairs = [
        (word, digit)
        for word in counts
        if (digit := {"true": "1", "false": "0"}.get(word.casefold())) is not None and digit in counts
    ]
    if not pairs:
        return []
    shown = ", ".join(f"{word!r} ({counts[word]:,}) and {digit!r} ({counts[digit]:,})" for word, digit in pairs)
    names = tuple(name for pair in pairs for name in pair)
    message = f"labels that may mean the same: {shown}; write them alike if so."
    return [LabelFinding("look alike", message, names, sum(counts[name] for name in names))]


def odd_name_findings(counts: Mapping[str, int]) -> list[LabelFinding]:
    """Return a finding for names that a program writes where there is no label."""
    names = [name for name in counts if name.lower() in _NOTHING and not (name == "-" and "+" in counts)]
    if not names or 1 < len(names) == len(counts):
        return []
    shown = ", ".join(f"{name!r} ({counts[name]:,})" for name in names[:_SHOWN])
    message = f"labels that may mean that there is none: {shown}; leave their cells empty if so."
    return [LabelFinding("odd name", message, tuple(names), sum(counts[name] for name in names))]


def class_findings(counts: Mapping[str, int]) -> list[LabelFinding]:
    """Return a finding for classes that have a single text, and one for columns of an indicator that have none."""
    found = []
    for n, what, advice in (
        (1, "a single text", "which can be learned from or tested on, not both; add texts, or leave the class out"),
        (0, "no text", "so that it cannot be learned; leave its column out"),
    ):
        if names := [name for name, count in counts.items() if count == n]:
            message = f"{_count(len(names), 'class has', 'classes have')} {what} ({_listed(names)}), {advice}."
            found.append(LabelFinding("too few texts", message, tuple(names), n * len(names)))
    return found


def absent_findings(parts: Mapping[str, Mapping[str, int]]) -> list[LabelFinding]:
    """Return a finding for each part that lacks a class which the others have.

    Args:
        parts: How many texts each class has, by the names of the parts; all parts name the same classes.
    """
    found = []
    for name, counts in parts.items():
        absent = tuple(label for label, n in counts.items() if not n)
        if absent and len(absent) < len(counts):
            many = len(absent) > 1
            what = "cannot be learned" if name == "train" else f"{'have' if many else 'has'} no {name} figure"
            classes = f"{_count(len(absent), 'class', 'classes')} ({_listed(absent)})"
            message = f"the {name} part has no text of {classes}, which {what}."
            found.append(LabelFinding("absent", message, absent))
    return found


def separator_of(counts: Mapping[str, int]) -> str | None:
    """Return the mark between names that occur by themselves, or in other combinations, too; None if there is none.

    Names of two levels ("Sales, North"; "Sales, South") are no sets: each part has its place and none stands alone.
    """
    for mark in _MARKS:
        marked = {name: split_label(name, mark) for name in counts if mark in name}
        joined = {name: parts for name, parts in marked.items() if len(set(parts)) > 1}
        if not joined:
            continue
        alone = {name for name in counts if name not in marked} | {
            each[0] for each in marked.values() if len(each) == 1
        }
        combinations = Counter(part for parts in joined.values() for part in set(parts))
        has_alone = any(part in alone for parts in joined.values() for part in parts)
        if mark in _WEAK_MARKS:
            recurs = [all(part in alone for part in parts) for parts in joined.values()]
        elif has_alone or not _are_levels(list(joined.values())):
            recurs = [_recurs(parts, alone, combinations) for parts in joined.values()]
        else:
            continue
        if (len(joined) > 2 or has_alone) and 2 * sum(recurs) >= len(joined):
            return mark
    return None


def _are_levels(joined: Sequence[Sequence[str]]) -> bool:
    """Say whether all have equally many parts and each part stands in one place only."""
    places: dict[str, int] = {}
    n = len(joined[0])
    return all(
        len(parts) == n and all(places.setdefault(part, i) == i for i, part in enumerate(parts)) for parts in joined
    )


def _recurs(parts: Sequence[str], alone: set[str], combinations: Counter[str]) -> bool:
    """Say whether most parts of a name occur alone or in another name."""
    n = sum(part in alone or combinations[part] > 1 for part in parts)
    return n == len(parts) or (n == len(parts) - 1 and any(part in alone for part in parts))


def _apart(name: str, among: Sequence[str]) -> str:
    """Return a name in quotes as `visible`, in ASCII where others among them would read the same."""
    others = [other for other in among if other.casefold() != name.casefold()]
    drawn = {visible(other).casefold().translate(_DRAWN_ALIKE) for other in others}
    shown = visible(name)
    return ascii(name) if shown.casefold().translate(_DRAWN_ALIKE) in drawn and not name.isascii() else shown


def visible(name: str) -> str:
    """Return a name in quotes, with what the eye does not see written out."""
    shown = "".join(_shown(letter) for letter in name[:_LONGEST]) + ("…" if len(name) > _LONGEST else "")
    return f"'{shown}'"


def _shown(letter: str) -> str:
    if letter == " ":
        return letter
    if _INVISIBLE.match(letter) or unicodedata.category(letter) in ("Zs", "Cc", "Cf", "Mn"):
        return f"\\u{ord(letter):04x}"
    return letter


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(visible, names[:_SHOWN]))
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _count(n: int, one: str, several: str) -> str:
    return f"1 {one}" if n == 1 else f"{n:,} {several}"
