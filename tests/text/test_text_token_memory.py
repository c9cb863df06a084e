"""Tokens that are kept are those that the tokenizer would make again."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

torch = pytest.importorskip("torch", reason="the tiny tokenizers are made beside tiny encoders")

from encoders import TOKENIZERS  # noqa: E402
from plaudit.text import (  # noqa: E402
    SpaceTokenizer,
    TokenColumn,
    Tokenizer,
    WordPieceTokenizer,
    WordTokenizer,
    token_memory,
)
from plaudit.text.token_memory import (  # noqa: E402
    keep_joined,
    keep_tokens,
    remembering_tokens,
    take_texts,
    tokens_of,
)

WORDS = ["a", "film", "film's", "don't", "", "  ", "Ünder", "手机", "!", "x-y", "🙂", "the", "of", "zebra"]


def draw(n: int, seed: int) -> pa.LargeStringArray:
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(WORDS, size=random.integers(0, 9))) for _ in range(n)]
    return pa.array(texts, pa.large_string())


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with remembering_tokens():
        yield


KINDS: list[Tokenizer] = [
    SpaceTokenizer(), WordTokenizer(), WordTokenizer(unspaced="pairs"),
    WordPieceTokenizer(TOKENIZERS["bert"]().to_str()),
]  # fmt: skip


def same(found: TokenColumn, expected: TokenColumn) -> bool:
    used = np.flatnonzero(np.bincount(expected.values, minlength=len(expected.dictionary)))
    own = np.flatnonzero(np.bincount(found.values, minlength=len(found.dictionary)))
    order = found.dictionary.take(pa.array(own)).equals(expected.dictionary.take(pa.array(used)))
    return order and found.to_lists() == expected.to_lists()


@pytest.mark.parametrize("tokenizer", KINDS, ids=["spaces", "words", "pairs", "wordpiece"])
@pytest.mark.parametrize("size", [32, 32_768])
def test_a_run_a_choice_and_a_join_of_kept_texts_have_their_own_tokens(
    tokenizer: Tokenizer, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_memory, "RUN_TEXTS", size)  # tokenized at a time
    texts, more = draw(200, 1), draw(50, 2)
    keep_tokens(texts, more)
    for part in (texts, texts.slice(0, 7), texts.slice(40, 90), texts.slice(199), more):
        assert same(tokens_of(tokenizer, part), tokenizer.tokenize(part))
    taken = take_texts(texts, np.array([5, 3, 150, 5]))
    assert same(tokens_of(tokenizer, taken), tokenizer.tokenize(taken))
    joined = pa.concat_arrays([texts, more])
    keep_joined(joined, (texts, more))
    assert same(tokens_of(tokenizer, joined), tokenizer.tokenize(joined))
    assert same(tokens_of(tokenizer, joined.slice(190, 20)), tokenizer.tokenize(joined.slice(190, 20)))


def test_each_tokenizer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    tokenize = WordTokenizer.tokenize

    def watched(self: WordTokenizer, texts: pa.LargeStringArray) -> TokenColumn:
        asked.append(len(texts))
        return tokenize(self, texts)

    monkeypatch.setattr(WordTokenizer, "tokenize", watched)
    texts = draw(60, 3)
    tokens_of(WordTokenizer(), texts)
    keep_tokens(texts)
    for part in (texts, texts, texts.slice(5, 9)):
        tokens_of(WordTokenizer(), part)
    tokens_of(WordTokenizer(lower_case=False), texts)
    assert [n for n in asked if n] == [60, 60, 60]


def test_other_texts_and_other_times_are_not_mixed_up() -> None:
    texts = draw(30, 4)
    keep_tokens(texts.slice(10, 10))
    assert same(tokens_of(WordTokenizer(), texts), WordTokenizer().tokenize(texts))
    assert same(tokens_of(WordTokenizer(), texts.slice(12, 3)), WordTokenizer().tokenize(texts.slice(12, 3)))
    assert tokens_of(WordTokenizer(), texts.slice(0, 0)).to_lists() == []
