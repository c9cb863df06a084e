"""Texts in parts: nothing is lost, nothing is far longer than the rest, and short texts stay whole."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from plaudit.text.parts import in_parts

WORDS = st.lists(st.sampled_from(["a", "joy", "plaudits", "-", "好看", "🙂"]), max_size=400).map(" ".join)
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=900)), max_size=5)


def parts_of(*texts: str) -> list[str]:
    return in_parts(pa.array(texts, pa.large_string())).to_pylist()  # type: ignore[no-any-return]


@given(TEXTS)
def test_the_parts_of_the_texts_joined_are_the_texts(texts: list[str]) -> None:
    assert parts_of(*texts) == [part for text in texts for part in parts_of(text)]
    for text in texts:
        assert "".join(parts_of(text)) == text


@given(TEXTS.filter(bool))
def test_no_part_is_long_or_empty(texts: list[str]) -> None:
    for text in texts:
        parts = parts_of(text)
        assert len(parts) == max(-(-len(text) // 360), 1)
        assert max(map(len, parts)) <= 360 + 90
        assert all(parts) or parts == [""]


def test_a_short_text_is_one_part_and_a_long_one_is_cut_at_spaces() -> None:
    assert parts_of("", "short", "x" * 360) == ["", "short", "x" * 360]
    words = " ".join(["plaudits"] * 100)
    assert all(part.split() == ["plaudits"] * len(part.split()) for part in parts_of(words))


def test_scripts_without_spaces_are_cut_too() -> None:
    assert [len(part) for part in parts_of("好" * 1_000)] == [333, 333, 334]


def test_no_texts_have_no_parts() -> None:
    assert parts_of() == []
