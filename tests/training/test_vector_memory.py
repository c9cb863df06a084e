"""Vectors that a run has made are not made again, and come back in the order that is asked for."""

import numpy as np
import pyarrow as pa
import pytest

from plaudit.text.token_memory import remembering_tokens
from plaudit.training import vector_memory
from plaudit.training.vector_memory import remember_vectors

made: list[list[str]] = []


def make(texts: pa.LargeStringArray) -> np.ndarray:
    made.append(texts.to_pylist())
    return np.array([[len(text), ord(text[0]) if text else 0] for text in texts.to_pylist()], np.float32)


def ask(*texts: str, made_by: str = "one") -> list[list[float]]:
    column = pa.array(texts, pa.large_string())
    found = remember_vectors(column, made_by, make)
    np.testing.assert_array_equal(found, make(column))
    made.pop()
    assert found.dtype == np.float32
    lists: list[list[float]] = found.tolist()
    return lists


@pytest.fixture(autouse=True)
def forget() -> None:
    made.clear()


def test_only_new_texts_are_read_while_a_run_lasts() -> None:
    with remembering_tokens():
        ask("one", "three", "")
        ask("é", "three", "", "é", "one")
        ask("three")
        ask("three", made_by="two")
    ask("three")
    assert made == [["one", "three", ""], ["é", "é"], ["three"], ["three"]]


def test_what_would_not_fit_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_memory, "_MOST_BYTES", 3 * 8)
    with remembering_tokens():
        ask("one", "two", "six")
        ask("one", "four")
        ask("four", "two")
    assert made == [["one", "two", "six"], ["four"], ["four"]]
