"""From cells to class numbers: spelling, sets however they are written, indicators, and what is odd or refused."""

import json
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.budget import Budget, spending
from plaudit.data.label_cells import listed_labels
from plaudit.data.label_checks import ONE_LABEL
from plaudit.data.label_findings import (
    class_findings,
    eye_key,
    look_alike_findings,
    odd_name_findings,
    separator_of,
)
from plaudit.data.label_reading import LabelReading, Labels
from plaudit.data.labels import label_name, sort_classes
from plaudit.errors import DataError

TEXT = "the parcel came late and nobody at the shop said a word about it to any of us"


def reading(cells: Sequence[Any], text: str = TEXT, columns: Sequence[str] = (), **given: Any) -> LabelReading:
    found = LabelReading(where="f.csv", **given)
    if columns:
        found.indicator_columns(columns)
    half = len(cells) // 2
    for part in (cells[:half], cells[half:]):
        found.add(part, pa.array([text] * len(part), pa.large_string()))
    return found


def read(cells: Sequence[Any], **given: Any) -> Labels:
    return reading(cells, **given).finish(lambda row: f"f.csv:{row + 2}")


def names(labels: Labels) -> list[Any]:
    if labels.multi_label:
        return [tuple(labels.classes[i] for i in np.flatnonzero(row)) for row in labels.values]
    return [labels.classes[value] for value in labels.values]


def kinds(labels: Labels) -> list[str]:
    return [finding.kind for finding in labels.findings]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (" pos\t", "pos"), ("\u00a0pos\u2003", "pos"), ("1", "1"), (1, "1"), (1.0, "1"), ("1.0", "1"),
        (" 1.00 ", "1"), ("-0.0", "0"), (Decimal("1.0"), "1"), (True, "true"), (False, "false"), ("007", "007"),
        ("007.0", "007.0"), ("1e5", "1e5"), ("1.50", "1.50"), ("+1", "+1"), (1.5, "1.5"), (None, None),
        (float("nan"), None), ("", None), (" \u2003", None), ("nan", "nan"), ("N/A", "N/A"),
        (float("inf"), "inf"), (1e30, "1e+30"), (2.0**53, "9007199254740992"), (2**70, str(2**70)),
        ("١.٠", "١.٠"), ("0.0", "0"), (Decimal("NaN"), None),
    ],
)  # fmt: skip
def test_one_spelling_whatever_the_format(value: object, name: str | None) -> None:
    assert label_name(value) == name


@pytest.mark.parametrize("value", [b"pos", ["a"], {"a": 1}, object()])
def test_what_is_no_label(value: object) -> None:
    with pytest.raises(DataError, match="expected a word or a number as the label, got"):
        label_name(value)


def test_a_number_of_thousands_of_digits_is_no_label() -> None:
    with pytest.raises(DataError, match="got one of thousands of digits"):
        label_name(10**5000)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_a_spelled_name_stays(value: object) -> None:
    name = label_name(value)
    assert label_name(name) == name


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_whole_numbers_are_one_class_in_all_types(number: int) -> None:
    assert {label_name(each) for each in (number, str(number), float(number), f"{number}.0", Decimal(number))} == {
        str(number)
    }


def test_numbers_of_all_spellings_and_missing_ones() -> None:
    found = reading([1, "1.0", 2.0, None, float("nan"), "", " ", "2"])
    assert found.missing().tolist() == [False, False, False, True, True, True, True, False]
    labels = found.finish()
    assert (labels.classes, labels.values.tolist()) == (("1", "2"), [0, 0, 1, 0, 0, 0, 0, 1])
    assert labels.values.dtype == np.int32


def test_a_column_of_true_and_false_is_one_whatever_its_capitals() -> None:
    labels = read(["True", "FALSE", "true", "false", True, False] * 2)
    assert names(labels) == ["true", "false"] * 6
    assert labels.read_as == ("labels: FALSE, True read as true and false",)
    assert read([True, False, True, False]).read_as == ()
    assert read(["True", "maybe", "True", "maybe"]).classes == ("True", "maybe")


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["Spam", "spam", "ham", "spam"], ("spam", "Spam")),
        (["a b", "a  b", "c", "a b"], ("a b", "a  b")),
        (["caf\u00e9", "cafe\u0301", "c", "caf\u00e9"], ("caf\u00e9", "cafe\u0301")),
        (["go\u200bod", "good", "c", "good"], ("good", "go\u200bod")),
        (["\ufeffgood", "good", "c", "good"], ("good", "\ufeffgood")),
        (["go\u00adod", "good", "c", "good"], ("good", "go\u00adod")),
        (["\uff27\uff4f\uff4f\uff44", "good", "c", "good"], ("good", "\uff27\uff4f\uff4f\uff44")),
        (["don\u2019t", "don't", "c", "don't"], ("don't", "don\u2019t")),
        (["e\u2011mail", "e-mail", "c", "e-mail"], ("e-mail", "e\u2011mail")),
        (["\u0441old", "cold", "x", "cold"], ("cold", "\u0441old")),
    ],
)
def test_names_equal_to_the_eye_are_found_with_counts_and_merged_when_asked(
    cells: list[str], classes: tuple[str, ...]
) -> None:
    labels = read(cells * 2)
    finding = labels.findings[0]
    assert (finding.kind, finding.labels, finding.count) == ("look alike", classes, 6)
    assert "(4)" in finding.message
    assert "(2)" in finding.message
    shown = finding.message.split("alike: ")[1].split("; --merge-labels")[0].split(", ")
    assert len({each.rsplit(" (", 1)[0] for each in shown}) == 2
    merged = read(cells * 2, merge=True)
    assert merged.classes == sort_classes([classes[0], cells[2]])
    assert [line for line in merged.read_as if "merged into" in line]
    assert "look alike" not in kinds(merged)


@given(st.text(max_size=20))
def test_a_look_is_the_same_after_a_change_that_none_sees(name: str) -> None:
    for other in (f" {name}\u200b", name.replace("a", "a\u00ad"), f"\ufeff{name}"):
        assert eye_key(other) == eye_key(name)


def test_names_that_mean_nothing_are_noted() -> None:
    for word in ("nan", "N/A", "null", "None", "#N/A", "?"):
        assert kinds(read([word, "pos", "neg", "pos", word, "neg"])) == ["odd name"]
    assert odd_name_findings({"N/A": 2, "null": 2}) == []
    assert odd_name_findings({"+": 2, "-": 2}) == []


def test_classes_with_one_text_are_noted_once() -> None:
    finding = read(["a", "a", "b", "c"]).findings[0]
    assert (finding.kind, finding.labels, finding.count) == ("too few texts", ("b", "c"), 2)
    assert "2 classes have a single text ('b', 'c')" in finding.message
    assert class_findings({"a": 2}) == []


SETS = [("neg", "x y"), ("neg",), (), ("x y",)] * 2


@pytest.mark.parametrize(
    ("write", "how"),
    [
        (lambda each: json.dumps(list(each)), "JSON"),
        (lambda each: f" {json.dumps(list(each))} ", "JSON"),
        (lambda each: str(list(each)), "Python"),
        (str, "Python"),
        (lambda each: str(set(each)), "Python"),
        (lambda each: str(frozenset(each)), "Python"),
        (lambda each: "[" + ", ".join(f"np.str_({name!r})" for name in each) + "]", "Python"),
        (lambda each: str(np.array(each, dtype=object)), "NumPy"),
        (lambda each: repr(np.array(each, dtype=object)), "Python"),
        (lambda each: {"choices": list(each)}, "choices"),
        (lambda each: json.dumps({"choices": list(each)}), "choices"),
        (lambda each: [{"value": {"choices": list(each)}, "from_name": "k", "type": "choices"}], "choices"),
        (lambda each: json.dumps([{"result": [{"value": {"choices": list(each)}}]}]), "choices"),
        (lambda each: f"[{', '.join(each)}]", "brackets"),
    ],
)
def test_lists_in_cells_are_sets_and_said(write: Any, how: str) -> None:
    labels = read([write(each) for each in SETS])
    assert names(labels) == SETS
    assert labels.multi_label
    assert how in labels.read_as[0]
    assert labels.values.dtype == np.uint8


@given(st.lists(st.lists(st.text(max_size=6), max_size=3, unique=True), min_size=1, max_size=5))
def test_what_python_writes_is_read_as_it_was(rows: list[list[str]]) -> None:
    found = listed_labels([str(each) for each in rows])
    assert found is not None
    assert found[0] == rows


@given(st.lists(st.text("[]{}()'\",ab1 \\n:", max_size=12), max_size=6))
def test_any_cell_is_a_list_or_stays(cells: list[str]) -> None:
    found = listed_labels(cells)
    assert found is None or all(
        isinstance(each, list) or each == cell for each, cell in zip(found[0], cells, strict=True)
    )


def test_names_in_brackets_are_names_where_they_are_few() -> None:
    assert read(["[deleted]", "pos", "neg", "pos"] * 2).classes == ("[deleted]", "neg", "pos")
    assert read(['["odd"]', "pos", "neg", "mid"] * 2).classes == ('["odd"]', "mid", "neg", "pos")
    assert names(read(['["pos", "neg"]', "pos", "neg", "mid"] * 2))[:2] == [("neg", "pos"), ("pos",)]


@pytest.mark.parametrize("cell", [["a", "a"], '["a", "a"]', "['a', 'a ']", {"choices": ["a", "a"]}, [1, 1.0]])
def test_a_list_that_names_a_label_twice_is_a_fault(cell: Any) -> None:
    found = reading([["a", "b"] if not isinstance(cell, str) else '["a", "b"]', cell])
    assert list(found.faults()) == [1]
    assert "is named twice for one text" in found.faults()[1]


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["a|b", "a", "b", "a|b"], "|"), (["a, b", "a", "b"], ","), (["a,b,", "a,", "b,", "c,a,"], ","),
        (["a;b", "b;c", "a;c"], ";"), (["a/b", "a", "b"], "/"), (["a\u3001b", "a", "b"], "\u3001"),
        (["x|y", "y|z", "x|z", "x|y|z"], "|"), (["a,", "b,", "a,"], ","),
    ],
)  # fmt: skip
def test_cells_of_several_labels_stop_with_the_separator(cells: list[str], mark: str) -> None:
    with pytest.raises(DataError, match=r"^f\.csv:\d+: the label .*--label-separator") as error:
        read(cells)
    assert f'--label-separator "{mark}"' in str(error.value)
    assert ONE_LABEL in str(error.value)
    assert not read(cells, separator=ONE_LABEL).multi_label
    told = read(cells, separator=mark)
    assert told.multi_label
    assert all(mark not in name for name in told.classes)


@pytest.mark.parametrize(
    "cells",
    [
        ["Sales, North", "Sales, South", "Help, North", "Help, South"], ["Yes, please", "No, thanks"],
        ["TCP/IP", "UDP"], ["a + b", "c"], ["Smith, J.", "Jones, K.", "Smith, L."], ["C", "C++"],
        ["R&D", "Sales"], ["1,5", "2,5", "1,0"],
    ],
)  # fmt: skip
def test_ordinary_names_with_marks_do_not_stop(cells: list[str]) -> None:
    assert separator_of(dict.fromkeys(cells, 2)) is None
    assert read(cells * 2).classes == sort_classes(cells)


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 0, 1], [0, 1, 0]],
        ["[1, 0, 1]", "[0, 1, 0]"],
        ["[1 0 1]", "[0 1 0]"],
        [[True, False, True], [False, True, False]],
    ],
)
def test_lists_of_0_and_1_are_an_indicator(rows: list[Any]) -> None:
    labels = read(rows * 3)
    assert names(labels) == [("0", "2"), ("1",)] * 3
    assert "columns of 0 and 1" in " ".join(labels.read_as)


def test_records_of_0_and_1_are_an_indicator_of_their_keys() -> None:
    assert names(read([{"a": 1, "b": 1}, {"a": 0, "b": 1}] * 2)) == [("a", "b"), ("b",)] * 2


@pytest.mark.parametrize("values", [(0, 1), ("0", "1"), (False, True), ("False", "True"), (0.0, 1.0), ("0.0", " 1.0")])
def test_columns_of_0_and_1_are_an_indicator_of_their_names(values: tuple[Any, Any]) -> None:
    no, yes = values
    labels = read([(yes, yes, no), (no, no, yes), (no, no, no)] * 2, columns=("label_pos", "label_neg", "label_odd"))
    assert names(labels) == [("neg", "pos"), ("odd",), ()] * 2
    assert labels.classes == ("neg", "odd", "pos")


def test_one_hot_rows_are_one_label() -> None:
    labels = read([(1, 0), (0, 1), (1, 0)], columns=("label_pos", "label_neg"))
    assert names(labels) == ["pos", "neg", "pos"]
    assert "one label a text" in labels.read_as[0]
    assert read([(1, 0), (0, 1)], columns=("a", "b"), multi_label=True).multi_label


def test_faults_of_an_indicator() -> None:
    found = reading([(1, "x"), (0, [1]), (0, 1), (1, 1)], columns=("a", "b"))
    assert list(found.faults()) == [0, 1]
    assert found.faults()[0] == "column 'b': expected 0 or 1, got 'x'."
    never = read([(1, 0), (1, 0), (0, 0)], columns=("a", "b"))
    assert "1 class has no text ('b')" in never.findings[0].message


def test_labels_that_differ_from_row_to_row_stop_with_a_line() -> None:
    with pytest.raises(DataError, match=r"f\.csv:\d+: nearly every text has a label of its own \(30 labels, 30 texts"):
        read([f"c{i}" for i in range(30)])
    with pytest.raises(DataError, match="nearly every text has a label of its own"):
        read([f"c{i}" for i in range(12)])
    assert len(read(list("abcde")).classes) == 5
    for label in (TEXT, "\u8fd9\u4e2a\u5546\u5e97\u7684\u670d\u52a1\u771f\u7684\u5f88\u5dee\u52b2"):
        with pytest.raises(DataError, match=r"f\.csv:3: the labels are longer than the texts .*swapped"):
            read([label, label + "!", label, label + "!"], text="pos")
    with pytest.raises(DataError, match="the texts begin with __label__"):
        read(["the film", "a play"] * 3, text="__label__neg")


def test_too_few_classes() -> None:
    with pytest.raises(DataError, match="every text has the label 'a'; expected at least two classes"):
        read(["a", "a"])
    with pytest.raises(DataError, match="no text has a label"):
        read([[], []])
    assert read(["a", "a"], least=1).classes == ("a",)


def test_given_classes_are_met_by_the_spelling_rule_and_the_eye() -> None:
    found = reading(["1.0", " x", "True", "nope"], classes=("1.0", "x ", "true"))
    assert found.faults() == {3: "unknown class 'nope'; expected one of 1.0, x , true."}
    labels = found.finish()
    assert labels.values.tolist() == [0, 1, 2, 0]
    assert labels.read_as == ("labels: 'True' is read as the model's class 'true'",)
    assert labels.findings == ()


@given(
    st.lists(
        st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text("ab,|[]'1. ", max_size=6)
        | st.lists(st.text("ab", max_size=2) | st.integers(0, 1), max_size=3)
        | st.dictionaries(st.text("ab", max_size=2), st.integers(0, 1)),
        max_size=12,
    ),
    st.sampled_from([None, ",", "|", ONE_LABEL]),
    st.booleans(),
    st.sampled_from([None, ("a", "b", "1")]),
)  # fmt: skip
def test_whatever_cells_there_are_each_row_has_a_number_or_a_reason(
    cells: list[Any], separator: str | None, merge: bool, classes: tuple[str, ...] | None
) -> None:
    found = reading(cells, separator=separator, merge=merge, classes=classes, least=1)
    faults, missing = found.faults(), found.missing()
    assert all(0 <= row < len(cells) for row in faults)
    assert not any(missing[row] for row in faults)
    try:
        labels = found.finish()
    except DataError:
        return
    assert len(labels.values) == len(cells)
    assert len(set(labels.classes)) == len(labels.classes)
    if not labels.multi_label and labels.classes:
        assert labels.values.min(initial=0) >= 0
        assert labels.values.max(initial=0) < len(labels.classes)


@given(st.lists(st.sampled_from(["a", "B", "b", "c ", 1, 1.0, "1"]), min_size=2, max_size=20))
def test_batches_do_not_matter(cells: list[Any]) -> None:
    whole, parts = LabelReading(least=1), LabelReading(least=1)
    whole.add(cells, pa.array([TEXT] * len(cells), pa.large_string()))
    for cell in cells:
        parts.add([cell], pa.array([TEXT], pa.large_string()))
    one, other = whole.finish(), parts.finish()
    assert (one.classes, one.findings, one.values.tolist()) == (other.classes, other.findings, other.values.tolist())


def test_what_is_large_costs_little_and_what_is_deep_is_a_fault() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    started = time.process_time()
    found = reading([deep, "[" * 1_000_000, "[" * 9_000 + "]" * 9_000, "(" * 19_000 + ")", "-" * 10_000, ["a"], "a"])
    assert found.faults()[0] == "expected a word or a number as the label, got lists within lists."
    cells = [f"class {i % 300_000}" for i in range(1_000_000)]
    many = LabelReading()
    many.add(cells, pa.array(["a text of some words"] * len(cells), pa.large_string()))
    with spending(Budget(classes=300_000)):
        assert len(many.finish().classes) == 300_000
    with pytest.raises(DataError, match="are too many"):
        read([[f"c{i}"] for i in range(100_000)])
    assert time.process_time() - started < 60


def test_findings_of_many_names_are_short() -> None:
    counts = {f"{'x' * 1000}{i}": 1 for i in range(1000)} | {"A": 1, "a": 1}
    for finding in (*class_findings(counts), *look_alike_findings(counts)):
        assert len(finding.message) < 1000
