"""Counts are said as a person says them."""

import pytest

from plaudit.wording import counted


@pytest.mark.parametrize(
    ("n", "noun", "said"),
    [
        (0, "text", "0 texts"),
        (1, "text", "1 text"),
        (2_000, "test text", "2,000 test texts"),
        (2, "class", "2 classes"),
        (3, "copy", "3 copies"),
        (3, "day", "3 days"),
        (4, "epoch", "4 epochs"),
    ],
)
def test_a_count_takes_its_noun(n: int, noun: str, said: str) -> None:
    assert counted(n, noun) == said


def test_an_odd_plural_is_given() -> None:
    assert counted(2, "index", "indices") == "2 indices"
