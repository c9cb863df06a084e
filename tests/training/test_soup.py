# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""A soup is the mean of trainings that could have been done one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")

import plaudit
from plaudit import BlendClassifier, EncoderClassifier
from plaudit.data import Dataset
from plaudit.training.encoder_model import EncoderModel
from plaudit.training.encoder_network import EncoderExamples, EncoderNetwork
from plaudit.training.history import History, describe
from plaudit.training.torch_device import Placement

pytestmark = pytest.mark.usefixtures("one_thread")
TEXTS = ["a good film", "dull", "", "the film was not warm, not a joy, but cold and grim !"] * 3
TARGETS = np.eye(3, dtype=np.float32)[np.arange(len(TEXTS)) % 3]
BATCHES = np.random.default_rng(0).permutation(np.tile(np.arange(12), 4)).reshape(3, 4, 4)  # 3 trainings of 4 steps
FAST: dict[str, Any] = {"max_tokens": 8, "batch_size": 8, "learning_rate": 3e-3, "device": "cpu"}


def network(folder: Path, soup: int, begin: int = 0) -> EncoderNetwork:
    """Return one that trains from the folder's weights, in two epochs, on six parts of the texts from `begin` on."""
    model = EncoderModel.initialise(folder, 3, seed=0)
    tokens = model.tokenizer.ids(pa.array(TEXTS, pa.large_string()))
    turns = model.turns(tokens, 5, "windows", 6)
    examples = EncoderExamples(turns[begin:] + turns[:begin], TARGETS)
    watched = EncoderExamples((model.cut(pa.array(TEXTS, pa.large_string()), 5, "windows"),), TARGETS)
    return EncoderNetwork(
        model, examples, watched, placement=Placement(torch.device("cpu"), "float32"), learning_rate=3e-3,
        layer_decay=0.9, label_smoothing=0.0, multi_label=False, n_steps=4, epochs=2, seed=0, soup=soup,
    )  # fmt: skip


def mean(found: list[dict[str, NDArray[Any]]], name: str) -> NDArray[Any]:
    result: NDArray[Any] = np.mean([weights[name].astype(np.float64) for weights in found], axis=0)
    return result


def test_the_weights_are_the_mean_of_trainings_one_by_one(bert: Path) -> None:
    together, alone, losses = network(bert, 3), [], []
    for training, batches in enumerate(BATCHES):
        one = network(bert, 1, begin=2 * training)
        losses.append([one.step(batch) for batch in batches])
        alone.append(one.weights())
        assert [together.step(batch) for batch in batches] == losses[-1]  # each begins with the encoder's own weights
        for name, weights in together.weights().items():
            np.testing.assert_allclose(weights, mean(alone, name), atol=1e-6, err_msg=name)
    assert losses[0] != losses[1] != losses[2]


def test_validation_is_of_the_mean_and_leaves_training_alone(bert: Path) -> None:
    one, other = network(bert, 2), network(bert, 2)
    for batch in BATCHES[:2].reshape(8, 4):
        one.step(batch)
        found = one.evaluate()
        other.step(batch)
    plain = network(bert, 1)
    plain._model.load(one.weights())
    assert found == plain.evaluate()
    assert {name: a.tobytes() for name, a in one.weights().items()} == {
        name: a.tobytes() for name, a in other.weights().items()
    }


@pytest.mark.parametrize("cut", [3, 4, 5, 8, 10])
def test_a_soup_that_was_cut_off_goes_on_to_the_same_bits(bert: Path, cut: int) -> None:
    whole, first, second = network(bert, 3), network(bert, 3), network(bert, 3)
    batches = BATCHES.reshape(12, 4)
    for batch in batches:
        whole.step(batch)
    for batch in batches[:cut]:
        first.step(batch)
    second.load_state({name: array.copy() for name, array in first.state().items()})
    for batch in batches[cut:]:
        second.step(batch)
    for name, weights in whole.weights().items():
        assert np.array_equal(weights, second.weights()[name]), name


def test_a_classifier_keeps_the_mean_where_it_is_better(bert: Path, reviews: Dataset, tmp_path: Path) -> None:
    def fit(**settings: Any) -> EncoderClassifier:
        return EncoderClassifier(bert, **FAST, epochs=2, **settings).fit(reviews.texts, reviews.label_names())

    soup, single = fit(soup=3), fit()
    assert soup.history_ is not None
    assert single.history_ is not None
    assert len(soup.history_) == 6  # none stops early
    assert soup.history_.history["val_loss"][:2] == single.history_.history["val_loss"]
    assert soup.kept_epoch_ == soup.history_.best_epoch
    assert fit(soup=3).decision_function(reviews.texts).tobytes() == soup.decision_function(reviews.texts).tobytes()
    last, early = fit(soup=3, early_stopping=False), soup.decision_function(reviews.texts).tobytes()
    assert last.kept_epoch_ == 6
    assert last.decision_function(reviews.texts).tobytes() != early
    soup.save(tmp_path / "model")
    assert plaudit.load(tmp_path / "model").decision_function(reviews.texts).tobytes() == early


def test_a_blend_has_an_encoder_that_is_a_soup(bert: Path, reviews: Dataset) -> None:
    blend = BlendClassifier(encoder=bert, soup=2, epochs=1, **FAST).fit(reviews.texts, reviews.label_names())
    assert blend.history_ is not None
    assert len(blend.history_) == 2
    assert blend.encoder_.soup == 2


@pytest.mark.parametrize(
    ("losses", "stopped", "said"),
    [
        ([0.5, 0.4, 0.45, 0.3], True, "Best epoch 4: val_loss 0.3000, val_accuracy 0.8000, training accuracy +10.0 "
         "points from it. The weights are the mean of 2 of 2 trainings of 2 epochs (a soup)."),
        ([0.5, 0.3, 0.45, 0.4], True, "The weights are the first training's: the mean with others had no lower "
         "val_loss."),
        ([0.5, 0.3, 0.45, 0.4], False, "2 of 2 trainings"),
    ],
)  # fmt: skip
def test_the_story_says_what_the_weights_are(losses: list[float], stopped: bool, said: str) -> None:
    curves = {"loss": losses, "accuracy": [0.9] * 4, "val_loss": losses, "val_accuracy": [0.8] * 4}
    history = History(curves, [1.0] * 4)
    assert said in describe(history, epochs=2, stopped=stopped, soup=2)
