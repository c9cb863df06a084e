"""What a report says goes into a file and comes back, or the file is called damaged."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit.app.train.run import Outcome
from plaudit.data import Dataset
from plaudit.errors import ModelError
from plaudit.evaluation import Answers, answer
from plaudit.explanation import Explanation
from plaudit.models import NetworkClassifier
from plaudit.report import ReportFacts, model_card, read_facts
from plaudit.report.facts import Figure
from plaudit.report.measuring import commonest, held_out_facts, measured_facts
from plaudit.report.mistakes import explained_facts, passage
from plaudit.report.visible import visible


def test_facts_come_back_as_they_were(sample_facts: ReportFacts, tmp_path: Path) -> None:
    assert sample_facts.curves is not None
    odd = replace(
        sample_facts,
        curves=replace(sample_facts.curves, loss=(None, 0.5, 1.0), kept_epoch=None),
        classes=("好\u202e", '"<&\n\x1b'),
    )
    for facts in (sample_facts, odd, replace(sample_facts, curves=None)):
        facts.write(tmp_path)
        assert read_facts(tmp_path) == facts


def test_facts_of_sets_come_back_where_no_label_occurs(sample_facts: ReportFacts, tmp_path: Path) -> None:
    """Their mean of F1 over the labels that occur is of none."""
    texts = pa.array(["one", "two"] * 10, type=pa.large_string())
    none, classes = np.zeros((20, 2), np.int64), ("neg", "pos")
    answers = Answers(none, np.full((20, 2), 0.2), none, classes, multi_label=True)
    dataset = Dataset(texts, none.astype(np.uint8), classes, "empty")
    test = held_out_facts(answers, dataset, what="test", guessed=())
    facts = replace(sample_facts, multi_label=True, test=test, validation=test.measured)
    assert "f1_macro" not in test.measured.figures
    facts.write(tmp_path)
    assert read_facts(tmp_path) == facts
    some = replace(test.measured, figures=test.measured.figures | {"f1_macro": Figure(0.5)})
    replace(facts, test=replace(test, measured=some)).write(tmp_path)
    with pytest.raises(ModelError, match="damaged: f1_micro is missing"):
        read_facts(tmp_path)
    assert "| – | – | – |" in model_card(facts, title="sets", openings=1)


def test_facts_agree_with_the_metrics(sample_facts: ReportFacts, sample_outcome: Outcome) -> None:
    test = sample_outcome.metrics["test"]
    measured = sample_facts.test.measured
    assert measured.figures["accuracy"].value == test["accuracy"]
    assert [measured.figures["roc_auc"].low, measured.figures["roc_auc"].high] == test["intervals"]["roc_auc"]
    assert [list(row) for row in measured.matrix] == test["confusion_matrix"]
    assert {each.name: each.f1.value for each in measured.classes} == test["f1_by_class"]
    assert sum(each.n for each in measured.bins) == test["n"]
    assert sample_facts.validation.figures["log_loss"].value == sample_outcome.metrics["validation"]["log_loss"]
    assert {division.by for division in sample_facts.test.divisions} == {"characters", "stars"}
    assert sample_facts.test.undivided == ("film",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda facts: facts.pop("audit"), "the whole: expected"),
        (lambda facts: facts.update(more=1), "the whole: expected"),
        (lambda facts: facts["run"].update(seconds="fast"), "run.seconds: expected float, found 'fast'"),
        (lambda facts: facts["run"].update(seconds=math.nan), "run.seconds: expected float"),
        (lambda facts: facts["run"].update(is_refit=1), "run.is_refit: expected bool"),
        (lambda facts: facts["parts"][0].update(counts={}), r"parts\[0\].counts: expected list"),
        (
            lambda facts: facts["explained"]["mistakes"][0].update(is_cut=[]),
            r"mistakes\[0\].is_cut: expected list of 2, found '\[\]'",
        ),
        (lambda facts: facts["test"]["measured"]["figures"].update(log_loss=[]), "figures.log_loss: expected"),
        (lambda facts: facts["test"]["measured"]["figures"].pop("log_loss"), "damaged: log_loss is missing among the"),
        (lambda facts: facts.update(format_version=3), "format version 3 is newer"),
    ],
)
def test_damaged_facts_are_refused(
    sample_model: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    path = sample_model / "report.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    change(facts)
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        read_facts(sample_model)


@pytest.mark.parametrize("contents", ["", "[]", "{}", "nope", "[" * 100_000])
def test_foreign_files_are_refused(tmp_path: Path, contents: str) -> None:
    (tmp_path / "report.json").write_text(contents, encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        read_facts(tmp_path)
    with pytest.raises(ModelError, match="Train it with `plaudit train`"):
        read_facts(tmp_path / "nothing here")


def test_sets_of_labels_have_no_confusions(mood_network: NetworkClassifier, moods: Dataset) -> None:
    logits = mood_network.logits(moods.texts)
    answers = replace(answer(mood_network, moods, logits=logits), raw=2.0 * logits)
    measured = measured_facts(answers)
    assert (measured.matrix, measured.confused) == ((), ())
    assert [each.n for each in measured.classes] == list(moods.class_counts().values())
    assert len(measured.bins_raw) > 0
    held_out = held_out_facts(answers, moods, what="some", guessed=commonest(moods))
    names = moods.label_names()
    assert held_out.guess == max(names.count(each) for each in names) / len(names)
    found = explained_facts(mood_network, moods, logits)
    assert found.n_wrong == int((~answers.right).sum())
    assert {words.label for words in found.words} <= set(moods.classes)


def test_a_column_of_names_does_not_divide(network: NetworkClassifier, reviews: Dataset) -> None:
    n = len(reviews)
    extra = pa.table({
        "id": [f"row {i}" for i in range(n)], "number": list(range(n)), "same": ["x"] * n, "tags": [["a"]] * n,
        "half": [f"{i % 2}" for i in range(n)],
    })  # fmt: skip
    dataset = replace(reviews, extra=extra)
    found = held_out_facts(answer(network, dataset), dataset, what="some", guessed=("liked",))
    assert "half" in [division.by for division in found.divisions]
    assert found.undivided == ("id", "number", "same", "tags")
    assert found.guess == 0.5
    assert found.measured.bins_raw == ()


def test_the_same_mistake_is_shown_once(network: NetworkClassifier) -> None:
    texts = ["good fine joy"] * 30 + ["bad dull"]
    dataset = Dataset(pa.array(texts, pa.large_string()), np.array([1] * 30 + [0], np.int32), ("liked", "panned"), "x")
    found = explained_facts(network, dataset, network.logits(texts))
    assert found.n_wrong == 31
    assert sorted(each.text for each in found.mistakes) == ["bad dull", "good fine joy"]
    assert {each.given for each in found.mistakes} == {"liked", "panned"}


@pytest.mark.parametrize(
    ("text", "heavy", "expected"),
    [
        ("one two three four", 2, (4, 13)),  # of the windows with "three", the first of those with a word beside it
        ("short", 0, (0, 5)),
        ("w" * 50, 0, (0, 10)),
        ("a b " + "w" * 50, 2, (4, 14)),
    ],
)
def test_of_a_long_text_the_heaviest_passage_is_taken(text: str, heavy: int, expected: tuple[int, int]) -> None:
    words = text.split()
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    starts = ends - [len(word) for word in words]
    shares = np.where(np.arange(len(words)) == heavy, -2.0, 0.01)
    none = np.zeros(len(words), bool)
    one = Explanation(text, 0, "a", None, "a", 0.5, starts, ends, shares, none, none, 0.0, 0.0, "")
    start, end = passage(one, most=10)
    assert (start, end) == expected


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\x00\x1b[31m\x85\uffff\r\nb\rc\td") == "a[U+0000][U+001B][31m[U+0085][U+FFFF]\r\nb[U+000D]c\td"
