"""Whatever labels a caller holds are kept exactly, or refused in one line; what `fit` takes survives the folder."""

import enum
import sys
import tempfile
import warnings
from array import array
from collections import deque
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.exceptions import DataConversionWarning

import plaudit
from plaudit import BlendClassifier, DistilledClassifier, EncoderClassifier, NetworkClassifier, NgramClassifier
from plaudit.data.labels import label_name, sort_classes
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, DataError
from plaudit.models.base import Classifier
from plaudit.models.label_values import DataConversionWarning as OurConversionWarning
from plaudit.models.targets import Targets, encode_labels, label_positions, to_indicator

pytestmark = pytest.mark.filterwarnings("ignore::plaudit.LabelWarning")  # tests of them expect them
TEXTS = ["good joy", "bad grim", "fine warm film", "dull cold film"] * 2


class Team(str, enum.Enum):  # noqa: UP042 - the older way of writing it
    RED, BLUE = "red", "blue"


class Mood(enum.StrEnum):
    SAD = "sad"
    GLAD = "glad"


class Stars(enum.IntEnum):
    ONE = 1
    FIVE = 5


class Plain(enum.Enum):
    A = "a"
    B = "b"


KEPT: dict[str, tuple[Any, list[Any]]] = {
    "words": (["pos", "neg"], ["neg", "pos"]),
    "outer space": (["pos ", " neg", "pos", "neg\n"], ["neg", "pos"]),
    "inner nul": (["a\0b", "c"], ["a\0b", "c"]),
    "not ascii": (["é", "😀"], ["é", "😀"]),
    "numbers as words": (["10", "9"], ["9", "10"]),
    "whole numbers": ([10, 9], [9, 10]),
    "extremes": ([-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1]),
    "whole floats": ([2.0, 1.0], [1, 2]),
    "int and float": ([2.0, 1], [1, 2]),
    "large floats": ([2.0**62, 0.0], [0, 2**62]),
    "booleans": ([True, False], [False, True]),
    "numpy scalars": ([np.int8(3), 4, np.uint64(5)], [3, 4, 5]),
    "numpy booleans": ([np.True_, False], [False, True]),
    "numpy words": ([np.str_("a"), "b"], ["a", "b"]),
    "str enum": ([Team.RED, Team.BLUE, "red"], ["blue", "red"]),
    "StrEnum": ([Mood.SAD, Mood.GLAD], ["glad", "sad"]),
    "int enum": ([Stars.ONE, Stars.FIVE, 1], [1, 5]),
    "uint8": (np.array([3, 2], np.uint8), [2, 3]),
    "uint64": (np.array([3, 2], np.uint64), [2, 3]),
    "float16": (np.array([3, 2], np.float16), [2, 3]),
    "longdouble": (np.array([3, 2], np.longdouble), [2, 3]),
    "bool array": (np.array([True, False]), [False, True]),
    "object array": (np.array(["b", "a"], object), ["a", "b"]),
    "string dtype": (np.array(["bb", "a"], np.dtypes.StringDType()), ["a", "bb"]),
    "series": (pd.Series(["b", "a"], index=[1, 0]), ["a", "b"]),
    "categorical": (pd.Series(["b", "a"], dtype=pd.CategoricalDtype(["z", "b", "a"])), ["a", "b"]),
    "int categorical": (pd.Categorical([30, 4]), [4, 30]),
    "Int64": (pd.Series([2, 1], dtype="Int64"), [1, 2]),
    "boolean": (pd.array([True, False], dtype="boolean"), [False, True]),
    "string[pyarrow]": (pd.Series(["b", "a"], dtype="string[pyarrow]"), ["a", "b"]),
    "index": (pd.Index(["b", "a"]), ["a", "b"]),
    "polars": (pl.Series(["b", "a"]), ["a", "b"]),
    "polars int": (pl.Series([2, 1], dtype=pl.UInt16), [1, 2]),
    "polars categorical": (pl.Series(["b", "a"], dtype=pl.Categorical), ["a", "b"]),
    "polars enum": (pl.Series(["b", "a"], dtype=pl.Enum(["z", "b", "a"])), ["a", "b"]),
    "arrow": (pa.array(["b", "a"]), ["a", "b"]),
    "arrow view": (pa.array(["b", "a"], pa.string_view()), ["a", "b"]),
    "arrow dictionary": (pa.array(["b", "a "]).dictionary_encode(), ["a", "b"]),
    "arrow dictionaries": (pa.chunked_array([pa.array([each]).dictionary_encode() for each in "ba"]), ["a", "b"]),
    "arrow booleans": (pa.array([True, False]), [False, True]),
    "memoryview": (memoryview(array("q", [2, 1])), [1, 2]),
    "range": (range(2), [0, 1]),
    "deque": (deque(["b", "a"]), ["a", "b"]),
    "dict values": ({1: "b", 2: "a"}.values(), ["a", "b"]),
}


@pytest.mark.parametrize("name", KEPT)
def test_labels_are_kept_exactly(name: str) -> None:
    labels, classes = KEPT[name]
    targets = encode_labels(labels, len(labels))
    assert targets.classes.tolist() == classes
    assert [type(each) for each in targets.classes.tolist()] == [type(each) for each in classes]
    assert targets.classes.dtype.kind in "Uib"
    listed = labels.to_pylist() if hasattr(labels, "to_pylist") else list(labels)
    spelled = [label_name(str.__str__(each)) if isinstance(each, str) else each for each in listed]
    assert targets.classes[targets.values].tolist() == spelled
    assert label_positions(labels, len(labels), targets.classes).tolist() == targets.values.tolist()


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([True, 2], r"expected all str, all int or all bool, got True \(text 0\) and 2 \(text 1\)"),
        (["a", 1], r"got 'a' \(text 0\) and 1 \(text 1\)"),
        (["a", 1.0], r"got 'a' \(text 0\) and 1.0 \(text 1\)"),
        (np.array(["a", True], object), r"got 'a' \(text 0\) and True \(text 1\)"),
        ([0.5, 1.0], "text 0: expected a word or a whole number, got 0.5"),
        ([1, 1e30], r"text 1: 1e\+30 does not fit into 64 bits"),
        (np.array([1, -1e300]), r"text 1: -1e\+300 does not fit into 64 bits"),
        ([1, float("inf")], "text 1: expected a word or a whole number, got inf"),
        (np.array([1, 2**63], np.uint64), "text 1: 9223372036854775808 does not fit into 64 bits; .* as words"),
        ([2**63, 1], "text 0: 9223372036854775808 does not fit"),
        ([1, 10**400], "text 1: 1000.* does not fit"),
        ([-(2**63) - 1, 1], "text 0: -9223372036854775809 does not fit"),
        ([1.0, float("nan")], "1 of 2 is missing, the first that of text 1"),
        (["a", float("nan")], "1 of 2 is missing, the first that of text 1"),
        (["a", None, "b", None], "2 of 4 are missing, the first that of text 1"),
        (["a", ""], "1 of 2 is missing, the first that of text 1"),
        (["a", " \t"], "1 of 2 is missing, the first that of text 1"),
        (["a", pd.NA], "1 of 2 is missing"),
        (["a", pd.NaT], "1 of 2 is missing"),
        (pd.Series(["a", None]), "1 of 2 is missing"),
        (pd.Series([1, None], dtype="Int64"), "1 of 2 is missing"),
        (pd.Series([True, None], dtype="boolean"), "1 of 2 is missing"),
        (pd.Series(["a", None], dtype="category"), "1 of 2 is missing"),
        (pl.Series([1, None]), "1 of 2 is missing"),
        (pl.Series(["a", None]), "1 of 2 is missing"),
        (pa.array([1, None]), "1 of 2 is missing"),
        (pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", None])), "1 of 2 is missing"),
        (np.array(["a", None], np.dtypes.StringDType(na_object=None)), "1 of 2 is missing"),
        (np.ma.array(["a", "b"], mask=[False, True]), "1 of 2 is missing"),
        ([Decimal(1), Decimal(2)], "text 0: expected str, int or bool, got Decimal"),
        ([Fraction(1), Fraction(2)], "text 0: expected str, int or bool, got Fraction"),
        (pa.array([Decimal(1), Decimal(2)]), "got Decimal"),
        ([b"a", b"b"], "text 0: expected str, int or bool, got bytes"),
        (np.array([b"a", b"b"]), r"expected str, int or bool, got \|S1"),
        ([1, 2j], "text 1: expected str, int or bool, got complex"),
        (np.array([1, 2j]), "expected str, int or bool, got complex128"),
        ([datetime(2026, 1, 2), datetime(2026, 1, 3)], "got datetime"),
        ([date(2026, 1, 2), date(2026, 1, 3)], "got date"),
        (np.array(["2026-01-02", "2026-01-03"], "M8[D]"), r"got datetime64\[D\]"),
        (pd.Series(pd.to_datetime(["2026-01-02", "2026-01-03"])), "got datetime64"),
        (pl.Series([date(2026, 1, 2), date(2026, 1, 3)]), "got date"),
        (pd.Series(pd.interval_range(0, 2)), "got Interval"),
        (np.array([("a", 1), ("b", 2)], [("x", "U1"), ("y", "i4")]), "expected str, int or bool, got"),
        (pl.Series([{"a": 1}, {"a": 2}]), "got dict"),
        ([Plain.A, Plain.B], "text 0: expected str, int or bool, got Plain; give its value"),
        ([object(), object()], "got object"),
        ([int, str], "got type"),
        (["a\0", "b"], r"text 0: 'a\\x00' ends in the character NUL"),
        ([np.str_("a\0"), "b"], r"text 0: 'a\\x00' ends in the character NUL"),
        (["a\0 ", "b"], "ends in the character NUL"),
        (["\ud800", "b"], "text 0: '.*' holds half of a surrogate pair"),
        ("ab", "expected a list of labels, got one str"),
        (b"ab", "expected a list of labels, got one bytes"),
        ({"a", "b"}, "got set, which has no order"),
        ({"a": 0, "b": 1}, "got dict, which has no order"),
        (np.array("a"), r"expected one for each text, got shape \(\)"),
        (np.zeros((2, 1, 1)), r"got shape \(2, 1, 1\)"),
        (np.array([[0, 1]]).view(np.matrix), r"expected an indicator matrix of 2 rows .*, got \(1, 2\)"),
        (np.array([["a", "b"], ["c", "d"]], object), "expected an indicator matrix of 0 and 1"),
        (np.array([[None, 1], [0, 1]], object), "expected an indicator matrix of 0 and 1"),
        (5, "expected a list of labels, got int"),
        (None, "expected a list of labels, got NoneType"),
        (["a", "b", "c"], "expected 2, one for each text, got 3"),
        (pl.Series(["a"]), "expected 2, one for each text, got 1"),
        ([np.array("a"), np.array("b")], "text 0 has no list of labels"),
        ([["a"], float("nan")], "text 1 has no list of labels, and others have one"),
        ([[1, 0], [0, 1]], "every text has a list of 2 times 0 or 1.*as a NumPy array"),
        ([[True, False], [False, True]], "every text has a list of 2 times 0 or 1"),
        ([["a", "a "], ["b"]], "text 0 names a label twice"),
        ([["a"], [{"b": 1}]], "text 1: expected str, int or bool, got dict"),
        ([["a"], [1]], r"got 'a' \(text 0\) and 1 \(text 1\)"),
        (pd.DataFrame({"a": [0, 2], "b": [1, 0]}), "expected an indicator matrix of 0 and 1"),
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 0]}), "expected an indicator matrix of 0 and 1"),
        (pd.DataFrame([[0, 1], [1, 0]], columns=["a", "a "]), "two columns have the same name"),
        (pd.DataFrame([[0, 1], [1, 0]], columns=["a", 1]), "the columns' names cannot be classes"),
        (pd.DataFrame(index=[0, 1]), r"an indicator matrix of 2 rows and a column a class, got \(0, 0\)"),
        (pl.DataFrame({"a": [0], "b": [1]}), r"an indicator matrix of 2 rows and a column a class, got \(1, 2\)"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) and value.isprintable() else type(value).__name__,
)
def test_labels_that_cannot_be_kept_are_refused(labels: Any, said: str) -> None:
    n = 4 if isinstance(labels, list) and len(labels) == 4 else 2
    with pytest.raises(DataError, match=said) as caught:
        encode_labels(labels, n)
    assert "\n" not in str(caught.value)


def test_texts_given_as_labels_are_refused() -> None:
    with pytest.raises(DataError, match="the 4 different ones are too long for classes, up to 5,000,001 characters"):
        encode_labels(["word " * 1_000_000 + str(i) for i in range(4)], 4)


def test_a_generator_is_read_once() -> None:
    assert encode_labels((name for name in "bab"), 3).values.tolist() == [1, 0, 1]
    assert encode_labels(({each} for each in "ba"), 2).multi_label


COLUMN: list[Callable[[list[Any]], Any]] = [
    lambda values: np.array(values).reshape(-1, 1),
    lambda values: np.array(values, object).reshape(-1, 1),
    lambda values: pd.DataFrame({"label": values}),
    lambda values: pl.DataFrame({"label": values}),
    lambda values: pl.LazyFrame({"label": values}),
    lambda values: pa.table({"label": values}),
    lambda values: pa.record_batch({"label": values}),
    lambda values: np.array(values).view(np.matrix).T,
]


@pytest.mark.parametrize("form", COLUMN)
@pytest.mark.parametrize("values", [["b", "a", "b"], [7, 3, 7], [1, 0, 1], [True, False, True], [1.0, 0.0, 1.0]])
def test_a_column_is_one_label_each_and_said(form: Any, values: list[Any]) -> None:
    with pytest.warns(DataConversionWarning, match=r"a column of shape \[N, 1\].*one label for each text") as told:
        targets = encode_labels(form(values), 3)
    assert not targets.multi_label
    assert targets.classes[targets.values].tolist() == values
    assert told[0].filename == __file__
    with pytest.warns(DataConversionWarning):
        assert label_positions(form(values), 3, targets.classes).tolist() == targets.values.tolist()


def test_a_sparse_column_is_one_label_each_too() -> None:
    with pytest.warns(DataConversionWarning):
        assert encode_labels(csr_matrix([[0], [1], [0]]), 3).values.tolist() == [0, 1, 0]


def test_a_columns_name_is_in_the_advice() -> None:
    with pytest.warns(DataConversionWarning, match=r'Give frame\["team"\] instead'):
        encode_labels(pd.DataFrame({"team": ["a", "b"]}), 2)
    with pytest.warns(DataConversionWarning, match=r"Give labels.ravel\(\) instead"):
        encode_labels(np.array([["a"], ["b"]]), 2)


def test_without_scikit_learn_the_warning_is_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", None)
    with pytest.warns(OurConversionWarning, match="one label for each text"):
        encode_labels(np.array([["a"], ["b"]]), 2)


def test_scikit_learns_own_column_fits(tiny_table: EmbeddingTable) -> None:
    model, labels = NetworkClassifier(tiny_table, epochs=1, early_stopping=False), np.array([[1], [0]] * 4)
    with pytest.warns(DataConversionWarning):
        model.fit(TEXTS, labels)
    assert not model.multi_label_
    with pytest.warns(DataConversionWarning):
        assert model.score(TEXTS, labels) == model.score(TEXTS, labels.ravel())


@pytest.mark.parametrize("kind", [int, bool, float, np.uint8])
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_an_indicator_tables_columns_are_the_classes(kind: type, frame: Any) -> None:
    columns = {"sad": [0, 1, 1], "glad": [1, 0, 1], "calm": [0, 0, 1]}
    table = frame({name: [kind(each) for each in values] for name, values in columns.items()})
    targets = encode_labels(table, 3)
    assert targets.classes.tolist() == ["sad", "glad", "calm"]
    assert targets.values.T.tolist() == list(columns.values())
    turned = frame({name: [kind(each) for each in columns[name]] for name in ("calm", "glad", "sad")})
    assert to_indicator(turned, 3, targets.classes).tolist() == targets.values.tolist()
    with pytest.raises(DataError, match=r"expected an indicator with the columns \['sad', 'glad', 'calm'\], got"):
        to_indicator(pd.DataFrame([[0, 1, 0]] * 3, columns=["sad", "glad", "blue"]), 3, targets.classes)
    with pytest.raises(DataError, match="expected str, as the model's classes are"):
        to_indicator(pd.DataFrame([[0, 1, 0]] * 3), 3, targets.classes)


def test_dummies_of_pandas_have_their_names() -> None:
    targets = encode_labels(pd.get_dummies(pd.Series(["b", "a", "b"])), 3)
    assert (targets.classes.tolist(), targets.values.tolist()) == (["a", "b"], [[0, 1], [1, 0], [0, 1]])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["pos ", "neg", "pos"], r"labels: words are read as files spell them: 'pos ' as 'pos'; `predict` answers so"),
        ([["a ", "b"], [], ["b"]], "words are read as files spell them: 'a ' as 'a'"),
        (["Spam", "spam", "ham"], r"labels: that look alike: .*'?Spam'? \(1\).*; spell labels of one class alike"),
        (["caf\u00e9", "cafe\u0301", "ham"], "look alike: "),
        (["nan", "a", "b"], r"labels: that may mean that there is none: 'nan' \(1\); leave those texts out, if so"),
        (["a", "b", "a,b"], "'a,b' looks like several that ',' separates; give such a text the list of its labels"),
        ([["a"], ["b"], ["a"]], "every text has a list of one label; they are read as sets of labels"),
        (np.array([[1, 0], [0, 1], [1, 0]]), "every row of the matrix has a single 1; they are read as sets of labels"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_odd_about_labels_is_warned_of(labels: Any, said: str) -> None:
    with pytest.warns(plaudit.LabelWarning, match=said) as told:
        encode_labels(labels, 3)
    assert len(told) == 1
    assert told[0].filename == __file__


@pytest.mark.filterwarnings("error")
def test_plain_labels_are_not_warned_of(reviews: plaudit.Dataset) -> None:
    for labels in (
        ["a", "b", "a"],
        [1, 0, 1],
        [True, False, True],
        [["a", "b"], [], ["a"]],
        np.array([[1, 1], [0, 1]]),
    ):
        encode_labels(labels, len(labels))
    column = pa.array(["Spam", "spam", "nan"]).dictionary_encode()  # told when the data set was read
    assert encode_labels(column, 3).classes.tolist() == ["Spam", "nan", "spam"]


@pytest.mark.filterwarnings("error")
def test_labels_that_score_does_not_know_are_warned_of() -> None:
    model = NgramClassifier(min_texts=1).fit(TEXTS, ["yes", "no"] * 4)
    with pytest.warns(
        plaudit.LabelWarning, match="labels: 4 of 8 are not among the model's classes and count as wrong"
    ):
        assert model.score(TEXTS, ["yes", "other"] * 4) == 0.5


def test_targets_stay_as_they_are() -> None:
    targets = encode_labels(["a", "b"], 2)
    assert encode_labels(targets, 2) is targets


def test_blank_names_in_a_list_are_left_out_as_in_files() -> None:
    targets = encode_labels([["a", "", None], [" "], ["b ", float("nan")]], 3)
    assert targets.classes.tolist() == ["a", "b"]
    assert targets.values.tolist() == [[1, 0], [0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("classes", "labels", "said"),
    [
        (["0", "1"], [0, 1], r"expected str, as the model's classes are \('0', '1'\), got int \(0\)"),
        ([0, 1], ["0", "1"], r"expected int, as the model's classes are \(0, 1\), got str \('0'\)"),
        ([False, True], [0, 1], "expected bool"),
        ([0, 1], [True, False], "expected int"),
        (["0", "1"], [["0"], ["1"]], "expected one label each"),
        (["0", "1"], ["0"], "expected 2, one for each text, got 1"),
    ],
)
def test_labels_of_another_kind_than_the_classes_are_refused_by_score(
    classes: list[Any], labels: list[Any], said: str
) -> None:
    model = NgramClassifier(min_texts=1).fit(TEXTS, classes * 4)
    with pytest.raises(DataError, match=f"labels: {said}"):
        model.score(TEXTS[:2], labels)


def test_score_counts_as_scikit_learn_does_and_by_the_rule_of_files() -> None:
    model = NgramClassifier(min_texts=1).fit(TEXTS, ["yes ", "no"] * 4)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.score(TEXTS, ["yes ", "no"] * 4) == 1.0
    assert model.score(TEXTS, ["yes", "other"] * 4) == 0.5  # a label that it does not know is an answer that it missed
    assert model.score(iter(TEXTS), pl.Series(["yes", "no"] * 4)) == 1.0
    assert NgramClassifier(min_texts=1).fit(TEXTS, [1, 0] * 4).score(TEXTS, [1.0, 0.0] * 4) == 1.0
    with pytest.raises(DataError, match="score: there are no texts"):
        model.score([], [])
    for weights in ([1.0], ["x"] * 8, [-1.0] * 8, iter([1.0] * 8)):
        with pytest.raises(DataError, match="sample_weight: expected 8 finite numbers from 0"):
            model.score(TEXTS, ["yes", "no"] * 4, weights)
    with pytest.raises(DataError, match="all weights are 0"):
        model.score(TEXTS, ["yes", "no"] * 4, [0.0] * 8)


def test_models_of_before_meet_labels_of_today() -> None:
    model = NgramClassifier(min_texts=1).fit(TEXTS, ["a", "b"] * 4)
    model.classes_ = np.array([" x", "y "])  # as a model that was saved before labels were trimmed has them
    assert model.score(TEXTS, ["x", "y"] * 4) == model.score(TEXTS, [" x", "y "] * 4) == 1.0
    assert label_positions(["x", "x ", "y"], 3, np.array(["y", "x", " x"])).tolist() == [1, 1, 0]


def test_weights_of_classes_are_named_as_their_labels_are(tmp_path: Path) -> None:
    cases: list[tuple[list[Any], dict[Any, Any], dict[Any, float]]] = [
        (["yes ", "no"], {"yes ": 2, "no": np.float32(1)}, {"yes ": 2.0, "no": 1.0}),
        ([Team.RED, Team.BLUE], {Team.RED: 2, Team.BLUE: Fraction(1, 2)}, {"red": 2.0, "blue": 0.5}),
        ([1.0, 0.0], {1.0: 2, np.int64(0): 1}, {1: 2.0, 0: 1.0}),
        ([True, False], {np.True_: 2, False: 1}, {True: 2.0, False: 1.0}),
    ]
    for labels, weights, kept in cases:
        model = NgramClassifier(min_texts=1, class_weight=weights).fit(TEXTS, labels * 4)
        model.save(tmp_path / "model")
        loaded = plaudit.load(tmp_path / "model")
        assert loaded.get_params()["class_weight"] == kept
        again = loaded.fit(TEXTS, labels * 4)
        assert np.array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_a_class_to_explain_is_named_as_its_labels_are() -> None:
    words = NgramClassifier(min_texts=1).fit(TEXTS, [Team.RED, Team.BLUE] * 4)
    for label in ("red", "red ", Team.RED, np.str_("red")):
        assert plaudit.explain(words, TEXTS[:1], label=label)[0].label == "red"
    numbers = NgramClassifier(min_texts=1).fit(TEXTS, [1, 0] * 4)
    for number in (1, np.int64(1), Stars.ONE, "1"):
        assert plaudit.explain(numbers, TEXTS[:1], label=number)[0].label == 1
    with pytest.raises(ConfigError, match=r"one of the model's classes \(0, 1\)"):
        plaudit.explain(numbers, TEXTS[:1], label=True)


def test_whole_numbers_as_weights_of_the_blend_survive(bert: Path, tmp_path: Path) -> None:
    model = BlendClassifier(
        encoder=bert, epochs=1, max_tokens=16, trainable=False, device="cpu", min_texts=1, blend_weights=(1, 2)
    )
    check_survives(model, ["a", "b"] * 4, tmp_path)


def check_survives(model: Classifier, labels: Any, folder: Path, **more: Any) -> None:
    """A model's classes and answers are the same after `save` and `load`, and are those that labels were read as."""
    model.fit(TEXTS, labels, **more)
    model.save(folder / "model")
    loaded = plaudit.load(folder / "model")
    assert loaded.classes_.dtype == model.classes_.dtype
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert [type(each) for each in loaded.classes_.tolist()] == [type(each) for each in model.classes_.tolist()]
    assert loaded.multi_label_ == model.multi_label_
    assert np.array_equal(loaded.predict(TEXTS), model.predict(TEXTS))
    assert loaded.predict(TEXTS).dtype == model.predict(TEXTS).dtype
    assert loaded.score(TEXTS, labels) == model.score(TEXTS, labels)


RECIPES = ["network", "ngram", "encoder", "blend", "distilled"]
SURVIVING = [name for name in KEPT if len(KEPT[name][0]) == 2]


def recipe(kind: str, table: EmbeddingTable, bert: Path) -> tuple[Classifier, dict[str, Any]]:
    if kind == "network":
        return NetworkClassifier(table, epochs=1, early_stopping=False), {}
    if kind == "ngram":
        return NgramClassifier(min_texts=1), {}
    tiny: dict[str, Any] = {"encoder": bert, "epochs": 1, "max_tokens": 16, "trainable": False, "device": "cpu"}
    if kind == "encoder":
        return EncoderClassifier(**tiny), {}
    blend = BlendClassifier(**tiny, min_texts=1, blend_weights=(1.0, 1.0))
    if kind == "blend":
        return blend, {}
    return DistilledClassifier(min_texts=1), {"unlabelled": ["good film", "grim film"]}


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("name", ["words", "outer space", "int enum", "booleans", "extremes", "sets", "dummies"])
def test_what_fit_takes_survives_the_folder(
    tiny_table: EmbeddingTable, bert: Path, tmp_path: Path, kind: str, name: str
) -> None:
    labels: Any
    if name == "sets":
        labels = [["a ", "b"], ["b"], [], ["a"]] * 2
    elif name == "dummies":
        labels = pd.get_dummies(pd.Series(["b", "c", "b", "a"] * 2))
    else:
        given = KEPT[name][0]
        labels = (given * 8)[: len(TEXTS)]
    model, more = recipe(kind, tiny_table, bert)
    if kind == "distilled":
        model.set_params(teacher=NgramClassifier(min_texts=1).fit(TEXTS, labels))
    check_survives(model, labels, tmp_path, **more)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", SURVIVING)
def test_every_kind_of_label_survives_the_folder(tmp_path: Path, name: str) -> None:
    given = KEPT[name][0]
    listed = given.to_pylist() if hasattr(given, "to_pylist") else list(given)
    check_survives(NgramClassifier(min_texts=1), listed * 4, tmp_path)


words = st.text(st.characters(codec=None), max_size=6)
label = st.one_of(
    words, words.map(np.str_), st.integers(), st.integers(-5, 5).map(np.int64), st.booleans(), st.floats(),
    st.sampled_from([*Team, *Mood, *Stars, *Plain, None, pd.NA, b"a", Decimal(1), np.True_, "1.0", "1", " 1", "True"]),
)  # fmt: skip
strategies: list[st.SearchStrategy[Any]] = [
    words, words.map(np.str_), st.integers(), st.booleans(), st.floats(width=16), label,
    st.sampled_from([*Team, *Mood]), st.sampled_from([*Stars]),
]  # fmt: skip
same = st.one_of([st.lists(each, min_size=2, max_size=3) for each in strategies])
forms: list[Callable[[list[Any]], Any]] = [
    list, tuple, lambda x: np.array(x, object), pd.Series, lambda x: pd.Series(x, dtype="category"),
    lambda x: np.array(x), lambda x: [[each] for each in x], lambda x: [{each} for each in x],
]  # fmt: skip


@given(labels=same, form=st.sampled_from(forms))
@settings(max_examples=150, deadline=None)
def test_any_labels_are_kept_or_refused(labels: list[Any], form: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            given_labels = form((labels * 8)[: len(TEXTS)])
        except Exception:  # of NumPy or pandas, that cannot hold them either
            return
        try:
            targets = encode_labels(given_labels, len(TEXTS))
        except DataError:
            return
        check_kept(targets, given_labels.tolist() if hasattr(given_labels, "tolist") else list(given_labels))
        with tempfile.TemporaryDirectory() as folder:
            check_survives(NgramClassifier(min_texts=1), given_labels, Path(folder))


def check_kept(targets: Targets, labels: list[Any]) -> None:
    names = targets.classes.tolist()
    assert len({type(name) for name in names}) == 1
    if isinstance(names[0], str):
        assert names == list(sort_classes(names))
    elif not targets.multi_label:
        assert names == sorted(names)
    for row, value in enumerate([] if targets.multi_label else labels):
        kept = names[int(targets.values[row])]
        if isinstance(kept, str):
            word = str.__str__(value)
            assert kept == label_name(word)
        else:
            assert kept == value
            assert isinstance(kept, bool) == isinstance(value, bool | np.bool_)
