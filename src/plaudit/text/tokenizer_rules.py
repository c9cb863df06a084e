"""Refuse a Hugging Face ``tokenizer.json`` whose rules make long texts of short ones, or take for ever over a word.

Rules that replace may replace by anything, and one after the other: thirty times "a" by "aa" are 2^30 letters. So the
most that the rules can add is reckoned from the definition, before a text is read. This module knows nothing of what
the rules mean otherwise.

The decision to question: a regular expression with its own backtracking is not reckoned. One that never ends holds the
thread that scores; the server's time limits answer for it, and its end does not wait (`docs/security.md`).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from plaudit.errors import EmbeddingError

_MOST_GROWTH = 1_000  # letters out of one; two compatibility forms behind each other can make 324
_LONGEST_FORM = 18  # letters that Unicode's compatibility forms make of one (U+FDFA)
_MOST_ADDED = 1_000  # letters that are put before or around a text
_LONGEST_WORD = 1_000  # letters of a word that is split into pieces: BERT's 100; the work is its square
_LONGEST_SPECIAL = 1_000  # letters of an added token; the reference tokenizer takes their square to find them all
_MOST_DEPTH = 20


def check_rules(definition: str) -> None:
    """Look at a definition before a tokenizer is built from it.

    Raises:
        EmbeddingError: Its rules could grow a text by too much, or a token is too long to be looked for.
    """
    try:
        content = json.loads(definition)
    except (ValueError, RecursionError) as error:
        raise EmbeddingError(f"tokenizer.json: not readable as JSON ({' '.join(str(error).split())[:200]}).") from error
    if not isinstance(content, dict):
        raise EmbeddingError("tokenizer.json: expected a JSON object.")
    specials = content.get("added_tokens")
    for token in specials if isinstance(specials, list) else ():
        if isinstance(token, dict) and _length(token.get("content")) > _LONGEST_SPECIAL:
            raise EmbeddingError(f"tokenizer.json: an added token of more than {_LONGEST_SPECIAL:,} letters.")
    growth, added = 1.0, 0
    for rule in (*_rules(content.get("normalizer"), 0), *_rules(content.get("pre_tokenizer"), 0)):
        growth *= _growth(rule)
        added += _length(rule.get("prepend")) + _length(rule.get("replacement"))
        if growth > _MOST_GROWTH or added > _MOST_ADDED:
            raise EmbeddingError("tokenizer.json: its rules make texts many times as long; not a tokenizer's.")
    model = content.get("model")
    longest = model.get("max_input_chars_per_word") if isinstance(model, dict) else None
    if isinstance(longest, int) and longest > _LONGEST_WORD:
        raise EmbeddingError(
            f"tokenizer.json: words of up to {longest:,} letters are split; at most {_LONGEST_WORD:,} are."
        )


def _rules(rule: Any, depth: int) -> Iterator[dict[str, Any]]:  # Any: parsed JSON
    """Yield a rule, or those that it is a sequence of."""
    if depth > _MOST_DEPTH:
        raise EmbeddingError("tokenizer.json: its rules are nested too deeply.")
    if not isinstance(rule, dict):
        return
    yield rule
    for name in ("normalizers", "pretokenizers"):
        parts = rule.get(name)
        for each in parts if isinstance(parts, list) else ():
            yield from _rules(each, depth + 1)


def _growth(rule: dict[str, Any]) -> float:
    """Return how many letters a rule makes of one, at most."""
    kind = rule.get("type")
    if kind == "Replace":
        by = _length(rule.get("content"))
        pattern = rule.get("pattern")
        if isinstance(pattern, dict) and isinstance(pattern.get("String"), str):
            return max(1.0, by / max(1, len(pattern["String"])))
        return 1.0 + by  # a regular expression may match between any two letters
    if kind == "Precompiled":
        return max(1.0, float(_longest_replacement(rule.get("precompiled_charsmap"))))
    return _LONGEST_FORM if kind in ("NFKD", "NFKC") else 1.0


def _longest_replacement(charsmap: object) -> int:
    """Return the letters of the longest replacement in SentencePiece's map: a trie, its length first, then strings."""
    if not isinstance(charsmap, str):
        return 1
    try:
        data = base64.b64decode(charsmap, validate=True)
    except (binascii.Error, ValueError):
        return 1
    strings = data[4 + int.from_bytes(data[:4], "little") :]
    return max((len(each.decode(errors="replace")) for each in strings.split(b"\0")), default=1)


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0
