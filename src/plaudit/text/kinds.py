"""Build a tokenizer again from the kind and settings that a model folder stores.

This module knows every tokenizer; the tokenizers know nothing of it. Kinds come from files that anyone may
have written, so only the kinds listed here are built, and only from settings of the right names and types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast, get_args

from plaudit.errors import EmbeddingError
from plaudit.text.tokens import SpaceTokenizer, Unspaced, WordTokenizer
from plaudit.text.wordpiece import WordPieceTokenizer

if TYPE_CHECKING:
    from plaudit.text.tokens import Tokenizer


def build_tokenizer(kind: object, settings: object) -> Tokenizer:
    """Return the tokenizer whose `kind` and `settings()` these are.

    Args:
        kind: "space", "word" or "wordpiece".
        settings: The constructor's arguments by name; a missing one takes its default where there is one. A word
            tokenizer without "unspaced" was written before there were other ways than "words", and has that.

    Raises:
        EmbeddingError: The kind is unknown, or the settings have other names or types than it takes.
    """
    if not isinstance(settings, Mapping):
        raise EmbeddingError(f"tokenizer settings: expected a JSON object, got {type(settings).__name__}.")
    match kind:
        case "space":
            return SpaceTokenizer(**_booleans(settings, "delete_punctuation", "keep_empty"))
        case "word":
            booleans = {name: value for name, value in settings.items() if name != "unspaced"}
            return WordTokenizer(**_booleans(booleans, "lower_case", "split_clitics"), unspaced=_unspaced(settings))
        case "wordpiece":
            definition = settings.get("definition")
            if set(settings) != {"definition"} or not isinstance(definition, str):
                raise EmbeddingError('tokenizer settings: a wordpiece tokenizer takes one text, "definition".')
            return WordPieceTokenizer(definition)
        case _:
            raise EmbeddingError(f"tokenizer kind: expected space, word or wordpiece, got {str(kind)[:40]!r}.")


def _unspaced(settings: Mapping[object, object]) -> Unspaced:
    value = settings.get("unspaced", "words")
    if value not in get_args(Unspaced):
        choices = ", ".join(get_args(Unspaced))
        raise EmbeddingError(f"tokenizer settings: expected one of {choices} for unspaced, got {str(value)[:40]!r}.")
    return cast("Unspaced", value)


def _booleans(settings: Mapping[object, object], *names: str) -> dict[str, bool]:
    found = {name: value for name, value in settings.items() if name in names and isinstance(value, bool)}
    if len(found) != len(settings):
        raise EmbeddingError(f"tokenizer settings: expected true or false for {', '.join(names)} and nothing else.")
    return {name: found[name] for name in names if name in found}
