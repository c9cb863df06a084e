"""Which scripts a collection of tokens is in."""

import numpy as np
import pyarrow as pa
import pytest

from plaudit.text.scripts import script_shares


def shares(words: list[str], counts: list[int]) -> dict[str, float]:
    return script_shares(pa.array(words, pa.large_string()), np.array(counts, np.int64))


def test_shares_are_of_running_letters_and_the_largest_comes_first() -> None:
    found = shares(["ab1!", "电影", "мир"], [1, 3, 4])
    assert list(found) == ["Cyrillic", "Han", "Latin"]
    assert list(found.values()) == pytest.approx([0.6, 0.3, 0.1])


def test_letters_of_a_script_that_is_not_listed_and_of_none_are_other() -> None:
    assert shares(["ꓐ", "ー"], [1, 1]) == {"other": 1.0}


@pytest.mark.parametrize("words", [[], ["12", "!", ""]])
def test_without_letters_there_are_no_shares(words: list[str]) -> None:
    assert shares(words, [1] * len(words)) == {}
