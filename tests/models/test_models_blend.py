# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""BlendClassifier and DistilledClassifier, with a tiny encoder of random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")

import plaudit
from plaudit import BlendClassifier, DistilledClassifier, EncoderClassifier, NgramClassifier
from plaudit.data import Dataset
from plaudit.embeddings.hugging_face import find_encoder
from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.training.encoder_model import EncoderModel

pytestmark = pytest.mark.usefixtures("one_thread")
FAST: dict[str, Any] = {"max_tokens": 16, "batch_size": 8, "learning_rate": 3e-3, "device": "cpu", "epochs": 2}
TEXTS = ["", "a good film", "好 🙂", "film " * 50]


@pytest.fixture(scope="module")
def blend(bert: Path, reviews: Dataset) -> BlendClassifier:
    """Do not change it."""
    return BlendClassifier(encoder=bert, **FAST).fit(reviews.texts, reviews.label_names())


def test_logits_are_the_members_weighted_sum(blend: BlendClassifier, more_reviews: Dataset) -> None:
    ngrams, encoder = blend.blend_weights_
    expected = ngrams * blend.ngram_.decision_function(TEXTS) + encoder * blend.encoder_.decision_function(TEXTS)

    np.testing.assert_allclose(blend.decision_function(TEXTS), expected, rtol=1e-5, atol=1e-6)
    assert blend.score(more_reviews.texts, more_reviews.label_names()) > 0.75
    assert str(blend.summary()).count("\n") == 3


def test_a_saved_blend_gives_the_same_bits(blend: BlendClassifier, tmp_path: Path) -> None:
    blend.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")

    assert isinstance(loaded, BlendClassifier)
    np.testing.assert_array_equal(loaded.decision_function(TEXTS), blend.decision_function(TEXTS))
    ngrams = plaudit.load(tmp_path / "model" / "ngram")
    np.testing.assert_array_equal(ngrams.decision_function(TEXTS), blend.ngram_.decision_function(TEXTS))


def test_a_damaged_member_is_told(blend: BlendClassifier, tmp_path: Path) -> None:
    blend.save(tmp_path / "model")
    path = tmp_path / "model" / "ngram" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")

    with pytest.raises(ModelError, match="damaged"):
        plaudit.load(tmp_path / "model")


def test_the_same_seed_gives_the_same_bits(bert: Path, topics: Dataset) -> None:
    def bits() -> bytes:
        model = BlendClassifier(encoder=bert, **FAST)
        return model.fit(topics.texts, topics.label_names()).decision_function(TEXTS).tobytes()

    assert bits() == bits()


def test_given_weights_are_kept_and_nothing_is_held_out(bert: Path, reviews: Dataset) -> None:
    model = BlendClassifier(encoder=bert, blend_weights=(0.25, 2.0), **FAST)
    model.fit(reviews.texts, reviews.label_names())

    alone = NgramClassifier().fit(reviews.texts, reviews.label_names())
    assert model.blend_weights_ == (0.25, 2.0)
    np.testing.assert_array_equal(model.ngram_.decision_function(TEXTS), alone.decision_function(TEXTS))


def test_several_labels_a_text(bert: Path) -> None:
    texts = ["red round", "blue round", "red blue", "square", "red square", "blue"] * 6
    labels = [["red"], ["blue"], ["blue", "red"], [], ["red"], ["blue"]] * 6
    model = BlendClassifier(encoder=bert, **FAST).fit(texts, labels, validation=(texts, labels))

    assert model.predict(texts).shape == (36, 2)
    assert model.score(texts, labels) > 0.6


@pytest.mark.filterwarnings("ignore:labels:plaudit.LabelWarning")  # lists of one label each
@pytest.mark.parametrize("kind", ["two", "many", "sets"])
def test_a_frozen_encoder_stays_as_it_was_and_its_layer_is_logistic_regression(
    kind: str, bert: Path, reviews: Dataset, topics: Dataset, tmp_path: Path
) -> None:
    data = reviews if kind == "two" else topics
    labels: Any = [[name] for name in data.label_names()] if kind == "sets" else data.label_names()
    settings = FAST | {"epochs": None}
    model = EncoderClassifier(bert, trainable=False, **settings).fit(data.texts, labels)
    assert model.history_ is None
    untouched = EncoderModel.initialise(find_encoder(bert), 1, seed=0).tensors()
    for name, tensor in model.model_.tensors().items():
        assert name.startswith("head") or torch.equal(tensor, untouched[name])

    vectors = model.vectors(data.texts)
    length = np.linalg.norm(vectors, axis=1).mean()
    codes = np.array([model.class_names.index(name) for name in data.label_names()])
    for k, logit in enumerate(model.logits(data.texts).T):
        yes = codes == (1 if kind == "two" else k)
        peer = LogisticRegression(C=model.head_cost_, solver="liblinear").fit(vectors / length, yes)
        np.testing.assert_allclose(logit, peer.decision_function(vectors / length), atol=0.02)

    model.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.decision_function(TEXTS), model.decision_function(TEXTS))


def test_a_blend_with_a_frozen_encoder_holds_nothing_out(bert: Path, reviews: Dataset, tmp_path: Path) -> None:
    def fitted() -> BlendClassifier:
        model = BlendClassifier(encoder=bert, trainable=False, **FAST | {"epochs": None})
        return model.fit(reviews.texts, reviews.label_names())

    model, alone = fitted(), NgramClassifier().fit(reviews.texts, reviews.label_names())
    assert model.history_ is None
    np.testing.assert_array_equal(model.ngram_.decision_function(TEXTS), alone.decision_function(TEXTS))
    np.testing.assert_array_equal(model.decision_function(TEXTS), fitted().decision_function(TEXTS))
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(
        plaudit.load(tmp_path / "model").decision_function(TEXTS), model.decision_function(TEXTS)
    )


def test_a_student_answers_like_its_teacher_on_the_unlabelled_texts(reviews: Dataset, more_reviews: Dataset) -> None:
    teacher = NgramClassifier().fit(more_reviews.texts, more_reviews.label_names())
    labelled = reviews.take(np.arange(0, len(reviews), 9))
    student = DistilledClassifier(teacher).fit(labelled.texts, labelled.label_names(), unlabelled=more_reviews.texts)
    alone = NgramClassifier().fit(labelled.texts, labelled.label_names())

    def share(model: Any) -> float:
        return float((model.predict(more_reviews.texts) == teacher.predict(more_reviews.texts)).mean())

    assert share(student) > max(share(alone), 0.95)


def test_a_long_text_without_a_label_is_answered_part_by_part() -> None:
    """One verdict on a text of praise and scorn teaches neither word; one on each part does."""
    teacher = NgramClassifier(n_max=1).fit(["joy warm"] * 9 + ["dull cold"] * 9, ["pos"] * 9 + ["neg"] * 9)
    halves = [f"{word} " * 60 for word in ("dawdling joy", "brisk cold")]
    student = DistilledClassifier(teacher, n_max=1, min_texts=1)
    student.fit(["joy warm", "dull cold"], ["pos", "neg"], unlabelled=["".join(halves)] * 4)

    assert student.predict(["dawdling", "brisk"]).tolist() == ["pos", "neg"]
    assert student.notes_ == ("4 texts without labels were answered by the teacher, in 16 parts.",)


def test_what_is_saved_is_an_ngram_model(reviews: Dataset, tmp_path: Path) -> None:
    NgramClassifier().fit(reviews.texts, reviews.label_names()).save(tmp_path / "teacher")
    student = DistilledClassifier(str(tmp_path / "teacher"), n_max=2)
    student.fit(reviews.texts, reviews.label_names(), unlabelled=["a good film", "a bad film"])
    student.save(tmp_path / "student")
    loaded = plaudit.load(tmp_path / "student")

    assert type(loaded) is NgramClassifier
    np.testing.assert_array_equal(loaded.decision_function(TEXTS), student.decision_function(TEXTS))


def test_distilling_many_classes_and_sets_of_labels(topics: Dataset) -> None:
    teacher = NgramClassifier().fit(topics.texts, topics.label_names())
    student = DistilledClassifier(teacher, class_weight="balanced")
    student.fit(topics.texts, topics.label_names(), unlabelled=topics.texts)
    assert (student.predict(topics.texts) == teacher.predict(topics.texts)).mean() > 0.9

    texts, labels = ["red round", "blue round", "red blue", "square"] * 4, [["red"], ["blue"], ["blue", "red"], []] * 4
    teacher = NgramClassifier().fit(texts, labels)
    student = DistilledClassifier(teacher, class_weight="balanced").fit(texts, labels, unlabelled=texts)
    assert student.score(texts, labels) == 1.0


def test_what_cannot_be_distilled_is_said(reviews: Dataset, topics: Dataset) -> None:
    teacher = NgramClassifier().fit(topics.texts, topics.label_names())
    with pytest.raises(ConfigError, match="--unlabelled FILE"):
        DistilledClassifier(teacher).fit(topics.texts, topics.label_names())
    with pytest.raises(DataError, match="the teacher answers"):
        DistilledClassifier(teacher).fit(reviews.texts, reviews.label_names(), unlabelled=["a"])


def test_without_a_teacher_a_blend_is_trained_first(
    reviews: Dataset, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def small(**settings: Any) -> BlendClassifier:
        given.update(settings)
        return BlendClassifier(encoder=bert, **FAST, **settings)

    monkeypatch.setattr("plaudit.models.distilled.BlendClassifier", small)
    student = DistilledClassifier(seed=3).fit(reviews.texts, reviews.label_names(), unlabelled=reviews.texts)

    assert given == {"class_weight": "none", "seed": 3}
    assert isinstance(student.teacher_, BlendClassifier)
