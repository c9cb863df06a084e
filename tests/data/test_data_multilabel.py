"""Sets of labels: how each format holds them, what is refused, how they are divided."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.data import Dataset, hold_out, load_dataset, read_file
from plaudit.data.dataset import label_sets
from plaudit.data.labels import label_name, label_set
from plaudit.errors import DataError, PlauditError

# Files of a few rows have classes with a single text, of which Python code is warned.
pytestmark = pytest.mark.filterwarnings("ignore::plaudit.LabelWarning")

SETS = [("joy",), ("anger", "joy"), (), ("fear",)]
CLASSES = ("anger", "fear", "joy")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def check(dataset: Dataset) -> None:
    assert dataset.multi_label
    assert dataset.classes == CLASSES
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.uint8
    assert dataset.labels.tolist() == [[0, 0, 1], [1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert dataset.label_names() == SETS
    assert dataset.class_counts() == {"anger": 1, "fear": 1, "joy": 2}


def test_csv_needs_the_separator(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\na,joy\nb,"joy, anger,joy"\nc,\nd," ,fear"\n')
    check(read_file(path, label_separator=","))


def test_tsv_needs_the_separator(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "label\ttext\njoy\ta\nanger|joy\tb\n\tc\nfear\td\n")
    check(read_file(path, label_separator="|"))
    with pytest.raises(DataError, match="1 label is missing"):
        read_file(path)


def test_json_lists_tell_by_themselves(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": text, "labels": list(names)} for text, names in zip("abcd", SETS, strict=True)
    ]
    rows[0]["labels"] = "joy"  # one label beside lists
    check(read_file(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))))


def test_parquet_lists_tell_by_themselves(tmp_path: Path) -> None:
    table = pa.table({"text": list("abcd"), "labels": pa.array([list(names) for names in SETS])})
    pq.write_table(table, tmp_path / "a.parquet")
    check(read_file(tmp_path / "a.parquet"))


def test_parquet_lists_of_numbers_are_classes_in_the_order_of_numbers(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"], "label": [[10, 2], [2]]}), tmp_path / "a.parquet")
    dataset = read_file(tmp_path / "a.parquet")
    assert dataset.classes == ("2", "10")
    assert dataset.label_names() == [("2", "10"), ("2",)]


def test_several_labels_on_a_line_of_fasttext_tell_by_themselves(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "__label__joy a\n__label__joy\t__label__anger b\nc\n__label__fear d\n")
    dataset = read_file(path)
    check(dataset)
    assert dataset.texts.to_pylist() == list("abcd")


def test_a_further_part_is_read_as_sets_even_if_no_text_has_several(tmp_path: Path) -> None:
    write(tmp_path / "train.txt", "__label__joy __label__anger a\n__label__fear b\n")
    write(tmp_path / "test.txt", "__label__fear c\nd\n")
    test = load_dataset(tmp_path).test
    assert test is not None
    assert test.label_names() == [("fear",), ()]
    assert test.classes == CLASSES


def test_a_label_that_training_has_not_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\na,joy\nb,"joy,awe"\n')
    with pytest.raises(DataError, match=r"a\.csv:3: unknown class 'awe'; expected one of anger, fear, joy\."):
        read_file(path, label_separator=",", classes=CLASSES)
    with pytest.raises(DataError, match=r"unknown class 'joy,awe'; .*what separates them: --label-separator"):
        read_file(path, classes=CLASSES, multi_label=True)


@pytest.mark.parametrize(
    ("text", "separator", "message"),
    [
        ("text,label\na,\nb,\n", ",", "no text has a label"),
        ("text,label\na,x\nb,y\n", "", "--label-separator '': expected a mark such as a comma"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, separator: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PlauditError, match=message):
        read_file(write(tmp_path / "a.csv", text), label_separator=separator)


NAMES = st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(NAMES, unique_by=label_name))
@settings(deadline=None)
def test_a_cell_and_a_list_of_the_same_names_are_the_same_set(names: list[str]) -> None:
    found = label_set(",".join(names), ",")
    assert found == label_set([name for name in names if name.strip()], None)
    assert len(set(found)) == len(found)
    assert set(found) == {label_name(name) for name in names if name.strip()}


def test_a_list_that_names_a_label_twice_is_no_list_of_names() -> None:
    assert label_set("a,a", ",") == ("a",)
    with pytest.raises(DataError, match="the label '0' is named twice"):
        label_set([1, 0, 0], None)


_WHOLE = st.integers(-1_000_000, 1_000_000).map(float) | st.just(float("nan"))  # others may be probabilities


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.none(), _WHOLE))
@settings(deadline=None)
def test_without_a_separator_a_cell_is_one_label_or_none(value: object) -> None:
    assert len(label_set(value, None)) <= 1
    if label_name(value) is None:
        with pytest.raises(DataError, match="holds an empty one"):
            label_set([value], ",")
    else:
        assert label_set(value, None) == label_set([value], ",")


def test_an_indicator_must_fit_its_classes() -> None:
    texts = pa.array(["a", "b"], pa.large_string())
    with pytest.raises(DataError, match=r"2 texts but labels of shape \(2, 2\)"):
        Dataset(texts, np.zeros((2, 2), np.uint8), CLASSES, "x")
    with pytest.raises(DataError, match="values other than 0 and 1"):
        Dataset(texts, np.full((2, 3), 2, np.uint8), CLASSES, "x")


def made_up(indicator: np.ndarray) -> Dataset:
    texts = pa.array([f"text {i}" for i in range(len(indicator))], pa.large_string())
    return Dataset(texts, indicator.astype(np.uint8), tuple(f"c{i}" for i in range(indicator.shape[1])), "made up")


def test_a_taken_part_keeps_its_sets() -> None:
    dataset = made_up(np.eye(3))
    assert dataset.take(np.array([2, 0])).label_names() == [("c2",), ("c0",)]


def test_a_share_held_out_keeps_each_labels_share() -> None:
    random = np.random.default_rng(0)
    dataset = made_up(random.random((3_000, 6)) < [0.5, 0.2, 0.1, 0.03, 0.01, 0.002])
    train, held = hold_out(dataset, 0.2, seed=0)
    assert len(held) == pytest.approx(600, abs=6)
    assert held.labels is not None
    whole = np.array(list(dataset.class_counts().values()))
    assert np.abs(held.labels.sum(axis=0) - 0.2 * whole).max() <= 3
    without = [int((part.labels.sum(axis=1) == 0).sum()) for part in (dataset, held) if part.labels is not None]
    assert without[1] == pytest.approx(0.2 * without[0], abs=1)
    assert len(train) + len(held) == 3_000


def test_the_seed_decides_which_texts_are_held_out() -> None:
    dataset = made_up(np.random.default_rng(0).random((200, 3)) < 0.3)
    first, again, other = (hold_out(dataset, 0.3, seed=seed).held_out.texts.to_pylist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


@given(st.integers(0, 2**32), st.integers(2, 30), st.integers(1, 6), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
@settings(deadline=None)
def test_every_label_keeps_a_text_to_train_on(seed: int, n: int, n_classes: int, density: float, share: float) -> None:
    indicator = np.random.default_rng(seed).random((n, n_classes)) < density
    try:
        train, held = hold_out(made_up(indicator), share, seed=seed)
    except DataError as error:
        if "leaves nothing" in str(error):  # too few texts to give one
            return
        raise
    assert train.labels is not None
    assert (train.labels.any(axis=0) == indicator.any(axis=0)).all()
    assert len(train) + len(held) == n


def test_the_first_rows_may_not_take_a_labels_last_text() -> None:
    with pytest.raises(DataError, match="leaves none of class 'c0' to train on"):
        hold_out(made_up(np.eye(3)), 1, seed=0)


def test_rows_of_an_indicator_have_names() -> None:
    assert label_sets(np.array([[1, 0, 1], [0, 0, 0]]), [5, 6, 7]) == [(5, 7), ()]
