import io
from collections import deque

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from plaudit.data import Dataset, as_text_column
from plaudit.errors import DataError

VALUES = ["a “film” \U0001f600", "", "a “film” \U0001f600"]


@pytest.mark.parametrize(
    "texts",
    [
        VALUES,
        tuple(VALUES),
        np.array(VALUES),
        np.array(VALUES, dtype=object),
        pa.array(VALUES),
        pa.array(VALUES, pa.string_view()),
        pa.array(VALUES).dictionary_encode(),
        pa.chunked_array([VALUES[:1], [], VALUES[1:]]),
        pd.Series(VALUES),
        pd.Series(VALUES, dtype="category"),
        pl.Series(VALUES),
        pl.Series(VALUES, dtype=pl.Categorical),
        pl.Series(VALUES, dtype=pl.Enum(sorted(set(VALUES)))),
        np.array(VALUES, dtype=np.dtypes.StringDType()),
        [np.str_(value) for value in VALUES],
        pd.Series(VALUES, index=[2, 0, 1]),
        pd.Series(VALUES, index=["columns", "column_names", "ndim"]),
        pd.Series(VALUES, dtype="string[pyarrow]"),
        pd.Index(VALUES),
        pd.array(VALUES),
        deque(VALUES),
        dict(enumerate(VALUES)).values(),
        iter(VALUES),
        (value for value in VALUES),
    ],
    ids=lambda texts: (
        type(texts).__module__.partition(".")[0] + "-" + str(getattr(texts, "dtype", getattr(texts, "type", "")))
    ),
)
def test_whatever_holds_strings_becomes_one_text_column(texts: object) -> None:
    column = as_text_column(texts)
    assert column.type == pa.large_string()
    assert isinstance(column, pa.LargeStringArray)
    assert column.to_pylist() == VALUES


@pytest.mark.parametrize(
    "texts",
    [
        [],
        (),
        np.array([], dtype=str),
        pa.array([]),
        pa.chunked_array([], pa.string()),
        pd.Series([], dtype=str),
        pl.Series([]),
    ],
)
def test_nothing_becomes_an_empty_column(texts: object) -> None:
    column = as_text_column(texts)
    assert column.type == pa.large_string()
    assert len(column) == 0


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", "texts: expected a list of texts, got one str; wrap it in a list"),
        (b"one text", "got one bytes"),
        (["a", None], "texts: entry 1 is NoneType, expected str"),
        (["a", 5], "texts: entry 1 is int, expected str"),
        ([b"a"], "texts: entry 0 is bytes, expected str"),
        ([["a"]], "texts: entry 0 is list, expected str"),
        (["a", "\ud800"], "a text holds a lone surrogate"),
        (5, "expected a list of texts, got int"),
        (None, "expected a list of texts, got NoneType"),
        (np.array([["a"]]), r"expected one dimension, got shape \(1, 1\); flatten it first: numpy.ravel\(texts\)"),
        (np.array(["a", "b"]).view(np.matrix), r"expected one dimension, got shape \(1, 2\); flatten it first"),
        (np.array([["a", "b"], ["c", "d"]], dtype=object), r"expected one dimension, got shape \(2, 2\)\."),
        (np.array("a"), r"expected one dimension, got shape \(\)"),
        (
            pd.DataFrame({"text": ["a"]}),
            r"a DataFrame of 1 column \('text'\); give the column .*: frame\[\"text\"\]\.$",
        ),
        (pd.DataFrame({"id": [1], "Body": ["a"]}), r"a DataFrame of 2 columns \('id', 'Body'\).*frame\[\"Body\"\]"),
        (pd.DataFrame({"x": ["a"], "y": ["b"]}), r"of 2 columns \('x', 'y'\).*frame\[\"NAME\"\]"),
        (pd.DataFrame([["a"]]), r"a DataFrame of 1 column \(0\).*frame\[0\]"),
        (pd.DataFrame(), "a DataFrame of 0 columns"),
        (pl.DataFrame({"text": ["a"]}), r"a DataFrame of 1 column \('text'\).*frame\[\"text\"\]"),
        (pl.LazyFrame({"text": ["a"]}), r"a LazyFrame of 1 column \('text'\).*frame.collect\(\)\[\"text\"\]"),
        (pa.table({"text": ["a"]}), r"a Table of 1 column \('text'\).*table\[\"text\"\]"),
        (pa.table({"text": ["a"]}).to_reader(), r"reader.read_all\(\)\[\"text\"\]"),
        (pa.array([{"text": "a"}]), r"a StructArray of 1 column \('text'\)"),
        ({"a", "b"}, "expected a list of texts, got set, which has no order"),
        ({"a": "b"}, "expected a list of texts, got dict"),
        (io.StringIO("a"), "got StringIO: give its lines"),
        (memoryview(b"ab"), "got one memoryview"),
        (range(3), "entry 0 is int, expected str"),
        (pd.Series(["a", 5]), "texts: entry 1 is int, expected str"),
        (pd.Series(["\ud800"], dtype=object), "a text holds a lone surrogate"),
        (pd.Series([b"a"]), "expected strings, got a column of binary"),
        (np.ma.array(["a", "b"], mask=[False, True]), "entry 1 is NoneType"),
        (np.array([1.5]), "entry 0 is float, expected str"),
        (pa.array([1, 2]), "expected strings, got a column of int64"),
        (pa.array(["a", None, None]), "entry 1 is missing; 2 in all"),
        (pd.Series(["a", None]), "entry 1 is missing; 1 in all"),
        (pl.Series(["a", None]), "entry 1 is missing; 1 in all"),
        (pa.array([None, None]), "expected strings, got a column of null"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else type(value).__name__,
)
def test_what_holds_no_strings_is_refused(texts: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_text_column(texts)


def make(n: int = 3, labels: list[int] | None = None) -> Dataset:
    return Dataset(
        pa.array([f"text {i}" for i in range(n)], type=pa.large_string()),
        np.array(labels if labels is not None else [0, 1, 1][:n], dtype=np.int32),
        ("neg", "pos", "mixed"),
        "made",
        pa.table({"id": list(range(n))}),
    )


def test_taking_rows_takes_all_their_columns() -> None:
    taken = make().take(np.array([2, 0, 2]), name="taken")
    assert taken.texts.to_pylist() == ["text 2", "text 0", "text 2"]
    assert taken.label_names() == ["pos", "neg", "pos"]
    assert taken.extra.to_pydict() == {"id": [2, 0, 2]}
    assert (taken.name, len(taken)) == ("taken", 3)
    assert len(make().take(np.array([], dtype=np.int64))) == 0


def test_a_class_without_texts_counts_nought() -> None:
    assert make().class_counts() == {"neg": 1, "pos": 2, "mixed": 0}


def test_unlabelled_texts_have_no_classes_to_count() -> None:
    unlabelled = Dataset(make().texts, None, (), "made")
    assert unlabelled.class_counts() == {}
    assert unlabelled.take(np.array([1])).texts.to_pylist() == ["text 1"]
    with pytest.raises(DataError, match="made: these texts have no labels"):
        unlabelled.label_names()


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match=r"made: 3 texts but labels of shape \(2,\)"):
        make(labels=[0, 1])
    for labels in ([0, 1, 3], [-1, 0, 0]):
        with pytest.raises(DataError, match="made: a label lies outside 0 to 2"):
            make(labels=labels)
    with pytest.raises(DataError, match="made: 3 texts but 1 rows of extra columns"):
        Dataset(make().texts, None, (), "made", pa.table({"id": [1]}))


def test_labels_as_a_column_are_the_names(topics: Dataset, moods: Dataset) -> None:
    for data in (topics, moods):
        column = data.label_column()
        assert [each if isinstance(each, str) else tuple(each) for each in column.to_pylist()] == data.label_names()
        assert len(column.dictionary) < len(data)


def test_unlabelled_texts_have_no_column_of_labels() -> None:
    with pytest.raises(DataError, match="no labels"):
        Dataset(pa.array(["a"], pa.large_string()), None, (), "mine").label_column()
