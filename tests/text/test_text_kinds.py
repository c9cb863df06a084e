"""A tokenizer built from its kind and settings is the same tokenizer."""

import pytest

from plaudit.errors import EmbeddingError
from plaudit.text import SpaceTokenizer, Tokenizer, WordTokenizer, build_tokenizer


@pytest.mark.parametrize(
    "tokenizer",
    [
        SpaceTokenizer(),
        SpaceTokenizer(delete_punctuation=True),
        WordTokenizer(),
        WordTokenizer(lower_case=False, split_clitics=True),
        WordTokenizer(unspaced="pairs"),
        WordTokenizer(unspaced="words"),
    ],
)
def test_kind_and_settings_are_enough_to_build_it_again(tokenizer: Tokenizer) -> None:
    assert build_tokenizer(tokenizer.kind, tokenizer.settings()) == tokenizer


def test_settings_written_before_scripts_were_told_apart_leave_words_whole() -> None:
    assert build_tokenizer("word", {"lower_case": True, "split_clitics": False}) == WordTokenizer(unspaced="words")
    assert build_tokenizer("word", {}) == WordTokenizer(unspaced="words")


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("pickle", {}, "expected space, word or wordpiece, got 'pickle'"),
        (None, {}, "expected space, word or wordpiece"),
        (["word"], {}, "expected space, word or wordpiece"),
        ("word", [], "expected a JSON object, got list"),
        ("word", {"lower_case": 1}, "expected true or false for lower_case, split_clitics"),
        ("word", {"delete_punctuation": True}, "expected true or false for lower_case, split_clitics"),
        ("word", {"unspaced": True}, "expected one of characters, pairs, words for unspaced, got 'True'"),
        ("word", {"unspaced": ["words"]}, "for unspaced"),
        ("space", {"lower_case": True}, "expected true or false for delete_punctuation"),
        ("wordpiece", {}, 'takes one text, "definition"'),
        ("wordpiece", {"definition": 3}, 'takes one text, "definition"'),
        ("wordpiece", {"definition": "{}", "more": True}, 'takes one text, "definition"'),
        ("wordpiece", {"definition": "{}"}, "expected BERT's WordPiece"),
    ],
)
def test_unknown_kinds_and_settings_are_refused(kind: object, settings: object, message: str) -> None:
    with pytest.raises(EmbeddingError, match=message):
        build_tokenizer(kind, settings)
