"""Seeds, validation and early stopping."""

from typing import Any

import numpy as np
import pytest

from plaudit import NetworkClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ConfigError, DataError
from plaudit.training import EpochResult, History


class Notes:
    """A monitor that keeps the weights' trace: each epoch's figures."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.best: list[int] = []
        self.steps = self.begun = self.ended = 0

    def begin(self, *, epochs: int, steps: int, done: History) -> None:
        self.begun += 1

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        self.steps += 1

    def after_epoch(self, epoch: int, result: EpochResult, *, is_best: bool) -> None:
        self.epochs.append(epoch)
        if is_best:
            self.best.append(epoch)

    def end(self) -> None:
        self.ended += 1


def weights_of(model: NetworkClassifier) -> list[Any]:
    return [model.table_.vectors, *model.layers_.tensors().values()]


def is_same(a: NetworkClassifier, b: NetworkClassifier) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(weights_of(a), weights_of(b), strict=True))


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.3}, {"trainable": False}, {"hidden": (), "epochs": 2}])
def test_the_same_seed_gives_the_same_bits(tiny_table: EmbeddingTable, reviews: Dataset, settings: Any) -> None:
    first, second = (
        NetworkClassifier(tiny_table, **{"epochs": 3, "batch_size": 16, "seed": 5, **settings}).fit(
            reviews.texts, reviews.label_names()
        )
        for _ in range(2)
    )
    assert is_same(first, second)
    assert first.history_ is not None
    assert second.history_ is not None
    assert first.history_.history == second.history_.history


def test_another_seed_gives_other_weights(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    first, second = (
        NetworkClassifier(tiny_table, epochs=2, seed=seed).fit(reviews.texts, reviews.label_names()) for seed in (0, 1)
    )
    assert not is_same(first, second)


def test_a_seed_of_any_size_will_do(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    NetworkClassifier(tiny_table, epochs=1, seed=2**70).fit(reviews.texts, reviews.label_names())


def test_validation_texts_given_are_watched(
    tiny_table: EmbeddingTable, reviews: Dataset, more_reviews: Dataset
) -> None:
    model = NetworkClassifier(tiny_table, epochs=2, early_stopping=False)
    model.fit(reviews.texts, reviews.label_names(), validation=(more_reviews.texts, more_reviews.label_names()))
    assert model.history_ is not None
    assert model.history_.history["val_accuracy"][-1] == model.score(more_reviews.texts, more_reviews.label_names())


def test_without_early_stopping_and_validation_all_texts_train(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    notes = Notes()
    model = NetworkClassifier(tiny_table, epochs=3, batch_size=80, early_stopping=False)
    model.fit(reviews.texts, reviews.label_names(), monitors=[notes])
    assert model.history_ is not None
    assert model.history_.history["val_loss"] == []
    assert (notes.steps, notes.epochs, notes.best) == (3, [1, 2, 3], [])
    assert (notes.begun, notes.ended, model.kept_epoch_) == (1, 1, 3)


def test_early_stopping_holds_out_a_share_of_its_own(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    notes = Notes()
    model = NetworkClassifier(tiny_table, epochs=1, batch_size=1, validation_fraction=0.25)
    model.fit(reviews.texts, reviews.label_names(), monitors=[notes])
    assert notes.steps == 60


def test_early_stopping_keeps_the_best_epochs_weights(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    contradicting = (reviews.texts, reviews.label_names()[1:] + reviews.label_names()[:1])  # learning makes it worse
    settings: dict[str, Any] = {"batch_size": 4, "learning_rate": 0.02, "seed": 3}
    notes = Notes()
    model = NetworkClassifier(tiny_table, epochs=30, patience=2, **settings)
    model.fit(reviews.texts, reviews.label_names(), validation=contradicting, monitors=[notes])
    assert model.history_ is not None
    losses = model.history_.history["val_loss"]
    assert model.kept_epoch_ == int(np.argmin(losses)) + 1 == notes.best[-1]
    assert len(losses) == model.kept_epoch_ + 2 < 30
    short = NetworkClassifier(tiny_table, epochs=model.kept_epoch_, early_stopping=False, **settings)
    assert is_same(model, short.fit(reviews.texts, reviews.label_names(), validation=contradicting))


def test_a_validation_label_that_training_lacks_is_refused(tiny_table: EmbeddingTable, reviews: Dataset) -> None:
    with pytest.raises(DataError, match="validation: labels: 'mixed' does not occur in the training texts"):
        NetworkClassifier(tiny_table).fit(reviews.texts, reviews.label_names(), validation=(["good"], ["mixed"]))


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        (([], []), "expected texts with their labels, got none"),
        ((["good", "bad"], ["liked"]), "labels: expected 2, one for each text, got 1"),
    ],
)
def test_validation_texts_need_a_label_each(
    tiny_table: EmbeddingTable, reviews: Dataset, validation: Any, said: str
) -> None:
    with pytest.raises(DataError, match=f"validation: {said}"):
        NetworkClassifier(tiny_table).fit(reviews.texts, reviews.label_names(), validation=validation)


@pytest.mark.parametrize("validation", [["good"], "good", {"texts": ["good"]}, ["good", "bad", "fine"]])
def test_validation_is_a_pair(tiny_table: EmbeddingTable, reviews: Dataset, validation: Any) -> None:
    with pytest.raises(DataError, match="validation: expected a pair of texts and labels, got"):
        NetworkClassifier(tiny_table).fit(reviews.texts, reviews.label_names(), validation=validation)


def test_two_texts_cannot_be_held_out_from(tiny_table: EmbeddingTable) -> None:
    with pytest.raises(DataError, match="leaves nothing held out"):
        NetworkClassifier(tiny_table).fit(["good", "bad"], ["a", "b"])
    NetworkClassifier(tiny_table, early_stopping=False, epochs=1).fit(["good", "bad"], ["a", "b"])


def test_training_on_texts_without_a_known_word_still_learns_the_classes_shares(tiny_table: EmbeddingTable) -> None:
    model = NetworkClassifier(tiny_table, epochs=30, learning_rate=0.1, early_stopping=False)
    model.fit(["zzz", "", " ", "qqq"] * 5, ["a", "a", "a", "b"] * 5)
    assert model.predict(["yyy"]).tolist() == ["a"]


@pytest.mark.parametrize("rate", [1e30, 1e300])
def test_training_that_diverges_says_so(tiny_table: EmbeddingTable, reviews: Dataset, rate: float) -> None:
    model = NetworkClassifier(tiny_table, epochs=3, batch_size=8, learning_rate=rate)
    with pytest.raises(ConfigError, match=r"training diverged: .* try a smaller --learning-rate"):
        model.fit(reviews.texts, reviews.label_names())
    assert not hasattr(model, "classes_")
