"""SpaceTokenizer, WordTokenizer and the gathering back, against plain Python."""

import itertools
import unicodedata
from collections import Counter
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.text import SpaceTokenizer, TokenColumn, Tokenizer, WordPieceTokenizer, WordTokenizer
from plaudit.text.column import encode, expand
from plaudit.text.tokens import Unspaced

CLITICS = ("n't", "'re", "'ve", "'ll", "'s", "'m", "'d")
NASTY = [
    "",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\x00",
    "\u0085",
    "\u00a0",
    "\u3000",
    "'",
    "''",
    "don't",
    "films'",
    "O'Neill's",
]
NASTY += [
    "\u0301",
    "e\u0301",
    "É",
    "İ",
    "ß",
    "Σ",
    "ſ",
    "👍🏽",
    "❤️",
    "👩\u200d👧",
    "co\u00adop",
    "…",
    "—",
    "_",
    "x_1",
    "中文",
    "ラーメン",
    "ｶﾞ",
    "ดี",
    "๕",
    "한국어",
    "〇",
    "५",
]
UNSPACED_NAMES = (
    "CJK UNIFIED ", "CJK COMPATIBILITY ", "IDEOGRAPHIC ", "VERTICAL IDEOGRAPHIC ", "HANGZHOU ", "OLD CHINESE ",
    "HIRAGANA ", "KATAKANA", "HALFWIDTH KATAKANA", "HENTAIGANA ", "VERTICAL KANA ", "MASU ", "BOPOMOFO ", "YI ",
    "THAI ", "LAO ", "KHMER ", "MYANMAR ", "TAI LE ", "NEW TAI LUE ", "TAI THAM ", "TAI VIET ", "AHOM ",
)  # fmt: skip
texts_of_anything = st.lists(
    st.lists(st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=8)).map("".join)
)


def column_of(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


def tokens_of(tokenizer: Tokenizer, *texts: str) -> list[list[str]]:
    return tokenizer.tokenize(column_of(list(texts))).to_lists()


def reference_space(text: str, *, delete_punctuation: bool) -> list[str]:
    if delete_punctuation:
        text = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
    return text.split(" ")


def is_word_character(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in "_'"


def is_unspaced(character: str) -> bool:
    """Say by its name whether a character is a letter of a script without spaces."""
    name, is_letter = unicodedata.name(character, ""), unicodedata.category(character) in ("Lo", "Lm", "Nl")
    return is_letter and name.startswith(UNSPACED_NAMES) and character not in "ﾞﾟ"


def reference_characters(piece: str, unspaced: str) -> list[str]:
    if unspaced == "words":
        return [piece]
    parts = [piece[0]]
    for character in piece[1:]:
        extends = unicodedata.category(character).startswith("M") or character in "ﾞﾟ"
        if not is_unspaced(character) and (extends or not is_unspaced(parts[-1][0])):
            parts[-1] += character
        else:
            parts.append(character)
    if unspaced == "characters":
        return parts
    pairs = [a + b if is_unspaced(a[0]) and is_unspaced(b[0]) else "" for a, b in itertools.pairwise(parts)]
    return [token for both in zip(parts, [*pairs, ""], strict=True) for token in both if token]


def reference_words(text: str, *, lower_case: bool, split_clitics: bool, unspaced: str = "characters") -> list[str]:
    pieces: list[str] = []
    may_join = False
    for character in text:
        category = unicodedata.category(character)
        if category == "Cf" or "\ufe00" <= character <= "\ufe0f":
            continue
        if category == "Cc" or character.isspace():
            may_join = False
            continue
        if lower_case:
            character = character.lower()[0]  # of U+0130 alone, Python's mapping is longer than Unicode's simple one
        if is_word_character(character):
            pieces[-1:] = [pieces[-1] + character] if may_join else [*pieces[-1:], character]
            may_join = True
        else:
            pieces.append(character)
            may_join = False
    parts = [part for piece in pieces for part in reference_characters(piece, unspaced)]
    return [token for part in parts for token in reference_edges(part, split_clitics=split_clitics)]


def reference_edges(piece: str, *, split_clitics: bool) -> list[str]:
    word = piece.strip("'")
    if not word:
        return [piece]
    start = piece.index(word)
    middle = [word]
    for clitic in CLITICS if split_clitics else ():
        stem, end = word[: -len(clitic)], word[-len(clitic) :]
        # U+017F, the long s, is an "s" when case is ignored
        if stem and end.lower().replace("ſ", "s") == clitic and is_word_character(stem[-1]) and stem[-1] not in "_'":
            middle = [stem, end]
            break
    return [token for token in (piece[:start], *middle, piece[start + len(word) :]) if token]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a good film", ["a", "good", "film"]),
        ("", [""]),
        (" ", ["", ""]),
        ("a  b", ["a", "", "b"]),
        (" a ", ["", "a", ""]),
        ("a\tb\nc", ["a\tb\nc"]),
        ("Film, FILM.", ["Film,", "FILM."]),
        ("é 👍🏽 中文", ["é", "👍🏽", "中文"]),
        ("a\u00a0b\u0085c", ["a\u00a0b\u0085c"]),
    ],
)
def test_space_tokenizer_splits_at_single_spaces_and_nowhere_else(text: str, expected: list[str]) -> None:
    assert tokens_of(SpaceTokenizer(), text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat? dog", ["cat", "dog"]),
        ("a ... b", ["a", "", "b"]),
        ("don't «stop»", ["dont", "stop"]),
        ("3 + 4 = $7", ["3", "+", "4", "=", "$7"]),
    ],
)
def test_deleting_punctuation_deletes_category_p_only_and_keeps_empty_tokens(text: str, expected: list[str]) -> None:
    assert tokens_of(SpaceTokenizer(delete_punctuation=True), text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't go!", ["don't", "go", "!"]),
        ("", []),
        (" \t\n\u0085\u00a0\u3000\x00", []),
        ("two  spaces", ["two", "spaces"]),
        ("a\tb\nc\r\nd", ["a", "b", "c", "d"]),
        ("well-made, no?", ["well", "-", "made", ",", "no", "?"]),
        ("He said ('it works')", ["he", "said", "(", "'", "it", "works", "'", ")"]),
        ("line\n'quoted'", ["line", "'", "quoted", "'"]),
        ("''", ["''"]),
        ("the films' end", ["the", "films", "'", "end"]),
        ("10/10", ["10", "/", "10"]),
        ("snake_case", ["snake_case"]),
        ("<br />", ["<", "br", "/", ">"]),
        ("naïve ÉCLAIR", ["naïve", "éclair"]),
        ("cafe\u0301", ["cafe\u0301"]),
        ("\u0301", ["\u0301"]),
        ("great👍🏽!!", ["great", "👍", "🏽", "!", "!"]),
        ("I ❤️ it", ["i", "❤", "it"]),
        ("co\u00adoperate", ["cooperate"]),
        ("off\x96screen", ["off", "screen"]),
        ("素晴らしい。", [*"素晴らしい。"]),
        ("iPhone手机2台", ["iphone", "手", "机", "2", "台"]),
        ("ラーメン", ["ラ", "ー", "メ", "ン"]),
        ("ｶﾞﾑ か\u3099", ["ｶﾞ", "ﾑ", "か\u3099"]),
        ("二〇二四年 人々 〆切", ["二", "〇", "二", "四", "年", "人", "々", "〆", "切"]),
        ("ดีมาก ๒๕๖๗", ["ดี", "ม", "า", "ก", "๒๕๖๗"]),
        ("ខ្មែរ ລາວ မြန်", ["ខ្", "មែ", "រ", "ລ", "າ", "ວ", "မြ", "န်"]),
        ("한국어 좋아요", ["한국어", "좋아요"]),
        ("བཀྲ་ཤིས", ["བཀྲ", "་", "ཤིས"]),
        ("中'文' 他_她", ["中", "'", "文", "'", "他", "_", "她"]),
    ],
)
def test_word_tokenizer_splits_words_and_marks(text: str, expected: list[str]) -> None:
    assert tokens_of(WordTokenizer(), text) == [expected]


@pytest.mark.parametrize(
    ("unspaced", "text", "expected"),
    [
        ("pairs", "好电影", ["好", "好电", "电", "电影", "影"]),
        ("pairs", "好，电影", ["好", "，", "电", "电影", "影"]),
        ("pairs", "好 电 Café电", ["好", "电", "café", "电"]),
        ("pairs", "a好b好", ["a", "好", "b", "好"]),
        ("pairs", "", []),
        ("words", "iPhone手机。", ["iphone手机", "。"]),
    ],
)
def test_word_tokenizer_pairs_characters_or_leaves_them_in_words_on_request(
    unspaced: Unspaced, text: str, expected: list[str]
) -> None:
    assert tokens_of(WordTokenizer(unspaced=unspaced), text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't", ["Do", "n't"]),
        ("CAN'T", ["CA", "N'T"]),
        (
            "it's they're I've we'll I'm he'd",
            ["it", "'s", "they", "'re", "I", "'ve", "we", "'ll", "I", "'m", "he", "'d"],
        ),
        ("'I don't'", ["'", "I", "do", "n't", "'"]),
        ("n't", ["n't"]),
        ("O'Neill", ["O'Neill"]),
        ("isn't, wasn't", ["is", "n't", ",", "was", "n't"]),
    ],
)
def test_word_tokenizer_splits_clitics_on_request(text: str, expected: list[str]) -> None:
    assert tokens_of(WordTokenizer(lower_case=False, split_clitics=True), text) == [expected]


def test_word_tokenizer_keeps_case_on_request() -> None:
    assert tokens_of(WordTokenizer(lower_case=False), "A GOOD film") == [["A", "GOOD", "film"]]


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(), SpaceTokenizer(delete_punctuation=True), WordTokenizer()])
def test_no_texts_give_no_tokens(tokenizer: Tokenizer) -> None:
    column = tokenizer.tokenize(column_of([]))
    assert len(column) == 0
    assert column.offsets.tolist() == [0]
    assert column.values.tolist() == []


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(delete_punctuation=True), WordTokenizer()])
def test_a_token_column_has_the_promised_types_and_a_distinct_dictionary(tokenizer: Tokenizer) -> None:
    column = tokenizer.tokenize(column_of(["a, a. b", "b b", ""]))
    assert column.offsets.dtype == np.int64
    assert column.values.dtype == np.int32
    assert column.dictionary.type == pa.large_string()
    assert len(set(column.dictionary.to_pylist())) == len(column.dictionary)
    assert column.lengths().tolist() == [len(tokens) for tokens in column.to_lists()]


@pytest.mark.parametrize("tokenizer", [SpaceTokenizer(), WordTokenizer()])
def test_a_slice_of_a_column_is_tokenized_like_its_copy(tokenizer: Tokenizer) -> None:
    texts = ["first one", "second, one", "", "third 'one'"]
    assert tokenizer.tokenize(column_of(texts).slice(1, 2)).to_lists() == tokens_of(tokenizer, *texts[1:3])


@settings(deadline=None, max_examples=200)
@given(texts_of_anything, st.booleans())
def test_space_tokenizer_equals_plain_python(texts: list[str], delete_punctuation: bool) -> None:
    tokenizer = SpaceTokenizer(delete_punctuation)
    expected = [reference_space(text, delete_punctuation=delete_punctuation) for text in texts]
    assert tokens_of(tokenizer, *texts) == expected


@settings(deadline=None, max_examples=300)
@given(texts_of_anything, st.booleans(), st.booleans(), st.sampled_from(get_args(Unspaced)))
def test_word_tokenizer_equals_plain_python(
    texts: list[str], lower_case: bool, split_clitics: bool, unspaced: Unspaced
) -> None:
    expected = [
        reference_words(text, lower_case=lower_case, split_clitics=split_clitics, unspaced=unspaced) for text in texts
    ]
    assert tokens_of(WordTokenizer(lower_case, split_clitics, unspaced), *texts) == expected


def test_what_lies_behind_a_text_in_memory_is_not_read() -> None:
    """Arrow's `utf8_split_whitespace` does, and where no letter can be there it misses the space before."""
    for _ in range(10):
        freed = [pa.allocate_buffer(size) for size in range(64, 513, 64) for _ in range(64)]
        for buffer in freed:
            np.frombuffer(buffer, np.uint8)[:] = 0x80
        del freed
        words = ["é" + "a" * size for size in range(48, 64)]
        assert [tokens_of(WordTokenizer(), word + "'") for word in words] == [[[word, "'"]] for word in words]


@settings(deadline=None)
@given(st.lists(st.text("aZéßñĐжЯאعन한 \u0301'’-.,!_7𝟙İ", max_size=20)), st.booleans())
def test_scripts_with_spaces_split_as_they_did_before_others_were_told_apart(texts: list[str], clitics: bool) -> None:
    before = tokens_of(WordTokenizer(split_clitics=clitics, unspaced="words"), *texts)
    assert tokens_of(WordTokenizer(split_clitics=clitics), *texts) == before
    assert tokens_of(WordTokenizer(split_clitics=clitics, unspaced="pairs"), *texts) == before


@settings(deadline=None)
@given(texts_of_anything, st.booleans())
def test_characters_joined_are_the_words_joined(texts: list[str], split_clitics: bool) -> None:
    words = tokens_of(WordTokenizer(split_clitics=split_clitics, unspaced="words"), *texts)
    characters = tokens_of(WordTokenizer(split_clitics=split_clitics), *texts)
    assert list(map("".join, characters)) == list(map("".join, words))


@settings(deadline=None)
@given(st.text("中文好a8가, ", max_size=30))
def test_every_ideograph_is_a_token_and_every_two_neighbours_a_pair(text: str) -> None:
    ideographs = [c for c in text if c in "中文好"]
    pairs = [a + b for a, b in itertools.pairwise(text) if a in "中文好" and b in "中文好"]
    (characters,), (both,) = (tokens_of(WordTokenizer(unspaced=way), text) for way in ("characters", "pairs"))
    assert [token for token in characters if token in "中文好"] == ideographs
    assert Counter(both) == Counter(characters) + Counter(pairs)


def test_every_character_of_unicode_is_split_as_its_name_says() -> None:
    known = [
        chr(c) for c in range(0x80, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co", "Cc", "Cf")
    ]
    split = tokens_of(WordTokenizer(lower_case=False), *(f"a{character}a" for character in known))
    whole = tokens_of(WordTokenizer(lower_case=False, unspaced="words"), *(f"a{character}a" for character in known))
    found = [c for c, now, before in zip(known, split, whole, strict=True) if now != before]
    assert found == [c for c in known if is_unspaced(c)]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 3))), st.lists(st.text("xyz", max_size=4), min_size=4, max_size=4))
def test_expand_replaces_each_entry_by_its_tokens(outer_lists: list[list[int]], entries: list[str]) -> None:
    lengths = [len(positions) for positions in outer_lists]
    outer = TokenColumn(
        dictionary=column_of(["p", "q", "r", "s"]),
        offsets=np.cumsum([0, *lengths], dtype=np.int64),
        values=np.array([position for positions in outer_lists for position in positions], dtype=np.int32),
    )
    letters = column_of([letter for entry in entries for letter in entry])
    inner = encode(letters, np.cumsum([0, *map(len, entries)], dtype=np.int64))
    expected = [[letter for position in positions for letter in entries[position]] for positions in outer_lists]
    assert expand(outer, inner).to_lists() == expected


@pytest.mark.parametrize("kind", [SpaceTokenizer, WordTokenizer, WordPieceTokenizer])
def test_every_tokenizer_is_one_by_protocol(kind: type) -> None:
    assert all(hasattr(kind, name) for name in ("kind", "tokenize", "settings"))
