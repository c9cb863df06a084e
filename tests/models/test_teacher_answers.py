"""A file of answers as a teacher: how its rows find their texts, and what is no answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import plaudit
from plaudit import DistilledClassifier, NgramClassifier
from plaudit.data import Dataset, as_text_column
from plaudit.errors import ConfigError, DataError, PlauditError
from plaudit.models.teacher_answers import is_answers_file, read_answers

Write = Callable[..., Path]
TEXTS = ["joy", "grim", "warm", "cold"]
SURE = [0.9, 0.2, 0.75, 0.0]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write columns as a file of answers, by default Parquet."""

    def as_file(columns: dict[str, Any], name: str = "answers.parquet") -> Path:
        path = tmp_path / name
        if path.suffix == ".parquet":
            pa.parquet.write_table(pa.table(columns), path)
        elif path.suffix == ".jsonl":
            rows = pa.table(columns).to_pylist()
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        elif path.suffix == ".tsv":
            lines = [list(columns), *zip(*columns.values(), strict=True)]
            path.write_text("".join("\t".join(map(str, line)) + "\n" for line in lines), encoding="utf-8")
        else:
            pa.csv.write_csv(pa.table(columns), path)
        return path

    return as_file


def shares(path: Path, classes: tuple[str, ...] = ("neg", "pos"), *, multi_label: bool = False) -> list[list[float]]:
    rows: list[list[float]] = read_answers(path).answers().probabilities(classes, multi_label=multi_label).tolist()
    return rows


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.tsv", "a.jsonl"])
@pytest.mark.parametrize(
    "columns",
    [
        {"probability_pos": SURE},
        {"probability_neg": [1 - p for p in SURE], "probability_pos": SURE},
        {"pos": SURE},
        {"neg": [1 - p for p in SURE], "pos": SURE},
        {"prediction": ["pos", "neg", "pos", "neg"], "probability": [0.9, 0.8, 0.75, 1.0]},
        {"Label": ["pos", "neg", "pos", "neg"], "confidence": [0.9, 0.8, 0.75, 1.0], "comment": ["", "x", "", ""]},
    ],
)
def test_answers_of_two_classes(write: Write, columns: dict[str, Any], name: str) -> None:
    path = write({"text": TEXTS, **columns}, name)
    np.testing.assert_allclose(shares(path), [[1 - p, p] for p in SURE], atol=1e-12)


def test_one_label_is_sure_and_many_classes_share_the_rest(write: Write) -> None:
    names = ("a", "b", "c")
    words = write({"text": TEXTS[:2], "prediction": ["b", "a"]})
    assert shares(words, names) == [[0, 1, 0], [1, 0, 0]]
    surer = write({"text": TEXTS[:2], "prediction": ["b", "a"], "probability": [0.5, 1.0]})
    assert shares(surer, names) == [[0.25, 0.5, 0.25], [1, 0, 0]]
    rounded = write({"text": ["joy"], "a": [0.33], "b": [0.33], "c": [0.33]})
    np.testing.assert_allclose(shares(rounded, names), [[1 / 3] * 3])


def test_classes_that_are_numbers_or_are_called_as_the_text_is(write: Write) -> None:
    assert shares(write({"text": ["joy"], "prediction": [1.0]}), ("0", "1")) == [[0, 1]]
    path = write({"review": ["joy"], "review_text": ["no"], "image": [0.25]})
    assert shares(path, ("image", "review")) == [[0.25, 0.75]]


def test_sets_of_labels(write: Write) -> None:
    by_class = write({"text": TEXTS[:2], "probability_red": [0.9, 0.8], "probability_round": [0.7, 0.0]})
    assert shares(by_class, ("red", "round"), multi_label=True) == [[0.9, 0.7], [0.8, 0.0]]
    lists = write({"text": TEXTS[:3], "labels": [["red"], [], ["red", "round"]]}, "a.jsonl")
    assert shares(lists, ("red", "round"), multi_label=True) == [[1, 0], [0, 0], [1, 1]]


def test_what_is_missing_is_no_answer(write: Write) -> None:
    for columns in (
        {"probability_neg": [None, 0.5], "probability_pos": [None, 0.5]},
        {"pos": [float("nan"), 0.5]},
        {"prediction": [None, "pos"], "probability": [0.5, 0.5]},
        {"prediction": ["neg", "pos"], "probability": [None, 0.5]},
    ):
        found = np.array(shares(write({"text": TEXTS[:2], **columns})))
        assert np.isnan(found[0]).all()
        assert found[1].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"probability_pos": [0.5, 1.5]}, r"row 2: column 'probability_pos': expected a probability from 0 to 1, got"),
        ({"pos": [0.5, float("inf")]}, r"row 2: column 'pos': expected a probability"),
        ({"pos": ["0.5", "much"]}, r"row 2: column 'pos': expected a probability from 0 to 1, got 'much'"),
        ({"pos": [True, False]}, r"row 1: column 'pos': expected a probability"),
        ({"neg": [0.5, 0.9], "pos": [0.5, 0.9]}, r"row 2: the classes' probabilities sum to 1.8, expected 1"),
        ({"neg": [0.5, None], "pos": [0.5, 0.9]}, r"row 2: a class has no probability and another has one"),
        (
            {"probability_bad": [0.5, 0.5]},
            r"'probability_bad' is of a class that is not a label; the labels are 'neg'",
        ),
        ({"prediction": ["pos", "good"]}, r"row 2: column 'prediction' answers 'good'; the labels are 'neg', 'pos'"),
        ({"prediction": ["pos", "neg"], "probability": [2, 0]}, r"row 1: column 'probability': expected a probability"),
        ({"prediction": [["pos"], ["neg"]]}, r"row 1: column 'prediction': expected a word or a number as the label"),
        ({"said": ["pos", "neg"]}, r"no answers; expected a column .* such as 'probability_neg', or .*'said'"),
    ],
)
def test_what_is_no_answer_is_said(write: Write, columns: dict[str, Any], message: str) -> None:
    path = write({"text": TEXTS[:2], **columns})
    with pytest.raises(DataError, match=message):
        shares(path)


def test_a_class_without_a_column_is_missed(write: Write) -> None:
    path = write({"text": ["joy"], "a": [0.5], "b": [0.5]})
    with pytest.raises(DataError, match="no column of class 'c'; expected 'c' beside 'a'"):
        shares(path, ("a", "b", "c"))
    with pytest.raises(DataError, match="no column of class 'c'"):
        shares(path, ("a", "c"), multi_label=True)


def test_ids_find_texts_whatever_their_type(write: Write) -> None:
    path = write({"number": [3, 7, 3, 9, None], "pos": [0.1, 0.2, 0.3, 0.4, 0.5]})
    file = read_answers(path, id_column="number")
    texts = as_text_column(["three", "five", "seven", "without", "another without"])
    found = file.answers_by_id(pa.array(["3", "5", "7", None, None]), texts)

    assert found.texts.to_pylist() == ["three", "seven", "three"]
    assert found.probabilities(("neg", "pos"), multi_label=False)[:, 1].tolist() == [0.1, 0.2, 0.3]
    with pytest.raises(DataError, match="1 texts have the id of another"):
        file.answers_by_id(pa.array([3, 3]), texts.slice(0, 2))
    with pytest.raises(DataError, match=r"none of its 5 ids is an id of the texts; it has '3', …, the texts have '30'"):
        file.answers_by_id(pa.array([30, 70]), texts.slice(0, 2))


def test_files_that_are_no_table_of_answers(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_answers(tmp_path / "nothing.parquet")
    (tmp_path / "a.txt").write_text("__label__pos joy\n")
    with pytest.raises(DataError, match="a teacher is a model's folder or a table of answers"):
        read_answers(tmp_path / "a.txt")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_answers(tmp_path / "b.parquet")
    path = write({"number": [1], "pos": [0.5]})
    with pytest.raises(DataError, match=r"no column of texts; the columns are 'number', 'pos'.*--id-column"):
        read_answers(path)
    with pytest.raises(ConfigError, match=r"--id-column id: .* it has 'number', 'pos'"):
        read_answers(path, id_column="id")
    with pytest.raises(DataError, match="blank in column 'text'"):
        read_answers(write({"text": ["joy", " "], "pos": [0.5, 0.5]})).answers()


def test_a_folder_is_a_model_and_what_is_missing_is_told_by_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "odd.parquet").mkdir()
    assert not is_answers_file(tmp_path / "odd.parquet")
    assert is_answers_file(str(tmp_path / "not-there.parquet"))
    assert not is_answers_file(str(tmp_path / "not-there"))
    assert not is_answers_file(NgramClassifier())
    with pytest.raises(PlauditError, match="not-there"):
        DistilledClassifier(tmp_path / "not-there").fit(TEXTS, ["a", "b"] * 2, unlabelled=TEXTS)


def test_a_student_learns_from_a_file_as_from_the_teacher(
    write: Write, reviews: Dataset, more_reviews: Dataset, tmp_path: Path
) -> None:
    teacher = NgramClassifier().fit(more_reviews.texts, more_reviews.label_names())
    path = write({"text": more_reviews.texts, "panned": teacher.predict_proba(more_reviews.texts)[:, 1]})
    labels = reviews.label_names()
    asked = DistilledClassifier(teacher).fit(reviews.texts, labels, unlabelled=more_reviews.texts)
    read = DistilledClassifier(str(path)).fit(reviews.texts, labels)

    np.testing.assert_allclose(read.logits(reviews.texts), asked.logits(reviews.texts), atol=1e-6)
    assert read.teacher_ is None
    assert read.notes_ == (f"30 texts are answered in {path}.",)
    read.save(tmp_path / "student")
    np.testing.assert_array_equal(plaudit.load(tmp_path / "student").logits(reviews.texts), read.logits(reviews.texts))


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_a_file_for_many_classes_and_for_sets_of_labels(
    write: Write, topics: Dataset, moods: Dataset, class_weight: Any
) -> None:
    few = topics.take(np.arange(8))
    path = write({"text": topics.texts, "prediction": topics.label_names()}, "topics.jsonl")
    student = DistilledClassifier(path, class_weight=class_weight, min_texts=1).fit(few.texts, few.label_names())
    assert student.score(topics.texts, topics.label_names()) > 0.9

    some = moods.take(np.arange(20))
    path = write({"text": moods.texts, "labels": [list(names) for names in moods.label_names()]}, "moods.jsonl")
    student = DistilledClassifier(path, class_weight=class_weight, min_texts=1).fit(some.texts, some.label_names())
    assert student.score(moods.texts, moods.label_names()) > 0.9


def test_validation_texts_and_rows_without_an_answer_are_left_out(write: Write) -> None:
    """Were they learned, this file's lies about the validation texts would be repeated."""
    texts, labels = ["joy warm", "grim cold"] * 5, ["pos", "neg"] * 5
    path = write({"text": ["Tuesday!", "joy", "cold", "warm"], "pos": [1.0, 1.0, 0.0, None]})
    held = (["tuesday", "monday"], ["neg", "neg"])
    student = DistilledClassifier(path, min_texts=1).fit(texts, labels, validation=held)

    assert student.notes_ == (
        f"2 texts are answered in {path}; left out: 1 without an answer, 1 equal to validation texts.",
    )
    np.testing.assert_array_equal(student.logits(["tuesday"]), student.logits(["never"]))  # neither word is known
    only = DistilledClassifier(path, min_texts=1).fit(texts, labels, unlabelled=["cold", "elsewhere"])
    assert only.notes_ == (f"1 texts are answered in {path}.",)
    with pytest.raises(DataError, match="it answers no text that could be learned from; left out: 1 without"):
        DistilledClassifier(path, min_texts=1).fit(texts, labels, unlabelled=["warm"])
    with pytest.raises(DataError, match="it answers no text that could be learned from"):
        DistilledClassifier(path, min_texts=1).fit(texts, labels, unlabelled=["elsewhere"])
