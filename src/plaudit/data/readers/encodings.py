"""In which encoding a text file is written: told, marked, UTF-8, or one that it cannot but be.

The decision to question: bytes that are not UTF-8 are taken for Windows-1252 only where each stands alone between ASCII
characters in words of one case, and all of them together are letters of one Western European language, or that
encoding's quotation marks and dashes. Two such bytes side by side are how Cyrillic, Greek, Chinese or Japanese text
looks. Everything else is read as UTF-8 with broken rows, whose message names the encodings in which the first such line
can be read.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8 = ("utf-8", "utf8", "utf-8-sig", "utf_8", "utf_8_sig", "ascii", "us-ascii")
_SIGNS = "’‘“”„‚–—…•€£°§«»¿¡´·²³½¼¾ºª©®™×\u00a0"
_ALPHABETS = (
    "àâæçéèêëîïôœùûü",  # French
    "äöüß",  # German
    "áéíñóúü",  # Spanish
    "áàâãçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöéæøàü",  # Danish, Norwegian, Swedish, Finnish
    "éèëïöüáóíúêâ",  # Dutch
)
_LETTERS = tuple(frozenset(each + each.upper() + _SIGNS) for each in _ALPHABETS)
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")
_MIXED_CASE = re.compile("[a-z][À-ÖØ-Þ]")  # inside a word: what is left of a character of UTF-8 that was cut
_TRIED = ("cp1252", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr", "cp1250", "iso8859_15")
_SHOWN = 24  # characters of a line
_MOST_TRIED = 3


@dataclass(frozen=True)
class Encoding:
    """How bytes become text.

    Attributes:
        name: As Python has it.
        mark_bytes: How many bytes of mark stand in front.
        said: A line for the user where it was found by looking.
        advice: What to do about bytes that cannot be decoded, a sentence.
    """

    name: str
    mark_bytes: int = 0
    said: tuple[str, ...] = ()
    advice: str = "Save the file again as UTF-8, or name its encoding with --encoding."

    @property
    def is_utf8(self) -> bool:
        """Whether nothing has to be done."""
        return self.name == "utf-8"

    @property
    def shown(self) -> str:
        """The name in messages."""
        return self.name.upper() if self.name.startswith("utf") else self.name

    def decoder(self) -> Any:  # Any: codecs.IncrementalDecoder
        """Return what decodes piece by piece; a byte that it cannot decode becomes a surrogate, where bytes count."""
        errors = "strict" if self.name.startswith(("utf-16", "utf-32")) else "surrogateescape"
        return codecs.getincrementaldecoder(self.name)(errors)


def find_encoding(head: bytes, given: str | None, *, is_unicode: bool = False, is_whole: bool = False) -> Encoding:
    """Return the encoding of a file from its first bytes.

    Args:
        head: They.
        given: As the user names it, or None.
        is_unicode: Whether it is UTF-8 at least where it can be read at all.
        is_whole: Whether these are all its bytes, so that the last ones are no character that is cut.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            said = () if encoding == "utf-8" or given else (f"encoding: {encoding.upper()}, by its mark",)
            n = 1
            while head.startswith(mark, n * len(mark)):  # files put together by a program that marks each
                n += 1
            return Encoding(encoding, n * len(mark), said)
    if given is not None:
        name = codecs.lookup(given).name
        if name in ("utf-16", "utf-32"):  # which begin with a mark, or are in the order that every other byte shows
            name = (_wide(head) or "utf-16-le") if name == "utf-16" else "utf-32-le"
        return Encoding("utf-8" if name in _UTF8 else name)
    if (wide := _wide(head)) is not None:
        return Encoding(wide, said=(f"encoding: {wide.upper()}, for every other byte is null",))
    if b"\0" in head:
        return Encoding("utf-8")  # binary, which the caller says
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, is_whole)
    except UnicodeDecodeError as error:
        return Encoding("utf-8") if is_unicode or _is_mostly_utf8(head) else _other(head, error)
    return Encoding("utf-8")


def _is_mostly_utf8(head: bytes) -> bool:
    """Say whether most bytes beyond ASCII are parts of UTF-8's characters, so that the others are damage."""
    text = head.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= letter <= "\udcff" for letter in text)
    return sum(letter > "\x7f" for letter in text) - broken > broken


def _wide(head: bytes) -> str | None:
    """Return UTF-16 without a mark, which every other byte of Western text gives away by being null."""
    sample = head[: len(head) // 2 * 2]
    if len(sample) < 4 or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    n = len(sample) // 2
    if odd > 0.4 * n and not even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * n and not odd else None


def _other(head: bytes, error: UnicodeDecodeError) -> Encoding:
    """Return the encoding of bytes that are not UTF-8, or UTF-8 with what else they may be as the advice."""
    high = _HIGH.findall(head)
    is_alone = len(high) == len(_ALONE.findall(head))
    if is_alone:
        try:
            used = {byte.decode("cp1252") for byte in set(high)}
        except UnicodeDecodeError:
            used = {""}
        is_cased = _MIXED_CASE.search(head.decode("cp1252", "replace")) is None
        if is_cased and any(used <= letters for letters in _LETTERS):
            shown = _preview(head, error.start, "cp1252", is_letter=False)
            return Encoding(
                "cp1252", said=(f"encoding: Windows-1252 (cp1252), as in {shown} (--encoding names another)",)
            )
    readings = [f"{each} reads {found}" for each in _TRIED if (found := _preview(head, error.start, each)) is not None][
        :_MOST_TRIED
    ]
    found = f" ({'; '.join(readings)})" if readings else ""
    return Encoding("utf-8", advice=f"Name its encoding with --encoding{found}, or save the file again as UTF-8.")


def _preview(head: bytes, position: int, encoding: str, *, is_letter: bool = True) -> str | None:
    """Return the words around a byte as an encoding reads them; None where it cannot.

    Args:
        head: The file's first bytes.
        position: Of the byte.
        encoding: Its name.
        is_letter: Whether there must be a letter beyond ASCII; else a sign, such as a quotation mark, is enough.
    """
    start = max(head.rfind(b"\n", 0, position) + 1, position - _SHOWN // 2)
    end = head.find(b"\n", position)
    end = min(len(head) if end < 0 else end, position + _SHOWN // 2)
    for cut in range(4):  # a character may be cut at either end
        try:
            found = head[start : max(end - cut, position + 1)].decode(encoding).strip()
        except UnicodeDecodeError:
            continue
        return repr(found) if any(ord(each) > 127 and (each.isalpha() or not is_letter) for each in found) else None
    return None
