"""Tables of other libraries are read by the rules that hold for files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import plaudit
from plaudit import NgramClassifier
from plaudit.config import DataSpec
from plaudit.data import load_dataset, read_file
from plaudit.data.tables import is_table
from plaudit.errors import DataError, NotFittedError

# Files of a few rows have classes with a single text, of which Python code is warned.
pytestmark = pytest.mark.filterwarnings("ignore::plaudit.LabelWarning")

ROWS: dict[str, list[Any]] = {
    "id": [1, 2, 3, 4],
    "text": ["a fine film", "so dull", "joy, warm joy", "grim 😀"],
    "label": ["pos", "neg ", "pos", "neg"],
}


class Streaming:
    """What speaks Arrow's stream protocol and nothing else, as DuckDB's relations do."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


FORMS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "pandas": pd.DataFrame,
    "pandas, another index": lambda rows: pd.DataFrame(rows, index=range(len(rows["text"]), 0, -1)),
    "pandas, categories": lambda rows: pd.DataFrame(rows).astype({"label": "category"}),
    "pandas, Arrow's types": lambda rows: pd.DataFrame(rows).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame,
    "polars, lazy": pl.LazyFrame,
    "polars, categories": lambda rows: pl.DataFrame(rows).cast({"label": pl.Categorical}),
    "table": pa.table,
    "batch": pa.record_batch,
    "reader": lambda rows: pa.table(rows).to_reader(max_chunksize=2),
    "chunks": lambda rows: pa.concat_tables([pa.table(rows).slice(0, 3), pa.table(rows).slice(3)]),
    "stream": lambda rows: Streaming(pa.table(rows)),
    "views": lambda rows: pa.table(rows).cast(
        pa.schema([("id", pa.int64()), ("text", pa.string_view()), ("label", pa.string_view())])
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_read_as_the_csv_of_it(tmp_path: Path, form: str) -> None:
    splits = load_dataset(FORMS[form](ROWS))
    pd.DataFrame(ROWS).to_csv(tmp_path / "rows.csv", index=False)
    expected = read_file(tmp_path / "rows.csv")
    found = splits.train
    assert splits.test is None
    assert found.texts.equals(expected.texts)
    assert found.classes == expected.classes == ("neg", "pos")
    assert np.array_equal(found.labels, expected.labels)  # type: ignore[arg-type]
    assert found.extra.to_pydict() == {"id": [1, 2, 3, 4]}
    assert (found.text_name, found.label_name) == ("text", "label")


def test_the_tables_of_others_are_known_without_their_libraries() -> None:
    for form in FORMS.values():
        assert is_table(form(ROWS))
    for other in ("imdb", Path("x.csv"), [1], {"a": 1}, np.zeros(3), pd.Series(["a"]), pl.Series(["a"]), pa.array([1])):
        assert not is_table(other)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, 0, 1, 0], ("0", "1")),
        ([1.0, 0.0, 1.0, 0.0], ("0", "1")),
        ([True, False, True, False], ("false", "true")),
        ([10, 9, 10, 9], ("9", "10")),
        (pd.array([1, 0, 1, 0], dtype="Int64"), ("0", "1")),
        (np.array([1, 0, 1, 0], np.uint8), ("0", "1")),
    ],
)
def test_labels_are_spelled_as_in_files(labels: Any, classes: tuple[str, ...]) -> None:
    assert load_dataset(pd.DataFrame({**ROWS, "label": labels})).train.classes == classes


def test_lists_are_sets_of_labels() -> None:
    for form in (pd.DataFrame, pl.DataFrame, pa.table):
        found = load_dataset(form({**ROWS, "label": [["a", "b"], [], ["b"], ["a"]]})).train
        assert found.classes == ("a", "b")
        assert found.labels is not None
        assert found.labels.tolist() == [[1, 1], [0, 0], [0, 1], [1, 0]]
    separated = load_dataset(pd.DataFrame({**ROWS, "label": ["a,b", "", "b", None]}), label_separator=",").train
    assert separated.label_names() == [("a", "b"), (), ("b",), ()]


def test_columns_are_named_and_several_are_joined() -> None:
    rows = {"head": ["A", None, "C"], "body": ["x y", "z", ""], "team": ["r", "b", "r"], "n": [1, 2, 3]}
    for form in (pd.DataFrame, pl.DataFrame):
        found = load_dataset(form(rows), text=["head", "body"], label="team").train
        assert found.texts.to_pylist() == ["A\n\nx y", "z", "C"]
        assert found.label_names() == ["r", "b", "r"]
        assert found.extra.column_names == ["n"]


def test_columns_of_0_and_1_are_an_indicator() -> None:
    rows = {"text": ROWS["text"], "sad": [0, 1, 0, 1], "glad": [True, False, True, False], "calm": [1.0, 0.0, 0.0, 0.0]}
    found = load_dataset(pd.DataFrame(rows), label=["sad", "glad", "calm"]).train
    assert found.classes == ("calm", "glad", "sad")
    assert found.label_names() == [("calm", "glad"), ("sad",), ("glad",), ("sad",)]
    with pytest.raises(DataError, match="DataFrame, row 2: column 'sad': expected 0 or 1, got '5'"):
        load_dataset(pd.DataFrame({**rows, "sad": [0, 1, 5, 1]}), label=["sad", "glad"])


def test_tables_by_their_parts_names() -> None:
    parts = {"train": pd.DataFrame(ROWS), "dev": pl.DataFrame(ROWS).head(1), "unsupervised": pa.table(ROWS)}
    splits = load_dataset(parts)
    assert splits.validation is not None
    assert splits.unlabelled is not None
    assert splits.test is None
    assert splits.validation.classes == splits.train.classes == ("neg", "pos")
    assert splits.unlabelled.labels is None
    assert load_dataset(parts, parts=("train",)).validation is None
    for wrong, said in (
        ({"test": parts["dev"]}, "dict: no part is called 'train'; its parts are 'test'"),
        ({**parts, "extra": parts["dev"]}, "dict: no part is called 'extra'; the parts are train, test"),
        ({**parts, "val": parts["dev"]}, "dict: 'dev' and 'val' are both validation"),
    ):
        with pytest.raises(DataError, match=said):
            load_dataset(wrong)
    parts["test"] = pd.DataFrame({"text": ["x"], "label": ["other"]})
    with pytest.raises(DataError, match=r"dict\['test'\], row 0: unknown class 'other'; expected one of neg, pos"):
        load_dataset(parts)


@pytest.mark.parametrize(
    ("source", "settings", "said"),
    [
        (pd.DataFrame({"text": ["a"]}), {}, "DataFrame: only one column"),
        (pd.DataFrame({"x": ["a"], "y1": [1], "z": [2]}), {}, "DataFrame: no text column found; .*text=NAME"),
        (pd.DataFrame({"text": ["a"], "y1": [1], "z": [2]}), {}, "DataFrame: no label column found; .*label=NAME"),
        (pd.DataFrame(ROWS), {"text": "body"}, "DataFrame: text='body': no such column; the columns are 'id', 'text'"),
        (pd.DataFrame(ROWS), {"label": ["a", "b"]}, "DataFrame: label='a': no such column"),
        (pd.DataFrame({**ROWS, "text": ["a", " ", "c", None]}), {}, "row 1: 2 texts are blank in column 'text'"),
        (
            pd.DataFrame({**ROWS, "text": ["a", 5, "c", "d"]}),
            {},
            "DataFrame, row 1: expected a string as 'text', got int",
        ),
        (pd.DataFrame({**ROWS, "text": [1, 2, 3, 4]}), {}, "column 'text': expected strings, got int64"),
        (
            pd.DataFrame({**ROWS, "label": ["a", None, "b", "a"]}),
            {},
            "row 1: 1 label is missing in column 'label'",
        ),
        (pl.DataFrame({**ROWS, "label": ["a", None, "b", "a"]}), {}, "row 1: 1 label is missing"),
        (pa.table({**ROWS, "label": ["a", "b", "", "a"]}), {}, "row 2: 1 label is missing"),
        (pd.DataFrame({**ROWS, "label": ["a"] * 4}), {}, "every text has the label 'a'; expected at least two classes"),
        (pd.DataFrame({**ROWS, "label": [[]] * 4}), {}, "no text has a label"),
        (pd.DataFrame({**ROWS, "label": [b"\xff"] * 4}), {}, "row 0: expected a word or a number"),
        (pd.DataFrame({**ROWS, "label": pd.to_datetime(["2026-01-02"] * 4)}), {}, "expected a word or a number"),
        (pd.DataFrame(ROWS).head(0), {}, "DataFrame: no rows, only the columns id, text, label"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), {}, "DataFrame: two columns are named 'text'"),
        (pd.DataFrame(), {}, "DataFrame: no columns; expected a text and a label"),
        (pd.Series(["a"]), {}, "Series: not a data set: expected a name, a path or a table"),
        ([1, 2], {}, "list: not a data set"),
        (None, {}, "NoneType: not a data set"),
        ({}, {}, "dict: not a data set"),
        (Streaming(pa.chunked_array([["a"]])), {}, "Streaming: it cannot be read as an Arrow table"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(source: Any, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        load_dataset(source, **settings)
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)


@pytest.mark.filterwarnings("error")
def test_what_is_odd_about_a_tables_labels_is_warned_of(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a b", "c d", "e f", "g h"] * 2, "label": ["Spam", "spam", "ham", "ham"] * 2})
    with pytest.warns(plaudit.LabelWarning, match=r"DataFrame: labels that look alike: .*merge_labels=True") as told:
        found = load_dataset(frame).train
    assert found.classes == ("Spam", "ham", "spam")
    assert told[0].filename == __file__
    assert load_dataset(frame, merge_labels=True).train.classes in (("Spam", "ham"), ("ham", "spam"))
    frame.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.warns(plaudit.LabelWarning, match=r"rows.csv: labels that look alike"):
        load_dataset(tmp_path / "rows.csv")
    assert load_dataset(tmp_path / "rows.csv", spec=DataSpec()).train.origin is not None  # who gives a spec says it


def test_further_columns_may_hold_anything() -> None:
    rows = {**ROWS, "odd": [1, "a", None, {"b": [2]}], "bytes": [b"x"] * 4, "when": pd.to_datetime(["2026-01-02"] * 4)}
    extra = load_dataset(pd.DataFrame(rows)).train.extra
    assert extra.column_names == ["id", "odd", "bytes", "when"]
    assert extra["odd"].to_pylist() == ["1", '"a"', None, '{"b": [2]}']


def test_a_model_is_evaluated_on_tables_and_pairs(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    data = load_dataset(frame).train
    model = NgramClassifier(min_texts=1).fit(data.texts, data.label_names())
    expected = plaudit.evaluate(model, data, resamples=0).to_dict()
    for form in FORMS.values():
        assert plaudit.evaluate(model, form(ROWS), resamples=0).to_dict() == expected
    texts, labels = frame["text"], frame["label"]
    for pair in (
        (texts, labels),
        (list(texts), list(labels)),
        (iter(texts), labels.to_numpy()),
        (texts, data.label_column()),
    ):
        assert plaudit.evaluate(model, pair, resamples=0).to_dict() == expected
    renamed = frame.rename(columns={"text": "x", "label": "z"})
    assert plaudit.evaluate(model, renamed, text="x", label="z", resamples=0).to_dict() == expected
    one = plaudit.evaluate(model, frame.head(1), resamples=0)
    assert one.n == 1
    assert plaudit.choose_rule(model, frame, f1=True) == plaudit.choose_rule(model, data, f1=True)
    assert plaudit.choose_rule(model, (texts, labels), f1=True) == plaudit.choose_rule(model, data, f1=True)


def test_a_model_that_answers_with_sets_is_evaluated_too(moods: plaudit.Dataset) -> None:
    model = NgramClassifier(min_texts=1).fit(moods.texts, moods.label_names())
    texts, names = moods.texts.to_pylist(), [list(each) for each in moods.label_names()]
    expected = plaudit.evaluate(model, moods, resamples=0).to_dict()
    dummies = pd.DataFrame(np.asarray(moods.labels), columns=list(moods.classes))
    for data in (
        (texts, names),
        (texts, moods.labels),
        (texts, dummies),
        (texts, moods.label_column()),
        pd.DataFrame({"text": texts, "label": names}),
        pl.DataFrame({"text": texts, "label": names}),
    ):
        assert plaudit.evaluate(model, data, resamples=0).to_dict() == expected
    with_columns = dummies.assign(text=texts)
    assert plaudit.evaluate(model, with_columns, label=list(moods.classes), resamples=0).to_dict() == expected
    assert plaudit.evaluate(model, (texts[:3], ["calm", "glad", "sad"]), resamples=0).n == 3


def test_what_cannot_be_compared_is_refused(network: NgramClassifier, reviews: plaudit.Dataset) -> None:
    texts, labels = reviews.texts.to_pylist(), reviews.label_names()
    for source, said in (
        ((texts, [0, 1] * 40), r"labels: expected str, as the model's classes are \('liked', 'panned'\), got int"),
        ((texts, labels[:-1]), "labels: expected 80, one for each text, got 79"),
        ((texts, ["other"] * 80), "'other' does not occur in the training texts"),
        ((texts, [["liked"]] * 80), "expected one label each"),
        ((texts, np.zeros((80, 2))), "expected one label each"),
        ((texts[0], labels), "expected a list of texts, got one str"),
        (([], []), "no texts|there are none|needs"),
        (pd.DataFrame({"text": texts, "label": ["other"] * 80}), "DataFrame, row 0: unknown class 'other'"),
        (pd.DataFrame({"text": texts}), "DataFrame: only one column"),
        (plaudit.Splits(reviews), "but Splits: give one of its parts, such as splits.test"),
        ({"test": reviews}, "but dict: give one of its parts"),
        ("reviews.csv", "but str: load it first: plaudit.load_dataset"),
        (texts, r"but list: expected a Dataset, a table, or the pair \(texts, labels\)"),
        (None, "but NoneType: expected a Dataset"),
        (pd.Series(texts), "but Series: expected a Dataset"),
    ):
        with pytest.raises(DataError, match=said) as caught:
            plaudit.evaluate(network, source)
        assert "\n" not in str(caught.value)


def test_a_model_that_is_not_fitted_says_so() -> None:
    for source in ((["a"], ["b"]), pd.DataFrame(ROWS)):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            plaudit.evaluate(NgramClassifier(), source)


def test_hugging_face_data_sets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="Hugging Face's datasets are not installed")
    named = datasets.ClassLabel(names=["neg", "pos"])
    features = datasets.Features({"text": datasets.Value("string"), "label": named})
    made = datasets.Dataset.from_dict({"text": ROWS["text"], "label": [1, 0, 1, 0]}, features=features)
    found = load_dataset(made).train
    assert found.label_names() == ["pos", "neg", "pos", "neg"]
    assert load_dataset(made.select([3, 0])).train.texts.to_pylist() == [ROWS["text"][3], ROWS["text"][0]]
    none = datasets.Dataset.from_dict({"text": ["x"], "label": [-1]}, features=features)
    splits = load_dataset(datasets.DatasetDict({"train": made, "validation": made, "unsupervised": none}))
    assert splits.validation is not None
    assert splits.validation.label_names() == found.label_names()
    assert splits.unlabelled is not None
    with pytest.raises(DataError, match=r"DatasetDict\['test'\], row 0: 1 label is missing"):
        load_dataset(datasets.DatasetDict({"train": made, "test": none}))
    several = datasets.Features({"text": datasets.Value("string"), "labels": datasets.Sequence(named)})
    sets = datasets.Dataset.from_dict({"text": ["a", "b"], "labels": [[1, 0], [1]]}, features=several)
    assert load_dataset(sets).train.label_names() == [("neg", "pos"), ("pos",)]
    model = NgramClassifier(min_texts=1).fit(made["text"], found.label_names())
    assert plaudit.evaluate(model, made, resamples=0).accuracy == 1.0
    with pytest.raises(DataError, match=r'dataset\["text"\]'):
        model.predict(made)
    with pytest.raises(DataError, match="IterableDataset: a stream"):
        load_dataset(made.to_iterable_dataset())


def test_relations_of_duckdb() -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    frame = pd.DataFrame(ROWS)
    relation = duckdb.connect().from_df(frame)
    found = load_dataset(relation).train
    assert found.texts.to_pylist() == ROWS["text"]
    assert found.label_names() == ["pos", "neg", "pos", "neg"]
    model = NgramClassifier(min_texts=1).fit(found.texts, found.label_names())
    assert plaudit.evaluate(model, relation, resamples=0).accuracy == 1.0
    with pytest.raises(DataError, match=r'a DuckDBPyRelation of 3 columns .*relation.df\(\)\["text"\]'):
        model.predict(relation)


def test_columns_may_be_numbered() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame([[f"text number {i} of all", "ab"[i % 2]] for i in range(8)])
    for text, label in ((0, 1), ([0], [1]), ("0", "1")):
        assert load_dataset(frame, text=text, label=label).train.classes == ("a", "b")
