"""Measuring a model on a data set: classes are matched by name, and a look at test texts is counted."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from plaudit import NetworkClassifier, evaluate
from plaudit.data import Dataset
from plaudit.data.label_findings import LabelWarning
from plaudit.errors import DataError
from plaudit.evaluation import count_opening, fingerprint, read_openings
from plaudit.models import NgramClassifier


def dataset(texts: list[str], labels: list[int] | None, classes: tuple[str, ...] = ("liked", "panned")) -> Dataset:
    codes = None if labels is None else np.array(labels, np.int32)
    return Dataset(pa.array(texts, pa.large_string()), codes, classes if labels is not None else (), "mine.csv")


def test_figures_are_of_the_models_answers(network: NetworkClassifier, more_reviews: Dataset) -> None:
    metrics = evaluate(network, more_reviews)
    assert metrics.n == len(more_reviews)
    assert metrics.accuracy == network.score(more_reviews.texts, more_reviews.label_names())
    assert metrics.classes == ("liked", "panned")


def test_logits_at_hand_are_not_computed_again(network: NetworkClassifier, more_reviews: Dataset) -> None:
    logits = network.decision_function(more_reviews.texts)
    assert evaluate(network, more_reviews, logits=logits).to_dict() == evaluate(network, more_reviews).to_dict()
    assert evaluate(network, more_reviews, logits=-logits, resamples=0).roc_auc == pytest.approx(
        1 - (evaluate(network, more_reviews, resamples=0).roc_auc or 0)
    )


def test_classes_are_matched_by_name_not_by_number(network: NetworkClassifier, more_reviews: Dataset) -> None:
    assert more_reviews.labels is not None
    turned = replace(more_reviews, labels=1 - more_reviews.labels, classes=("panned", "liked"))
    assert evaluate(network, turned).to_dict() == evaluate(network, more_reviews).to_dict()


def test_one_class_alone_can_be_measured(network: NetworkClassifier) -> None:
    metrics = evaluate(network, dataset(["bad", "grim"], [0, 0], ("panned",)))
    assert metrics.n == 2
    assert metrics.roc_auc is None


def test_number_labels_are_matched_by_their_digits(network: NetworkClassifier) -> None:
    model = NetworkClassifier(network.embedding, epochs=1).fit(["good", "bad"] * 8, [1, 0] * 8)
    assert evaluate(model, dataset(["good"], [0], ("1",))).n == 1


def test_a_class_that_no_text_has_does_not_matter(network: NetworkClassifier) -> None:
    assert evaluate(network, dataset(["bad"], [0], ("panned", "mixed"))).n == 1


def test_a_label_that_the_model_lacks_is_refused(network: NetworkClassifier) -> None:
    with pytest.raises(DataError, match=r"label 'mixed' is not one of the model's classes \(liked, panned\)"):
        evaluate(network, dataset(["so so"], [0], ("mixed",)))


def test_texts_without_labels_or_no_texts_are_refused(network: NetworkClassifier) -> None:
    with pytest.raises(DataError, match=r"mine.csv: these texts have no labels"):
        evaluate(network, dataset(["good"], None))
    with pytest.raises(DataError, match="there are no texts to evaluate on"):
        evaluate(network, dataset([], []))


def test_a_fingerprint_does_not_depend_on_order_or_class_numbers() -> None:
    first = fingerprint(dataset(["a", "b", "b"], [0, 1, 1]))
    assert fingerprint(dataset(["b", "a", "b"], [1, 0, 1])) == first
    assert fingerprint(dataset(["b", "a", "b"], [0, 1, 0], ("panned", "liked"))) == first
    assert len(first) == 32


@pytest.mark.parametrize(
    ("texts", "labels"), [(["a", "b"], [0, 1]), (["a", "b", "c"], [0, 1, 1]), (["a", "b", "b"], [1, 0, 0]), ([], [])]
)
def test_a_fingerprint_tells_other_texts_labels_and_repeats(texts: list[str], labels: list[int]) -> None:
    assert fingerprint(dataset(texts, labels)) != fingerprint(dataset(["a", "b", "b"], [0, 1, 1]))


def test_a_fingerprint_needs_no_labels() -> None:
    assert fingerprint(dataset(["a"], None)) != fingerprint(dataset(["a"], [0]))


def test_openings_are_counted_for_each_set_of_texts(tmp_path: Path) -> None:
    ours, others = dataset(["a", "é"], [0, 1]), dataset(["c"], [0])
    assert [count_opening(tmp_path, d, command="evaluate") for d in (ours, ours, others, ours)] == [1, 2, 1, 3]
    entries = read_openings(tmp_path)
    assert [entry["n"] for entry in entries] == [2, 2, 1, 2]
    assert entries[0].keys() == {"data", "n", "fingerprint", "at", "by"}
    assert [path.name for path in tmp_path.iterdir()] == ["test_openings.json"]


@pytest.mark.parametrize("content", [b"", b"{}", b"3", b"\xff", b"[1, null]", b"[" * 100_000])
def test_an_unreadable_record_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "test_openings.json").write_bytes(content)
    assert read_openings(tmp_path) == []
    assert count_opening(tmp_path, dataset(["a"], [0]), command="evaluate") == 1
    assert len(json.loads((tmp_path / "test_openings.json").read_text(encoding="utf-8"))) == 1


def test_a_folder_that_cannot_be_written_is_counted_all_the_same(tmp_path: Path) -> None:
    if os.name != "posix" or os.geteuid() != 0:
        tmp_path.chmod(0o500)
        assert count_opening(tmp_path, dataset(["a"], [0]), command="evaluate") == 1
        tmp_path.chmod(0o700)
        return
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("root cannot be kept from writing without a mount")
    try:
        assert count_opening(tmp_path, dataset(["a"], [0]), command="evaluate") == 1
        assert not list(tmp_path.iterdir())
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_labels_that_only_look_like_the_models_are_said_of_a_frame() -> None:
    pd = pytest.importorskip("pandas")
    texts = [f"word{i % 2} and more of it, number {i}" for i in range(8)]
    model = NgramClassifier(n_max=1, min_texts=1).fit(texts, ["good", "bad"] * 4)
    frame = pd.DataFrame({"text": texts, "label": ["Good", "bad"] * 4})
    with pytest.warns(LabelWarning, match="'Good' is read as the model's class 'good'"):
        assert evaluate(model, frame, resamples=0).accuracy == 1
