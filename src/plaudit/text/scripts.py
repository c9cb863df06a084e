"""Scripts: which of them are written without spaces between words, and which ones a collection of texts is in.

Unicode's Script property, as Arrow's RE2 knows it, decides; nothing here guesses a language. The decision to question:
Tibetan is not among the scripts without spaces. It marks the end of every syllable (U+0F0B, punctuation), so its
syllables are tokens already, and they carry more than its letters would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

# Unicode Line Breaking Algorithm (UAX #14), classes SA ("complex-context dependent, South East Asian": a dictionary is
# needed to find words), ID and CJ (ideographs and kana: a line may break between any two).
UNSPACED_SCRIPTS = (
    "Han", "Hiragana", "Katakana", "Bopomofo", "Yi", "Thai", "Lao", "Khmer", "Myanmar",
    "Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet", "Ahom",
)  # fmt: skip
# Of those scripts the letters and letter-like numbers (categories L and Nl: U+3007 is a zero in Han), not their decimal
# digits; and the letters that Unicode gives to several scripts: U+3006, the kana repeat marks, U+303C, and the long
# vowel marks of Katakana in both widths. RE2 has no intersection, but a class may deny two complements.
_SHARED_LETTERS = r"[\x{3006}\x{3031}-\x{3035}\x{303C}\x{30FC}\x{FF70}]"
UNSPACED_LETTER = "|".join(
    [_SHARED_LETTERS, *(rf"[^\P{{{kind}}}\P{{{script}}}]" for script in UNSPACED_SCRIPTS for kind in ("L", "Nl"))]
)
# What belongs to the preceding letter: marks, and the voicing marks of half-width Katakana, which are letters by
# category and extend the letter before them by Grapheme_Extend (UAX #29).
EXTENDS_LETTER = r"[\pM\x{FF9E}\x{FF9F}]"
UNSPACED = f"((?:{UNSPACED_LETTER}){EXTENDS_LETTER}*)"

# The most used of the other scripts, to say what a collection of texts is in; the rest are "other".
_SPACED_SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Armenian", "Georgian", "Devanagari", "Bengali", "Gurmukhi",
    "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Ethiopic", "Hangul", "Tibetan",
)  # fmt: skip


def script_shares(words: pa.LargeStringArray, counts: NDArray[np.int64]) -> dict[str, float]:
    """Return which share of the running letters is in which script, largest first.

    Args:
        words: Arrow ``large_string`` [V], distinct tokens.
        counts: int64 [V]; how often each occurs.

    Returns:
        Unicode's script names and "other", each share above 0, together 1; empty when there is no letter.
    """
    is_ascii = pc.string_is_ascii(words)
    at = is_ascii.to_numpy(zero_copy_only=False)
    n_ascii = _total(words.filter(is_ascii), counts[at], "[A-Za-z]")  # asked once instead of for every script
    words, counts = words.filter(pc.invert(is_ascii)), counts[~at]
    scripts = (*_SPACED_SCRIPTS, *UNSPACED_SCRIPTS)
    letters = {script: _total(words, counts, rf"[^\PL\P{{{script}}}]") for script in scripts}
    letters["other"] = _total(words, counts, r"\pL") - sum(letters.values())
    letters["Latin"] += n_ascii
    n_letters = sum(letters.values())
    found = sorted(((n, script) for script, n in letters.items() if n > 0), reverse=True)
    return {script: n / n_letters for n, script in found}


def _total(words: pa.LargeStringArray, counts: NDArray[np.int64], pattern: str) -> int:
    found = pc.count_substring_regex(words, pattern).to_numpy(zero_copy_only=False)
    return int(found @ counts)
