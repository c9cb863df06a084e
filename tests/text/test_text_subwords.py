"""Token ids: those of the reference tokenizer, whatever the text says; sequences: nothing lost unsaid."""

import itertools
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, processors

from plaudit.errors import EmbeddingError
from plaudit.text.sequences import Sequences, head_and_tail, portions, turns, windows
from plaudit.text.subwords import SubwordTokenizer, TokenIds

pytest.importorskip("transformers", reason="the extra encoder is not installed")

from encoders import TOKENIZERS

LIKELY = st.text(st.sampled_from(" agoodfilmsplaudit.!?'[]CLSEP</s>\u0085\u00a0\t\n\x00é🙂好▁"), max_size=40)
TEXTS = st.one_of(LIKELY, st.text(max_size=20))


def column(*texts: str) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


def reference(kind: str) -> Tokenizer:
    tokenizer = TOKENIZERS[kind]()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True
    return tokenizer


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
@settings(max_examples=100, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
@example(texts=["", "a film", "[SEP] </s> a  a film was  good"])
def test_ids_with_their_frame_are_the_reference_tokenizers(kind: str, texts: list[str]) -> None:
    tokenizer, expected = SubwordTokenizer(TOKENIZERS[kind]().to_str()), reference(kind)
    tokens = tokenizer.ids(column(*texts))
    for i, text in enumerate(texts):
        own = tokens.values[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        assert [*tokenizer.frame.prefix, *own, *tokenizer.frame.suffix] == expected.encode(text).ids


def test_only_berts_wordpiece_is_read_by_its_distinct_pieces() -> None:
    by_piece = {kind: SubwordTokenizer(make().to_str()).by_piece is not None for kind, make in TOKENIZERS.items()}
    assert by_piece == {"bert": True, "distilbert": True, "roberta": False, "xlm-roberta": False, "multilingual": False}


def test_a_word_that_was_added_to_the_vocabulary_is_found() -> None:
    expected = reference("bert")
    expected.add_tokens(["good film"])
    tokens = SubwordTokenizer(expected.to_str()).ids(column("a good film"))
    assert tokens.values.tolist() == expected.encode("a good film", add_special_tokens=False).ids


def test_many_texts_are_read_in_portions() -> None:
    tokenizer = SubwordTokenizer(TOKENIZERS["roberta"]().to_str())
    tokens = tokenizer.ids(column(*["a good film", ""] * 1_500))
    assert len(tokens) == 3_000
    assert np.diff(tokens.offsets)[1::2].sum() == 0
    assert len(set(np.diff(tokens.offsets)[::2].tolist())) == 1


def test_the_frame_knows_token_types() -> None:
    tokenizer = TOKENIZERS["bert"]()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:1 $A:0 [SEP]:2", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    frame = SubwordTokenizer(tokenizer.to_str()).frame
    assert (frame.prefix_types, frame.text_type, frame.suffix_types) == ((1,), 0, (2,))
    assert frame.has_types
    sequences = head_and_tail(TokenIds(np.array([0, 2]), np.array([7, 8], np.int32)), 4)
    ids, mask, types = sequences.padded(np.array([0]), frame, 0)
    assert (ids.tolist(), mask.tolist(), types.tolist()) == ([[2, 7, 8, 3]], [[1, 1, 1, 1]], [[1, 0, 0, 2]])


@pytest.mark.parametrize("content", ["", "{}", "[]", json.dumps({"model": {"type": "WordPiece"}})])
def test_what_is_no_tokenizer_is_one_line(content: str) -> None:
    with pytest.raises(EmbeddingError, match=r"^tokenizer.json: [^\n]*$"):
        SubwordTokenizer(content)


def tokens_of(lengths: list[int]) -> TokenIds:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return TokenIds(offsets, np.arange(offsets[-1], dtype=np.int32))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 12))
def test_head_and_tail_keep_a_quarter_and_the_rest(lengths: list[int], room: int) -> None:
    tokens = tokens_of(lengths)
    sequences = head_and_tail(tokens, room)
    head = room // 4
    for i, n in enumerate(lengths):
        own = tokens.values[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        expected = own if n <= room else own[:head] + own[n - (room - head) :]
        assert sequences.values[sequences.offsets[i] : sequences.offsets[i + 1]].tolist() == expected
    assert sequences.n_longer == sum(n > room for n in lengths)
    assert sequences.n_unread == sum(max(n - room, 0) for n in lengths)


def own_tokens(sequences: Sequences, i: int) -> list[int]:
    begin, end = sequences.offsets[sequences.first[i]], sequences.offsets[sequences.first[i + 1]]
    return list(sequences.values[begin:end].tolist())


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 12))
def test_turn_by_turn_a_text_is_read_whole_from_its_ends_inward(lengths: list[int], room: int) -> None:
    tokens = tokens_of(lengths)
    readings = turns(tokens, room, "windows", 40)
    assert len(readings) == max(1, -(-max(lengths) // room))
    for i, n in enumerate(lengths):
        own = tokens.values[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        parts = [own_tokens(reading, i) for reading in readings]
        assert all(len(part) == min(n, room) and part == sorted(part) for part in parts)
        needed = max(1, -(-n // room))
        assert sorted(set(itertools.chain(*parts[:needed]))) == own
        assert all(part == parts[turn % needed] for turn, part in enumerate(parts))
        if needed > 2:
            head, tail = room // 4, room - room // 4
            assert parts[1] == own[head : 2 * head] + own[n - 2 * tail : n - tail]


def test_no_more_turns_than_asked_for_and_one_of_head_and_tail() -> None:
    tokens = tokens_of([9, 2])
    assert len(turns(tokens, 4, "windows", 2)) == 2
    (ends,) = turns(tokens, 4, "head_tail", 2)
    assert ends.values.tolist() == head_and_tail(tokens, 4).values.tolist()
    (empty,) = turns(tokens_of([0]), 4, "windows", 2)
    assert empty.n_texts == 1


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 12))
def test_windows_hold_each_text_whole_in_even_parts(lengths: list[int], room: int) -> None:
    tokens = tokens_of(lengths)
    sequences = windows(tokens, room)
    assert sequences.n_unread == 0
    assert sequences.n_texts == len(lengths)
    for i, n in enumerate(lengths):
        rows = range(*sequences.first[i : i + 2].tolist())
        parts = [sequences.values[sequences.offsets[r] : sequences.offsets[r + 1]].tolist() for r in rows]
        assert len(parts) == max(1, -(-n // room))
        assert list(itertools.chain(*parts)) == tokens.values[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        assert max(map(len, parts)) <= room
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_each_sequence_knows_its_text() -> None:
    sequences = windows(tokens_of([5, 0, 9]), 4)
    assert sequences.counts().tolist() == [2, 1, 3]
    assert sequences.owners().tolist() == [0, 0, 1, 2, 2, 2]


def test_a_text_without_any_token_is_one_that_counts() -> None:
    tokenizer = TOKENIZERS["roberta"]()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
    frame = SubwordTokenizer(tokenizer.to_str()).frame
    ids, mask, _ = head_and_tail(tokens_of([0, 2]), 4).padded(np.array([0, 1]), frame, 9)
    assert (ids.tolist(), mask.tolist()) == ([[9, 9], [0, 1]], [[1, 0], [1, 1]])


def test_the_note_says_how_much_is_not_read() -> None:
    tokens = tokens_of([10, 2, 8])
    assert head_and_tail(tokens, 10).note(12) is None
    note = head_and_tail(tokens, 4).note(6)
    assert note is not None
    assert "2 of 3 training texts are longer than 6 tokens" in note
    assert "50.0 % of all tokens are not" in note
    longer = "2 of 3 training texts are longer than 6 tokens; "
    assert windows(tokens, 4).note(6) == f"{longer}they are read in windows."
    note = windows(tokens, 4).note(6, turns(tokens, 4, "windows", 2))
    assert note is not None
    assert "each epoch trains on another part, and 10.0 % of all tokens are in no part; --epochs" in note  # 2 of 20
    note = windows(tokens, 4).note(6, turns(tokens, 4, "windows", 9))
    assert note == f"{longer}each epoch trains on another part. An answer reads all, in windows."


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 200))
def test_portions_hold_all_sequences_and_few_tokens(lengths: list[int], budget: int) -> None:
    sizes = np.array(sorted(lengths), np.int64)
    parts = portions(sizes, budget)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(len(sizes)))
    for part, following in itertools.zip_longest(parts, parts[1:]):
        n, longest = part.stop - part.start, int(sizes[part].max())
        assert n == 1 or n * longest <= budget
        if following is not None:  # one more would not have fitted
            assert (n + 1) * int(sizes[part.stop]) > budget
