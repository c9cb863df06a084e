"""The network keeps scikit-learn's contract."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import DetCurveDisplay, PrecisionRecallDisplay, RocCurveDisplay, roc_auc_score
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from plaudit import NetworkClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, NotFittedError


def test_a_clone_has_equal_parameters_and_is_not_fitted(network: NetworkClassifier) -> None:
    copy = clone(network)
    for name, value in network.get_params().items():
        if name != "embedding":  # a table is copied, as every parameter is
            assert copy.get_params()[name] == value
    assert copy.embedding.vocabulary.equals(network.embedding.vocabulary)
    with pytest.raises(NotFittedError, match="not fitted yet: call fit"):
        copy.predict(["good"])


def test_a_clone_of_a_named_embedding_needs_nothing_loaded() -> None:
    assert clone(NetworkClassifier("no such thing", hidden=())).get_params()["embedding"] == "no such thing"


def test_the_constructor_only_stores() -> None:
    broken = NetworkClassifier("no such thing", hidden="x", dropout=7, epochs=-1)  # type: ignore[arg-type]
    assert broken.get_params()["epochs"] == -1


def test_parameters_are_set_by_name() -> None:
    model = NetworkClassifier().set_params(epochs=3, hidden=(8, 4))
    assert (model.epochs, model.hidden) == (3, (8, 4))
    with pytest.raises(ConfigError, match=r"NetworkClassifier has no setting 'epoch'; near to it are epochs\."):
        model.set_params(epoch=3)
    with pytest.raises(TypeError, match=r"NetworkClassifier has no setting 'hiden'; near to it are hidden"):
        NetworkClassifier(hiden=(8,))  # type: ignore[call-arg]


def test_scikit_learn_takes_it_for_a_classifier_of_texts() -> None:
    model = NetworkClassifier()
    assert is_classifier(model)
    assert model.__sklearn_tags__().input_tags.string


def test_check_is_fitted_tells(network: NetworkClassifier) -> None:
    check_is_fitted(network)
    with pytest.raises(Exception, match="is not fitted yet"):
        check_is_fitted(NetworkClassifier())


def test_cross_validation_works(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=3, batch_size=8, learning_rate=0.03, early_stopping=False)
    scores = cross_val_score(model, reviews.texts.to_pylist(), reviews.label_names(), cv=3)
    assert scores.shape == (3,)
    assert scores.mean() > 0.7


def test_a_grid_search_finds_and_refits(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=3, batch_size=8, early_stopping=False)
    grid = {"hidden": [(), (4,)], "learning_rate": [1e-6, 0.03], "epochs": np.array([3])}
    search = GridSearchCV(model, grid, cv=2, n_jobs=1, scoring="roc_auc")
    search.fit(reviews.texts.to_pylist(), reviews.label_names())
    assert search.best_params_["learning_rate"] == 0.03
    assert search.predict(["good joy"]).tolist() == ["liked"]
    assert search.predict_proba(["good joy"]).shape == (1, 2)


def test_its_decisions_have_the_shape_that_scikit_learn_expects(
    network: NetworkClassifier, reviews: Dataset, more_reviews: Dataset
) -> None:
    texts, labels = more_reviews.texts.to_pylist(), np.array(more_reviews.label_names())
    decisions = network.decision_function(texts)
    assert (np.where(decisions > 0, *network.classes_[::-1]) == network.predict(texts)).all()
    assert RocCurveDisplay.from_estimator(network, texts, labels).roc_auc == roc_auc_score(labels, decisions)
    assert PrecisionRecallDisplay.from_estimator(network, texts, labels).average_precision > 0.5
    assert DetCurveDisplay.from_estimator(network, texts, labels).fpr.shape
    boundary = FixedThresholdClassifier(FrozenEstimator(network), threshold=2.0, response_method="decision_function")
    found = boundary.fit(texts, labels).predict(texts)
    assert (found == np.where(decisions >= 2, *network.classes_[::-1])).all()


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_scikit_learn_calibrates_it(tiny_table: EmbeddingTable, reviews: Dataset, method: str) -> None:
    model = NetworkClassifier(tiny_table, epochs=3, batch_size=8, learning_rate=0.03, early_stopping=False)
    texts, labels = reviews.texts.to_pylist(), reviews.label_names()
    calibrated = CalibratedClassifierCV(model, method=method, cv=2).fit(texts, labels)
    assert calibrated.predict_proba(texts).shape == (80, 2)
    assert calibrated.score(texts, labels) > 0.7


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "accuracy", "neg_log_loss"])
def test_every_usual_score_can_be_cross_validated(tiny_table: EmbeddingTable, reviews: Dataset, scoring: str) -> None:
    model = NetworkClassifier(tiny_table, epochs=3, batch_size=8, learning_rate=0.03, early_stopping=False)
    labels = np.array(reviews.label_names()) == "liked"  # "average_precision" wants 0 and 1
    scores = cross_val_score(model, reviews.texts.to_pylist(), labels.astype(int), cv=3, scoring=scoring)
    assert np.isfinite(scores).all()
    assert scores.mean() > (-0.7 if scoring == "neg_log_loss" else 0.6)


def test_it_ends_a_pipeline(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    pipeline = make_pipeline(NetworkClassifier(tiny_table, epochs=1))
    assert len(pipeline.fit(reviews.texts.to_pylist(), reviews.label_names()).predict(["good", "bad"])) == 2


def test_fit_returns_itself_and_a_second_fit_forgets_the_first(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    model = NetworkClassifier(tiny_table, epochs=2)
    assert model.fit(["good joy"] * 8 + ["bad grim"] * 8, [7] * 8 + [9] * 8) is model
    model.fit(reviews.texts, reviews.label_names())
    fresh = NetworkClassifier(tiny_table, epochs=2).fit(reviews.texts, reviews.label_names())
    assert model.classes_.tolist() == ["liked", "panned"]
    assert np.array_equal(model.decision_function(reviews.texts), fresh.decision_function(reviews.texts))
    assert model.history_ is not None
    assert len(model.history_) == 2


def test_fit_leaves_the_table_it_was_given_as_it_was(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    before = tiny_table.vectors.copy()
    NetworkClassifier(tiny_table, epochs=1).fit(reviews.texts, reviews.label_names())
    assert np.array_equal(tiny_table.vectors, before)


def test_score_is_the_share_of_right_answers(network: NetworkClassifier, reviews: Dataset) -> None:
    right = network.predict(reviews.texts) == np.array(reviews.label_names())
    assert network.score(reviews.texts, reviews.label_names()) == right.mean()
    weights = np.arange(len(reviews))
    assert network.score(reviews.texts, reviews.label_names(), weights) == pytest.approx(
        np.average(right, weights=weights)
    )


def test_repr_shows_what_differs_from_the_defaults() -> None:
    assert (
        repr(NetworkClassifier("random", hidden=(), seed=3))
        == "NetworkClassifier(embedding='random', hidden=(), seed=3)"
    )


def test_summary_counts_parameters_as_the_tutorial_does(network: NetworkClassifier) -> None:
    summary = network.summary()
    assert summary.n_parameters == 10 * 4 + (4 + 1) * 16 + (16 + 1) * 1
    assert summary.n_trained == summary.n_parameters
    assert "embedding (tiny, sqrtn)" in str(summary)
    assert str(summary).splitlines()[-1].split() == ["total", "137", "(137", "trained)"]


def test_the_tutorials_network_has_its_number_of_parameters() -> None:
    from plaudit.models.summary import NetworkSummary

    class Table:  # the shape of nnlm-en-dim50, without its 193 MB
        name, combiner, dimension = "nnlm-en-dim50", "sqrtn", 50
        vectors = np.broadcast_to(np.float32(0), (963_812, 50))

    summary = NetworkSummary.of(Table(), [16], 2, trainable=False)  # type: ignore[arg-type]
    assert summary.n_parameters == 48_191_433
    assert summary.n_trained == 833
