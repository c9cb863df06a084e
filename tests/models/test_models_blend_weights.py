"""How much two members count: the lowest loss where texts are many, equal say and some doubt where they are few."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax
from sklearn.linear_model import LogisticRegression

from plaudit.models.blend_weights import choose_weights


def make(shape: str, n: int, *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """Return a good and a poor member's logits, and labels."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=(n, 1 if shape == "two" else 4))
    logits = np.stack([truth + random.normal(size=truth.shape) * noise for noise in (0.5, 2.0)]).astype(np.float32)
    if shape == "many":
        return logits, (truth + random.gumbel(size=truth.shape)).argmax(axis=1)
    labels = (truth + random.logistic(size=truth.shape) > 0).astype(np.uint8)
    return logits, labels if shape == "sets" else labels[:, 0]


@pytest.mark.parametrize("shape", ["two", "many", "sets"])
@pytest.mark.parametrize("n", [30, 400])
def test_chosen_weights_have_the_lowest_loss(shape: str, n: int) -> None:
    logits, labels = make(shape, n)
    spread, doubt = logits.std(axis=(1, 2)), 1 / (n + 2)

    chosen = choose_weights(logits, labels)

    def loss(weights: tuple[float, ...]) -> float:
        unequal = np.log(weights[0] * spread[0] / (weights[1] * spread[1])) / 2
        total = np.tensordot(weights, logits.astype(np.float64), axes=1)
        if shape == "many":
            said = np.where(np.eye(4)[labels] == 1, 1 - doubt, doubt / 3) * log_softmax(total, axis=1)
        else:
            yes = np.where(labels.reshape(total.shape) == 1, 1 - doubt, doubt)
            said = (yes * log_expit(total) + (1 - yes) * log_expit(-total)) / total.shape[1]
        return float(4 * unequal**2 - said.sum()) / n

    steps = [(a, b) for a in (0.97, 1, 1.03) for b in (0.97, 1, 1.03)]
    assert loss(chosen) == pytest.approx(min(loss((chosen[0] * a, chosen[1] * b)) for a, b in steps), abs=1e-6)
    assert chosen[0] > chosen[1] > 0


def test_with_many_texts_the_weights_are_those_of_logistic_regression() -> None:
    logits, labels = make("two", 40_000)
    peer = LogisticRegression(C=1e6, fit_intercept=False).fit(logits[:, :, 0].T, labels)
    np.testing.assert_allclose(choose_weights(logits, labels), peer.coef_[0], atol=0.005)


def test_with_few_texts_members_have_nearly_equal_say() -> None:
    logits, labels = make("two", 12)
    first, second = choose_weights(logits, labels) * logits.std(axis=(1, 2))
    assert 0.5 < first / second < 2


@pytest.mark.parametrize("n", [5, 20, 100])
def test_where_all_texts_are_right_the_sum_is_as_sure_as_their_number_allows(n: int) -> None:
    labels = np.arange(n) % 2
    logits = np.repeat((labels - 0.5)[None, :, None], 2, axis=0).astype(np.float32)
    (sure,) = set(np.abs(np.tensordot(choose_weights(logits, labels), logits, axes=1))[:, 0])
    assert expit(sure) == pytest.approx(1 - 1 / (n + 2), abs=1e-3)  # the rule of succession; without it, certain


def test_a_member_of_noise_gets_next_to_no_weight() -> None:
    logits, labels = make("two", 3_000)
    logits[1] = np.random.default_rng(1).normal(size=logits[1].shape)
    first, second = choose_weights(logits, labels) * logits.std(axis=(1, 2))
    assert second < 0.2 * first


def test_a_member_that_says_nothing_does_no_harm() -> None:
    logits, labels = make("two", 50)
    logits[1] = 0
    assert np.isfinite(choose_weights(logits, labels)).all()
