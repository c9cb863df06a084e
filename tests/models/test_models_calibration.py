"""A model's temperature and rule: kept, forgotten, saved, and followed by its answers."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit import DecisionRule, NetworkClassifier, NgramClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, DataError, ModelError, NotFittedError
from plaudit.models.artifact import write_rule
from plaudit.training.class_scaling import ClassScaling

TEXTS = ["", "good joy", "bad 😀 film", "zzz", "grim " * 300]


@pytest.fixture
def model(reviews: Dataset) -> NgramClassifier:
    return NgramClassifier(min_texts=1).fit(reviews.texts, reviews.label_names())


def many(dataset: Dataset) -> Dataset:
    """Return a data set five times over: as many texts as a temperature is chosen on."""
    return dataset.take(np.tile(np.arange(len(dataset)), 5))


def test_calibrating_lowers_the_log_loss_and_moves_no_answer(model: NgramClassifier, more_reviews: Dataset) -> None:
    more_reviews = many(more_reviews)
    loss, answers = plaudit.evaluate(model, more_reviews).log_loss, model.predict(more_reviews.texts)
    logits = model.decision_function(more_reviews.texts)
    assert model.calibrate(more_reviews.texts, more_reviews.label_names()) is model
    assert model.temperature_ != 1
    assert plaudit.evaluate(model, more_reviews).log_loss < loss
    np.testing.assert_array_equal(model.predict(more_reviews.texts), answers)
    np.testing.assert_allclose(model.decision_function(more_reviews.texts), logits / model.temperature_, rtol=1e-6)
    again = model.temperature_
    assert model.calibrate(more_reviews.texts, more_reviews.label_names()).temperature_ == again


def test_sets_of_labels_are_calibrated(moods: Dataset) -> None:
    model = NgramClassifier(min_texts=1, regularisation=5).fit(moods.texts, moods.label_names())
    moods = many(moods)
    before = plaudit.evaluate(model, moods).log_loss
    assert plaudit.evaluate(model.calibrate(moods.texts, moods.label_names()), moods).log_loss < before


def test_many_classes_are_calibrated(topics: Dataset) -> None:
    model = NgramClassifier(min_texts=1, regularisation=5).fit(topics.texts, topics.label_names())
    topics = many(topics)
    before = plaudit.evaluate(model, topics).log_loss
    assert plaudit.evaluate(model.calibrate(topics.texts, topics.label_names()), topics).log_loss < before


def test_calibrating_refuses_what_fit_would(model: NgramClassifier) -> None:
    with pytest.raises(DataError, match="labels: 'mixed' does not occur in the training texts"):
        model.calibrate(["good"], ["mixed"])
    with pytest.raises(DataError, match="expected texts with their labels, got none"):
        model.calibrate([], [])
    with pytest.raises(NotFittedError):
        NgramClassifier().calibrate(["good"], ["liked"])


@pytest.mark.parametrize(
    "rule",
    [None, DecisionRule(thresholds=(0.9,)), DecisionRule(costs=((0, 9), (1, 0))), DecisionRule(abstain_below=0.7)],
)
def test_temperature_and_rule_are_saved(network: NetworkClassifier, tmp_path: Path, rule: DecisionRule | None) -> None:
    model = copy.copy(network).set_rule(rule)
    model.temperature_ = 0.37
    model.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    assert (loaded.temperature_, loaded.rule_) == (0.37, rule)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert loaded.predict(TEXTS).tolist() == model.predict(TEXTS).tolist()
    assert model.temperature_ != network.temperature_


def test_a_second_fit_forgets_both(model: NgramClassifier, reviews: Dataset) -> None:
    model.temperature_ = 3.0
    model.set_rule(DecisionRule(abstain_below=0.9)).fit(reviews.texts, reviews.label_names())
    assert (model.temperature_, model.rule_) == (1, None)


def test_a_network_forgets_both(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=1).fit(reviews.texts, reviews.label_names())
    model.temperature_ = 3.0
    model.set_rule(DecisionRule(abstain_below=0.9)).fit(reviews.texts, reviews.label_names())
    assert (model.temperature_, model.rule_) == (1, None)


def test_older_models_have_neither(model: NgramClassifier, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["temperature"], manifest["rule"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    loaded = plaudit.load(tmp_path / "model")
    assert (loaded.temperature_, loaded.rule_) == (1, None)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize("temperature", [0, -1, "1", None, True, [1], float("nan"), float("inf"), 1e-4, 1e4, 10**400])
def test_a_hostile_temperature_is_refused(model: NgramClassifier, tmp_path: Path, temperature: Any) -> None:
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "temperature": temperature}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"temperature must be a number from 0\.001 to 1000"):
        plaudit.load(tmp_path / "model")


def test_a_hostile_rule_in_a_manifest_is_refused(model: NgramClassifier, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "rule": {"thresholds": [0.1, 0.2]}}), encoding="utf-8")
    with pytest.raises(ModelError, match="model: damaged: a decision rule for 2 classes has 1 thresholds, got 2"):
        plaudit.load(tmp_path / "model")


def test_a_rule_is_followed_by_every_answer(model: NgramClassifier, reviews: Dataset) -> None:
    second = model.predict_proba(reviews.texts)[:, 1]
    model.set_rule(DecisionRule(thresholds=(0.8,)))
    assert (model.predict(reviews.texts) == model.classes_[(second > 0.8).astype(int)]).all()
    found = plaudit.evaluate(model, reviews)
    assert found.accuracy == pytest.approx(model.score(reviews.texts, reviews.label_names()))
    assert found.loss == plaudit.evaluate(model.set_rule(None), reviews).log_loss


def test_without_an_answer_the_label_is_none(model: NgramClassifier, reviews: Dataset) -> None:
    top = model.predict_proba(reviews.texts).max(axis=1)
    usual = model.predict(reviews.texts)
    limit = float(np.median(top))
    found = model.set_rule(DecisionRule(abstain_below=limit)).predict(reviews.texts)
    assert found.dtype == object
    assert found.tolist() == [label if p >= limit else None for label, p in zip(usual.tolist(), top, strict=True)]
    measured = plaudit.evaluate(model, reviews)
    assert isinstance(measured, plaudit.Metrics)
    answered = found != None  # noqa: E711 - element by element
    truth = np.array(reviews.label_names())
    assert measured.coverage == pytest.approx(answered.mean())
    assert measured.accuracy == pytest.approx((usual == truth)[answered].mean())
    assert measured.confusion.sum() == answered.sum()
    assert model.score(reviews.texts, truth) == pytest.approx((found == truth).mean())


def test_where_nothing_is_answered_there_is_nothing_to_measure(model: NgramClassifier, reviews: Dataset) -> None:
    model.set_rule(DecisionRule(abstain_below=1.0))
    with pytest.raises(DataError, match="decision rule answered none of 80 texts"):
        plaudit.evaluate(model, reviews)


def test_labels_that_are_numbers_keep_their_type_beside_none() -> None:
    model = NgramClassifier(min_texts=1).fit(["good joy", "bad grim"] * 4, [7, -3] * 4)
    found = model.set_rule(DecisionRule(abstain_below=0.51)).predict(["good joy", "bad grim", "zzz"]).tolist()
    assert found == [7, -3, None]
    assert [type(label) for label in found] == [int, int, type(None)]


def test_a_rule_for_other_classes_is_not_taken(model: NgramClassifier) -> None:
    with pytest.raises(ConfigError, match="has 2 rows of costs, got 3"):
        model.set_rule(DecisionRule(costs=((0, 1, 1), (1, 0, 1), (1, 1, 0))))
    assert model.rule_ is None


def test_writing_a_rule_changes_nothing_else(model: NgramClassifier, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    before = path.read_bytes()
    write_rule(tmp_path / "model", {"abstain_below": 0.75})
    assert plaudit.load(tmp_path / "model").rule_ == DecisionRule(abstain_below=0.75)
    write_rule(tmp_path / "model", None)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.name.startswith("model.json")] == ["model.json"]


def by_class(n: int) -> ClassScaling:
    return ClassScaling(np.linspace(0.5, 2, n), np.linspace(-1, 1, n), n)


def test_a_scaling_by_class_is_saved_followed_and_forgotten(moods: Dataset, tmp_path: Path) -> None:
    model = NgramClassifier(min_texts=1).fit(moods.texts, moods.label_names())
    raw = model.logits(TEXTS)
    model.class_scaling_ = by_class(len(model.classes_))
    np.testing.assert_allclose(
        model.logits(TEXTS), raw * model.class_scaling_.scale + model.class_scaling_.shift, rtol=1e-5
    )
    unscaled = model.unscaled(model.logits(TEXTS))
    assert unscaled is not None
    np.testing.assert_allclose(unscaled, raw, atol=1e-5)
    model.save(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    assert manifest["format_version"] == 2  # a Plaudit that does not know it must refuse it
    loaded = plaudit.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    write_rule(tmp_path / "model", {"thresholds": [0.4] * len(model.classes_)})
    again = plaudit.load(tmp_path / "model")
    assert again.class_scaling_ is not None
    np.testing.assert_array_equal(again.class_scaling_.shift, model.class_scaling_.shift)
    model.fit(moods.texts, moods.label_names()).save(tmp_path / "plain")
    assert model.class_scaling_ is None
    assert json.loads((tmp_path / "plain" / "model.json").read_text(encoding="utf-8"))["format_version"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"scale": [1.0]}, {"scale": "1"}, {"scale": [0.0, 1, 1]}, {"scale": [float("nan"), 1, 1]},
        {"shift": [1e9, 0, 0]},
        {"shift": [True, 0, 0]}, {"n_own": 4}, {"n_own": -1}, {"n_own": 1.0}, {"more": 1}, {"scale": [10**400, 1, 1]},
    ],
)  # fmt: skip
def test_a_hostile_scaling_is_refused(moods: Dataset, tmp_path: Path, change: dict[str, Any]) -> None:
    model = NgramClassifier(min_texts=1).fit(moods.texts, moods.label_names())
    assert len(model.classes_) == 3
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["class_scaling"] = {**by_class(3).to_dict(), **change}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match="class_scaling must have a scale and a shift for each class"):
        plaudit.load(tmp_path / "model")
