"""What is wrong with a text by itself: nothing in it, wrong decoding, control characters, mark-up, an odd length.

Everything is asked of the column at once, in Arrow's regular expressions (RE2); only the few matches of a suspicion
are looked at one by one. This module knows nothing of labels and parts.

The decision to question: a text without a letter is junk, unless it has a symbol (an emoji, a star) or a digit: "10/10"
and a heart say something, "..." does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.faults import is_blank
from plaudit.text import WordTokenizer
from plaudit.text.token_memory import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What the bytes 0x80 to 0xFF look like in Windows-1252, and in Latin-1 where that has none (WHATWG's windows-1252):
# UTF-8 read so shows a lead byte 0xC2 to 0xF4 followed by bytes 0x80 to 0xBF.
_AS_CHARACTERS = [bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0x100)]
_BYTE_OF = {character: byte for byte, character in enumerate(_AS_CHARACTERS, start=0x80)}
_TRAIL = "[" + "".join(re.escape(character) for character in _AS_CHARACTERS[:0x40]) + "]"
_MISREAD = f"[Â-ß]{_TRAIL}|[à-ï]{_TRAIL}{{2}}|[ð-ô]{_TRAIL}{{3}}"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"  # category Cc but tab and line ends
_TAG = (
    r"(?i)</?(?:a|abbr|b|big|blockquote|body|br|center|code|div|em|font|form|h[1-6]|head|hr|html|i|iframe|img|input|li"
    r"|link|meta|ol|p|pre|script|small|span|strong|style|sub|sup|table|tbody|td|th|title|tr|tt|u|ul)(?:\s[^<>]*)?/?>"
)
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
_HTML = f"{_TAG}|{_ENTITY}"
_SAID = r"[\pL\pN\p{So}]"
# Robust z from which a length is an outlier: 3.5 is Iglewicz & Hoaglin's ("How to detect and handle outliers", 1993),
# for one sample of a normal distribution; lengths of texts have longer tails even as logarithms.
_OUTLYING = 5.0
_MAD_TO_DEVIATION = 1.4826  # the standard deviation of a normal distribution, in median absolute deviations
_MOST_SHOWN = 40  # characters of a match


@dataclass(frozen=True)
class Suspects:
    """Rows with one kind of fault.

    Attributes:
        kind: Its name among `findings.KINDS`.
        rows: int64 [M], ascending.
        details: What was found in each.
    """

    kind: str
    rows: NDArray[np.int64]
    details: list[str]


def check_texts(texts: pa.LargeStringArray, *, lengths: NDArray[np.int64] | None = None) -> list[Suspects]:
    """Return the faults of N texts; a row may be in several, but a blank one is in "empty" alone.

    Args:
        texts: Arrow ``large_string`` [N].
        lengths: int64 [N], in any unit; None counts words.
    """
    blank = pa.array(is_blank(texts))
    silent = pc.and_not(pc.invert(pc.match_substring_regex(texts, _SAID)), blank)
    empty, junk = _where(blank), _where(silent)
    return [
        Suspects("empty", empty, ["no text"] * len(empty)),
        Suspects("no letters", junk, ["no letter, digit or symbol"] * len(junk)),
        _check_decoding(texts),
        _matches("control characters", texts, _CONTROL, _name_controls),
        _matches("html", texts, _HTML, lambda found: found),
        _check_lengths(
            tokens_of(WordTokenizer(), texts).lengths() if lengths is None else lengths, np.union1d(empty, junk)
        ),
    ]


def _where(mask: pa.BooleanArray) -> NDArray[np.int64]:
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False))


def _matches(kind: str, texts: pa.LargeStringArray, pattern: str, describe: object) -> Suspects:
    """Return the rows in which a pattern occurs, with its first occurrence."""
    rows = _where(pc.match_substring_regex(texts, pattern))
    found = pc.extract_regex(texts.take(pa.array(rows)), f"(?P<found>{pattern})")
    first = found.field("found").to_pylist() if len(rows) else []
    assert callable(describe)
    return Suspects(kind, rows, [describe(each[:_MOST_SHOWN]) for each in first])


def _name_controls(found: str) -> str:
    return f"U+{ord(found[0]):04X}"


def _check_decoding(texts: pa.LargeStringArray) -> Suspects:
    """Return rows with U+FFFD, or with UTF-8 that was read as Windows-1252 or Latin-1."""
    replaced = _where(pc.match_substring(texts, "\ufffd"))
    rows = _where(pc.match_substring_regex(texts, _MISREAD))
    found: dict[int, str] = {}
    for row, text in zip(rows.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True):
        if (meant := _misread(text)) is not None:
            found[row] = meant
    for row in replaced.tolist():
        found[row] = "U+FFFD, a character that could not be decoded"
    order = sorted(found)
    return Suspects("wrongly decoded", np.array(order, np.int64), [found[row] for row in order])


def _misread(text: str) -> str | None:
    """Say what a misread passage was meant to be, or None if the text's suspicious passages are none."""
    for match in re.finditer(f"(?:{_MISREAD})+", text):
        try:
            meant = bytes(_BYTE_OF[character] for character in match[0]).decode("utf-8")
        except UnicodeDecodeError:
            continue
        return f"{match[0][:_MOST_SHOWN]} for {meant[:_MOST_SHOWN]}"
    return None


def _check_lengths(words: NDArray[np.int64], left_out: NDArray[np.int64]) -> Suspects:
    """Return rows whose length in words is far from the others', as a robust z of its logarithm."""
    lengths = np.log1p(words)
    kept = np.ones(len(words), np.bool_)
    kept[left_out] = False
    middle = float(np.median(lengths[kept])) if kept.any() else 0.0
    deviation = _MAD_TO_DEVIATION * float(np.median(np.abs(lengths[kept] - middle))) if kept.any() else 0.0
    far = np.abs(lengths - middle) > _OUTLYING * deviation if deviation > 0 else np.zeros(len(words), np.bool_)
    rows = np.flatnonzero(far & kept)
    typical = round(float(np.expm1(middle)))
    return Suspects("outlying length", rows, [f"{n:,} words; {typical:,} is the middle" for n in words[rows].tolist()])
