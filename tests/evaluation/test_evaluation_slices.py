"""Parts of the texts: by length, by a column of any kind."""

import numpy as np
import pyarrow as pa
import pytest

from plaudit.data import Dataset
from plaudit.errors import DataError
from plaudit.evaluation import wilson_interval
from plaudit.evaluation.slices import Division, accuracy_by_slice, divide


def dataset(texts: list[str], **columns: object) -> Dataset:
    labels = np.zeros(len(texts), np.int32)
    return Dataset(pa.array(texts, pa.large_string()), labels, ("a", "b"), "mine.csv", pa.table(columns))


def test_quarters_by_length_in_tokens() -> None:
    division = divide(dataset([" ".join(["word"] * n) for n in range(1, 13)]), "length")
    assert division.names == ("1 to 3 tokens", "4 to 6 tokens", "7 to 9 tokens", "10 to 12 tokens")
    assert division.numbers.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_texts_of_one_length_are_one_slice_and_an_empty_text_has_none() -> None:
    assert divide(dataset(["one two"] * 5), "length").names == ("2 tokens",)
    assert divide(dataset(["", "好看", "a b"]), "length").names == ("0 tokens", "2 tokens")
    assert divide(dataset([]), "length").names == ()


def test_values_of_a_column_are_slices_in_their_order() -> None:
    division = divide(dataset(["t"] * 4, stars=["10", "9", "10", None]), "stars")
    assert division.names == ("(missing)", "10", "9")
    division = divide(dataset(["t"] * 4, stars=[10, 9, 10, 2]), "stars")
    assert division.names == ("2", "9", "10")
    assert division.numbers.tolist() == [2, 1, 2, 0]


def test_columns_of_any_plain_kind_divide() -> None:
    texts = dataset(
        ["t"] * 3,
        flag=[True, False, True],
        price=[1.5, 2.5, 1.5],
        place=pa.array(["x", "y", "x"]).dictionary_encode(),
        day=pa.array([1, 2, 1], pa.date32()),
    )
    for column in texts.extra.column_names:
        assert divide(texts, column).numbers.tolist() in ([0, 1, 0], [1, 0, 1])


def test_many_numbers_are_quarters_and_the_missing_are_apart() -> None:
    values = [*map(str, range(100)), None, None]
    division = divide(dataset(["t"] * 102, price=values), "price")
    assert division.names == ("0 to 24 price", "25 to 49 price", "50 to 74 price", "75 to 99 price", "(missing)")
    assert np.bincount(division.numbers).tolist() == [25, 25, 25, 25, 2]


def test_of_many_words_the_rare_are_one() -> None:
    words = [f"film{i}" for i in range(30) for _ in range(i + 1)]
    division = divide(dataset(["t"] * len(words), film=words), "film")
    assert len(division.names) == 20
    assert division.names[-1] == "other (11 values)"
    assert np.bincount(division.numbers)[-1] == sum(range(1, 12))
    exactly = [f"film{i}" for i in range(20)]
    assert len(divide(dataset(["t"] * 20, film=exactly), "film").names) == 20
    assert not any("other" in name for name in divide(dataset(["t"] * 20, film=exactly), "film").names)


def test_numbers_that_are_not_finite_are_words() -> None:
    values = [*map(str, range(25)), "inf", "nan"]
    assert divide(dataset(["t"] * 27, x=values), "x").names[-1].startswith("other")


def test_a_column_that_is_not_there_or_is_no_plain_value_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"mine.csv: --slice place: no such column; expected one of 'length', 'characters', 'stars'"
    ):
        divide(dataset(["t"], stars=[1]), "place")
    with pytest.raises(DataError, match="--slice tags: expected words, numbers or booleans, got list"):
        divide(dataset(["t"], tags=[["x"]]), "tags")


def test_each_slice_has_its_accuracy_with_wilsons_interval() -> None:
    division = Division("x", ("a", "none", "b"), np.array([0, 0, *[2] * 9]))
    first, second = accuracy_by_slice(division, np.array([True, False, *[True] * 9]))
    assert (first.name, first.n, first.accuracy, first.interval) == ("a", 2, 0.5, None)  # too few
    assert (second.name, second.n, second.interval) == ("b", 9, wilson_interval(9, 9))
    assert first.to_dict().keys() == {"slice", "n", "accuracy", "accuracy_interval_95"}
