"""Finding a token's row, against a Python dictionary."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.text.farmhash import fingerprint64
from plaudit.text.token_index import TokenIndex

TOKENS = st.lists(st.text(max_size=40), max_size=60)


def column(tokens: list[str]) -> pa.LargeStringArray:
    return pa.array(tokens, pa.large_string())


@settings(deadline=None, max_examples=200)
@given(vocabulary=TOKENS, others=TOKENS)
def test_every_token_is_found_at_its_place_and_no_other_is_found(vocabulary: list[str], others: list[str]) -> None:
    distinct = list(dict.fromkeys(vocabulary))
    places = {token: i for i, token in enumerate(distinct)}
    asked = [*others, *distinct, *others]
    found = TokenIndex(column(distinct)).rows(column(asked)).tolist()
    assert found == [places.get(token, -1) for token in asked]


def test_tokens_longer_than_any_in_the_vocabulary_are_unknown() -> None:
    assert TokenIndex(column(["a", "bb"])).rows(column(["x" * 1_000_000, "bb", "ccc"])).tolist() == [-1, 1, -1]


@pytest.mark.parametrize(("vocabulary", "expected"), [([], [-1, -1]), ([""], [0, -1])])
def test_the_smallest_vocabularies(vocabulary: list[str], expected: list[int]) -> None:
    assert TokenIndex(column(vocabulary)).rows(column(["", "a"])).tolist() == expected


def test_tokens_that_hash_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plaudit.text.token_index.fingerprint64", lambda tokens: fingerprint64(tokens) & 3)
    words = [f"word{i}" for i in range(50)]
    assert TokenIndex(column(words)).rows(column([*words[::-1], "other"])).tolist() == [*range(49, -1, -1), -1]
