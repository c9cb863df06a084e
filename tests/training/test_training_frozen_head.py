"""The linear layer over frozen vectors: how strongly it is held to 0 is chosen by texts that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from plaudit.training.frozen_head import CHOICES, choose_cost, fit_head


def vectors(n: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors float32 [N, 24] and the answers [N, 2] to two questions, which their first numbers decide."""
    random = np.random.default_rng(0)
    x = random.normal(size=(n, 24)).astype(np.float32)
    return x, (x[:, :2] + noise * random.normal(size=(n, 2)) > 0).astype(np.float64)


def test_clear_answers_ask_for_a_weak_penalty_and_doubtful_ones_for_a_strong_one() -> None:
    assert choose_cost(*vectors(300, 0.0), seed=0) == CHOICES[-1]
    assert choose_cost(*vectors(60, 20.0), seed=0) == CHOICES[0]


def test_a_choice_needs_some_texts_and_both_answers_need_not_be_there() -> None:
    x, answers = vectors(5, 0.0)
    assert choose_cost(x, answers, seed=0) in CHOICES
    copies = np.repeat(np.arange(5), 20)
    assert choose_cost(x[copies], answers[copies], seed=0, alike=copies) == choose_cost(x, answers, seed=0)
    kernel, bias = fit_head(x, np.ones((5, 1)), cost=1.0)
    assert (x @ kernel.T + bias > 0).all()


@pytest.mark.parametrize("shape", [(80,), (80, 2)])
def test_a_text_that_weighs_two_counts_as_two_texts(shape: tuple[int, ...]) -> None:
    x, answers = vectors(80, 1.0)
    weights = np.where(np.arange(80) < 20, 2.0, 1.0)
    twice = np.concatenate([np.arange(80), np.arange(20)])
    # the length that vectors are brought to is that of the texts given, so it must not differ
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    given = np.broadcast_to(weights.reshape(80, *(1,) * (len(shape) - 1)), shape)
    for one, other in zip(
        fit_head(x, answers, given, cost=5.0), fit_head(x[twice], answers[twice], cost=5.0), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=0.01)
