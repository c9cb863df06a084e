"""Words are spans of the text as it was written, and tokens are never put where they did not come from."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.text import SpaceTokenizer, Tokenizer, WordPieceTokenizer, WordTokenizer
from plaudit.text.subwords import SubwordTokenizer
from plaudit.text.words import align

torch = pytest.importorskip("torch", reason="the tiny tokenizers are made beside tiny encoders")

from encoders import TOKENIZERS  # noqa: E402

MADE: dict[str, Tokenizer | SubwordTokenizer] = {
    "words": WordTokenizer(),
    "pairs": WordTokenizer(unspaced="pairs"),
    "whole words": WordTokenizer(unspaced="words", split_clitics=True),
    "spaces": SpaceTokenizer(),
    "spaces, punctuation deleted": SpaceTokenizer(delete_punctuation=True, keep_empty=False),
    "wordpiece": WordPieceTokenizer(TOKENIZERS["bert"]().to_str()),
    **{kind: SubwordTokenizer(TOKENIZERS[kind]().to_str()) for kind in ("bert", "roberta", "xlm-roberta")},
}
HOSTILE = [
    "", " ", "\n\t", "   x", "手机很好 iPhone手机", "go\x85od ca\u0301fe", "🙂👨‍👩‍👧 x", "<b>&amp;</b>",
    "'''a' 'b", "ありがとう แมว 好",
    "[SEP] </s> a", "...", "Great!<br /><br />It's \n\nwell-made", "\u200d", "a" * 300, "\x00", "ﬁn ＡＢ",
]  # fmt: skip
TEXTS = st.lists(
    st.text(st.sampled_from(list("ab'!? .<手机แกあ好ก\n\x85\u0301\u200d🙂é’N")), max_size=24) | st.text(), max_size=5
)


def pieces_of(text: str, *makers: str) -> list[str]:
    words, _ = align(pa.array([text], pa.large_string()), [MADE[name] for name in makers])
    return [text[a:b] for a, b in zip(words.starts.tolist(), words.ends.tolist(), strict=True)]


def check(texts: list[str], *makers: str) -> None:
    column = pa.array(texts, pa.large_string())
    words, found = align(column, [MADE[name] for name in makers])
    names = words.dictionary.to_pylist()
    for i, text in enumerate(texts):
        end = 0
        for word in range(int(words.offsets[i]), int(words.offsets[i + 1])):
            assert text[words.starts[word] : words.ends[word]] == names[words.values[word]]
            assert text[end : words.starts[word]].strip(" ") == ""  # only spaces lie between words
            end = int(words.ends[word])
        assert text[end:].strip(" ") == ""
    for name, tokens in zip(makers, found, strict=True):
        tokenizer = MADE[name]
        if isinstance(tokenizer, SubwordTokenizer):
            ids = tokenizer.ids(column)
            assert np.array_equal(tokens.column.values, ids.values)
            assert np.array_equal(tokens.column.offsets, ids.offsets)
        else:
            assert tokens.column.to_lists() == tokenizer.tokenize(column).to_lists()
        owners = np.repeat(np.arange(len(texts)), np.diff(tokens.column.offsets))
        assert (tokens.first <= tokens.last).all()
        assert (words.offsets[owners] <= tokens.first).all()
        assert (tokens.last < words.offsets[owners + 1]).all()
        summed = tokens.by_word(np.ones(len(owners)), len(words.values))
        assert summed.sum() == pytest.approx(len(owners))


@pytest.mark.parametrize("name", MADE)
def test_hostile_texts_keep_their_tokens_and_places(name: str) -> None:
    check(HOSTILE, name)


@pytest.mark.parametrize("name", MADE)
@settings(deadline=None, max_examples=60)
@given(texts=TEXTS)
def test_random_texts_keep_their_tokens_and_places(name: str, texts: list[str]) -> None:
    check(texts, name)


@settings(deadline=None, max_examples=40)
@given(texts=TEXTS)
def test_several_tokenizers_share_the_words(texts: list[str]) -> None:
    check(texts, "words", "bert")
    check(texts, "words", "xlm-roberta")


def test_words_marks_and_ideographs_are_words_of_their_own() -> None:
    assert pieces_of("Well-made, isn't it?", "words") == ["Well", "-", "made", ",", "isn't", "it", "?"]
    assert pieces_of("iPhone手机!", "pairs") == ["iPhone", "手", "机", "!"]


def test_what_a_tokenizer_keeps_together_stays_one_word() -> None:
    assert pieces_of("Well-made, isn't it?", "spaces") == ["Well-made,", "isn't", "it?"]
    assert pieces_of("go\x85od film!", "wordpiece") == ["go\x85od", "film", "!"]
    assert pieces_of("a手机", "words", "whole words") == ["a手机"]


def test_a_pair_belongs_to_both_of_its_letters() -> None:
    words, (tokens,) = align(pa.array(["a 手机"], pa.large_string()), [MADE["pairs"]])
    assert tokens.column.to_lists() == [["a", "手", "手机", "机"]]
    assert tokens.by_word(np.array([0.0, 0.0, 3.0, 0.0]), len(words.values)).tolist() == [0, 1.5, 1.5]


def test_a_token_across_a_space_belongs_to_the_words_that_it_touches() -> None:
    column = pa.array(["a film good a x"], pa.large_string())
    words, (tokens,) = align(column, [MADE["xlm-roberta"]])
    spread = (tokens.last - tokens.first).max()
    assert spread >= 0
    assert len(words.values) == 5
    assert tokens.by_word(np.ones(len(tokens.first)), 5).min() > 0
