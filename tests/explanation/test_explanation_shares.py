"""Shares add up to the logit less that of the empty text, whatever the model, the labels and the text."""

import copy
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from plaudit import DecisionRule, Explanation, NetworkClassifier, NgramClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, DataError, NotFittedError
from plaudit.explanation import find_flips
from plaudit.explanation.network import mean_gradients
from plaudit.text import SpaceTokenizer
from plaudit.training.class_scaling import ClassScaling
from plaudit.training.dense import DenseLayers

HOSTILE = [
    "", " ", "\n", "good", "unheard of", "good good bad film good", "🙂🙂 good", "手机很好 good",
    "<b>good</b> &amp; bad", "bad, dull: grim! " * 20, "go\x85od", "\x00 good",
]  # fmt: skip
WORDS = [*"good fine joy warm bad dull cold grim film".split(), "odd", "手机", "!", "<br />", "\n", "", "good-bad"]  # noqa: SIM905
TEXTS = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=20), min_size=1, max_size=4
)


@pytest.fixture(scope="module")
def models(
    tiny_table: EmbeddingTable, reviews: Dataset, topics: Dataset, moods: Dataset
) -> dict[str, NgramClassifier | NetworkClassifier]:
    vectors = np.random.default_rng(3).normal(size=(12, 4)).astype(np.float32)
    vocabulary = pa.array(["", *WORDS[:9]], pa.large_string())
    spaces = EmbeddingTable("spaces", SpaceTokenizer(), vocabulary, vectors)  # "" has a vector, so has an empty text
    left_out = EmbeddingTable("left out", SpaceTokenizer(), vocabulary, vectors[:10])  # unknown words have none
    networks: dict[str, dict[str, Any]] = {
        "network": {},
        "linear": {"hidden": ()},
        "deep": {"hidden": (8, 6, 5)},
        "sum": {"combiner": "sum"},
        "mean": {"combiner": "mean", "embedding": spaces},
        "spaces": {"embedding": spaces},
        "left out": {"embedding": left_out, "hidden": (5, 4)},
    }
    made: dict[str, NgramClassifier | NetworkClassifier] = {}
    for labels, data in (("two", reviews), ("four", topics), ("sets", moods)):
        made[f"ngram {labels}"] = NgramClassifier(min_texts=1, regularisation=0.05).fit(data.texts, data.label_names())
        made[f"characters {labels}"] = NgramClassifier(
            n_max=2,
            chars=True,
            weighting="mixed" if labels == "two" else "tfidf",
            objective="squared_hinge",
            regularisation=2.0,
        ).fit(data.texts, data.label_names())
        for name, settings_ in networks.items():
            model = NetworkClassifier(**{"embedding": tiny_table, "epochs": 5, "learning_rate": 0.05, **settings_})
            made[f"{name} {labels}"] = model.fit(data.texts, data.label_names())
    return made


KINDS = ["ngram", "characters", "network", "linear", "deep", "sum", "mean", "spaces", "left out"]
EVERY = [f"{kind} {labels}" for kind in KINDS for labels in ("two", "four", "sets")]


def check(model: NgramClassifier | NetworkClassifier, texts: list[str], found: list[Explanation]) -> None:
    logits, empty = model.logits(texts), model.logits([""])[0]
    names = model.classes_.tolist()
    for one in found:
        assert one.text == texts[one.row]
        number, own = names.index(one.label), logits[one.row].astype(np.float64)
        if logits.shape[1] == 1:
            expected, start = own[0], empty[0]
        elif model.multi_label_:
            expected, start = own[number], empty[number]
        else:
            expected, start = own[number] - own.mean(), empty[number] - empty.mean()
        assert one.logit == pytest.approx(expected, abs=1e-5)
        assert one.base_logit == pytest.approx(start, abs=1e-5)
        assert one.shares.sum() == pytest.approx(expected - start, abs=2e-5, rel=1e-5)
        assert one.completeness_error < 2e-5 * max(1, np.abs(one.shares).sum())
        end = 0
        for start_at, end_at in zip(one.starts.tolist(), one.ends.tolist(), strict=True):
            assert end <= start_at <= end_at
            end = end_at


@pytest.mark.parametrize("name", EVERY)
def test_shares_of_hostile_texts_add_up(models: dict[str, Any], name: str) -> None:
    found = plaudit.explain(models[name], HOSTILE)
    assert {one.row for one in found} == set(range(len(HOSTILE)))
    check(models[name], HOSTILE, found)


@pytest.mark.parametrize("name", EVERY)
@settings(deadline=None, max_examples=15)
@given(texts=TEXTS)
def test_shares_of_random_texts_add_up(models: dict[str, Any], name: str, texts: list[str]) -> None:
    check(models[name], texts, plaudit.explain(models[name], texts))


@pytest.mark.parametrize("name", ["ngram two", "network two"])
def test_a_hundred_thousand_characters(models: dict[str, Any], name: str) -> None:
    text = ("good bad film, " * 7000)[:100_000]
    (one,) = plaudit.explain(models[name], [text])
    assert "".join(one.words).replace(",", "") == text.replace(" ", "").replace(",", "")
    assert one.completeness_error < 1e-3


def test_an_ngrams_share_is_divided_among_its_words_and_its_places() -> None:
    labels = ["no", "yes", "yes", "no"] * 3
    model = NgramClassifier(n_max=2, min_texts=1, regularisation=0.05).fit(["a b", "b c", "a c b", "c a"] * 3, labels)
    (one,) = plaudit.explain(model, ["a b x a b"])
    weights, scales = model.weights_.weights[0], model.weights_.scales[0]
    tokens = model.vocabulary_.tokens.to_pylist()
    a, b = tokens.index("a"), tokens.index("b")
    pair = len(tokens) + model.vocabulary_.keys[0].tolist().index(a * len(tokens) + b)
    length = np.sqrt((scales[[a, b, pair]] ** 2).sum())
    expected = [(weights[at] / 2 + weights[pair] / 4) / length for at in (a, b)]
    np.testing.assert_allclose(one.shares, [*expected, 0, *expected], rtol=1e-5, atol=1e-7)
    assert one.unseen.tolist() == [False, False, True, False, False]


def test_characters_belong_to_their_word() -> None:
    """An unknown word with known characters has a share, divided among the places where it stands."""
    model = NgramClassifier(n_max=1, min_texts=1, chars=True, regularisation=1.0).fit(
        ["good", "bad"] * 3, ["yes", "no"] * 3
    )
    (one,) = plaudit.explain(model, ["goods x goods"])
    assert one.shares[0] == one.shares[2] != 0
    assert one.shares[1] == 0
    assert one.unseen.tolist() == [False, True, False]
    assert one.completeness_error < 1e-6


def test_the_mean_gradient_is_the_integral() -> None:
    rng = np.random.default_rng(5)
    layers = DenseLayers.initialise([3, 7, 6, 2], rng)
    layers.biases[:] = [rng.normal(size=len(bias)).astype(np.float32) for bias in layers.biases]
    start, ends = rng.normal(size=3).astype(np.float32), rng.normal(scale=3, size=(20, 3)).astype(np.float32)
    weights = rng.normal(size=(20, 2))
    found = mean_gradients(layers, start, ends, weights)
    steps = (np.arange(20_000) + 0.5) / 20_000
    for end, weight, mean in zip(ends, weights, found, strict=True):
        x = start + steps[:, None] * (end - start)
        first = x @ layers.kernels[0] + layers.biases[0]
        second = np.maximum(first, 0) @ layers.kernels[1] + layers.biases[1]
        gradient = ((layers.kernels[2] @ weight) * (second > 0)) @ layers.kernels[1].T * (first > 0)
        np.testing.assert_allclose(mean, (gradient @ layers.kernels[0].T).mean(axis=0), atol=2e-3)


def test_two_classes_share_one_logit(models: dict[str, Any]) -> None:
    model = models["ngram two"]
    for label, sign in ((None, 1), ("panned", 1), ("liked", -1)):
        (one,) = plaudit.explain(model, ["good bad"], label)
        assert one.logit == sign * float(model.logits(["good bad"])[0, 0])
        assert one.label == (label or "panned")
        assert one.against == ("liked" if one.label == "panned" else "panned")
        assert one.is_given == (one.label == model.predict(["good bad"])[0])
    assert one.probability == pytest.approx(model.predict_proba(["good bad"])[0, 0])


def test_many_classes_explain_the_predicted_one_unless_asked(models: dict[str, Any]) -> None:
    model = models["network four"]
    texts = ["good fine", "bad dull", "cold grim"]
    assert [one.label for one in plaudit.explain(model, texts)] == model.predict(texts).tolist()
    assert {one.label for one in plaudit.explain(model, texts, "class 2")} == {"class 2"}


def test_sets_of_labels_explain_each_that_is_given_or_the_nearest(models: dict[str, Any]) -> None:
    model = models["ngram sets"]
    found = plaudit.explain(model, ["warm joy warm joy", "film"])
    by_row = {row: [one.label for one in found if one.row == row] for row in (0, 1)}
    assert by_row[0] == list(model.label_sets(model.predict(["warm joy warm joy"]))[0])
    assert len(by_row[0]) == 2
    assert model.predict(["film"]).sum() == 0
    assert by_row[1] == [model.classes_[model.logits(["film"])[0].argmax()]]
    assert not found[-1].is_given


@pytest.mark.parametrize("name", ["network four", "ngram two", "ngram sets"])
def test_a_temperature_divides_the_shares(models: dict[str, Any], name: str) -> None:
    model = copy.copy(models[name])
    before = plaudit.explain(model, ["good bad film"])[0]
    model.temperature_ = 2.5
    after = plaudit.explain(model, ["good bad film"])[0]
    check(model, ["good bad film"], [after])
    np.testing.assert_allclose(after.shares, before.shares / 2.5, rtol=1e-5)
    assert after.completeness_error < 1e-6


@pytest.mark.parametrize("name", ["network four", "ngram sets"])
def test_a_scaling_by_class_scales_the_shares(models: dict[str, Any], name: str) -> None:
    model = copy.copy(models[name])
    n = len(model.classes_)
    model.class_scaling_ = ClassScaling(np.linspace(0.5, 2, n), np.linspace(-1, 1, n), n)
    texts = ["good bad film", "", "warm joy"]
    found = plaudit.explain(model, texts)
    check(model, texts, found)
    assert max(one.completeness_error for one in found) < 1e-5


def test_where_a_rule_gives_no_answer_the_likeliest_class_is_explained(models: dict[str, Any]) -> None:
    model = copy.copy(models["network four"])
    before = plaudit.explain(model, ["good bad film"])[0]
    found = plaudit.explain(model.set_rule(DecisionRule(abstain_below=1.0)), ["good bad film"])[0]
    assert (found.predicted, found.label, found.is_given) == (None, before.label, False)
    np.testing.assert_array_equal(found.shares, before.shares)
    assert find_flips(model, [found]) == [None]


def test_unknown_words_are_marked(models: dict[str, Any]) -> None:
    for name in ("ngram two", "network two", "left out two"):
        (one,) = plaudit.explain(models[name], ["good zyzzyva film"])
        assert one.unseen.tolist() == [False, True, False]


@pytest.mark.parametrize(("texts", "label", "error", "message"), [
    (["a"], "nope", ConfigError, "--class nope: not one of the model's classes"),
    ("a", None, DataError, "expected a list of texts"),
    ([None], None, DataError, "entry 0 is NoneType"),
])  # fmt: skip
def test_what_cannot_be_explained_says_why(
    models: dict[str, Any], texts: Any, label: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plaudit.explain(models["ngram two"], texts, label)


def test_an_unfitted_model_is_refused_and_no_texts_are_none(models: dict[str, Any]) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        plaudit.explain(NgramClassifier(), ["a"])
    for name in EVERY:
        assert plaudit.explain(models[name], []) == []


def test_numbers_as_classes_are_named_either_way(reviews: Dataset) -> None:
    model = NgramClassifier().fit(reviews.texts, np.arange(len(reviews)) % 3)
    assert plaudit.explain(model, ["good"], 1)[0].label == plaudit.explain(model, ["good"], "1")[0].label == 1
