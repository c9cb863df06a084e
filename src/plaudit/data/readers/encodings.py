"""In which encoding a text file is written: told, marked, UTF-8, or one that it cannot but be.

The decision to question: bytes that are not UTF-8 are taken for Windows-1252 only where they stand alone or in twos
inside words of ASCII letters, in words of one case, and all of them together are letters of one Western European
language, or that encoding's quotation marks and dashes. More such bytes side by side are how Cyrillic, Greek, Chinese
or Japanese text looks. Everything else is read as UTF-8 with broken rows, whose message names the encodings in which
the first such line can be read.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8 = ("utf-8", "utf-8-sig", "ascii")  # as codecs.lookup names them
_QUOTES = "’‘“”„‚–—…«»\u00a0"  # and what else stands beside another sign or a letter
_BEFORE, _AFTER = "•€£§¿¡©×", "°²³½¼¾ºª®™"  # signs before a word, and after one
_WITHIN = "´·"
_ALPHABETS = (
    "àâæçéèêëîïôœùûü",  # French
    "äöüß",  # German
    "áéíñóúü",  # Spanish
    "áàâãçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöéæøàü",  # Danish, Norwegian, Swedish, Finnish
    "éèëïöüáóíúêâ",  # Dutch
)
_LETTERS = tuple(frozenset(each + each.upper() + _QUOTES + _BEFORE + _AFTER + _WITHIN) for each in _ALPHABETS)
_RUN = re.compile("[A-Za-z]?[^\x00-\x7f]+[A-Za-z]?")  # characters beyond ASCII with the letters that they touch
_TWO = "[ßà-öø-ÿœ]{2}|[À-ÖØ-ÞŒ]{2}"  # letters of one case
_WESTERN_RUN = re.compile(
    f"[A-Za-z]?[{_QUOTES}]{{0,3}}"
    f"([^{_QUOTES}{_BEFORE}{_AFTER}]?|(?<![A-Za-z])[{_BEFORE}]|[{_AFTER}](?![A-Za-z])"
    f"|(?<=[A-Za-z])({_TWO})|({_TWO})(?=[A-Za-z]))"
    f"[{_QUOTES}]{{0,3}}[A-Za-z]?"
)
_WIDE = ("utf-16", "utf-32")
_MIXED_CASE = re.compile("[a-z][À-ÖØ-Þ]")  # inside a word: what is left of a character of UTF-8 that was cut
_MISPLACED = re.compile("[A-Za-zÀ-ÿ]([„‚]|[”“][A-Za-zÀ-ÿ])")  # signs that stand for letters: DOS and Mac text
_TRIED = (
    "cp1252", "cp1251", "cp1250", "shift_jis", "gb18030", "big5", "euc_kr", "cp1253", "cp1255", "koi8_r", "cp850",
)  # fmt: skip
_JAPANESE = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}
_WORD = re.compile(r"[^\W\d_]+")
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
        given: As the user names it; of several ("utf-8,cp1252") the first that can read them; None looks.
        is_unicode: Whether it is UTF-8 at least where it can be read at all.
        is_whole: Whether these are all its bytes, so that the last ones are no character that is cut.
    """
    names = [codecs.lookup(each).name for each in (given or "").split(",") if each]
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            said = () if encoding == "utf-8" or given else (f"encoding: {encoding.upper()}, by its mark",)
            n = 1
            while head.startswith(mark, n * len(mark)):  # files put together by a program that marks each
                n += 1
            return Encoding(encoding, n * len(mark), said)
    if len(names) == 1:
        return _as_told(names[0], head)
    if b"\x1b$" in head and _can_read("iso2022_jp", head, is_whole=is_whole):
        return Encoding("iso2022_jp", said=("encoding: ISO-2022-JP, by its escapes (--encoding names another)",))
    if (wide := _wide(head)) is not None:
        return Encoding(wide, said=(f"encoding: {wide.upper()}, because every other byte is null",))
    if b"\0" not in head and (_can_read("utf-8", head, is_whole=is_whole) or _is_mostly_utf8(head)):
        return Encoding("utf-8")
    for name in names:
        if name.startswith(_WIDE) == (b"\0" in head) and _can_read(name, head, is_whole=is_whole):
            return Encoding(name, said=(f"encoding: {name}, because it is not UTF-8 (--encoding names another)",))
    return Encoding("utf-8") if is_unicode or b"\0" in head else _other(head)  # binary, which the caller says


def _as_told(name: str, head: bytes) -> Encoding:
    if name in ("utf-16", "utf-32"):  # which begin with a mark, or are in the order that every other byte shows
        name = (_wide(head) or "utf-16-le") if name == "utf-16" else "utf-32-le"
    return Encoding("utf-8" if name in _UTF8 else name)


def _can_read(encoding: str, head: bytes, *, is_whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, is_whole)
    except UnicodeDecodeError:
        return False
    return True


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


def _other(head: bytes) -> Encoding:
    """Return the encoding of bytes that are not UTF-8, or UTF-8 with what else they may be as the advice."""
    position = _first_not_utf8(head)
    if _is_western(head):
        shown = _preview(head, position, "cp1252", is_letter=False)
        return Encoding("cp1252", said=(f"encoding: Windows-1252 (cp1252), as in {shown} (--encoding names another)",))
    tried = sorted(_TRIED, key=lambda each: -_plausible(head, each))[:_MOST_TRIED]
    readings = [f"{each} reads {found}" for each in tried if (found := _preview(head, position, each)) is not None]
    found = f" ({'; '.join(readings)})" if readings else ""
    return Encoding("utf-8", advice=f"Name its encoding with --encoding{found}, or save the file again as UTF-8.")


def _plausible(head: bytes, encoding: str) -> float:
    """Return the share of words beyond ASCII with letters of one script alone, and capitals where words have them.

    Words all in capitals count half, and what stands beyond ASCII and is no letter counts against an encoding.
    """
    text = head.decode(encoding, "replace")
    beyond = [letter for letter in text if letter > "\x7f"]
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if not words:
        return 0
    good = 0.0
    for word in words:
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word}
        is_one = len(scripts) == 1 or scripts <= _JAPANESE
        good += is_one * (1 if word in (word.lower(), word.title()) else 0.5 if word.isupper() else 0)
    return good / len(words) * sum(map(str.isalpha, beyond)) / len(beyond)


def _first_not_utf8(head: bytes) -> int:
    """Return the first position that is not UTF-8."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _is_western(head: bytes) -> bool:
    """Say whether Windows-1252 reads bytes as words of one Western European language."""
    try:
        text = head.decode("cp1252")
    except UnicodeDecodeError:
        return False
    runs = set(_RUN.findall(text))
    if _MIXED_CASE.search(text) or _MISPLACED.search(text) or not all(map(_WESTERN_RUN.fullmatch, runs)):
        return False
    used = {letter for run in runs for letter in run if letter > "\x7f"}
    return any(used <= letters for letters in _LETTERS)


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
