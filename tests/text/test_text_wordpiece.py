"""WordPieceTokenizer gives Hugging Face's ids, and refuses what it could not reproduce."""

import copy
import json
import pickle
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.errors import EmbeddingError
from plaudit.text import WordPieceTokenizer
from plaudit.text.wordpiece import load_reference

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789éß中文σς"
WORDS = [
    "[PAD]",
    "[UNK]",
    "film",
    "good",
    "##ly",
    "##s",
    "un",
    "don",
    "the",
    "'",
    ".",
    ",",
    "!",
    "-",
    "[",
    "]",
    "…",
    "👍",
]
NASTY = ["", " ", "  ", "\t", "\n", "\x00", "\u0085", "\u00a0", "\u200b", "\ufeff", "\u0301", "e\u0301", "É", "İ", "ſ"]
NASTY += [
    "[UNK]",
    "[PAD]",
    "[CLS]",
    "##s",
    "don't",
    "goodly",
    "ungood.",
    "中文film",
    "a" * 101,
    "≮",
    "\u037e",
    "K",
    "👍🏽",
]
texts_of_anything = st.lists(
    st.lists(st.sampled_from(NASTY) | st.text(max_size=6) | st.text("abf.é -", max_size=6)).map("".join), max_size=6
)


def content() -> dict[str, Any]:  # Any: JSON
    tokens = list(dict.fromkeys([*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]))
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False}
            | {"normalized": False, "special": True}
            for i, token in enumerate(tokens[:2])
        ],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
        | {"strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: i for i, token in enumerate(tokens)},
        },
    }


DEFINITION = json.dumps(content())
TOKENIZER = WordPieceTokenizer(DEFINITION)
REFERENCE = load_reference(DEFINITION)


def ids_of(texts: list[str]) -> list[list[int]]:
    column = TOKENIZER.tokenize(pa.array(texts, type=pa.large_string()))
    bounds = zip(column.offsets[:-1], column.offsets[1:], strict=True)
    return [column.values[start:end].tolist() for start, end in bounds]


def reference_ids(texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in REFERENCE.encode_batch(texts, add_special_tokens=False)]


@settings(deadline=None, max_examples=400)
@given(texts_of_anything)
def test_ids_equal_hugging_faces_on_any_text(texts: list[str]) -> None:
    assert ids_of(texts) == reference_ids(texts)


def test_a_worked_example() -> None:
    column = TOKENIZER.tokenize(pa.array(["Goodly films!", "", "☃"], type=pa.large_string()))
    assert column.to_lists() == [["good", "##ly", "film", "##s", "!"], [], ["[UNK]"]]


def test_nothing_is_truncated_though_the_definition_asks_for_it() -> None:
    assert len(ids_of(["film " * 50])[0]) == 50


def test_a_text_that_spells_a_special_token_means_these_characters() -> None:
    assert ids_of(["[PAD]"]) == reference_ids(["[PAD]"])
    assert 0 not in ids_of(["[PAD]"])[0]


def test_more_pieces_than_one_chunk_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{a}{b} film" for a in LETTERS for b in LETTERS]
    monkeypatch.setattr("plaudit.text.wordpiece._CHUNK", 7)
    assert ids_of(texts) == reference_ids(texts)


def test_no_texts_give_no_ids() -> None:
    assert ids_of([]) == []


def test_the_dictionary_is_the_vocabulary_in_the_order_of_ids() -> None:
    vocabulary = content()["model"]["vocab"]
    assert TOKENIZER.vocabulary.to_pylist() == sorted(vocabulary, key=vocabulary.__getitem__)
    assert TOKENIZER.tokenize(pa.array(["film"], pa.large_string())).dictionary.equals(TOKENIZER.vocabulary)


def test_copies_and_pickles_give_the_same_tokens() -> None:
    texts = pa.array(["goodly films"], type=pa.large_string())
    for other in (copy.deepcopy(TOKENIZER), pickle.loads(pickle.dumps(TOKENIZER))):
        assert other == TOKENIZER
        assert other.tokenize(texts).to_lists() == TOKENIZER.tokenize(texts).to_lists()


def changed(**parts: Any) -> str:  # Any: JSON
    return json.dumps(content() | parts)


def changed_model(**parts: Any) -> str:  # Any: JSON
    return changed(model=content()["model"] | parts)


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("", "does not describe a WordPiece tokenizer"),
        ("[]", "does not describe a WordPiece tokenizer"),
        ("[" * 100_000, "does not describe a WordPiece tokenizer"),
        ("{}", "expected BERT's WordPiece"),
        (changed(model={"type": "BPE"}), "expected BERT's WordPiece"),
        (changed(pre_tokenizer={"type": "Metaspace"}), "expected BERT's WordPiece"),
        (changed(normalizer=None), "expected BERT's WordPiece"),
        (changed(model="WordPiece"), "does not describe a WordPiece tokenizer"),
        (changed(model={"type": "WordPiece"}), "does not describe a WordPiece tokenizer .KeyError"),
        (changed_model(vocab=[]), r"\[UNK\]', is not in the vocabulary"),
        (changed_model(vocab=None), "does not describe a WordPiece tokenizer"),
        (changed_model(unk_token="[NONE]"), r"\[NONE\]', is not in the vocabulary"),
        (changed_model(unk_token=["[UNK]"]), "does not describe a WordPiece tokenizer"),
        (changed_model(vocab={"[UNK]": 0, "a": 2_000_000_000}), "the 2 ids are not 0 to 1"),
        (changed_model(vocab={"[UNK]": 0, "a": 0}), "the 2 ids are not 0 to 1"),
        (changed_model(vocab={"[UNK]": -1}), "the 1 ids are not 0 to 0"),
        (changed_model(vocab={"[UNK]": 0, "a": "1"}), "does not describe a WordPiece tokenizer"),
    ],
)
def test_a_foreign_or_hostile_definition_is_refused_at_once(definition: str, message: str) -> None:
    with pytest.raises(EmbeddingError, match=message) as caught:
        WordPieceTokenizer(definition)
    assert "\n" not in str(caught.value)


def test_what_only_the_rust_side_finds_wrong_is_an_error_of_ours() -> None:
    tokenizer = WordPieceTokenizer(changed_model(max_input_chars_per_word="many"))
    with pytest.raises(EmbeddingError, match=r"tokenizer\.json: "):
        tokenizer.tokenize(pa.array(["film"], type=pa.large_string()))
