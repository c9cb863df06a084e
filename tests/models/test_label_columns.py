"""Labels as an Arrow dictionary are those of a list."""

import numpy as np
import pyarrow as pa
import pytest

from plaudit.data import Dataset
from plaudit.errors import DataError
from plaudit.models.targets import encode_labels
from plaudit.models.training_data import known_data


def test_they_are_encoded_alike(topics: Dataset, moods: Dataset) -> None:
    for data in (topics, moods):
        listed, column = encode_labels(data.label_names(), len(data)), encode_labels(data.label_column(), len(data))
        assert column.classes.tolist() == listed.classes.tolist()
        assert column.multi_label == listed.multi_label
        np.testing.assert_array_equal(column.values, listed.values)
        assert column.values.dtype == listed.values.dtype
        held = [
            known_data(data.texts, labels, listed.classes, multi_label=listed.multi_label).codes
            for labels in (data.label_names(), data.label_column())
        ]
        np.testing.assert_array_equal(held[0], held[1])


def test_a_class_that_no_text_has_is_none() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([2, 0, 2]), ["b", "unused", "a"])
    assert encode_labels(column, 3).classes.tolist() == ["a", "b"]
    assert encode_labels(column, 3).values.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("indices", "n", "said"),
    [([0, 1], 3, "expected 3, one for each text, got 2"), ([0, None, 1], 3, "1 are missing"), ([0, 0], 2, "only a")],
)
def test_what_cannot_be_learned_from_is_refused(indices: list[int | None], n: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        encode_labels(pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), ["a", "b"]), n)


def test_an_unknown_validation_label_is_named(topics: Dataset) -> None:
    targets = encode_labels(topics.label_names(), len(topics))
    column = pa.DictionaryArray.from_arrays(pa.array([0]), ["class 9"])
    with pytest.raises(DataError, match="'class 9' does not occur in the training texts"):
        known_data(topics.texts.slice(0, 1), column, targets.classes, multi_label=False)
    with pytest.raises(DataError, match="expected"):
        known_data(topics.texts, column, targets.classes, multi_label=False)
